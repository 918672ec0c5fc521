"""Setting, adding and removing single elements of an MSPDI document, so that the rest of the file stays as it is.

In: an Mspdi, an element, a text. Out: the tree changed where it must be, `doc.changed` set only then. New children
stand where Project writes them, indented like their neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from itpm_sync.kit.text import whole as without_surrogates
from itpm_sync.kit.text import without_controls
from itpm_sync_msproject.mspdi import Element, Mspdi


def clean(text: str) -> str:
    """What XML can hold of a text: no control characters, no half characters, no non-characters."""
    return without_controls(without_surrogates(text)).replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")


def iso(moment: datetime) -> str:
    """A moment as Project writes it."""
    return moment.isoformat(timespec="seconds")


def put(doc: Mspdi, parent: Element, tag: str, text: str | None, *, order: Sequence[str]) -> None:
    """Give the child `tag` that text, making it where it is missing; None removes it."""
    child = doc.child(parent, tag)
    if text is None:
        if child is not None:
            remove(doc, child)
        return
    text = clean(text)
    if child is None:
        add(doc, parent, tag, order=order).text = text
    elif (child.text or "") != text:
        child.text = text
        doc.changed = True


def add(doc: Mspdi, parent: Element, tag: str, *, order: Sequence[str]) -> Element:
    """A new child at its place: after all that Project writes before it, and after others of its own name.

    Without an order it comes last.
    """
    doc.changed = True
    new = doc.make(parent, tag)
    rank = {one: number for number, one in enumerate(order)}
    mine = rank.get(tag, len(order))
    earlier = [element for other, element in doc.fields(parent) if rank.get(other, mine + 1) <= mine]
    before = parent.index(earlier[-1]) + 1 if earlier else 0 if order else len(parent)
    _insert(parent, before, new)
    return new


def place(parent: Element, index: int, element: Element) -> None:
    """Put an element that was taken out elsewhere at `index`."""
    _insert(parent, index, element)


def remove(doc: Mspdi, element: Element) -> None:
    """Take an element out, and the line it stood on."""
    doc.changed = True
    parent = element.getparent()
    assert parent is not None
    previous = element.getprevious()
    if element.getnext() is None:  # the last one carries the indentation of the closing tag
        if previous is not None:
            previous.tail = element.tail
        else:
            parent.text = None
    element.tail = None
    parent.remove(element)


def _insert(parent: Element, index: int, new: Element) -> None:
    """Insert with the white space of its neighbours; a file without line breaks stays one."""
    if len(parent) == 0:
        previous, above = parent.getprevious(), parent.getparent()
        outer = previous.tail if previous is not None else above.text if above is not None else None
        indent = outer if outer and not outer.strip() else None
        parent.text = None if indent is None else indent + _unit(indent)
        new.tail = indent
    elif index == 0:
        new.tail = parent.text
    else:
        previous = parent[index - 1]
        new.tail = previous.tail
        if index == len(parent):
            previous.tail = parent.text
    parent.insert(index, new)


def _unit(indent: str) -> str:
    return "\t" if "\t" in indent else "  "


def number_text(value: float) -> str:
    """A number without needless zeros: 12.5, 3."""
    return format(value, ".10f").rstrip("0").rstrip(".") or "0"
