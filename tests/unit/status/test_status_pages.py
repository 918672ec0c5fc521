"""Pages as HTML: sound, readable by everyone, harmless whatever the plan says, the same every time."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree, html

from itpm_sync.model import Category, Item, Kind, Link, Progress, Schedule
from itpm_sync.publisher import StatusPage
from itpm_sync.status.edition import Edition, Manner
from itpm_sync.status.limits import Limits
from itpm_sync.status.portfolio_blocks import Line
from itpm_sync.status.site import Forms, Site
from itpm_sync.status.subject import Source, Subject
from itpm_sync.testing.items import FRESH, NOW, conflict, day, issue, milestone, risk, subject, task

HOSTILE = "</td><script>alert(1)</script>&\u202e\x00<img src=x onerror=alert(1)> " + "W" * 1_000_000
_SAFE = frozenset("h2 h3 h4 p ul ol li table thead tbody tr th td a strong em br span".split())


def full() -> Subject:
    """A project with something in every block."""
    held = conflict("Go-live", "schedule", *(Schedule(day(d), day(d)) for d in ("2027-02-26", "2027-03-05")))
    made = subject(
        Item("build", {"kind": Kind.SUMMARY, "title": "Build"}),
        task("Rack", "2026-11-02", "2026-11-13", percent=60, base="2026-11-06", parent="build", site="North"),
        task("Fibre", "2026-11-16", "2026-12-04", percent=20, base="2026-11-27", parent="build", owner=None),
        task("Switch", "2026-11-18", "2026-12-08", base="2026-12-01", parent="build", after=["Fibre"]),
        milestone("Design", "2026-10-20", "2026-10-09", percent=100),
        milestone("Go-live", "2027-02-26", "2027-01-22"),
        risk("Circuit late", 4, 5),
        issue("Power in room 2", impact=5, since="2026-11-01"),
        conflicts=[held],
        sources=[FRESH, replace(FRESH, name="Jira NET", url="https://example.org/jira")],
    )
    return replace(
        made,
        left_out=["Row 17: status “Waitng” is in no mapping."],
        places={"Rack": [Link("javascript:alert(1)"), Link("https://example.org/browse/NET-4")]},
    )


def hostile() -> Subject:
    names: dict[str, Any] = {"title": HOSTILE, "site": HOSTILE, "vendor": HOSTILE, "rag_reason": HOSTILE}
    return Subject(
        replace(subject().facts, title=HOSTILE, manager=HOSTILE, sponsor=HOSTILE, phase=HOSTILE),
        (
            Item("s", {"kind": Kind.SUMMARY, "title": HOSTILE}),
            task(HOSTILE, "2026-11-02", "2026-12-04", base="2026-11-27", owner=HOSTILE, parent="s", **names),
            milestone(HOSTILE, "2026-12-30", "2026-11-27", **names),
            risk(HOSTILE, 5, 5, **names),
            issue(HOSTILE, impact=5, **names),
        ),
        (replace(FRESH, name=HOSTILE, note=HOSTILE, url=f"javascript:{HOSTILE}"),),
        (conflict(HOSTILE, "title", HOSTILE, HOSTILE * 2),),
        (HOSTILE,),
        HOSTILE,
        {HOSTILE: [Link(f'https://example.org/"><script>{HOSTILE}')]},
    )


SITE = Site(NOW, forms=Forms(sections=True))


def page(made: Subject, site: Site = SITE) -> StatusPage:
    return site.project("net", site.figures(made))[0]


def portfolio(*subjects: Subject) -> StatusPage:
    lines = [SITE.project(f"p{number}", SITE.figures(one))[1] for number, one in enumerate(subjects)]
    return SITE.portfolio(lines, left_out=[f"x.mpp: {HOSTILE}"])


@pytest.fixture(scope="module")
def pages() -> dict[str, StatusPage]:
    return {
        "full": page(full()),
        "empty": page(subject()),
        "hostile": page(hostile()),
        "portfolio": portfolio(full(), hostile(), subject()),
        "no project": portfolio(),
    }


KINDS = ("full", "empty", "hostile", "portfolio", "no project")


@pytest.fixture(params=KINDS)
def made(request: pytest.FixtureRequest, pages: dict[str, StatusPage]) -> StatusPage:
    found: StatusPage = pages[request.param]
    return found


def tree(page: StatusPage) -> Any:
    return html.document_fromstring(page.standalone)


def strict(page: StatusPage) -> None:
    """Every element is closed where it should be: the page parses as XML once its voids are closed."""
    text = page.standalone.replace("<!DOCTYPE html>", "")
    for void in ("meta", "img", "br"):
        text = _closed(text, void)
    etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False, huge_tree=True))


def _closed(text: str, void: str) -> str:
    head, *rest = text.split(f"<{void} ")
    return head + "".join(f"<{void} {part.replace('>', '/>', 1)}" for part in rest)


def test_a_page_is_well_formed(made: StatusPage) -> None:
    strict(made)


def test_a_page_has_a_language_one_title_and_headings_in_order(made: StatusPage) -> None:
    root = tree(made)
    assert root.get("lang") == "en"
    assert len(root.xpath("//h1")) == 1
    levels = [int(found.tag[1]) for found in root.xpath("//h1|//h2|//h3|//h4")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_ids_are_unique_and_references_lead_somewhere(made: StatusPage) -> None:
    root = tree(made)
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert set(root.xpath("//@aria-labelledby")) <= set(ids)


def test_tables_are_real_tables(made: StatusPage) -> None:
    for table in tree(made).xpath("//table"):
        heads = table.xpath("./thead/tr/th")
        assert heads
        assert {one.get("scope") for one in heads} == {"col"}
        assert table.xpath("string(./caption)")
        assert not table.xpath(".//@rowspan|.//@colspan")
        for row in table.xpath("./tbody/tr"):
            assert row[0].get("scope") == "row"
            assert len(row) == len(heads)
            assert [cell.get("data-label") for cell in row[1:]] == [head.text_content() for head in heads[1:]]


def test_every_status_colour_stands_beside_its_word_and_shape(made: StatusPage) -> None:
    for chip in tree(made).xpath("//*[contains(@class,'chip')]"):
        (shape,) = chip.xpath("./span[@aria-hidden='true']")
        assert shape.text in "●▲■▬"
        assert shape.tail.strip()


def test_pictures_say_what_they_show_and_are_there(made: StatusPage) -> None:
    pictures = tree(made).xpath("//img")
    assert {one.get("src") for one in pictures} == set(made.pictures)
    assert all(len(one.get("alt")) > 20 for one in pictures)
    assert len(pictures) <= 2


def test_a_page_loads_and_runs_nothing(made: StatusPage) -> None:
    root = tree(made)
    assert not root.xpath("//script|//iframe|//object|//embed|//form|//link|//base")
    assert not list(root.xpath("//@*[starts-with(name(),'on')]"))
    assert "url(" not in made.standalone
    assert all(
        one.startswith(("https://example.org/", "mailto:")) or one.endswith(".html")
        for one in root.xpath("//a/@href")
    )
    for picture in made.pictures.values():
        assert b"<script" not in picture
        assert b"href" not in picture.replace(b"xmlns:xlink", b"")


def test_hostile_text_is_visible_and_contained(pages: dict[str, StatusPage]) -> None:
    found = pages["hostile"]
    assert "\u202e" not in found.standalone
    assert "[U+202E]" in found.standalone
    assert "&lt;script&gt;alert(1)" in found.standalone
    assert len(found.standalone) < 100_000
    assert "\x00" not in found.standalone


def test_sections_hold_nothing_but_the_safe_subset(made: StatusPage) -> None:
    for section in made.sections:
        if section.picture:
            assert section.picture.png.startswith(b"\x89PNG")
            assert section.picture.alt
            continue
        root = html.fragment_fromstring(section.html, create_parent="div")
        assert {found.tag for found in root.iter()} - {"div"} <= _SAFE
        assert set(root.xpath(".//@*/..") and [key for found in root.iter() for key in found.attrib]) <= {
            "href",
            "scope",
        }
        assert all(not href.endswith(".html") for href in root.xpath(".//a/@href"))


def test_both_forms_say_the_same_numbers(pages: dict[str, StatusPage]) -> None:
    sections = html.fragment_fromstring("".join(s.html for s in pages["full"].sections), create_parent="div")
    one = [
        cell.text_content().split()
        for cell in tree(pages["full"]).xpath("//tbody//td[not(ancestor::details)]")
    ]
    other = [cell.text_content().split() for cell in sections.xpath(".//tbody//td")]
    assert ["".join(words) for words in one] == ["".join(words) for words in other]


def test_the_same_input_makes_the_same_bytes() -> None:
    assert page(full()) == page(full())


def _blocks(found: StatusPage) -> Iterator[str]:
    for head in tree(found).xpath("//main/section/h2"):
        yield head.text_content().strip()


def test_blocks_come_in_the_order_of_reading(pages: dict[str, StatusPage]) -> None:
    assert list(_blocks(pages["full"])) == [
        "■ Off track",
        "Please note",
        "Status by dimension",
        "Milestones and phases",
        "Late and next",
        "Risks and issues",
        "Open conflicts",
        "Data quality",
        "All tasks",
    ]


def test_a_page_tells_both_ages_of_every_source(pages: dict[str, StatusPage]) -> None:
    text = tree(pages["full"]).xpath("string(//dl)")
    assert text.count("last edited 22 Nov 2026 14:00 (2 days ago)") == 2
    assert text.count("last read 24 Nov 2026 13:57 (3 minutes ago)") == 2


def test_a_tool_that_keeps_no_time_of_an_edit_is_said_to_tell_none() -> None:
    """Planner's plans: read, and nothing says when they were edited. That is no gap in our knowledge."""
    made = subject(task("a"), sources=[replace(FRESH, name="Planner", edited=None)])
    told = tree(page(made)).xpath("string(//dl)")
    assert "the tool does not tell when it was last edited; last read 24 Nov 2026" in told
    never = subject(task("a"), sources=[Source("Planner", note="never read")])
    assert "last edited: not known; last read never" in tree(page(never)).xpath("string(//dl)")
    assert "not told" in tree(portfolio(made)).xpath("string(//main)")


