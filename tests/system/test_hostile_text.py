"""Texts that attack: they travel between tools exactly where a tool can hold them, and act nowhere on their way."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from lxml import etree

from itpm_sync.cli import logs, show
from itpm_sync.testing.four_tools import ANN, JIRA, PLAN, PLANNER, PLANS, SHEETS, seeds
from itpm_sync.testing.hostile import Attacked, attacked

EXACT = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;",
    "closing": "</title></script>--><!-- itpm-sync x -->]]>",
    "rtl": "abc\u202edcba\u202c",
    "formula": '=HYPERLINK("http://evil.test","click")',
    "dde": "=cmd|'/c calc'!A1",
    "plus": "+1+1",
    "minus": "-2",
    "at": "@SUM(1)",
    "sql": "'; DROP TABLE items; --",
    "jql": '" OR project = SECRET OR "x" = "',
    "odata": "' or 1 eq 1 or 'a' eq '",
    "markdown": "[x](javascript:alert(1)) ![i](http://evil.test/x.png)",
    "template": "{{7*7}}{% raw %}${7*7}%s {0} {secret}",
    "path": "../../etc/passwd",
    "emoji": "👩‍⚕️ 🏥",
    "invisible": "a\u200bb",
    "word": "w" * 200,
}
"""Texts that every tool can hold: they arrive as they were."""
CLEANED = {
    "bell": ("a\x07b", "ab"),
    "nul": ("a\0b", "ab"),
    "colour": ("a\x1b[31mred", "a[31mred"),
    "c1": ("a\x9b31mb", "a31mb"),
    "line": ("one\u2028two", "one two"),
    "half": ("a\ud800b", "a\ufffdb"),
}
"""Titles with characters that no XML may hold: they arrive without them, and stay as they were where they came from."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """Every text as title and description of an issue, synced to the other three tools."""
    with pytest.MonkeyPatch.context() as patch:
        capsys = _Streams(patch)
        seeded = seeds({**PLAN, "tasks": [], "title": EXACT["html"]})
        seeded[JIRA]["projects"][0]["name"] = EXACT["html"]
        seeded[SHEETS]["sheets"][0]["name"] = "=1+1 \u202e\x1b[2J"
        seeded[PLANNER]["plans"][0]["title"] = EXACT["markdown"]
        with attacked(tmp_path_factory.mktemp("text"), capsys, patch, seeded=seeded) as made:  # type: ignore[arg-type]
            for text in (*EXACT.values(), *(dirty for dirty, _ in CLEANED.values())):
                made.tools[JIRA].edit_as(
                    ANN, None, project="NET", type="Task", summary=text, description=text
                )
            made.tools[JIRA].edit_as(
                ANN, None, project="NET", type="Task", summary="long", description="w" * 30_000
            )
            made.approved("--all")
            made.cli("sync")
            made.cli("sync", "--json")
            yield made


class _Streams:
    """`capsys` for a fixture of a module: what was printed since the last look."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        patch.setattr(sys, "stdout", self.out)
        patch.setattr(sys, "stderr", self.err)

    def readouterr(self) -> tuple[str, str]:
        said = self.out.getvalue(), self.err.getvalue()
        for stream in (self.out, self.err):
            stream.seek(0)
            stream.truncate()
        return said


def titles(world: Attacked, tool: str) -> list[str]:
    if tool == JIRA:
        return [
            str(issue.get("fields", issue)["summary"]) for issue in world.tools[JIRA].state["issues"].values()
        ]
    if tool == PLANNER:
        return [str(task["title"]) for task in world.tools[PLANNER].state["tasks"].values()]
    if tool == PLANS:
        root = etree.parse(world.folder / "tools" / PLANS / "refresh.xml").getroot()
        return [str(task.findtext("{*}Name")) for task in root.iter("{*}Task")]
    (sheet,) = world.tools[SHEETS].world.sheets.values()
    title = next(column for column in sheet.columns if column.title == "Task Name")
    return [str(row.cells[title.id].value) for row in sheet.rows.values()]


