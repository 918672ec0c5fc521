"""Changes made into rows to send, checked against what stands in the sheet right now.

In: a change, the sheet's shape, the row as just read. Out: a Draft. One that need not be sent (somebody edited the
same cell meanwhile, nothing differs, nothing can be written) is finished already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from itpm_sync.connector import Change, Record, Status
from itpm_sync.errors import Gone, Refused, Stale

from .batches import Draft
from .sheet import PARENT, Shape
from .wire import Unwritable, cell_of, plain

UNDER: Final = "under"
"""What the configuration says a new row stands under: a row's id, or the text in its primary column."""


def creation(change: Change, shape: Shape, under: Mapping[str, int]) -> Draft:
    """A new row at the bottom of its parent, with our key in it. `under` resolves names of parent rows to ids."""
    values = dict(change.values)
    parent = values.pop(PARENT, None)
    named = values.pop(UNDER, None)
    place = int(parent) if parent else under.get(str(named)) if named else None
    row: dict[str, Any] = {"toBottom": True} | ({"parentId": place} if place else {})
    draft = Draft(change, row, {})
    _fill(draft, shape, {name: value for name, value in values.items() if value not in (None, "", [])})
    if shape.key is None:
        draft.finish(Status.REFUSED, _no_key(shape))
        return draft
    draft.cells[shape.key.id] = cell_of(shape.key, change.key)
    draft.essential = frozenset({shape.key.id} | ({shape.primary.id} if shape.primary else set()))
    lost = draft.essential & draft.refused.keys()
    if named and not place:
        reason = (
            f"The sheet {shape.name!r} has no single row called {str(named)[:80]!r} to put new rows under."
        )
        draft.finish(
            Status.REFUSED, Refused(reason, mend="Say the row's id, or its exact text, in the configuration.")
        )
    elif lost:
        draft.finish(Status.REFUSED, Refused(draft.refused[sorted(lost)[0]]))
    return draft


def update(change: Change, shape: Shape, current: Record | None) -> Draft:
    """The cells that differ, and the row's new place if its parent does."""
    draft = Draft(change, {"id": int(change.native_id or 0)}, {})
    if current is None:
        draft.finish(Status.STALE, Gone(f"Row {change.native_id} is no longer in the sheet {shape.name!r}."))
        return draft
    if meanwhile := _edited(change, shape, current):
        draft.finish(Status.STALE, Stale(f"{current.name}: edited meanwhile ({', '.join(meanwhile)})."))
        return draft
    wanted = {
        name: value
        for name, value in change.values.items()
        if not _same(shape, name, current.values.get(name), value)
    }
    for name in sorted(wanted.keys() & current.computed):
        draft.refused[name] = f"{_title(shape, name)} is computed by Smartsheet in this row."
        del wanted[name]
    if PARENT in wanted:
        parent = wanted.pop(PARENT)
        draft.row |= {"toBottom": True} | ({"parentId": int(parent)} if parent else {})
    _fill(draft, shape, wanted)
    if shape.key is not None and current.key != change.key and change.key:
        draft.cells[shape.key.id] = cell_of(shape.key, change.key)
    if not draft.cells and "toBottom" not in draft.row:
        draft.finish(Status.REFUSED if draft.refused else Status.APPLIED)
    return draft


def deletion(
    change: Change, current: Record | None, doomed: set[str], below: Mapping[str, set[str]]
) -> Draft:
    """A row to delete: only as it was when the decision was made, and only where no other row would go with it."""
    draft = Draft(change, {"id": int(change.native_id or 0)}, {})
    if current is None:
        draft.finish(Status.APPLIED)
        return draft
    if change.expected is not None and _as_typed(current) != _as_typed(change.expected):
        draft.finish(Status.STALE, Stale(f"{current.name}: edited meanwhile."))
    elif staying := below.get(current.native_id, set()) - doomed:
        count = len(staying)
        reason = f"{current.name} has {count} row{'s' if count > 1 else ''} under it that would be deleted with it."
        draft.finish(Status.REFUSED, Refused(reason, mend="Move them out first."))
    return draft


def by_place(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """Groups that may share one request: Smartsheet takes one place a request (1123)."""
    groups: dict[tuple[bool, object], list[Draft]] = {}
    for draft in drafts:
        groups.setdefault(("toBottom" in draft.row, draft.row.get("parentId")), []).append(draft)
    return list(groups.values())


def _fill(draft: Draft, shape: Shape, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        column = shape.column(name)
        if column is None:
            draft.refused[name] = f"The sheet {shape.name!r} has no such column any more."
        elif not column.writable(dependencies=shape.dependencies):
            draft.refused[name] = (
                f"{_title(shape, name)} cannot be written: Smartsheet fills it, or it is locked."
            )
        else:
            try:
                draft.cells[name] = cell_of(column, value)
            except Unwritable as error:
                draft.refused[name] = str(error)


def _edited(change: Change, shape: Shape, current: Record) -> list[str]:
    """Columns that hold neither what the decision was made on nor what is to be written."""
    if change.expected is None:
        return []
    before = change.expected.values
    return [
        name
        for name, value in change.values.items()
        if not _same(shape, name, current.values.get(name), before.get(name))
        and not _same(shape, name, current.values.get(name), value)
    ]


def _as_typed(record: Record) -> dict[str, Any]:
    return {
        name: value
        for name, value in record.values.items()
        if name not in record.computed and value is not None
    }


def _same(shape: Shape, name: str, one: Any, other: Any) -> bool:
    """Whether two values of a column are the same to Smartsheet; yes is not 1."""
    column = shape.column(name)
    if column is not None:
        one, other = plain(column, one), plain(column, other)
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _title(shape: Shape, name: str) -> str:
    column = shape.column(name)
    return f"Column {column.title!r}" if column else name


def _no_key(shape: Shape) -> Refused:
    return Refused(
        f"The sheet {shape.name!r} has no column for our key.",
        mend="Add a Text/Number column titled as the setting key_column says, or share the sheet as Admin.",
    )
