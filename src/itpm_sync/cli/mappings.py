"""`itpm-sync mappings check|schema`: whether mappings are sound, and the schema that editors complete them with.

In: mapping files, or none: the configured ones, else those that ship. Out: every problem with file, line and column.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from itpm_sync.cli import show
from itpm_sync.cli.context import configured, json_option
from itpm_sync.cli.exits import Exit
from itpm_sync.errors import Misconfigured, Problem


@click.group()
def command() -> None:
    """Which field of a tool is which of ours: check a change of it, help an editor."""


@command.command()
@click.argument("files", nargs=-1, type=click.Path(dir_okay=False, path_type=Path), metavar="[FILE]...")
@configured
@json_option
@click.pass_context
def check(ctx: click.Context, /, files: tuple[Path, ...], *, as_json: bool) -> int:
    """Check mapping files.

    Without FILE, those of the configuration, or the ones that ship.
    """
    chosen = list(files) or sorted(_folder(ctx).glob("*.yaml"))
    found = [_checked(path) for path in chosen]
    if as_json:
        show.data({"files": found})
    else:
        for each in found:
            _tell(each)
    return Exit.USAGE if any(each["problems"] for each in found) else Exit.DONE


def _folder(ctx: click.Context) -> Path:
    from itpm_sync import resources
    from itpm_sync.registry import Catalogue
    from itpm_sync.settings import find, load

    given = ctx.find_root().ensure_object(dict).get("config")
    if given is None and not find(None).is_file():
        return resources.mappings()
    return load(find(given), Catalogue()).mappings


def _checked(path: Path) -> dict[str, Any]:
    """Form and meaning of one file; where both are sound, the lens laws of its fields over made-up values."""
    from itpm_sync.mapping.lint import check_laws
    from itpm_sync.mapping.load import read

    try:
        mapping = read(path)
    except Misconfigured as error:
        told = [_told(problem) for problem in error.problems]
        whole = [{"file": path.name, "line": 0, "column": 0, "says": error.message, "mend": error.mend}]
        return {"file": str(path), "fields": [], "problems": told or whole}
    broken = [_told(problem) for problem in check_laws(mapping)]
    return {"file": str(path), "fields": list(mapping.model.described()), "problems": broken}


def _told(problem: Problem) -> dict[str, Any]:
    where = {"file": problem.file, "line": problem.line, "column": problem.column}
    return {**where, "says": problem.message, "mend": problem.mend}


def _tell(found: dict[str, Any]) -> None:
    if not found["problems"]:
        show.line(f"{found['file']}: good, {show.counted(len(found['fields']), 'field')}")
        return
    folder = Path(found["file"]).parent
    for each in found["problems"]:
        place = f"{folder / each['file']}:{each['line']}:{each['column']}" if each["line"] else found["file"]
        show.line(f"{place}: {each['says']} {each['mend']}".rstrip())


@command.command()
def schema() -> None:
    """Print the JSON Schema of mapping files.

    An editor completes and checks them with it.
    """
    from itpm_sync.mapping.json_schema import json_schema

    show.data(json_schema())