def test_every_text_is_carried_and_the_next_run_has_nothing_to_do(world: Attacked) -> None:
    carried, second, third = world.said[-3:]
    assert carried.code == 0 and "refused" not in carried.out
    assert second.code == 0 and "Nothing to do: every tool says the same." in second.out
    assert third.json["actions"] == []


@pytest.mark.parametrize("tool", [PLANS, PLANNER, SHEETS])
def test_texts_arrive_exactly(world: Attacked, tool: str) -> None:
    there = titles(world, tool)
    assert [name for name, text in EXACT.items() if text not in there] == []
    assert [name for name, (_, clean) in CLEANED.items() if clean not in there] == []


def test_nothing_was_changed_where_they_came_from(world: Attacked) -> None:
    there = titles(world, JIRA)
    assert [name for name, text in EXACT.items() if text not in there] == []
    assert [name for name, (dirty, _) in CLEANED.items() if dirty not in there] == []


def test_a_formula_reaches_the_sheet_as_a_value(world: Attacked) -> None:
    bodies = [
        json.loads(one.body)
        for one in world.tools[SHEETS].requests
        if one.method in ("POST", "PUT") and one.path.endswith("/rows") and one.body
    ]
    cells = [cell for body in bodies for row in body for cell in row.get("cells", ())]
    assert any(cell.get("value") == EXACT["formula"] for cell in cells)
    assert [cell for cell in cells if "formula" in cell or "hyperlink" in cell] == []


class _Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.acts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.acts += [name for name, _ in attrs if name.startswith("on")]
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]


def test_pages_run_and_load_nothing(world: Attacked) -> None:
    pages = world.pages()
    assert len(pages) >= 2
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages["refresh.html"]
    for name, text in pages.items():
        page = _Page()
        page.feed(text)
        assert not {"script", "iframe", "object", "embed", "form", "base", "link"} & set(page.tags), name
        assert page.acts == [], name
        assert [
            link
            for link in page.links
            if not link.startswith(("https://", "http://127.0.0.1", "#")) and "/" in link
        ] == []
        assert not any(char in text for char in "\u202e\x1b\x9b\0\u2028\x07"), name


def test_a_terminal_obeys_nothing_of_it(world: Attacked) -> None:
    for said in world.said:
        assert not any(char in said.all for char in "\u202e\x1b\x9b\0\x07\u2028\r\ud800")


def test_every_line_of_the_log_is_one_event(world: Attacked) -> None:
    lines = world.log.splitlines()
    assert [json.loads(line)["event"] for line in lines]
    assert not any(char in world.log for char in "\u202e\x1b\x9b\0\x07\u2028\r")


_FORGED = 'done\r\n2026-01-01 [info] approved by="ann"\x1b[2J\u202e\ud800\x9b\u2028x'


@pytest.mark.parametrize("console", [False, True])
def test_no_text_forges_a_line_of_the_log(tmp_path: Path, console: bool) -> None:
    file = logs.configure(tmp_path, console=console, scrubber=logs.Scrubber())
    logs.log().warning(_FORGED, says=_FORGED)
    logging.getLogger("library").warning("%s", _FORGED)
    text = file.read_bytes().decode("utf-8")
    assert len(text.splitlines()) == 2
    assert not any(char in text for char in "\u202e\x1b\x9b\u2028\r\ud800")
    assert "approved by=" in text


def test_no_text_forges_a_line_of_a_result(capsys: pytest.CaptureFixture[str]) -> None:
    show.line(f"Item {_FORGED}\nReport 001 is published.")
    show.data({_FORGED: [_FORGED]})
    said = capsys.readouterr().out
    lines, _, found = said.partition("{")
    assert [line for line in lines.splitlines() if line.startswith(("2026", "Report"))] == []
    assert not any(char in said for char in "\u202e\x1b\x9b\u2028\r\ud800")
    assert json.loads("{" + found) == {_FORGED: [_FORGED]}
