"""The palette, measured: text at 4.5:1, lines and markers at 3:1 against what they stand on (WCAG 2.2, 1.4.3, 1.4.11).

In: nothing. Out: colours for styles and charts; a test computes every pair named here. Red and green differ only
1.16:1 in lightness, so a word and a shape stand beside every colour.
"""

from __future__ import annotations

from itpm_sync.model import Rag

INK = "#242424"
QUIET = "#605E5C"
LINK = "#0B5CAD"
PAPER = "#FFFFFF"
SHADE = "#F5F4F3"
LINE = "#D2D0CE"
"""Table rules; decoration only, never the sole carrier of anything."""
EDGE = "#8A8886"
"""Borders that mean something: 3:1 on paper."""

MARK = {Rag.GREEN: "#0E700E", Rag.AMBER: "#B25E00", Rag.RED: "#A4262C", Rag.GREY: "#605E5C"}
"""Shapes and chart marks on paper."""
TEXT = {Rag.GREEN: "#0B6A0B", Rag.AMBER: "#6B4A00", Rag.RED: "#A4262C", Rag.GREY: "#484644"}
TINT = {Rag.GREEN: "#DFF6DD", Rag.AMBER: "#FFF4CE", Rag.RED: "#FDE7E9", Rag.GREY: "#F0EFEE"}
"""`TEXT` stands on `TINT`."""

BAR = "#2B579A"
"""Forecast bars of a plan."""
BASE_BAR = "#8A8886"
"""Baseline bars and hollow diamonds."""
SERIES = ("#2B579A", "#B25E00", "#0E700E", "#A4262C", "#6B3FA0", "#00666B", "#605E5C", "#8E3A00")
"""Lines of a trend chart, each with a dash and a marker of its own."""

TEXT_PAIRS = (
    (INK, PAPER),
    (INK, SHADE),
    (QUIET, PAPER),
    (QUIET, SHADE),
    (LINK, PAPER),
    (LINK, SHADE),
    *((TEXT[rag], TINT[rag]) for rag in Rag),
    *((INK, TINT[rag]) for rag in Rag),
)
"""What is written on what."""
MARK_PAIRS = (
    *((MARK[rag], PAPER) for rag in Rag),
    *((TEXT[rag], TINT[rag]) for rag in Rag),
    (BAR, PAPER),
    (BASE_BAR, PAPER),
    (EDGE, PAPER),
    *((colour, PAPER) for colour in SERIES),
)
"""What is drawn on what."""


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two `#RRGGBB` colours, 1-21, by WCAG's definition."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
