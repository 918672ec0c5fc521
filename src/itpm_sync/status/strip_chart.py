"""The plan against its baseline: a Gantt strip of phases and milestones.

In: `Figures`. Out: a `Chart`. One row a phase (baseline thin and grey under the forecast) and one a milestone (hollow
diamond: baseline; filled: forecast; tick: done), a dashed line at the status date. The slip stands beside each
diamond in words, so that nothing hangs on colour. None where there is nothing to draw.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from importlib import import_module
from typing import Any

from itpm_sync.model import Rag
from itpm_sync.status.blocks import Chart, ChartKind
from itpm_sync.status.chart_dress import dressed
from itpm_sync.status.figures import Figures
from itpm_sync.status.palette import BAR, BASE_BAR, INK, MARK, QUIET
from itpm_sync.status.slips import Milestone, span_of_phase
from itpm_sync.status.tasks import Phase
from itpm_sync.status.wording import count, day, short, signed, slip, title_of

KEY = (
    "Bars are phases as planned now; thin and grey under them the baseline. Filled diamonds are milestones as "
    "forecast, hollow ones their baseline; ✓ is done. Dotted lines run from a planned finish in the past to the "
    "status date, the earliest forecast of what is overdue. Beside them the slip in working days (d). The dashed "
    "line is the status date."
)
_PLOT = 600
_ROW = 26
_PHASES = 8
_MILESTONES = 12
_DAY = timedelta(days=1)
_LABEL = 44
Row = dict[str, Any]


def strip_chart(it: Figures, *, name: str) -> Chart | None:
    """The chart of this plan, or None where no phase and no milestone has a date."""
    rows = [*_phase_rows(it), *_milestone_rows(it)]
    if not rows:
        return None
    for index, row in enumerate(rows):
        row["row"] = index
    return Chart(name, ChartKind.STRIP, _alt(it), KEY, tuple(rows), it.today)


def _phase_rows(it: Figures) -> Iterator[Row]:
    for phase in it.phases[:_PHASES]:
        row = _phase_row(phase, it)
        if row:
            yield row


def _phase_row(phase: Phase, it: Figures) -> Row | None:
    span = span_of_phase(phase, it.days)
    planned = max((task.finish for task in phase.tasks if task.finish), default=None)
    if span.start is None or span.finish is None or planned is None:
        return None
    words = [f"{signed(span.slip.working)} d"] if span.slip else []
    row: Row = {"label": short(title_of(phase.item), _LABEL), "start": span.start.isoformat()}
    row |= {"end": _next_day(planned), "edge": _next_day(span.finish)}
    if planned < span.finish:
        row |= {"gap": row["end"], "gap_end": row["edge"]}
        words.append("overdue")
    if span.baseline_start and span.baseline_finish:
        row |= {"base_start": span.baseline_start.isoformat(), "base_end": _next_day(span.baseline_finish)}
    return row | {"says": ", ".join(words)}


def _next_day(value: date) -> str:
    """A finish is inclusive: its bar ends where the next day begins."""
    return (value + _DAY if value < date.max else value).isoformat()


def _milestone_rows(it: Figures) -> Iterator[Row]:
    dated = [one for one in it.milestones if one.task.forecast]
    late_first = sorted(dated, key=lambda m: (m.task.done, -(m.slip.working if m.slip else 0)))[:_MILESTONES]
    kept = {one.task.item.id for one in late_first}
    for milestone in dated:
        if milestone.task.item.id in kept:
            yield _milestone_row(milestone)


def _milestone_row(milestone: Milestone) -> Row:
    task = milestone.task
    assert task.forecast is not None  # chosen so
    words = [f"{signed(milestone.slip.working)} d"] if milestone.slip else []
    words += ["✓ done"] if task.done else (["overdue"] if task.overdue else [])
    row: Row = {
        "label": short(title_of(task.item), _LABEL),
        "at": task.forecast.isoformat(),
        "colour": MARK[Rag.GREY] if task.done else MARK[milestone.rag],
        "beside": ", ".join(words),
    }
    if task.baseline_finish:
        row["base"] = task.baseline_finish.isoformat()
    if task.overdue and task.finish:
        row |= {
            "gap": task.finish.isoformat(),
            "gap_end": task.forecast.isoformat(),
            "planned": task.finish.isoformat(),
        }
    return row


def _alt(it: Figures) -> str:
    """The message, as a sentence."""
    based = [one for one in it.milestones if one.slip]
    later = [one for one in based if one.slip and one.slip.calendar > 0]
    if not based:
        if it.span.finish:
            return f"The plan runs to {day(it.span.finish)}. No milestone has a baseline to compare with."
        return "The plan's phases and milestones. None has a baseline to compare with."
    if not later:
        return f"All {count(len(based), 'milestone')} with a baseline are on or before it."
    worst = max(later, key=lambda m: (m.slip.working, m.slip.calendar) if m.slip else (0, 0))
    moved = slip(worst.slip.working, worst.slip.calendar) if worst.slip else ""
    return (
        f"{len(later)} of {count(len(based), 'milestone')} with a baseline {'is' if len(later) == 1 else 'are'} later "
        f"than it; most of all “{title_of(worst.task.item, 80)}”: {moved}."
    )


def strip_spec(rows: Sequence[Mapping[str, Any]], today: date) -> dict[str, Any]:
    """The Vega-Lite specification. Times are civil days, drawn on a UTC scale so that no zone moves them."""
    alt: Any = import_module("altair")
    data = alt.Data(values=[dict(row) for row in rows])
    height = _ROW * len(rows)
    scale = alt.Scale(type="utc", nice=False, padding=14)
    axis = alt.Axis(title=None, format="%b %Y", orient="top", labelOverlap=True, tickCount=6, domain=False)
    y = alt.Y("row:O", axis=None, scale=alt.Scale(paddingInner=0.2))

    def drawn(mark: Any, name: str, end: str = "") -> Any:
        ends = {"x2": alt.X2(f"{end}:T")} if end else {}
        x = alt.X(f"{name}:T", scale=scale, axis=axis)
        return mark.encode(x=x, y=y, **ends).transform_filter(f"isValid(datum.{name})")

    base = alt.Chart(data)
    diamond = {"shape": "diamond", "size": 110, "opacity": 1}
    text = {"align": "left", "fontSize": 11, "color": INK, "dx": 9}
    layers = [
        base.mark_text(align="right", fontSize=12, color=INK).encode(x=alt.value(-10), y=y, text="label:N"),
        *_today(alt, scale, today, height),
        drawn(base.mark_bar(height=4, color=BASE_BAR, yOffset=6), "base_start", "base_end"),
        drawn(base.mark_bar(height=9, color=BAR, yOffset=-3), "start", "end"),
        drawn(base.mark_rule(color=QUIET, strokeWidth=1), "base", "at"),
        drawn(base.mark_rule(color=INK, strokeWidth=1.5, strokeDash=[2, 3]), "gap", "gap_end"),
        drawn(base.mark_tick(orient="vertical", size=12, thickness=2, color=INK), "planned"),
        drawn(base.mark_point(**diamond, stroke=BASE_BAR, strokeWidth=1.6, fill="white"), "base"),
        drawn(base.mark_point(**diamond, filled=True), "at").encode(color=alt.Color("colour:N", scale=None)),
        drawn(base.mark_text(**text), "at").encode(text="beside:N"),
        drawn(base.mark_text(**text), "edge").encode(text="says:N"),
    ]
    return dressed(alt.layer(*layers).properties(width=_PLOT, height=height))


def _today(alt: Any, scale: Any, today: date, height: int) -> list[Any]:
    here = alt.Chart(alt.Data(values=[{"today": today.isoformat(), "says": f"Status {day(today)}"}]))
    x = alt.X("today:T", scale=scale)
    line = here.mark_rule(strokeDash=[5, 4], color=INK, strokeWidth=1.2).encode(x=x)
    says = here.mark_text(align="center", baseline="top", fontSize=11, color=INK, dy=4)
    return [line, says.encode(x=x, y=alt.value(height), text="says:N")]
