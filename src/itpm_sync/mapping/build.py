"""From what a mapping says of a field to its lens.

In: the model of a field, a binder. Out: the lens, None where an optional field is not there. Raises binding.Missing.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from itpm_sync.kit.markdown import MARKDOWN, PLAIN
from itpm_sync.lens import Lens
from itpm_sync.mapping import schema
from itpm_sync.mapping.binding import Binder, Missing, Native
from itpm_sync.mapping.day_steps import DayStep, End, Shape
from itpm_sync.mapping.meaning import canonical_of
from itpm_sync.mapping.parts import Part
from itpm_sync.mapping.people import PeopleLens
from itpm_sync.mapping.plain_lens import PlainLens
from itpm_sync.mapping.progress import ProgressLens, ProgressParts
from itpm_sync.mapping.progress_steps import (
    BandPercentStep,
    DroppedStep,
    LabelTextStep,
    PercentStep,
    Status,
    StatusPartStep,
    StatusStep,
)
from itpm_sync.mapping.prose import DocumentProse, Prose, ProseLens, TextProse
from itpm_sync.mapping.schedule import ElapsedStep, MinutesStep, ScheduleLens
from itpm_sync.mapping.sets import ElementStep, HyperlinkStep, LabelStep, LinkStep, SetLens
from itpm_sync.mapping.steps import (
    MINUTES,
    AmountStep,
    BandStep,
    ChoiceStep,
    FlagStep,
    IntegerStep,
    LineStep,
    NumberStep,
    OptionStep,
    ParentStep,
    Step,
    folded,
)
from itpm_sync.model import Category, Type, spec_of


def lens(name: str, described: Any, binder: Binder) -> Lens | None:
    """The lens of a field or group as `described`."""
    if isinstance(described, schema.ProgressGroup):
        return _progress(described, binder)
    if isinstance(described, schema.ScheduleGroup):
        return _schedule(described, binder)
    native = binder.find(described)
    if native is None:
        return None
    writable, at, title = described.write and native.writable, native.native, native.title
    if isinstance(described, schema.People):
        return PeopleLens(
            name,
            at,
            by_mail=described.by == "mail",
            lead=described.step == "lead",
            most=described.most,
            writable=writable,
            title=title,
        )
    if isinstance(described, schema.Prose):
        return ProseLens(name, at, _prose(described), writable=writable, title=title)
    if isinstance(described, schema.Labels | schema.Links | schema.Hyperlinks):
        return SetLens(name, at, _element(described, native), writable=writable, title=title)
    step = _STEPS[type(described)](name, described, native)
    if native.options and isinstance(described, schema.Line | schema.Integer | schema.Number):
        step = OptionStep(step, dict(native.options))
    return PlainLens(name, at, step, writable=writable, title=title)


# ── plain steps ──


def _choice(name: str, described: schema.Choice, native: Native) -> Step:
    read: dict[Any, Any] = {}
    written: dict[Any, Any] = {}
    for option, word in described.values.items():
        value = canonical_of(name, word)
        read.setdefault(folded(option), value)
        for raw in native.natives(option):
            read[folded(raw)] = value
            written.setdefault(value, raw)
    other = None if described.other is None else canonical_of(name, described.other)
    if other is not None and other not in written:
        raise Missing(
            f"{native.title} has no option that means {described.other!r}, which stands for all others."
        )
    lost = [word for word in described.values.values() if canonical_of(name, word) not in written]
    is_open = spec_of(name).type is Type.LINE
    if lost and other is None and not is_open:
        raise Missing(f"{native.title} has no option that means {lost[0]!r}.")
    return ChoiceStep(read, written, other, open=is_open)


def _bands(name: str, described: schema.Bands, native: Native) -> Step:
    bands: list[tuple[int, int, Any]] = []
    read: dict[Any, int] = {}
    empty: Any = None
    for band in sorted(described.bands, key=lambda one: -one.from_):
        raws = native.natives(band.name)
        for raw in (
            *raws,
            band.name,
            *band.also,
            *(raw for also in band.also for raw in native.natives(also)),
        ):
            read[folded(raw)] = band.means
        if raws:
            bands.append((band.from_, band.means, raws[0]))
        if described.empty is not None and str(described.empty) in [
            str(one) for one in (band.name, *band.also)
        ]:
            empty = next(iter(native.natives(described.empty)), None)
    if len(bands) < len(described.bands):
        names = sorted(str(one.name) for one in described.bands if not native.natives(one.name))
        raise Missing(f"{native.title} has no option {names[0]!r}.")
    return BandStep(tuple(bands), read, empty)


def _amount(name: str, described: schema.Amount, native: Native) -> Step:
    minutes = MINUTES.get(described.unit, Decimal(str(described.hours_per_day)) * 60)
    return AmountStep(minutes, described.decimals, described.zero_is_empty)


def _day(name: str, described: schema.DayField, native: Native) -> Step:
    return DayStep(Shape(described.step), End.START if name.endswith("start") else End.FINISH)


def _flag(name: str, described: schema.Flag, native: Native) -> Step:
    yes, no = (
        default if option is None else next(iter(native.natives(option)), option)
        for option, default in ((described.yes, True), (described.no, False))
    )
    return FlagStep(yes, no)


_STEPS: Final[dict[type, Callable[[str, Any, Native], Step]]] = {
    schema.Line: lambda name, d, native: LineStep(d.limit, d.never_empty),
    schema.Choice: _choice,
    schema.Integer: lambda name, d, native: IntegerStep(d.least, d.most, d.empty),
    schema.Bands: _bands,
    schema.Number: lambda name, d, native: NumberStep(d.decimals),
    schema.Flag: _flag,
    schema.DayField: _day,
    schema.Amount: _amount,
    schema.Parent: lambda name, d, native: ParentStep(),
}


def _prose(described: schema.Prose) -> Prose:
    if described.step == "document":
        return DocumentProse()
    return TextProse(MARKDOWN if described.step == "markdown" else PLAIN, described.limit)


def _element(described: schema.Labels | schema.Links | schema.Hyperlinks, native: Native) -> ElementStep:
    if isinstance(described, schema.Links):
        return LinkStep(frozenset(described.types), described.lags)
    if isinstance(described, schema.Hyperlinks):
        return HyperlinkStep(described.most)
    return LabelStep(
        described.spaces,
        described.separator,
        described.limit,
        dict(native.options),
        closed=described.only == "options",
    )


# ── groups ──


def _part(
    bound: schema.Bound | None, step: Callable[[Native], Step], binder: Binder
) -> tuple[Part | None, bool]:
    """A part, if it is there, and whether it may be written."""
    native = binder.find(bound) if bound is not None else None
    if bound is None or native is None:
        return None, True
    return Part(native.native, step(native), native.title), bound.write and native.writable


def _progress(described: schema.ProgressGroup, binder: Binder) -> Lens | None:
    members: dict[str, tuple[schema.Bound | None, Callable[[Native], Step]]] = {
        "status": (described.status, lambda native: _status(described.status, native)),
        "category": (described.category, lambda native: BandPercentStep()),
        "percent": (
            described.percent,
            lambda native: PercentStep(described.percent.full if described.percent else 100),
        ),
        "actual_start": (described.actual_start, lambda native: _end(described.actual_start, End.START)),
        "actual_finish": (described.actual_finish, lambda native: _end(described.actual_finish, End.FINISH)),
        "dropped": (described.dropped, lambda native: DroppedStep()),
    }
    made = {name: _part(bound, step, binder) for name, (bound, step) in members.items()}
    parts = {name: part for name, (part, _) in made.items() if part is not None}
    if not parts:
        return None
    return ProgressLens(ProgressParts(**parts), writable=all(writable for _, writable in made.values()))


def _schedule(described: schema.ScheduleGroup, binder: Binder) -> Lens | None:
    start, start_writable = _part(described.start, lambda native: _end(described.start, End.START), binder)
    finish, finish_writable = _part(
        described.finish, lambda native: _end(described.finish, End.FINISH), binder
    )
    duration, duration_writable = _part(described.duration, lambda native: MinutesStep(), binder)
    if start is None and finish is None:
        return None
    elapsed = binder.by_id(f"{duration.native}Elapsed") if duration else None
    return ScheduleLens(
        start=start,
        finish=finish,
        duration=duration,
        elapsed=Part(elapsed.native, ElapsedStep(), elapsed.title) if elapsed else None,
        writable=start_writable and finish_writable and duration_writable,
    )


def _end(described: schema.DayField | None, end: End) -> Step:
    return DayStep(Shape(described.step) if described else Shape.DAY, end)


_CATEGORIES: Final = {"new": Category.TODO, "indeterminate": Category.DOING} | {
    one.value: one for one in Category
}
"""The tool's words for categories: Jira's, and our own."""


def _status(described: schema.StatusPart | None, native: Native) -> Step:
    if described is None or (not described.values and described.others is None):
        return LabelTextStep()
    read: dict[Any, Status] = {}
    written: dict[tuple[Category, str], Any] = {}
    first: dict[Category, Any] = {}

    def add(raw: Any, status: Status) -> None:
        assert status.category is not None
        read.setdefault(folded(raw), status)
        first.setdefault(status.category, raw)
        written.setdefault((status.category, folded(status.label or "")), raw)

    for option, said in described.values.items():
        label = said if isinstance(said, schema.Label) else schema.Label(category=said)
        for raw in native.natives(option):
            add(raw, Status(label.category, label.label or str(option)))
    if described.others is not None:
        for raw, name in native.options.items():
            category = _CATEGORIES.get(native.categories.get(raw, ""))
            if category is not None and folded(raw) not in read:
                add(raw, Status(category, name))
    missing = [one.value for one in (Category.TODO, Category.DOING, Category.DONE) if one not in first]
    if missing:
        raise Missing(
            f"{native.title} has no status that the mapping calls {missing[0]}; add it under `values`."
        )
    return StatusPartStep(StatusStep(read, written, first, described.never_empty))
