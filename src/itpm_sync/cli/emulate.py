"""`itpm-sync emulate NAME`: a stand-in for a vendor's system on this machine, until it is stopped.

In: a connector's name, a port, a folder for its state. Out: an HTTP service on 127.0.0.1 and what a connection must say
to reach it. With `--edit`: one edit by a person in that folder's state, and no service.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from itpm_sync.cli import show
from itpm_sync.errors import Busy, Misconfigured


@click.command()
@click.argument("name", metavar="jira|smartsheet|m365")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port on 127.0.0.1; default: a free one."
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where it keeps its state; default: nowhere, it begins empty and forgets.",
)
@click.option(
    "--edit",
    "edits",
    nargs=2,
    multiple=True,
    metavar="RECORD FIELD=VALUE",
    help="Do not serve: edit a record, by title or id, as a person does in the tool, and end. May be said again.",
)
@click.option("--as", "person", metavar="MAIL", help="Who edits, with --edit.")
def command(
    name: str, port: int, folder: Path | None, *, edits: tuple[tuple[str, str], ...], person: str | None
) -> None:
    """Run a stand-in for a tool on this machine, until Ctrl-C; or edit in it as a person does.

    With --edit also msproject, whose plans are files in a folder.
    """
    if edits or person:
        from itpm_sync.cli.emulate_edit import edit_in

        edit_in(name, folder, person, edits)
        return
    serve(name, port, folder, until=threading.Event())


def serve(name: str, port: int, folder: Path | None, *, until: threading.Event) -> None:
    """Serve until the event is set or the process is interrupted. Raises Misconfigured, Unavailable, Busy."""
    from itpm_sync.ports import SystemClock
    from itpm_sync.registry import Catalogue, Emulators

    catalogue = Catalogue()
    known = [each for each in catalogue.names() if catalogue.emulates(each)]
    if name not in known:
        served = ", ".join(each for each in known if catalogue.serves(each))
        raise Misconfigured(f"There is no stand-in for {name!r}.", mend=f"There are: {served}.")
    if not catalogue.serves(name):
        raise Misconfigured(
            f"{name} needs no stand-in: its plans are files in a folder.",
            mend="Name that folder in the connection. With --edit somebody edits a plan there.",
        )
    with Emulators(catalogue, SystemClock()) as emulators:
        reached = emulators.reach(name, folder, port=port)
        if not emulators.mine:
            raise Busy(
                f"Another itpm-sync serves {name} from {folder} already, at {reached.get('base_url', '')}.",
                mend="Use that one, or wait until it ends.",
            )
        for text in snippet(name, reached):
            show.line(text)
        sys.stdout.flush()
        show.note("Ctrl-C stops it.")
        while not until.wait(0.5):  # a wait without an end cannot be interrupted on Windows
            continue


def snippet(name: str, reached: Mapping[str, Any]) -> list[str]:
    """What a connection of the configuration says to reach it. Its token opens nothing but this emulator."""
    variable = f"{name.upper()}_EMULATOR_TOKEN"
    shown, environment = [], []
    for key, value in reached.items():
        reveal = getattr(value, "reveal", None)
        if reveal is not None:
            environment.append(f"# {variable}={reveal()}")
        shown.append(f"    {key}: {f'env:{variable}' if reveal is not None else value}")
    return [f"# {name} at {reached.get('base_url', '')}", *environment, "connections:", f"  {name}:",
            f"    connector: {name}", *shown]  # fmt: skip
