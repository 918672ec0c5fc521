"""Canonical values as JSON and back, and digests that do not depend on order.

In: values of `model`. Out: plain JSON values for the ledger and for `--json`; `decode(encode(v)) == v` for each one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from itpm_sync.model import (
    Assignees,
    Block,
    BlockKind,
    Category,
    Day,
    Dependency,
    Duration,
    Kind,
    Link,
    LinkType,
    Progress,
    Rag,
    Schedule,
    Value,
)

Json = Any
"""A JSON value: None, bool, int, float, str, list or dict with text keys."""


def _day(day: Day | None) -> str | None:
    return str(day) if day else None


def _duration(span: Duration | None) -> list[Json] | None:
    return [span.minutes, span.elapsed] if span else None


def _to_day(text: str | None) -> Day | None:
    if text is None:
        return None
    day, _, clock = text.partition("T")
    return Day(date.fromisoformat(day), time.fromisoformat(clock) if clock else None)


def _to_duration(pair: list[Json] | None) -> Duration | None:
    return Duration(int(pair[0]), bool(pair[1])) if pair else None


def _dependency(link: Dependency) -> list[Json]:
    return [link.predecessor, link.type.value, _duration(link.lag), link.opaque]


def _block(block: Block) -> list[Json]:
    return [block.kind.value, block.text, block.level, block.ordered, block.tool, block.payload]


def _set(members: frozenset[Any]) -> Json:
    if any(isinstance(member, Dependency) for member in members):
        return {"dependencies": sorted(map(_dependency, members), key=lambda link: (str(link[0]), str(link)))}
    if any(isinstance(member, Link) for member in members):
        return {"links": sorted([link.url, link.title] for link in members)}
    return {"set": sorted(members)}


_ENCODERS: Mapping[type, Callable[[Any], Json]] = {
    Kind: lambda v: {"kind": v.value},
    Rag: lambda v: {"rag": v.value},
    Decimal: lambda v: {"number": format(v.normalize() if v else Decimal(0), "f")},
    Day: lambda v: {"day": _day(v)},
    Duration: lambda v: {"duration": _duration(v)},
    Assignees: lambda v: {"people": sorted(v.people), "lead": v.lead},
    frozenset: _set,
    tuple: lambda v: {"blocks": [_block(block) for block in v]},
    Progress: lambda v: {
        "progress": [
            v.category and v.category.value,
            v.label,
            v.percent,
            _day(v.actual_start),
            _day(v.actual_finish),
        ]
    },
    Schedule: lambda v: {"schedule": [_day(v.start), _day(v.finish), _duration(v.duration)]},
}

_DECODERS: Mapping[str, Callable[[dict[str, Any]], Value]] = {
    "kind": lambda d: Kind(d["kind"]),
    "rag": lambda d: Rag(d["rag"]),
    "number": lambda d: Decimal(d["number"]),
    "day": lambda d: _to_day(d["day"]),
    "duration": lambda d: _to_duration(d["duration"]),
    "people": lambda d: Assignees(frozenset(d["people"]), d["lead"]),
    "set": lambda d: frozenset(d["set"]),
    "dependencies": lambda d: frozenset(
        Dependency(p, LinkType(kind), _to_duration(lag), opaque) for p, kind, lag, opaque in d["dependencies"]
    ),
    "links": lambda d: frozenset(Link(url, title) for url, title in d["links"]),
    "blocks": lambda d: tuple(
        Block(BlockKind(kind), text, level, ordered, tool, payload)
        for kind, text, level, ordered, tool, payload in d["blocks"]
    ),
    "progress": lambda d: Progress(
        d["progress"][0] and Category(d["progress"][0]),
        d["progress"][1],
        d["progress"][2],
        _to_day(d["progress"][3]),
        _to_day(d["progress"][4]),
    ),
    "schedule": lambda d: Schedule(
        _to_day(d["schedule"][0]), _to_day(d["schedule"][1]), _to_duration(d["schedule"][2])
    ),
}


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""Month names as shown to people; never the locale's."""


def encode(value: Value) -> Json:
    """`value` as JSON. Text, integers, flags and None stand for themselves; the rest is a one-key object."""
    encoder = _ENCODERS.get(type(value))
    return encoder(value) if encoder else value


def decode(data: Json) -> Value:
    """The value that `encode` gave. Raises ValueError or KeyError for what it never gives."""
    if not isinstance(data, dict):
        return data  # type: ignore[no-any-return]
    for name, decoder in _DECODERS.items():
        if name in data:
            return decoder(data)
    raise ValueError(f"not a canonical value: {sorted(data)}")


def canonical(data: Json) -> str:
    """JSON text that is the same for the same content: sorted keys, no spaces, unescaped Unicode."""
    return _CANONICAL.encode(data)


def digest(data: Json) -> str:
    """SHA-256 of the canonical text, in hex."""
    return hashlib.sha256(canonical(data).encode("utf-8", "surrogatepass")).hexdigest()


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=encode)


def show(value: Value) -> str:
    """`value` as a person reads it, in one line; used in plans, conflicts and pages."""
    if value is None or value == frozenset() or value == ():
        return "(empty)"
    shower = _SHOWERS.get(type(value))
    return shower(value) if shower else str(value)


def _show_day(day: Day) -> str:
    text = f"{day.date.day} {MONTHS[day.date.month - 1]} {day.date.year}"
    return f"{text} {day.time:%H:%M}" if day.time else text


def _show_set(members: frozenset[Any]) -> str:
    if any(isinstance(member, Dependency) for member in members):
        return ", ".join(sorted(f"{link.predecessor} {link.type}" for link in members))
    if any(isinstance(member, Link) for member in members):
        return ", ".join(sorted(link.url for link in members))
    return ", ".join(sorted(members))


def _show_progress(value: Progress) -> str:
    words = [value.label or (value.category or "")]
    if value.percent is not None:
        words.append(f"{value.percent} %")
    if value.actual_start:
        words.append(f"started {_show_day(value.actual_start)}")
    if value.actual_finish:
        words.append(f"finished {_show_day(value.actual_finish)}")
    return ", ".join(word for word in words if word)


def _show_schedule(value: Schedule) -> str:
    ends = [_show_day(day) if day else "?" for day in (value.start, value.finish)]
    return " to ".join(ends)


_SHOWERS: Mapping[type, Callable[[Any], str]] = {
    Day: _show_day,
    Duration: lambda v: f"{v.minutes / 60:g} h{' elapsed' if v.elapsed else ''}",
    Assignees: lambda v: (
        ", ".join(f"{p} (lead)" if p == v.lead else p for p in sorted(v.people)) or "(empty)"
    ),
    frozenset: _show_set,
    tuple: lambda v: " / ".join(block.text for block in v if block.text)[:200],
    Progress: _show_progress,
    Schedule: _show_schedule,
    bool: lambda v: "yes" if v else "no",
}
