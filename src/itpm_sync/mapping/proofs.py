"""The lens laws, as checks that either pass or name what breaks them.

In: a lens, an environment, values and records. Out: a sentence for the first law that is broken, or None. The laws
are those of `itpm_sync.lens`; `r + c` is the record with the change written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from itpm_sync.codec import show
from itpm_sync.errors import Refused
from itpm_sync.kit.text import cut
from itpm_sync.laws import lawful
from itpm_sync.lens import Env, Lens, Overlap, Unliftable, Untranslatable
from itpm_sync.model import Day, Value

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Broken:
    """A law, and the case that breaks it."""

    law: str
    case: str

    def __str__(self) -> str:
        return f"the law {self.law} is broken by {self.case}"


def check_record(lens: Lens, env: Env, record: Record) -> Broken | None:
    """Laws over what stands in a record."""
    try:
        read = lens.get(record, env)
    except Untranslatable:
        return None  # it is suspended on that record: nothing is lawful or unlawful about it
    if lens.form(read, env) != read:
        return Broken("n(get(r)) = get(r)", f"{_raw(lens, record)}, which reads as {_say(read)}")
    if written := lens.put(read, record, env):
        return Broken("put(get(r), r) = {}", f"{_raw(lens, record)}: {_cut(repr(written))} would be written")
    return None


def check_value(lens: Lens, env: Env, value: Value, record: Record) -> Broken | None:
    """Laws over writing a value into a record, and into a new one."""
    form = lens.form(value, env)
    if lens.form(form, env) != form:
        return Broken("n(n(v)) = n(v)", f"{_say(value)}: {_say(form)}, then {_say(lens.form(form, env))}")
    for before in (record, {}):
        try:
            change = lens.put(value, before, env)
            after = {**before, **change}
            read = lens.get(after, env)
            again = lens.put(value, after, env)
        except (Refused, Untranslatable):
            continue
        case = f"{_say(value)} written into {_raw(lens, before)}"
        if (change or before) and read != form:
            return Broken("get(r + put(v, r)) = n(v)", f"{case}: it reads {_say(read)}, not {_say(form)}")
        if again and before:
            return Broken("put(v, r + put(v, r)) = {}", f"{case}: {_cut(repr(again))} would be written again")
        if not set(change) <= lens.native:
            return Broken("put writes only its own fields", f"{case}: {_cut(repr(sorted(change)))}")
    return None


def check_lift(lens: Lens, env: Env, record: Record, agreed: Value, edited: Day) -> Broken | None:
    """Laws over what a reading means, given the agreed value."""
    here = lens.form(agreed, env)
    if lens.lift(here, agreed, env, edited=edited) != agreed:
        return Broken("lift(n(a), a) = a", _say(agreed))
    try:
        read = lens.get(record, env)
    except Untranslatable:
        return None
    case = f"{_raw(lens, record)} over the agreed {_say(agreed)}"
    try:
        lifted = lens.lift(read, agreed, env, edited=edited)
    except Unliftable:
        return None
    if lens.form(lifted, env) != read:
        return Broken("n(lift(v, a)) = v", f"{case}: it became {_say(lifted)}")
    if not lawful(lifted):
        return Broken("lift gives lawful values", f"{case}: it became {_say(lifted)}")
    return _check_apply(lens, env, read, agreed, case)


def _check_apply(lens: Lens, env: Env, read: Value, agreed: Value, case: str) -> Broken | None:
    here = lens.form(agreed, env)
    if lens.apply(agreed, here, here, env) != agreed:
        return Broken("apply(a, v, v) = a", _say(agreed))
    try:
        applied = lens.apply(agreed, here, read, env)
    except (Overlap, Unliftable):
        return None
    if lens.form(applied, env) != read:
        return Broken("n(apply(a, n(a), v)) = v", f"{case}: it became {_say(applied)}")
    return None


def _say(value: Value) -> str:
    return _cut(show(value) if value is not None else "(empty)")


def _raw(lens: Lens, record: Record) -> str:
    inside = {name: record[name] for name in sorted(lens.native) if name in record}
    return _cut(repr(inside)) if inside else "a new record"


def _cut(text: str) -> str:
    return cut(" ".join(text.split()), 300)
