"""Dated versions of one plan: each milestone's date in every version, how far it moved, whether the baseline did.

In: versions, oldest first, each with its own figures. Out: a block with a column a version, and the tracks of the
trend chart. Milestones are matched by id, so a renamed one stays itself; only where two versions share no id at all
(a plan saved under another format) by a title that is unique in both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from itpm_sync.status.blocks import Block, Cell, Column, Look, Part, Table, remark, words
from itpm_sync.status.figures import Figures
from itpm_sync.status.limits import Limits
from itpm_sync.status.slips import span_of_phase
from itpm_sync.status.trend_chart import Track
from itpm_sync.status.wording import clean, count, day, listed, short, signed, title_of
from itpm_sync.status.workdays import WorkingDays

_COLUMNS = 8
"""Versions shown: the first and the latest ones."""
_FEW = 3


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the plan."""

    label: str
    """The file's name."""
    when: date
    """Its status date, else the day it was last saved."""
    figures: Figures
    container: str = ""
    """The file's name as its ids begin with it: left out where ids are compared, for each version has another."""


@dataclass(frozen=True, slots=True)
class Row:
    """One milestone, or the plan's finish, over all versions; None where a version lacks it."""

    title: str
    dates: tuple[date | None, ...]
    baselines: tuple[date | None, ...]

    def moved(self, days: WorkingDays, since: int = 0) -> int | None:
        """Working days from the first known date at or after version `since` to the latest version's date."""
        known = [one for one in self.dates[since:-1] if one]
        last = self.dates[-1]
        return days.between(known[0], last) if known and last else None


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a row is made of in one version: a milestone, or a phase."""

    id: str
    title: str
    forecast: date | None
    baseline: date | None


def rows_of(versions: Sequence[Version]) -> tuple[Row, ...]:
    """A row a milestone of the latest version, in its order, then the plan's finish.

    A plan that marks hardly any milestone is told by the finish of its phases too.
    """
    phases = len(versions[-1].figures.milestones) < _FEW
    listed_then = [_entries(version, phases=phases) for version in versions]
    found = [_matches(entries, listed_then[-1]) for entries in listed_then]
    rows = [_row(entry, found) for entry in listed_then[-1]]
    spans = [version.figures.span for version in versions]
    whole = Row("Plan’s finish", tuple(s.finish for s in spans), tuple(s.baseline_finish for s in spans))
    return (*rows, whole)


def _entries(version: Version, *, phases: bool) -> list[_Entry]:
    it, prefix = version.figures, version.container
    found = [
        _Entry(
            one.task.item.id.removeprefix(prefix),
            title_of(one.task.item),
            one.task.forecast,
            one.task.baseline_finish,
        )
        for one in it.milestones
    ]
    for phase in it.phases if phases else ():
        span = span_of_phase(phase, it.days)
        found.append(
            _Entry(
                phase.item.id.removeprefix(prefix), title_of(phase.item), span.finish, span.baseline_finish
            )
        )
    return found


def _row(entry: _Entry, found: Sequence[Mapping[str, _Entry]]) -> Row:
    same = [matches.get(entry.id) for matches in found]
    return Row(
        entry.title,
        tuple(one.forecast if one else None for one in same),
        tuple(one.baseline if one else None for one in same),
    )


def _matches(older: Sequence[_Entry], latest: Sequence[_Entry]) -> Mapping[str, _Entry]:
    """By the latest version's id: the same entry in an older version."""
    by_id = {one.id: one for one in older}
    if any(one.id in by_id for one in latest):
        return by_id
    then, now = (Counter(one.title for one in entries) for entries in (older, latest))
    by_title = {one.title: one for one in older if then[one.title] == 1}
    return {one.id: by_title[one.title] for one in latest if one.title in by_title and now[one.title] == 1}


def tracks_of(versions: Sequence[Version], rows: Sequence[Row]) -> list[Track]:
    """The trend chart's lines: those that moved most first."""
    days = versions[-1].figures.days
    ranked = sorted(rows, key=lambda row: -abs(row.moved(days) or 0))
    return [
        Track(
            row.title,
            tuple(
                (order, f"{order}. {day(version.when)}", then)
                for order, (version, then) in enumerate(zip(versions, row.dates, strict=True), 1)
                if then
            ),
        )
        for row in ranked
    ]


def version_block(versions: Sequence[Version], rows: Sequence[Row], *, limits: Limits) -> Block:
    """The table of dates by version."""
    days = versions[-1].figures.days
    if len(versions) == 1:
        only = versions[0]
        says = f"There is one version, {clean(only.label)} of {day(only.when)}: nothing to compare it with."
        return Block("versions", "Milestones by version", (words(says),))
    shown = _shown(len(versions))
    heads = tuple(
        Column(f"{day(versions[i].when)}, {short(clean(versions[i].label), 30)}", date=True) for i in shown
    )
    last = (
        Column("Moved since the version before, working days", number=True),
        Column("Moved since the first, working days", number=True),
    )
    picked = _picked(rows, days, most=2 * limits.rows)
    body = tuple(
        (
            Cell(row.title),
            *(Cell(day(row.dates[i])) for i in shown),
            _moved(row.moved(days, since=len(versions) - 2)),
            _moved(row.moved(days)),
        )
        for row in picked
    )
    rest = len(rows) - len(picked)
    more = f"and {count(rest, 'more milestone')}, which moved least" if rest else ""
    table = Table(
        "Forecast by version", (Column("Milestone or phase"), *heads, *last), body, Look.SCROLLED, more
    )
    return Block("versions", "Milestones by version", (table, *_remarks(versions, rows)))


def _shown(number: int) -> list[int]:
    return list(range(number)) if number <= _COLUMNS else [0, *range(number - _COLUMNS + 1, number)]


def _picked(rows: Sequence[Row], days: WorkingDays, most: int) -> list[Row]:
    """The rows that moved most, in their own order."""
    ranked = sorted(range(len(rows)), key=lambda index: -abs(rows[index].moved(days) or 0))
    return [rows[index] for index in sorted(ranked[:most])]


def _moved(number: int | None) -> Cell:
    return Cell("–" if number is None else signed(number))


def _remarks(versions: Sequence[Version], rows: Sequence[Row]) -> list[Part]:
    """What a reader of one version alone would not see: moved baselines, milestones that are gone."""
    found: list[Part] = []
    moved = [row.title for row in rows if len({one for one in row.baselines if one}) > 1]
    if moved:
        found.append(
            remark(
                f"The baseline itself changed between the versions for {count(len(moved), 'row')} "
                f"({listed([short(title, 60) for title in moved])}): slip against the latest file's baseline says "
                "less than the dates above."
            )
        )
    first = _entries(versions[0], phases=False)
    latest = _entries(versions[-1], phases=False)
    kept = {id(match) for one in latest if (match := _matches(first, latest).get(one.id))}
    gone = [short(one.title, 60) for one in first if id(one) not in kept]
    if gone:
        found.append(remark(f"In the first version and no longer in the latest: {listed(gone, 5)}."))
    return found
