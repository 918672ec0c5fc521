"""People at work in the emulated Smartsheet: the seed of an account, and edits in the grid.

In: the documents that `Emulator.seed` and `edit_as` take. Out: the world changed by the same rules as through the API
(a person may do more than the API: a lenient cell, an end date, a move to another sheet).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .rows import Act, add_rows, carry_rows, delete_rows, update_rows
from .world import Access, Column, Sheet, Type, World

_COLUMN_WORDS = {
    "title",
    "type",
    "primary",
    "options",
    "tags",
    "system",
    "hidden",
    "locked",
    "validation",
    "formula",
    "prefix",
    "description",
}


def fill(world: World, data: Mapping[str, Any], now: str) -> None:
    """People, tokens and sheets of a seed.

    `people` maps a mail address to a name, `tokens` a token to its owner's address, `expired` lists tokens. A sheet:
    `name`, `owner`, `access` (address to level), `columns` (`title`, `type`, `options`, …), `rows` (values by column
    title, and `children`), `dependencies`; `id` where it must be a certain one.
    """
    world.people.update({mail.lower(): name for mail, name in data.get("people", {}).items()})
    world.tokens.update(data.get("tokens", {}))
    world.expired += [token for token in data.get("expired", ()) if token not in world.expired]
    for raw in data.get("sheets", ()):
        _add_sheet(world, raw, now)


def _add_sheet(world: World, raw: Mapping[str, Any], now: str) -> None:
    owner = raw.get("owner") or next(iter(world.tokens.values()), "owner@example.org")
    access = {owner: Access.OWNER, **{mail: Access(level) for mail, level in raw.get("access", {}).items()}}
    sheet = Sheet(
        id=int(raw.get("id") or world.new_id()),
        name=raw["name"],
        created=now,
        modified=now,
        access=access,
        dependencies=bool(raw.get("dependencies", False)),
        length_of_day=float(raw.get("length_of_day", 8)),
    )
    sheet.columns = [make_column(world, column) for column in raw["columns"]]
    if sum(column.primary for column in sheet.columns) != 1:
        raise ValueError(f"The sheet {sheet.name!r} needs exactly one primary column.")
    world.sheets[sheet.id] = sheet
    _add_rows(world, sheet, raw.get("rows", ()), None, Act(owner, now))


def make_column(world: World, raw: Mapping[str, Any]) -> Column:
    """A column from a seed. Raises ValueError for a word it does not know."""
    if unknown := set(raw) - _COLUMN_WORDS:
        raise ValueError(f"A column has no {', '.join(sorted(unknown))}.")
    own = {
        **raw,
        "id": world.new_id(),
        "type": Type(raw.get("type", "TEXT_NUMBER")),
        "options": list(raw.get("options", ())),
        "tags": list(raw.get("tags", ())),
    }
    return Column(**own)


def _add_rows(
    world: World, sheet: Sheet, rows: Sequence[Mapping[str, Any]], parent: int | None, act: Act
) -> None:
    for start in range(0, len(rows), 500):
        chunk = rows[start : start + 500]
        place: dict[str, Any] = {"parentId": parent, "toBottom": True} if parent else {"toBottom": True}
        bodies = [
            {
                **place,
                "cells": [
                    seed_cell(sheet, title, value) for title, value in row.items() if title != "children"
                ],
            }
            for row in chunk
        ]
        made = add_rows(world, sheet, bodies, act)
        for row, raw in zip(made, chunk, strict=True):
            _add_rows(world, sheet, raw.get("children", ()), row.id, act)


def seed_cell(sheet: Sheet, column_title: str, value: object) -> dict[str, Any]:
    """A raw cell as a client would send it, chosen by the column's type: what the seed and people's edits use."""
    column = sheet.titled(column_title)
    if value is None or value == "" or value == []:
        return {"columnId": column.id, "value": ""}
    if column.type is Type.MULTI_CONTACT_LIST:
        mails = [value] if isinstance(value, str) else list(value)  # type: ignore[call-overload]
        return {
            "columnId": column.id,
            "objectValue": {
                "objectType": "MULTI_CONTACT",
                "values": [{"objectType": "CONTACT", "email": mail} for mail in mails],
            },
        }
    if column.type is Type.MULTI_PICKLIST:
        values = [value] if isinstance(value, str) else list(value)  # type: ignore[call-overload]
        return {"columnId": column.id, "objectValue": {"objectType": "MULTI_PICKLIST", "values": values}}
    return {"columnId": column.id, "value": value}


def edit(world: World, person: str, native_id: str | None, changes: Mapping[str, Any], now: str) -> str:
    """One edit in the grid; the row's id afterwards (a moved or copied row has a new one).

    Reserved words: `container` (a new row's sheet, by id or name), `under` (parent row, None for the top level),
    `delete=True`, `move_to` and `copy_to` (a sheet), `formula` (values by title are formulas). All other words are
    column titles. Raises ValueError for what Smartsheet does not have (a bin, a hidden row).
    """
    world.people.setdefault(person.lower(), person.partition("@")[0].title())
    words = dict(changes)
    for absent in ("restore", "hidden"):
        if absent in words:
            raise ValueError(f"Smartsheet's rows know no {absent!r}: there is no bin and no hidden row.")
    act = Act(person, now)
    if native_id is None:
        return _create(world, words, act)
    sheet = holder(world, native_id)
    sheet.access.setdefault(person, Access.EDITOR)
    row_id = int(native_id)
    if words.pop("delete", False):
        delete_rows(sheet, [row_id], act, ignore_missing=False)
        return native_id
    for word, keep in (("move_to", False), ("copy_to", True)):
        if word in words:
            target = sheet_of(world, words.pop(word))
            target.access.setdefault(person, Access.EDITOR)
            return str(carry_rows(world, sheet, target, row_id, act, keep=keep)[row_id])
    body: dict[str, Any] = {"id": row_id, **_place(sheet, row_id, words)}
    body["cells"] = _cells(sheet, words)
    update_rows(world, sheet, [body], act)
    return native_id


def _create(world: World, words: dict[str, Any], act: Act) -> str:
    sheet = sheet_of(world, words.pop("container", None))
    sheet.access.setdefault(act.by, Access.EDITOR)
    under = words.pop("under", None)
    place: dict[str, Any] = {"parentId": int(under), "toBottom": True} if under else {"toBottom": True}
    return str(add_rows(world, sheet, [{**place, "cells": _cells(sheet, words)}], act)[0].id)


def _place(sheet: Sheet, row_id: int, words: dict[str, Any]) -> dict[str, Any]:
    if "under" not in words:
        return {}
    under = words.pop("under")
    if under:
        return {"parentId": int(under), "toBottom": True}
    return {"toBottom": True}


def _cells(sheet: Sheet, words: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a person types is taken leniently."""
    return [{**seed_cell(sheet, title, value), "strict": False} for title, value in words.items()]


def holder(world: World, native_id: str) -> Sheet:
    """The sheet a row is in. Raises KeyError where it is in none."""
    sheet = next(world.find_row(int(native_id)), None)
    if sheet is None:
        raise KeyError(f"no row {native_id}")
    return sheet


def sheet_of(world: World, name: object) -> Sheet:
    """A sheet by id or by name; without a name the only one there is. Raises KeyError."""
    if name is None and len(world.sheets) == 1:
        return next(iter(world.sheets.values()))
    text = str(name)
    if text.isdigit() and int(text) in world.sheets:
        return world.sheets[int(text)]
    return world.sheet_named(text)
