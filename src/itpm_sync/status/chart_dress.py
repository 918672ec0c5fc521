"""How every chart is dressed: font, grid, colours of labels.

In: an Altair chart. Out: its Vega-Lite specification.
"""

from __future__ import annotations

from typing import Any

from itpm_sync.status.palette import BASE_BAR, INK

_GRID = "#E1DFDD"
"""Help lines only; nothing is read off their colour."""


def dressed(chart: Any) -> dict[str, Any]:
    """The specification of `chart`, on paper, without a frame."""
    axis = {
        "gridColor": _GRID,
        "labelFontSize": 11,
        "labelColor": INK,
        "titleColor": INK,
        "titleFontSize": 12,
    }
    config = {
        "font": "Arial, Liberation Sans, sans-serif",
        "background": "white",
        "view": {"stroke": None},
        "axis": {**axis, "tickColor": BASE_BAR},
        "legend": {"labelFontSize": 12, "labelColor": INK},
    }
    spec: dict[str, Any] = chart.to_dict(validate=False)  # a test validates; it costs more than the drawing
    return {**spec, "config": config}