def test_one_of_a_kind_is_told_in_the_singular() -> None:
    risks = [risk(str(number), 1, 1) for number in range(6)]
    late = task("late", "2026-11-02", "2026-11-13", base="2026-11-13")
    text = tree(page(subject(late, *risks))).xpath("string(//main)")
    assert "and 1 more open risk" in text
    assert "0 of 1 task or milestone done" in text
    assert not re.search(r"\b1 (more )?(open )?(tasks|risks|conflicts|reasons|days|fields)\b", text)


def test_the_baseline_is_labelled_as_the_files_own(pages: dict[str, StatusPage]) -> None:
    assert "from the file, not approved" in tree(pages["full"]).xpath("string(//dl)")


def test_a_conflict_shows_both_sides_with_their_tools(pages: dict[str, StatusPage]) -> None:
    text = tree(pages["full"]).xpath("string(//section[@id='conflicts'])")
    assert "26 Feb 2027 to 26 Feb 2027 (jira" in text
    assert "5 Mar 2027 to 5 Mar 2027 (smartsheet" in text


def test_an_item_links_to_its_record_by_a_harmless_link(pages: dict[str, StatusPage]) -> None:
    assert "https://example.org/browse/NET-4" in tree(pages["full"]).xpath("//a/@href")


def test_ages_are_no_part_of_what_a_page_says() -> None:
    def at(minutes: int) -> str:
        return page(
            full(), replace(SITE, now=NOW + timedelta(minutes=minutes), forms=Forms(sections=False))
        ).digest

    assert at(0) == at(50)


