"""Charts: valid, drawn without a network, the same every time, their message in words."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import altair as alt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itpm_sync.model import Item, Kind
from itpm_sync.status.blocks import Chart, ChartKind
from itpm_sync.status.charts import png_of, svg_of
from itpm_sync.status.figures import figures
from itpm_sync.status.strip_chart import strip_chart, strip_spec
from itpm_sync.status.trend_chart import Track, trend_chart, trend_spec
from itpm_sync.testing.items import NOW, TODAY, milestone, subject, task


def strip(*items: Item) -> Chart | None:
    return strip_chart(figures(subject(*items), NOW), name="plan")


def drawn(*items: Item) -> Chart:
    chart = strip(*items)
    assert chart is not None
    return chart


PLAN = (
    Item("build", {"kind": Kind.SUMMARY, "title": "Build"}),
    task("Rack", "2026-11-02", "2026-11-13", percent=60, base="2026-11-06", parent="build"),
    milestone("患者登録 & <b>Go-live</b>", "2027-02-26", "2027-01-22"),
    milestone("Design", "2026-10-20", "2026-10-20", percent=100),
    milestone("No baseline", "2026-12-20"),
)


def track(name: str, *days: int) -> Track:
    return Track(
        name, tuple((order, f"{order}. version", date(2026, 12, one)) for order, one in enumerate(days, 1))
    )


def test_specifications_are_valid_vega_lite() -> None:
    chart = drawn(*PLAN)
    assert chart.today == TODAY
    alt.LayerChart.from_dict(strip_spec(chart.rows, TODAY), validate=True)
    trend = trend_chart([track("a", 1, 5), track("b", 3, 3)], name="trend")
    assert trend is not None
    alt.LayerChart.from_dict(trend_spec(trend.rows), validate=True)


def test_the_message_names_the_worst_milestone_and_its_slip() -> None:
    says = drawn(*PLAN).alt
    assert says.startswith("1 of 2 milestones with a baseline is later than it; most of all “患者登録")
    assert says.endswith("25 working days late (35 calendar days).")


def test_milestones_on_their_baseline_are_said_to_be() -> None:
    assert (
        drawn(milestone("m", "2026-12-20", "2026-12-20")).alt
        == "All 1 milestone with a baseline are on or before it."
    )


def test_nothing_to_draw_is_no_chart() -> None:
    assert strip() is None
    assert strip(task("a", "2026-11-02", "2026-11-13"), milestone("m", None, "2026-12-01")) is None
    assert trend_chart([track("a", 1)], name="trend") is None


def test_many_rows_are_cut_to_the_latest_ones() -> None:
    many = [milestone(f"m{number}", f"2027-01-{1 + number % 28:02}", "2026-12-01") for number in range(60)]
    assert len(drawn(*many).rows) == 12


def test_a_picture_is_the_same_every_time_and_holds_names_as_text() -> None:
    one, other = svg_of(drawn(*PLAN)), svg_of(drawn(*PLAN))
    assert one == other
    text = one.data.decode()
    assert "患者登録 &amp; &lt;b&gt;Go-live&lt;/b&gt;" in text
    assert "Status 24 Nov 2026" in text
    assert "+25 d" in text
    assert (one.width > 600, one.height > 100) == (True, True)


def test_a_png_has_twice_the_pixels_it_is_shown_with() -> None:
    trend = trend_chart([track("a", 1, 5, 9), track("b", 3, 3, 2)], name="trend")
    assert trend is not None
    drawing = png_of(trend)
    assert drawing.data.startswith(b"\x89PNG\r\n")
    assert int.from_bytes(drawing.data[16:20], "big") == pytest.approx(2 * drawing.width, abs=1)


def test_no_data_is_fetched_from_anywhere() -> None:
    for spec in (strip_spec(drawn(*PLAN).rows, TODAY), trend_spec([])):
        assert '"url"' not in json.dumps(spec)


def test_each_line_of_a_trend_has_a_name_a_marker_and_a_dash_of_its_own() -> None:
    chart = trend_chart([track("same", 1, 5), track("same", 2, 9)], name="trend")
    assert chart is not None
    assert chart.kind is ChartKind.TREND
    assert {row["name"] for row in chart.rows} == {"1. same", "2. same"}
    text = json.dumps(trend_spec(chart.rows))
    assert all(f'"{channel}"' in text for channel in ("color", "shape", "strokeDash"))


def test_the_trends_message_is_the_milestone_that_moved_most() -> None:
    chart = trend_chart([track("a", 1, 5), track("b", 9, 2)], name="trend")
    assert chart is not None
    assert chart.alt == (
        "1 of 2 milestones moved later between the first and the last version; most of all “a”, by 4 calendar days."
    )


@settings(max_examples=10, deadline=None)
@given(st.dates(), st.dates(), st.dates())
def test_any_dates_can_be_drawn(start: date, finish: date, base: date) -> None:
    start, finish = sorted((start, finish))
    days: dict[str, Any] = {"base": base.isoformat(), "parent": "s"}
    chart = strip(
        Item("s", {"kind": Kind.SUMMARY, "title": "S"}),
        task("a", start.isoformat(), finish.isoformat(), **days),
        milestone("m", finish.isoformat(), base.isoformat()),
    )
    assert chart is not None
    assert svg_of(chart).width > 0
