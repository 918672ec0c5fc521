"""`itpm-sync init DIR`: a folder to begin with.

In: a folder, a profile. Out: `itpm-sync.yaml` with comments, a copy of the mappings and of the schema. Nothing that is
there already is touched.
"""

from __future__ import annotations

from pathlib import Path

import click

from itpm_sync.cli.show import line
from itpm_sync.errors import Misconfigured, Unavailable

_MAPPINGS = "mappings: mappings"


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--profile",
    metavar="NAME",
    help="Begin smaller: emulated, plan-and-jira or read-only.",
)
def command(folder: Path, profile: str | None) -> None:
    """Start a folder: itpm-sync.yaml with comments, and a copy of the mappings for you to edit."""
    from itpm_sync import resources
    from itpm_sync.settings import FILE_NAME

    text = (_profile(resources.config(), profile)).read_text(encoding="utf-8")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        put(folder / FILE_NAME, with_mappings(text))
        for source in sorted(resources.mappings().rglob("*")):
            if source.is_file() and "__pycache__" not in source.parts:
                target = folder / "mappings" / source.relative_to(resources.mappings())
                put(target, source.read_text(encoding="utf-8"))
        put(folder / "schema.json", (resources.config() / "schema.json").read_text(encoding="utf-8"))
        put(folder / ".gitignore", ".itpm-sync/\nemulated/\nsite/\n")
    except OSError as error:
        raise Unavailable(
            f"{folder} cannot be written ({error.strerror}).", mend="Choose another folder."
        ) from None
    line(f"Next: edit {folder / FILE_NAME}, then run `itpm-sync check` in {folder}.")


def _profile(config: Path, name: str | None) -> Path:
    if name is None:
        return config / "itpm-sync.example.yaml"
    known = {each.stem: each for each in sorted((config / "profiles").glob("*.yaml"))}
    if name not in known:
        raise Misconfigured(f"There is no profile {name!r}.", mend=f"There are: {', '.join(known)}.")
    return known[name]


def with_mappings(text: str) -> str:
    """The configuration, told to use the folder's own copy of the mappings, and its schema for editors."""
    own = text.replace(f"# {_MAPPINGS}", _MAPPINGS)
    if _MAPPINGS not in own.splitlines():
        own = own.replace("\nconnections:", f"\n{_MAPPINGS}\n\nconnections:", 1)
    return f"# yaml-language-server: $schema=./schema.json\n{own}"


def put(path: Path, text: str) -> None:
    """Write a file that is not there yet, and say what was done."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError:
        line(f"kept     {path}")
        return
    line(f"written  {path}")
