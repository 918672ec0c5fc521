"""Made-up native values: what people and tools might leave in a record's fields.

In: a generator, a mapping's description of a field, the native field it is bound to. Out: native values by name,
contradictory and empty ones among them. What a step cannot read is made too: the laws then do not apply to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from zoneinfo import ZoneInfo

from itpm_sync.kit import adf
from itpm_sync.kit.days import format_instant, instant_of
from itpm_sync.mapping import schema
from itpm_sync.mapping.binding import Binder, Native
from itpm_sync.mapping.generate import KNOWN, PEOPLE, TOOL, Generator
from itpm_sync.mapping.meaning import parts_of

Make = Callable[[Generator, Any, Native], Any]


def record(described: Any, binder: Binder, made: Generator, zone: ZoneInfo) -> dict[str, Any]:
    """Native values for one field or group, as they might stand in a record."""
    values: dict[str, Any] = {}
    for part, bound in parts_of(described).items():
        native = binder.find(bound)
        if native is None:
            continue
        values[native.native] = _value(made, bound, native, part, zone)
        if isinstance(bound, schema.DurationPart):
            values[f"{native.native}Elapsed"] = made.chance.random() < 0.3
    return values


def _value(made: Generator, bound: schema.Bound, native: Native, part: str, zone: ZoneInfo) -> Any:
    required = (isinstance(bound, schema.Line) and bound.never_empty) or isinstance(bound, schema.StatusPart)
    if not required and made.chance.random() < 0.15:
        return None
    if isinstance(bound, schema.DayField):
        return _day(made, bound, zone)
    return _MAKERS[type(bound)](made, bound, native)


def _day(made: Generator, bound: schema.DayField, zone: ZoneInfo) -> str:
    day = made.day()
    if bound.step == "instant":
        hour = made.pick("00:00:00Z", "10:00:00Z", "12:00:00Z", "23:30:00Z")
        return made.pick(format_instant(instant_of(day.date, zone)), f"{day.date.isoformat()}T{hour}")  # type: ignore[no-any-return]
    if bound.step == "day":
        return day.date.isoformat()
    clock = made.pick("08:00:00", "17:00:00", "16:59:59", "00:00:00", "12:00:00", "02:30:00", "13:00:00")
    return f"{day.date.isoformat()}T{clock}"


def _option(made: Generator, options: list[schema.Option], native: Native) -> Any:
    raws = [raw for option in options for raw in native.natives(option)]
    return made.pick(*raws, *native.options) if raws else None


def _prose(made: Generator, bound: Any, native: Native) -> Any:
    return adf.render(made.blocks(), TOOL) if bound.step == "document" else made.text()


def _people(made: Generator, bound: Any, native: Native) -> Any:
    def person(name: str) -> Any:
        account = name.partition(":")[2] or name
        mail = name if "@" in name else None
        return (
            (mail or account)
            if bound.by == "mail"
            else {"account": account, "mail": mail, "name": "Somebody"}
        )

    people = [person(name) for name in made.some(PEOPLE[:KNOWN])]
    return (people[0] if people else None) if bound.step == "lead" else people


def _labels(made: Generator, bound: Any, native: Native) -> Any:
    names = made.some(
        [*native.options, "category3", "category4"]
        if bound.only
        else ["bug", "a b", "Größe", "x_y", "tool:7"]
    )
    return f"{bound.separator} ".join(names) if bound.separator else names


def _links(made: Generator, bound: Any, native: Native) -> list[dict[str, Any]]:
    return [
        {"id": one, "type": made.pick(*bound.types).value}
        | (made.pick({}, {"lag": 480}, {"percent": 50}) if bound.lags else {})
        for one in made.some(["n-0", "n-1", "n-2", "n-77"])
    ]


def _status(made: Generator, bound: Any, native: Native) -> Any:
    if not bound.values:
        return made.pick("In Review", "Blocked", "", None)
    return _option(made, [*bound.values], native)


def _amount(made: Generator, bound: Any, native: Native) -> Any:
    whole = made.pick(0, 1, 8, 60, 90, 3600, 28800)
    return whole if bound.decimals == 0 else made.pick(whole, 0.5, 7.25, 1.333)


_MAKERS: Final[dict[type, Make]] = {
    schema.Line: lambda made, bound, native: made.pick(made.line(), made.text(), 12, "x" * 300),
    schema.Choice: lambda made, bound, native: _option(made, [*bound.values], native),
    schema.Prose: _prose,
    schema.Integer: lambda made, bound, native: made.pick(bound.least or 0, 3, 4, 500, bound.most or 9),
    schema.Bands: lambda made, bound, native: _option(
        made, [n for b in bound.bands for n in (b.name, *b.also)], native
    ),
    schema.Number: lambda made, bound, native: made.pick(0, 12.5, -3, 1250.005, "7.10", 1e6),
    schema.Flag: lambda made, bound, native: made.pick(
        *([True, False] if bound.yes is None else [bound.yes, bound.no])
    ),
    schema.Amount: _amount,
    schema.People: _people,
    schema.Labels: _labels,
    schema.Links: _links,
    schema.Parent: lambda made, bound, native: made.pick("n-0", "n-3", "n-99"),
    schema.Hyperlinks: lambda made, bound, native: [
        {"url": "https://example.org/x", "title": made.pick("", "x")}
    ],
    schema.StatusPart: _status,
    schema.CategoryPart: lambda made, bound, native: made.pick(0, 1, 30, 50, 99, 100),
    schema.PercentPart: lambda made, bound, native: made.pick(0, 0.01, 0.5, 0.63, 1) * bound.full,
    schema.DroppedPart: lambda made, bound, native: made.chance.random() < 0.2,
    schema.DurationPart: lambda made, bound, native: made.pick(0, 480, 2400, 90.5, -480),
}
