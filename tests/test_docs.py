"""What exists is documented: commands, options, exit codes, settings, files; and every link leads somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import get_args
from urllib.parse import unquote

import click
import pytest
from pydantic import BaseModel

from itpm_sync.cli.app import COMMANDS, app
from itpm_sync.cli.exits import SERIOUS
from itpm_sync.settings.shape import Configuration

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "src" / "itpm_sync"
TOPS = ("src", "connectors", "mappings", "config", "deploy", "docs", "tests")
EVERYWHERE = {"--help", "-h"}
"""What every command has, and click says by itself."""
CONNECTORS = sorted(
    folder for folder in (ROOT / "connectors").iterdir() if folder.is_dir() and folder.name != "_template"
)
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(path for top in TOPS for path in (ROOT / top).rglob("*.md"))],
    key=lambda path: path.relative_to(ROOT).as_posix(),
)

each_connector = pytest.mark.parametrize("folder", CONNECTORS, ids=lambda folder: folder.name)
each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def pages() -> str:
    """README.md and every folder's README: what people read."""
    return "\n".join(text_of(path) for path in DOCUMENTS if path.name == "README.md")


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command by its full name, groups opened."""
    context = click.Context(app)
    for name in COMMANDS:
        command = app.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            for sub, one in command.commands.items():
                yield f"{name} {sub}", one
        else:
            yield name, command


NAMED = dict(commands())


def options(command: click.Command) -> set[str]:
    """The long names of a command's options."""
    return {
        name
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for name in parameter.opts
        if name.startswith("--")
    } - EVERYWHERE


@pytest.mark.parametrize("name", sorted(NAMED))
def test_every_command_is_named_in_a_readme(name: str) -> None:
    assert re.search(rf"\bitpm-sync {re.escape(name)}\b", pages()), f"no README names: itpm-sync {name}"


def test_every_option_is_named_in_a_readme() -> None:
    text = pages()
    all_options = {name: options(command) for name, command in [*NAMED.items(), ("", app)]}
    absent = {
        f"{name} {option}".strip()
        for name, found in all_options.items()
        for option in found
        if not re.search(rf"{option}(?![\w-])", text)
    }
    assert sorted(absent) == []


@pytest.mark.parametrize("name", sorted(NAMED))
def test_every_command_and_option_says_what_it_does(name: str) -> None:
    command = NAMED[name]
    assert command.help
    assert [p.name for p in command.params if isinstance(p, click.Option) and not p.help] == []


def test_the_list_of_commands_is_that_of_the_files() -> None:
    """`--help` shows a table of its own, so that it need not import the commands."""
    for name, says in COMMANDS.items():
        assert says.endswith(".")
        assert (ROOT / "src" / "itpm_sync" / "cli" / f"{name}.py").is_file()


# ── exit codes ──


def test_the_readme_tells_every_exit_code_the_most_serious_first() -> None:
    for page in (ROOT / "README.md", CORE / "cli" / "README.md"):
        section = text_of(page).split("## Exit codes", 1)[1].split("\n## ", 1)[0]
        told = [int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)]
        assert told == [code.value for code in SERIOUS], page.relative_to(ROOT)


# ── settings ──


