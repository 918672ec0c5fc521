"""What exists is documented: every command and option of the command line is named where people look for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from itpm_sync.cli.app import COMMANDS, app

ROOT = Path(__file__).resolve().parents[1]
EVERYWHERE = {"--help", "-h"}
"""What every command has, and click says by itself."""


def pages() -> str:
    """README.md and every folder's README: what people read."""
    tops = [ROOT / name for name in ("src", "connectors", "mappings", "config", "deploy", "docs")]
    found = [ROOT / "README.md", *(path for top in tops for path in sorted(top.rglob("README.md")))]
    return "\n".join(path.read_text(encoding="utf-8") for path in found)


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
