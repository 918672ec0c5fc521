"""A sheet's shape, and its rows as records.

In: the JSON of `GET /sheets/{id}`. Out: a Shape (columns, version, who may do what) and Records whose values go by
column id, with `parent` beside them. Our own key column is no value: it is `Record.key`.

A record's revision tells same from different: time of edit and a digest of the values; while the second of the
sheet's last change lasts, the sheet's version too, as two edits of one second would look the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from itpm_sync.connector import ContainerInfo, NativeField, Record, Room
from itpm_sync.errors import Unreadable
from itpm_sync.kit.days import parse_instant

from .wire import MAX_TEXT, Column, column_of, is_computed, value_of

PARENT: Final = "parent"
"""Native name of the row a row stands under."""
ADMINS: Final = frozenset({"ADMIN", "OWNER"})
"""Who may add a column."""
MAX_ROWS: Final = 20_000
MAX_CELLS: Final = 500_000
MAX_COLUMNS: Final = 400


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a sheet as it was at `version`."""

    id: str
    name: str
    version: int
    modified: str
    created: str
    link: str
    access: str
    dependencies: bool
    rows: int
    columns: tuple[Column, ...]
    key: Column | None
    """Our key column, or None where it is missing."""

    def column(self, native: str) -> Column | None:
        return next((column for column in self.columns if column.id == native), None)

    @property
    def primary(self) -> Column | None:
        return next((column for column in self.columns if column.primary), None)

    @property
    def multi(self) -> bool:
        """Whether a write's own answer flattens some of its cells."""
        return any(column.multi for column in self.columns)


def shape_of(raw: Mapping[str, Any], key_title: str) -> Shape:
    """The shape of a sheet. Raises Unreadable where the answer is none; it never repeats what was in it."""
    try:
        columns = tuple(column_of(each) for each in raw["columns"])
        return Shape(
            id=str(int(raw["id"])),
            name=str(raw["name"]),
            version=int(raw["version"]),
            modified=str(raw.get("modifiedAt") or ""),
            created=str(raw.get("createdAt") or ""),
            link=str(raw.get("permalink") or ""),
            access=str(raw.get("accessLevel") or ""),
            dependencies=bool(raw.get("dependenciesEnabled", False)),
            rows=int(raw.get("totalRowCount") or 0),
            columns=columns,
            key=next(
                (each for each in columns if each.title == key_title and each.type == "TEXT_NUMBER"), None
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(
            "Smartsheet's answer is no sheet.", mend="Try again; report it if it stays so."
        ) from error


def info_of(shape: Shape, *, add_key: bool = True) -> ContainerInfo:
    """The sheet as mappings are compiled against it. Its options are in its fields, so that a rename is noticed.

    `add_key`: whether we may add our key column where it is missing and the account can.
    """
    fields = [
        NativeField(
            name=column.id,
            title=column.title,
            type=column.type,
            writable=column.writable(dependencies=shape.dependencies),
            options={option: option for option in column.options},
        )
        for column in shape.columns
        if column is not shape.key
    ]
    fields.append(NativeField(PARENT, "Parent row", "ROW"))
    return ContainerInfo(
        container=shape.id,
        title=shape.name,
        fields=fields,
        fingerprint=hashlib.sha256(f"{shape.id} {shape.created}".encode()).hexdigest(),
        url=_safe(shape.link),
        keys=shape.key is not None
        or (add_key and shape.access in ADMINS and len(shape.columns) < MAX_COLUMNS),
        limits={
            Room.RECORDS: MAX_ROWS,
            Room.CELLS: MAX_CELLS,
            Room.CELLS_EACH: len(shape.columns),
            Room.TEXT: MAX_TEXT,
        },
    )


def parents_of(rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The ids of rows that have children."""
    return frozenset(str(row["parentId"]) for row in rows if row.get("parentId"))


def record_of(shape: Shape, row: Mapping[str, Any], parents: Collection[str]) -> Record:
    """One row. `parents` are all rows with children. Raises KeyError, TypeError or ValueError where it is no row."""
    native_id = str(int(row["id"]))
    cells = {str(cell["columnId"]): cell for cell in row.get("cells") or ()}
    values: dict[str, Any] = {PARENT: str(int(row["parentId"])) if row.get("parentId") else None}
    computed: set[str] = set()
    for column in shape.columns:
        if column is not shape.key:  # an empty cell is None, not absent: the row is there, and says "empty"
            values[column.id] = value_of(column, cells.get(column.id, {}))
    follows = any(column.type == "PREDECESSOR" and values[column.id] is not None for column in shape.columns)
    for column in shape.columns:
        by_sheet = column.computed(
            dependencies=shape.dependencies, parent=native_id in parents, follows=follows
        )
        if column is not shape.key and (by_sheet or is_computed(cells.get(column.id, {}))):
            computed.add(column.id)
    key = value_of(shape.key, cells.get(shape.key.id, {})) if shape.key else None
    return Record(
        native_id=native_id,
        revision=_revision(shape, row, values, key),
        values=values,
        computed=frozenset(computed),
        key=str(key) if key is not None else None,
        name=str((shape.primary and values.get(shape.primary.id)) or "(untitled)"),
        url=f"{_safe(shape.link)}?rowId={native_id}" if _safe(shape.link) else "",
        edited_at=_moment(row.get("modifiedAt")),
        edited_by=_writer(row),
    )


def is_blank(shape: Shape, record: Record) -> bool:
    """Whether nobody put anything into the row: people leave blank rows between others, and they are no items."""
    system = {column.id for column in shape.columns if column.system}
    typed = (value for name, value in record.values.items() if name not in system and name != PARENT)
    return record.key is None and all(value is None for value in typed)


def _revision(shape: Shape, row: Mapping[str, Any], values: Mapping[str, Any], key: object) -> str:
    edited = str(row.get("modifiedAt") or "")
    text = json.dumps([values, key], sort_keys=True)
    settled = edited < shape.modified
    mark = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{edited}/{mark}" if settled else f"{edited}/{mark}/{shape.version}"


def _moment(text: object) -> datetime | None:
    return parse_instant(text) if isinstance(text, str) and text else None


def _writer(row: Mapping[str, Any]) -> str | None:
    by = row.get("modifiedBy")
    mail = by.get("email") if isinstance(by, Mapping) else None
    return mail if isinstance(mail, str) and mail else None


def _safe(link: str) -> str:
    return link if link.startswith("https://") and not any(mark in link for mark in "\"'<> ") else ""
