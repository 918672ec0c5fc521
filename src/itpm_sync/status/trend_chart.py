"""Milestone trend: how the forecast of each milestone moved from version to version.

In: for each milestone its forecast dates by version. Out: a `Chart`. Each line has a dash and a marker of its own; a
line that rises is a milestone that slips.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import Any

from itpm_sync.status.blocks import Chart, ChartKind
from itpm_sync.status.chart_dress import dressed
from itpm_sync.status.palette import SERIES
from itpm_sync.status.wording import count, short

KEY = "Each line is a milestone, with a marker and a dash of its own. A line that rises is a milestone that slips."
_PLOT = 580
_HEIGHT = 280
MOST = len(SERIES)
_DASHES = ([1, 0], [7, 3], [2, 3], [9, 3, 2, 3], [1, 0], [7, 3], [2, 3], [9, 3, 2, 3])
_SHAPES = (
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "triangle-down",
    "cross",
    "triangle-right",
    "triangle-left",
)


@dataclass(frozen=True, slots=True)
class Track:
    """One milestone over the versions: (order of the version, its name, the forecast then), oldest first."""

    title: str
    points: tuple[tuple[int, str, date], ...]


def trend_chart(tracks: Sequence[Track], *, name: str) -> Chart | None:
    """The chart of these tracks, or None where no milestone is known in two versions. At most `MOST` are drawn."""
    drawn = [track for track in tracks if len(track.points) > 1][:MOST]
    if not drawn:
        return None
    rows = [
        {
            "name": f"{index}. {short(track.title, 40)}",
            "order": order,
            "version": version,
            "forecast": then.isoformat(),
        }
        for index, track in enumerate(drawn, 1)
        for order, version, then in track.points
    ]
    return Chart(name, ChartKind.TREND, _alt(drawn), KEY, tuple(rows))


def _alt(tracks: Sequence[Track]) -> str:
    moved = [(track.points[-1][2] - track.points[0][2]).days for track in tracks]
    most = max(range(len(tracks)), key=lambda index: moved[index])
    if moved[most] <= 0:
        return (
            f"None of {count(len(tracks), 'milestone')} moved later between the first and the last version."
        )
    later = sum(1 for days in moved if days > 0)
    return (
        f"{later} of {count(len(tracks), 'milestone')} moved later between the first and the last version; most of all "
        f"“{tracks[most].title}”, by {count(moved[most], 'calendar day')}."
    )


def trend_spec(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The Vega-Lite specification. Times are civil days, drawn on a UTC scale so that no zone moves them."""
    alt: Any = import_module("altair")
    names = list(dict.fromkeys(row["name"] for row in rows))
    legend = alt.Legend(
        title=None, orient="bottom", columns=2, labelLimit=300, symbolSize=90, symbolStrokeWidth=2
    )

    def told(kind: Any, values: Sequence[Any]) -> Any:
        """The same legend for colour, dash and marker: they become one."""
        return kind("name:N", scale=alt.Scale(domain=names, range=list(values[: len(names)])), legend=legend)

    dates = alt.Axis(title="Forecast", tickCount=6, format="%-d %b %Y", labelOverlap=True)
    versions = [row["version"] for row in sorted(rows, key=lambda row: row["order"])]
    utc = alt.Scale(type="utc", nice=False, padding=14)
    both = alt.Chart(alt.Data(values=[dict(row) for row in rows])).encode(
        x=alt.X("version:O", sort=versions, axis=alt.Axis(title="Version", labelAngle=0, labelOverlap=True)),
        y=alt.Y("forecast:T", scale=utc, axis=dates),
        order="order:Q",
        color=told(alt.Color, SERIES),
    )
    lines = both.mark_line(strokeWidth=2).encode(strokeDash=told(alt.StrokeDash, _DASHES))
    points = both.mark_point(filled=True, size=70, opacity=1).encode(shape=told(alt.Shape, _SHAPES))
    return dressed(alt.layer(lines, points).properties(width=_PLOT, height=_HEIGHT))
