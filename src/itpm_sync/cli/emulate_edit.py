"""`itpm-sync emulate NAME --folder F --as MAIL --edit RECORD FIELD=VALUE`: a person's edit in an emulated tool.

In: a connector's name, the folder of its state, who, what. Out: the state changed as by that person in the tool's own
user interface. A value that reads as JSON (100, true, ["ann@example.org"], null) is that; any other is a text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from itpm_sync.cli import show
from itpm_sync.errors import Busy, Misconfigured


def edit_in(name: str, folder: Path | None, person: str | None, edits: Sequence[tuple[str, str]]) -> None:
    """Carry the edits out, one after another. Raises Misconfigured, Busy where it is served just now."""
    from itpm_sync.ports import SystemClock
    from itpm_sync.registry import Catalogue, Emulators

    catalogue = Catalogue()
    known = [each for each in catalogue.names() if catalogue.emulates(each)]
    if name not in known:
        raise Misconfigured(f"There is no stand-in for {name!r}.", mend=f"There are: {', '.join(known)}.")
    if folder is None or not folder.is_dir():
        raise Misconfigured(
            "Which folder holds its state?", mend="Say --folder DIR, of an emulated connection."
        )
    if not edits or person is None:
        raise Misconfigured(
            "An edit needs a person and a change.", mend='Say --as MAIL and --edit RECORD "FIELD=VALUE".'
        )
    with Emulators(catalogue, SystemClock()) as emulators:
        emulators.reach(name, folder)
        if not emulators.mine:
            raise Busy(
                f"Another itpm-sync serves {name} from {folder} just now.",
                mend="Wait until it ends, or stop it.",
            )
        emulator = next(iter(emulators.mine.values()))
        for record, change in edits:
            _edit(emulator, person, record, change)
            show.line(f"{record}: {change}, by {person}")


def _edit(emulator: Any, person: str, record: str, change: str) -> None:
    field, equals, said = change.partition("=")
    if not equals or not field.strip():
        raise Misconfigured(f"{change!r} is no change.", mend='Write "FIELD=VALUE", as "status=In Review".')
    try:
        native = emulator.find(record)
    except KeyError as error:
        mend = "Name a record by its title, or by its id."
        raise Misconfigured(f"{error.args[0]}.", mend=mend) from None
    try:
        emulator.edit_as(person, native, **{field.strip(): _value(said.strip())})
    except Exception as error:  # noqa: BLE001 - what the tool refuses, each in the vendor's own way
        raise Misconfigured(f"{emulator.name} does not take {change!r}: {_refusal(error)}") from None


def _refusal(error: Exception) -> str:
    """What the tool's own answer says, else the error itself."""
    body = getattr(getattr(error, "answer", None), "body", None)
    if isinstance(body, dict):
        texts = [*body.get("errorMessages", ()), *dict(body.get("errors") or {}).values()]
        return " ".join(map(str, texts)) or str(body.get("message") or body)
    return str(error.args[0]) if isinstance(error, KeyError) else str(error)


def _value(said: str) -> Any:
    try:
        return json.loads(said)
    except ValueError:
        return said