def models(annotation: object) -> Iterator[type[BaseModel]]:
    """The pydantic models that a field's type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models(part)


def settings_of(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[str]:
    """The names of every setting of a model and of the sections in it."""
    seen.add(model)
    for name, field in model.model_fields.items():
        yield field.alias or name
        for inner in models(field.annotation):
            if inner not in seen:
                yield from settings_of(inner, seen)


def code_in(text: str) -> str:
    """What stands between backticks, fenced blocks left out."""
    return " ".join(re.findall(r"`([^`\n]+)`", unfenced(text)))


def unfenced(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def test_every_setting_of_the_configuration_is_explained() -> None:
    code = code_in(text_of(ROOT / "config" / "README.md"))
    every = set(settings_of(Configuration, set())) - {"rule"}  # written as the word alone
    assert {"ledger", "containers", "leave", "red_slip"} <= every
    assert sorted(name for name in every if not re.search(rf"\b{name}\b", code)) == []


@each_connector
def test_every_setting_of_a_connector_is_explained(folder: Path) -> None:
    (point,) = entry_points(group="itpm_sync.connectors", name=folder.name)
    module, _, name = point.load().settings.partition(":")
    section = text_of(folder / "README.md").split("## Settings", 1)[1].split("\n## ", 1)[0]
    every = set(settings_of(getattr(import_module(module), name), set()))
    assert every
    assert sorted(each for each in every if f"`{each}`" not in section) == []


# ── folders, files, links ──


def test_folders_that_people_look_into_have_a_readme() -> None:
    wanted = [*TOPS[1:], "docs/decisions", "config/profiles", "src/itpm_sync", "connectors/_template"]
    wanted += [folder.relative_to(ROOT).as_posix() for folder in CONNECTORS]
    wanted += [f"src/itpm_sync/{name}" for name in ("cli", "emulation", "kit", "ledger", "status")]
    assert [name for name in wanted if not (ROOT / name / "README.md").is_file()] == []


def test_the_tour_names_every_module_of_the_core() -> None:
    """By its name in the tour, or in the README of its own folder."""
    tour, absent = text_of(CORE / "README.md"), []
    for path in sorted(CORE.rglob("*.py")):
        inside = path.relative_to(CORE)
        own = CORE / inside.parts[0] / "README.md"
        if path.name in ("__init__.py", "__main__.py") or inside.parts[1:2] == ("migrations",):
            continue
        if inside.parts[0] in ("testing", "demo", "memory"):  # told as a whole
            assert f"`{inside.parts[0]}/`" in tour
            continue
        if inside.parts[0] == "cli" and path.stem in COMMANDS:  # "the others: a command each"
            continue
        text = text_of(own) if len(inside.parts) > 1 and own.is_file() else tour
        if not re.search(rf"\b{path.stem}(\.py)?`", text):
            absent.append(inside.as_posix())
    assert absent == [], "name each in src/itpm_sync/README.md, or in the README of its folder"


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives a document's headings."""
    text = unfenced(text_of(path))
    plain = [re.sub(r"[^\w\- ]", "", head.lower()) for head in re.findall(r"^#+ (.+)$", text, re.MULTILINE)]
    return {head.strip().replace(" ", "-") for head in plain}


@each_document
def test_every_link_leads_somewhere(document: Path) -> None:
    text = unfenced(text_of(document))
    wrong = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("https://"):
            continue
        place, _, anchor = target.partition("#")
        to = (document.parent / unquote(place)).resolve() if place else document
        if not to.exists() or (anchor and anchor not in anchors(to)):
            wrong.append(target)
    assert wrong == []


# ── the other documents ──


def test_the_changelog_tells_of_every_command_and_connector() -> None:
    text = text_of(ROOT / "CHANGELOG.md")
    words = [*COMMANDS, *(folder.name for folder in CONNECTORS)]
    assert [word for word in words if not re.search(rf"`(itpm-sync )?{word}`", text)] == []


def test_contributors_are_told_of_every_make_target() -> None:
    (line,) = re.findall(r"^\.PHONY: (.+)$", text_of(ROOT / "Makefile"), re.MULTILINE)
    text = text_of(ROOT / "CONTRIBUTING.md")
    assert [target for target in line.split() if f"`make {target}`" not in text] == []


def test_decisions_are_numbered_listed_and_have_the_form() -> None:
    folder = ROOT / "docs" / "decisions"
    found = sorted(path for path in folder.glob("[0-9]*.md"))
    assert [int(path.name[:3]) for path in found] == list(range(len(found)))
    for path in found[1:]:
        text = text_of(path)
        title = re.match(rf"# {path.name[:3]}\. (.+)\n", text)
        assert title, path.name
        assert f"[{path.name[:3]}]({path.name}) | {title[1]} |" in text_of(folder / "README.md"), path.name
        assert re.search(r"^Status: (proposed|accepted|overtaken by \d{3})$", text, re.MULTILINE), path.name
        heads = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert heads == ["Question", "Decision", "Others looked at", "What follows"], path.name


@each_document
def test_no_document_names_a_place_of_one_machine(document: Path) -> None:
    assert not re.search(r"(?<![\w.])/(home|work|tmp|root|Users)/", text_of(document))
