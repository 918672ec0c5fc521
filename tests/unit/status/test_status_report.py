"""`report`: a portfolio of files, a series of versions, one line for each file that cannot be read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from itpm_sync.connector import ContainerInfo, FileContent
from itpm_sync.errors import Unreadable
from itpm_sync.model import Item, ProjectFacts
from itpm_sync.publisher import Published, Publisher, StatusPage
from itpm_sync.status.report import Plan, Report, make_report
from itpm_sync.testing.items import NOW, milestone, task


class Shelf(Publisher):
    """Keeps pages in memory, in the order they came."""

    def __init__(self) -> None:
        self.pages: list[StatusPage] = []

    async def publish(self, pages: Sequence[StatusPage], *, refresh: bool = False) -> Sequence[Published]:
        self.pages.extend(pages)
        return [Published(page.name, f"memory:{page.name}", written=True) for page in pages]

    def text(self, name: str) -> str:
        return next(page.standalone for page in self.pages if page.name == name)


class Stopped:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing here waits")


def plan(*items: Item, title: str = "Plan", saved: datetime | None = NOW, status: date | None = None) -> Plan:
    facts = ProjectFacts("x", title, status_date=status)
    return Plan(FileContent(ContainerInfo("x", title, (), "", facts=facts), (), saved=saved), items)


def run(files: dict[str, Plan | Exception], *, series: bool = False) -> tuple[Report, Shelf]:
    def read(path: Path) -> Plan:
        found = files[path.name]
        if isinstance(found, Exception):
            raise found
        return found

    shelf = Shelf()
    paths = [Path("plans") / name for name in files]
    report = asyncio.run(make_report(paths, shelf, read=read, clock=Stopped(), series=series))
    return report, shelf


def test_each_file_is_a_project_and_the_portfolio_comes_last() -> None:
    report, shelf = run({"a.mpp": plan(title="One"), "b.mpp": plan(title="Two")})
    assert [page.name for page in shelf.pages] == ["a", "b", "index"]
    assert (report.projects, list(report.left_out)) == (2, [])


def test_forty_copies_are_forty_projects() -> None:
    copy = plan(task("t", "2026-12-01", "2026-12-02"))
    report, shelf = run({f"copy {number}.mpp": copy for number in range(40)})
    assert report.projects == len({page.name for page in shelf.pages}) - 1 == 40
    assert all(f"copy {number}.mpp" in shelf.text("index") for number in range(40))


def test_a_file_that_cannot_be_read_costs_that_file_only_and_is_named_with_its_reason() -> None:
    report, shelf = run(
        {
            "locked.mpp": Unreadable(
                "locked.mpp is protected by a password.", mend="Save a copy without one."
            ),
            "gone.mpp": FileNotFoundError(2, "No such file or directory"),
            "odd.mpp": ValueError("secret inner detail"),
            "good.mpp": plan(),
        }
    )
    assert list(map(str, report.left_out)) == [
        "locked.mpp: is protected by a password. Save a copy without one.",
        "gone.mpp: is not there. Check the name.",
        (
            "odd.mpp: holds what no plan holds (ValueError). Save it again in Project; if that does not help, "
            "report it together with the file."
        ),
    ]
    assert report.projects == 1
    assert all(str(one) in shelf.text("index").replace("&#39;", "'") for one in report.left_out)
    assert "secret inner detail" not in shelf.text("index")


def test_a_report_of_nothing_readable_is_still_a_page_with_the_reasons() -> None:
    report, shelf = run({"x.mpp": Unreadable("x.mpp is empty.")})
    assert report.projects == 0
    assert "No project could be shown." in shelf.text("index")
    assert "x.mpp: is empty." in shelf.text("index")


def test_a_plan_without_a_title_is_called_by_its_file() -> None:
    _, shelf = run({"Umzug Süd.mpp": plan(title=" ")})
    assert shelf.pages[0].title == "Umzug Süd"
    assert shelf.pages[0].name == "umzug-sued"


def test_names_in_any_script_reach_the_page_whole() -> None:
    _, shelf = run(
        {"a.mpp": plan(task("网络改造", "2026-12-01", "2026-12-02", title="网络改造工程"), title="医院网络")}
    )
    assert "网络改造工程" in shelf.text("a")
    assert "医院网络" in shelf.text("index")


def test_the_baseline_is_the_files_own_and_labelled_so() -> None:
    _, shelf = run({"a.mpp": plan(milestone("m", "2026-12-20", "2026-12-01"))})
    assert "from the file, not approved" in shelf.text("a")


def test_what_the_reader_warned_of_stands_on_the_page() -> None:
    warned = plan()
    warned = replace(
        warned, content=replace(warned.content, warnings=("Row 7 was damaged.",)), left_out=("No site.",)
    )
    _, shelf = run({"a.mpp": warned})
    assert "Row 7 was damaged." in shelf.text("a")
    assert "No site." in shelf.text("a")


def test_a_series_is_one_project_in_the_order_of_its_dates() -> None:
    def dated(month: int, on: str) -> Plan:
        return plan(
            milestone("m", on, title="Go-live"), saved=datetime(2026, month, 1, tzinfo=UTC), title="Refresh"
        )

    files = {
        "c.mpp": dated(10, "2027-03-01"),
        "a.mpp": dated(8, "2027-01-01"),
        "b.mpp": dated(9, "2027-02-01"),
    }
    report, shelf = run(dict(files), series=True)
    assert report.projects == 1
    assert [page.name for page in shelf.pages] == ["refresh", "index"]
    text = shelf.text("refresh")
    assert text.index("1 Aug 2026, a.mpp") < text.index("1 Sep 2026, b.mpp") < text.index("1 Oct 2026, c.mpp")
    assert "refresh-trend.svg" in shelf.pages[0].pictures
    assert "3 versions, the latest c.mpp" in shelf.text("index")


def test_a_plans_own_status_date_orders_it_before_the_day_it_was_saved() -> None:
    old = plan(status=date(2026, 2, 1), title="Refresh")
    new = plan(status=date(2026, 11, 1), saved=datetime(2026, 1, 1, tzinfo=UTC), title="Refresh")
    _, shelf = run({"new.mpp": new, "old.mpp": old}, series=True)
    assert "the latest new.mpp" in shelf.text("index")


def test_an_older_version_is_not_overdue_because_today_is_later() -> None:
    first = plan(task("t", "2026-02-01", "2026-03-02"), status=date(2026, 1, 1))
    last = plan(task("t", "2026-02-01", "2026-03-03"), status=date(2026, 2, 1))
    _, shelf = run({"1.mpp": first, "2.mpp": last}, series=True)
    assert "2 Mar 2026" in shelf.text("plan")
    assert "3 Mar 2026" in shelf.text("plan")


def test_a_series_without_any_readable_file_has_reasons_only() -> None:
    report, shelf = run({"x.mpp": Unreadable("x.mpp is empty.")}, series=True)
    assert (report.projects, [page.name for page in shelf.pages]) == (0, ["index"])
