"""Versions of one plan: matched by id, shown side by side, with what one version alone hides."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from itpm_sync.model import Item, Kind
from itpm_sync.status.blocks import Block, Table, Text
from itpm_sync.status.figures import figures
from itpm_sync.status.limits import Limits
from itpm_sync.status.series import Version, rows_of, tracks_of, version_block
from itpm_sync.testing.items import NOW, milestone, subject, task

JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)


def version(when: date, *items: Item) -> Version:
    return Version(f"plan-{when:%m}.mpp", when, figures(subject(*items, status_date=when), NOW))


def table(*versions: Version) -> list[list[str]]:
    block = version_block(versions, rows_of(versions), limits=Limits())
    found = next(part for part in block.parts if isinstance(part, Table))
    return [[cell.text for cell in row] for row in found.rows]


def remarks(*versions: Version) -> str:
    block: Block = version_block(versions, rows_of(versions), limits=Limits())
    return " ".join(cell.text for part in block.parts if isinstance(part, Text) for cell in part.cells)


def marks(*titles_and_days: str, suffix: str = "") -> list[Item]:
    pairs = zip(titles_and_days[::2], titles_and_days[1::2], strict=True)
    return [milestone(f"{title}{suffix}", on, title=title) for title, on in pairs]


def test_each_version_is_a_column_and_the_moves_are_counted() -> None:
    first = version(JUNE, *marks("A", "2026-09-01", "B", "2026-09-02", "C", "2026-09-03"))
    last = version(JULY, *marks("A", "2026-09-08", "B", "2026-09-02", "C", "2026-09-01"))
    assert table(first, last) == [
        ["C", "3 Sep 2026", "1 Sep 2026", "−2", "−2"],
        ["B", "2 Sep 2026", "2 Sep 2026", "0", "0"],
        ["A", "1 Sep 2026", "8 Sep 2026", "+5", "+5"],
        ["Plan’s finish", "3 Sep 2026", "8 Sep 2026", "+3", "+3"],
    ]


def test_a_renamed_milestone_stays_itself() -> None:
    first = version(JUNE, milestone("id-1", "2026-09-01", title="Substantial completion"))
    last = version(JULY, milestone("id-1", "2026-09-02", title="Substiantial completion"))
    assert table(first, last)[0] == ["Substiantial completion", "1 Sep 2026", "2 Sep 2026", "+1", "+1"]


def test_ids_that_begin_with_their_files_name_are_compared_without_it() -> None:
    first = version(JUNE, milestone("plan-06.mpp#7", "2026-09-01", title="Old name"))
    last = version(JULY, milestone("plan-07.mpp#7", "2026-09-02", title="New name"))
    first, last = (replace(one, container=one.label) for one in (first, last))
    assert table(first, last)[0] == ["New name", "1 Sep 2026", "2 Sep 2026", "+1", "+1"]


def test_where_no_id_is_shared_a_unique_title_matches_and_a_repeated_one_does_not() -> None:
    first = version(JUNE, *marks("A", "2026-09-01", "B", "2026-09-02", "C", "2026-09-03", suffix="-old"))
    again = milestone("B-2", "2026-09-04", title="B")
    last = version(JULY, *marks("A", "2026-09-08", "B", "2026-09-02", suffix="-new"), again)
    found = {row[0]: row[1] for row in table(first, last)}
    assert (found["A"], found["B"]) == ("1 Sep 2026", "–")


def test_a_milestone_that_is_gone_is_named_and_a_new_one_has_no_past() -> None:
    first = version(JUNE, *marks("A", "2026-09-01", "Gone", "2026-09-02"))
    last = version(JULY, *marks("A", "2026-09-01", "New", "2026-09-03"))
    assert ["New", "–", "3 Sep 2026", "–", "–"] in table(first, last)
    assert "no longer in the latest: Gone." in remarks(first, last)


def test_a_moved_baseline_is_told_though_the_slip_reads_nothing() -> None:
    first = version(JUNE, milestone("A", "2026-09-01", "2026-09-01"))
    last = version(JULY, milestone("A", "2027-01-05", "2027-01-05"))
    assert last.figures.milestones[0].slip is not None
    assert last.figures.milestones[0].slip.working == 0
    assert "The baseline itself changed" in remarks(first, last)


def test_a_plan_without_milestones_is_told_by_its_phases() -> None:
    phase = Item("p", {"kind": Kind.SUMMARY, "title": "Build"})
    first = version(JUNE, phase, task("a", "2026-08-01", "2026-09-01", parent="p"))
    last = version(JULY, phase, task("a", "2026-08-01", "2026-09-03", parent="p"))
    assert [row[0] for row in table(first, last)] == ["Build", "Plan’s finish"]


def test_one_version_has_nothing_to_be_compared_with() -> None:
    block = version_block([version(JUNE)], rows_of([version(JUNE)]), limits=Limits())
    assert isinstance(block.parts[0], Text)
    assert "nothing to compare it with" in block.parts[0].cells[0].text


def test_of_many_versions_the_first_and_the_latest_are_shown() -> None:
    versions = [version(date(2026, 1, 1 + number), *marks("A", "2026-09-01")) for number in range(20)]
    assert len(table(*versions)[0]) == 1 + 8 + 2


def test_tracks_follow_every_version_of_the_milestones_that_moved_most() -> None:
    versions = [
        version(JUNE, *marks("A", "2026-09-01", "B", "2026-09-01", "C", "2026-09-01")),
        version(JULY, *marks("A", "2026-09-01", "B", "2026-09-30", "C", "2026-09-02")),
    ]
    tracks = tracks_of(versions, rows_of(versions))
    assert [track.title for track in tracks][:1] == ["B"]
    assert tracks[0].points == (
        (1, "1. 1 Jun 2026", date(2026, 9, 1)),
        (2, "2. 1 Jul 2026", date(2026, 9, 30)),
    )
