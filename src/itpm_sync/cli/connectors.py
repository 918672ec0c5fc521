"""`itpm-sync connectors list|new`: what is installed, and the beginning of another one.

In: the entry points; in a checkout `connectors/_template`. Out: a list, or a new folder.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import click

from itpm_sync.cli import show
from itpm_sync.cli.context import json_option
from itpm_sync.cli.exits import Exit
from itpm_sync.errors import ItpmError, Misconfigured


@click.group()
def command() -> None:
    """Which tools can be connected; how to begin another."""


@command.command("list")
@json_option
def listed(*, as_json: bool) -> int:
    """Which tools can be connected, and what can be done in each."""
    from itpm_sync.registry import Catalogue

    catalogue = Catalogue()
    offered = set(catalogue.offered())
    found = [{**_described(catalogue, name), "for_tests": name not in offered} for name in catalogue.names()]
    if as_json:
        show.data(found)
    else:
        listed = [each for each in found if not each["for_tests"]]
        rows = [(each["name"], each["summary"], ", ".join(each["can"])) for each in listed]
        show.table(["connector", "what", "can"], rows)
    return Exit.FAILED if any(each["broken"] for each in found) else Exit.DONE


def _described(catalogue: Any, name: str) -> dict[str, Any]:
    try:
        made = catalogue.connector(name)
    except ItpmError as error:
        return {"name": name, "summary": str(error), "can": [], "broken": True}
    able = getattr(made, "capabilities", None)  # the memory connector has those it is given
    words = {"create": "creates", "update": "updates", "delete": "deletes", "by hand": "by_hand"}
    can = [word for word, declared in words.items() if getattr(able, declared, False)]
    optional = {"publish": made.publisher, "read files": made.reader, "emulator": made.emulator}
    can += [word for word, there in optional.items() if there]
    return {"name": name, "summary": made.summary, "can": can, "broken": False}


@command.command()
@click.argument("name")
def new(name: str) -> None:
    """Copy the template to connectors/NAME. Only in a checkout of itpm-sync."""
    from itpm_sync import resources

    root = resources.checkout()
    template = root / "connectors" / "_template" if root else None
    if root is None or template is None or not template.is_dir():
        raise Misconfigured(
            "A new connector is begun in a checkout of itpm-sync; this is an installed one.",
            mend="Clone the repository, run `make setup`, and run this command there.",
        )
    if not re.fullmatch(r"[a-z][a-z0-9]{1,30}", name):
        raise Misconfigured(
            f"{name!r} cannot be a connector's name.", mend="Use 2 to 31 lower-case letters and digits."
        )
    target = root / "connectors" / name
    if target.exists():
        raise Misconfigured(f"connectors/{name} is there already.", mend="Choose another name, or remove it.")
    for path in copied(template, target, name):
        show.line(f"written  {path.relative_to(root)}")
    show.line(f"Next: connectors/README.md, from step 2 on; then `make setup` installs {name}.")


def copied(template: Path, target: Path, name: str) -> list[Path]:
    """Copy the template, with NAME put where it says `template` in file names and texts. Returns the files."""
    made = []
    for source in sorted(template.rglob("*")):
        if not source.is_file() or "__pycache__" in source.parts:
            continue
        path = target / Path(*(_named(part, name) for part in source.relative_to(template).parts))
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.write_text(_named(source.read_text(encoding="utf-8"), name), encoding="utf-8", newline="\n")
        except UnicodeDecodeError:
            shutil.copyfile(source, path)
        made.append(path)
    return made


def _named(text: str, name: str) -> str:
    return (
        text.replace("TEMPLATE", name.upper())
        .replace("Template", name.capitalize())
        .replace("template", name)
    )
