"""Configuration and mappings that attack or are broken: refused fast, with file, line and column, and exit code 2."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from itpm_sync import resources
from itpm_sync.cli.running import code_of
from itpm_sync.mapping import yaml_guard
from itpm_sync.registry import Catalogue
from itpm_sync.settings import load

_AT = re.compile(r"itpm-sync\.yaml:\d+:\d+: ")
Check = Callable[[bytes], str]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    """What `check` says of a configuration it refuses."""

    def said(data: bytes) -> str:
        file = tmp_path / "itpm-sync.yaml"
        file.write_bytes(data)
        capsys.readouterr()
        began = time.monotonic()
        code = code_of(["check", "--config", str(file)])
        err = capsys.readouterr().err
        assert "nobody foresaw" not in err, err
        assert code == 2, err
        assert time.monotonic() - began < 15
        return err

    return said


def _laughs(last: str) -> bytes:
    lines = [
        f"{chr(98 + n)}: &{chr(98 + n)} {last.format(', '.join(['*' + chr(97 + n)] * 10))}" for n in range(9)
    ]
    return "\n".join(["a: &a {x: 1}", *lines]).encode()


_BOMBS = {
    "aliases": _laughs("[{}]"),
    "merged": _laughs("{{<<: [{}]}}"),
    "an alias of itself": b"a: &a [*a]\n",
    "merged with itself": b"a: &a {<<: *a}\n",
    "brackets": b"projects: " + b"[" * 200_000,
    "braces": b"{a: " * 50_000,
    "dashes": b"- " * 100_000 + b"x\n",
    "parts": b"projects: [" + b"a," * 45_000 + b"]",
}


@pytest.mark.parametrize("bomb", _BOMBS)
def test_a_bomb_is_refused_where_it_begins(check: Check, bomb: str) -> None:
    assert _AT.search(check(_BOMBS[bomb]))


_BROKEN = {
    "twice": (b"projects: {}\nprojects: {}\n", "2:1: 'projects' is said twice"),
    "unknown": (b"projets: {}\n", "1:1: 'projets' is not known here. Did you mean 'projects'?"),
    "wrong type": (b"projects: [a]\n", "1:11:"),
    "tab": (b"projects:\n\tp: {}\n", "2:1:"),
    "nul": (b"a: 1\nprojects: \0\n", "2:11:"),
    "hidden": (b'projects: {p: {title: "a\\0b"}}\n', "1:23:"),
    "escape in a path": (b'mappings: "a\\0b"\n', "1:11:"),
    "escape in the ledger": (b'ledger: "sqlite:///a\\x01b"\n', "1:9:"),
    "another code page": ("a: 1\nprojects: {p: {title: Größe}}".encode("latin-1"), "2:25: this is not UTF-8"),
    "UTF-16": ("projects: {}".encode("utf-16"), "1:1: this is not UTF-8"),
    "half a character": (b'projects: {p: {title: "\\ud800"}}\n', "1:23:"),
    "a name of parts": (b"? {a: b}\n: c\n", "1:3: a name must be one plain text"),
    "two documents": (b"projects: {}\n---\nx: 1\n", "2:1:"),
    "an object": (b"projects: !!python/object/apply:os.system [ls]\n", "1:11:"),
    "no mapping": (b"just text\n", "1:1:"),
    "a device": (b"projects: {CON: {title: x}}\n", "1:12: 'CON' cannot be a name here"),
    "a path as a name": (b"projects: {../x: {title: x}}\n", "1:12:"),
    "a path as a zone": (b"projects: {p: {title: x, zone: ../../etc/passwd}}\n", "1:32:"),
}


@pytest.mark.parametrize("broken", _BROKEN)
def test_what_is_broken_is_told_with_its_place(check: Check, broken: str) -> None:
    data, says = _BROKEN[broken]
    assert f"itpm-sync.yaml:{says}" in check(data)


@pytest.mark.parametrize(
    "text",
    [
        "connections: {j: {connector: jira, base_url: 'https://x.test', token: CANARY}}",
        "connections: {j: {connector: jira, base_url: 'https://x.test', token: *CANARY}}",
        "connections: {j: {connector: jira, base_url: 'https://x.test', token: !!int CANARY}}",
        "connections: {j: {connector: jira, base_url: 'https://u:CANARY@x.test', token: env:X}}",
        "connections: {j: {connector: jira, base_url: 'https://x.test', token: {CANARY: 1}}}",
        "connections: {j: {connector: jira, base_url: 'https://x.test', token: 'CANARY\n  more: '}}",
        "connections: {p: {connector: m365, secret: 'CANARY', credential: token}}",
        "ledger_key: CANARY",
        "ledger: postgresql://u:CANARY@h/d",
        'ledger_password: "CANARY',
    ],
)
def test_a_secret_that_was_pasted_is_never_repeated(check: Check, text: str) -> None:
    said = check(text.encode())
    assert "CANARY" not in said
    assert _AT.search(said) or "itpm-sync.yaml: " in said


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "itpm-sync.yaml").write_bytes(b"\xef\xbb\xbfprojects: {}\r\n")
    assert load(tmp_path / "itpm-sync.yaml", Catalogue()).projects == {}


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_not_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make: Callable[[Path], None]
) -> None:
    make(tmp_path / "itpm-sync.yaml")
    assert code_of(["check", "--config", str(tmp_path / "itpm-sync.yaml")]) == 2
    assert "itpm-sync.yaml" in capsys.readouterr().err


def test_a_file_of_any_size_is_not_read_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (tmp_path / "itpm-sync.yaml").open("wb") as stream:
        stream.truncate(1 << 40)
    assert code_of(["check", "--config", str(tmp_path / "itpm-sync.yaml")]) == 2
    assert "larger than 1 MB" in capsys.readouterr().err


_MAPPED = """\
mappings: mappings
connections: {{p: {{connector: msproject, folder: .}}}}
projects: {{p: {{title: x, containers: [{{connection: p, container: b.xml, mapping: {}}}]}}}}
"""


@pytest.mark.parametrize("name", ["../other.yaml", "link.yaml", "{absolute}", "..\\other.yaml"])
def test_a_mapping_lies_in_its_folder(check: Check, tmp_path: Path, name: str) -> None:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "other.yaml").write_text("CANARY: x\n", encoding="utf-8")
    (tmp_path / "mappings" / "link.yaml").symlink_to(tmp_path / "other.yaml")
    said = check(_MAPPED.format(name.format(absolute=tmp_path / "other.yaml")).encode())
    assert "itpm-sync.yaml:3:" in said and "mapping" in said
    assert "CANARY" not in said


def test_mappings_are_held_to_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quick = {name: _BOMBS[name] for name in ("aliases", "merged", "an alias of itself", "braces", "dashes")}
    for name, data in (quick | {name: data for name, (data, _) in _BROKEN.items()}).items():
        file = tmp_path / "mine.yaml"
        file.write_bytes(data)
        capsys.readouterr()
        assert code_of(["mappings", "check", str(file)]) == 2, name
        said = capsys.readouterr()
        assert "nobody foresaw" not in said.err
        assert re.search(r"mine\.yaml:\d+:\d+", said.out + said.err), name


def test_the_shipped_mappings_are_far_from_every_limit() -> None:
    for file in resources.mappings().glob("*.yaml"):
        text = yaml_guard.read_text(file)
        yaml_guard.check(file.name, text)
        assert len(text) < yaml_guard.MOST_BYTES / 10


def test_a_portfolio_of_hundreds_of_projects_is_read(tmp_path: Path) -> None:
    project = (
        "  p{n}:\n    title: Site {n}\n    containers:\n"
        "      - {{connection: p, container: a{n}.xml, create: match-only, takes: {{kinds: [task, milestone]}}}}\n"
    )
    text = "connections: {p: {connector: msproject, folder: plans}}\nprojects:\n" + "".join(
        project.format(n=number) for number in range(300)
    )
    (tmp_path / "itpm-sync.yaml").write_text(text, encoding="utf-8")
    assert len(load(tmp_path / "itpm-sync.yaml", Catalogue()).projects) == 300
