"""Charts drawn: SVG for HTML pages, PNG for SharePoint.

In: the data of a `Chart`. Out: pictures. The same data gives the same picture; nothing is fetched from anywhere.
Altair and the renderer are imported when the first chart is drawn.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from itpm_sync.status.blocks import Chart, ChartKind
from itpm_sync.status.strip_chart import strip_spec
from itpm_sync.status.trend_chart import trend_spec

_SCALE = 2.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture and its size in CSS pixels."""

    data: bytes
    width: int
    height: int


def svg_of(chart: Chart) -> Drawing:
    """The chart as SVG. Text in it is text: names in any script show where the reader's machine has the letters."""
    import vl_convert

    text = vl_convert.vegalite_to_svg(_spec(chart), vl_version=_version(), allowed_base_urls=[])
    width, height = (
        int(float(text.split(f' {name}="', 1)[1].split('"', 1)[0])) for name in ("width", "height")
    )
    return Drawing(text.encode("utf-8"), width, height)


def png_of(chart: Chart) -> Drawing:
    """The chart as PNG at twice its size."""
    import vl_convert

    data = vl_convert.vegalite_to_png(_spec(chart), vl_version=_version(), scale=_SCALE, allowed_base_urls=[])
    width, height = struct.unpack(">II", data[16:24])
    return Drawing(data, round(width / _SCALE), round(height / _SCALE))


def _spec(chart: Chart) -> dict[str, Any]:
    if chart.kind is ChartKind.STRIP and chart.today is not None:
        return strip_spec(chart.rows, chart.today)
    return trend_spec(chart.rows)


def _version() -> str | None:
    """The Vega-Lite version that Altair speaks, as the renderer names it; None for the renderer's own."""
    import altair as alt
    import vl_convert

    wanted = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    return wanted if wanted in vl_convert.get_vegalite_versions() else None
