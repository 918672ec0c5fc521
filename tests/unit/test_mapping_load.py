"""A mistake in a mapping is told with its file, line, column, and the word that was probably meant."""

# The tables below read better unbroken.
# ruff: noqa: E501

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from itpm_sync.errors import Misconfigured, Problem
from itpm_sync.mapping import json_schema
from itpm_sync.mapping.load import load, read

MAPPINGS = Path(__file__).parents[2] / "mappings"


def problems(text: str) -> list[Problem]:
    with pytest.raises(Misconfigured) as caught:
        load("jira.yaml", text)
    return list(caught.value.problems)


def only(text: str) -> str:
    found = problems(text)
    assert len(found) == 1, found
    return str(found[0])


HEAD = "system: jira\nfields:\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sytem: jira\nfields: {}\n", "jira.yaml:1:1: 'sytem' is not known here. Did you mean 'system'?"),
        (HEAD + "  titel: {field: summary, as: line}\n", "jira.yaml:3:3: 'titel' is not known here. Did you mean 'title'?"),
        (HEAD + "  title:\n    feild: summary\n    as: line\n", "4:5: 'feild' is not known here. Did you mean 'field'?"),
        (HEAD + "  title:\n    field: summary\n    as: lne\n", "5:9: 'lne' is no step for title. Did you mean 'line'?"),
        (HEAD + "  title:\n    field: summary\n", "3:3: title does not say how it is translated (`as`). Possible: line"),
        (HEAD + "  deadline: {field: due, as: dya}\n", "3:30: 'dya' is not possible here. Did you mean 'day'?"),
        (HEAD + "  title: summary\n", "3:10: here comes a block of `word: value` lines."),
        (HEAD + "  title: {field: '', as: line}\n", "name at least one field of the tool"),
        (
            HEAD + "  progress:\n    status:\n      field: status\n      values:\n        To Do: todo\n        Done: dnoe\n",
            "8:15: 'dnoe' is not possible here. Did you mean 'done'?",
        ),
        (
            HEAD + "  progress:\n    percent: {field: p, as: percent, full: 10}\n",
            "4:44: '10' is not possible here. Did you mean '100'?",
        ),
        (HEAD + "  dependencies: {field: l, as: links, types: [FS, XS]}\n", "3:51: 'XS' is not possible here. Possible: FF, FS, SF, SS."),
        (HEAD + "custom:\n  Budget Code: {field: c, as: line}\n", "match pattern"),
    ],
)  # fmt: skip
def test_a_typo_is_told_with_its_place_and_what_was_meant(text: str, says: str) -> None:
    assert any(says in str(one) for one in problems(text)), [str(one) for one in problems(text)]


def test_every_problem_is_told_at_once_in_order() -> None:
    found = problems(
        HEAD + "  titel: {field: summary, as: line}\n  deadline: {field: due, as: dya}\n  labels: 3\n"
    )
    assert [one.line for one in found] == [3, 4, 5]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("system: jira\nsystem: jira\n", "jira.yaml:2:1: 'system' is said twice. Keep one of them."),
        (
            HEAD + "  title: {field: a, as: line}\n  title: {field: b, as: line}\n",
            "jira.yaml:4:3: 'title' is said twice.",
        ),
        ("system: [jira\n", "this is no YAML"),
        ("\tsystem: jira\n", "this is no YAML"),
        ("", "a mapping begins with"),
        ("- a\n", "a mapping begins with"),
        ("a: &x [*x]\nb: !!python/object:os.system {}\n", "jira.yaml"),
        ("x" * (2 << 20), "larger than 1 MB"),
    ],
)
def test_what_is_no_mapping_at_all(text: str, says: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        load("jira.yaml", text)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ("  kind: {field: t, as: choice, values: {Task: task, Epic: sumary}, other: task}", "'sumary' is no value of kind. Did you mean 'summary'?"),
        ("  kind: {field: t, as: choice, values: {Task: task}}", "there is no value for milestone"),
        ("  rag: {field: t, as: choice, values: {G: green}, other: red}", "no value of the tool is read as 'red'"),
        ("  priority: {field: p, as: bands, bands: [{name: a, from: 500, means: 600}, {name: b, from: 100, means: 200}]}",
         "the lowest band begins above 0"),
        ("  priority: {field: p, as: bands, bands: [{name: a, from: 500, means: 400}, {name: b, from: 0, means: 200}]}",
         "a is read as 400, which is outside its band (500 to 1000)"),
        ("  priority: {field: p, as: bands, bands: [{name: a, from: 500, means: 500}, {name: a, from: 0, means: 0}]}",
         "'a' is in two bands"),
        ("  priority: {field: p, as: bands, empty: c, bands: [{name: a, from: 500, means: 500}, {name: b, from: 0, means: 0}]}",
         "'c' is in no band"),
        ("  priority: {field: p, as: integer, least: 5, most: 1}", "5 is more than 1"),
        ("  priority: {field: p, as: integer, least: 0, most: 9, empty: 50}", "50 is outside 0 to 9"),
        ("  deadline: {field: due, as: day}\n  promised: {field: Due, as: day}", "'Due' is already used by deadline"),
        ("  baseline_start: {field: b, as: day}", "baseline_start is never written"),
        ("  deadline: {field: Resolved, as: day}", "the time of an edit"),
        ("  progress:\n    status: {field: s, values: {A: todo, B: doing}}", "no status is done"),
        ("  progress:\n    category: {field: p, as: bands}\n    percent: {field: q, as: percent, full: 1}", "cannot stand beside"),
        ("  progress: {}", "progress holds nothing"),
        ("  schedule: {}", "schedule holds nothing"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_told_with_its_place(fields: str, says: str) -> None:
    said = only(HEAD + fields + "\n")
    assert says in said
    assert said.startswith(("jira.yaml:3:", "jira.yaml:4:"))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"none\.yaml"):
        read(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Misconfigured, match=r"bytes\.yaml"):
        read(tmp_path / "bytes.yaml")


def test_a_field_may_be_named_in_any_language() -> None:
    mapping = load(
        "smartsheet.yaml", "system: smartsheet\nfields:\n  deadline: {field: Fälligkeit, as: day}\n"
    )
    assert mapping.model.described()["deadline"].names == ("Fälligkeit",)


def test_the_schema_for_editors_is_current_and_accepts_what_ships() -> None:
    text = (MAPPINGS / "schema.json").read_text(encoding="utf-8")
    assert text == json_schema.text(), "run: python -m itpm_sync mappings schema > mappings/schema.json"
    validator = Draft202012Validator(json.loads(text))
    for path in sorted(MAPPINGS.glob("*.yaml")):
        data = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        assert [error.message for error in validator.iter_errors(data)] == []
        assert path.stem == data["system"]