def test_anything_else_is_a_part_of_it() -> None:
    site = replace(SITE, forms=Forms(sections=False))
    one = page(full(), site).digest
    other = replace(full(), facts=replace(full().facts, manager="Bo"))
    assert page(other, site).digest != one
    assert page(full(), replace(site, limits=Limits(red_slip=10))).digest != one


def test_a_portfolio_is_sorted_worst_first_and_counts_its_colours() -> None:
    good = subject(task("a", "2026-01-05", "2026-01-09", percent=100, base="2026-01-09"), title="Good")
    found = portfolio(good, subject(title="Empty"), full())
    root = tree(found)
    assert [one.text_content() for one in root.xpath("//tbody/tr/th/a")] == [
        "Network refresh",
        "Empty",
        "Good",
    ]
    assert "Of 3 projects: 1 off track, 1 not known, 1 on track." in root.xpath("string(//main)")


def test_a_portfolio_names_what_was_left_out(pages: dict[str, StatusPage]) -> None:
    text = tree(pages["portfolio"]).xpath("string(//section[@id='left-out'])")
    assert "1 source could not be read" in text
    assert "x.mpp" in text


def test_a_line_keeps_the_oldest_edit_of_its_sources() -> None:
    old = replace(FRESH, edited=NOW - timedelta(days=20))
    line: Line = SITE.project("p", SITE.figures(subject(sources=[FRESH, old])))[1]
    assert line.edited == old.edited


def test_frozen_pages_say_their_number() -> None:
    found = page(subject(), replace(SITE, edition=Edition(Manner.FROZEN, 3)))
    assert "Report 003" in found.standalone


def test_nothing_is_said_of_what_a_table_leaves_unsaid() -> None:
    many = [task(f"t{number}", "2026-11-02", "2026-11-13") for number in range(40)]
    text = tree(page(subject(*many))).xpath("string(//section[@id='late-and-next'])")
    assert "40 overdue" in text
    assert "and 25 more late tasks" in text


def test_every_task_and_phase_is_on_the_page_by_name() -> None:
    names = ["Kabel prüfen", "患者登録", "Прокладка", "Fertig", "Alt"]
    items = [task(name, "2026-11-02", "2026-11-03", percent=100, parent="phase") for name in names[:4]]
    dropped = task("Alt", progress=Progress(Category.DROPPED, None, 0))
    found = page(subject(Item("phase", {"kind": Kind.SUMMARY, "title": "Verkabelung Süd"}), *items, dropped))
    rows = tree(found).xpath("//details//tbody/tr/th//text()[normalize-space()]")
    assert rows == ["Verkabelung Süd", *names]
