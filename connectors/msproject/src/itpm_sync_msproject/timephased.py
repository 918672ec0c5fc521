"""The day-by-day distribution of an assignment's work, kept in step with how much of it is done.

In: an assignment element and its new actual work. Out: its entries of remaining work (type 1) turned into entries of
actual work (type 2) from the earliest on, or back from the latest on; one is split where the amount falls within it.
Nothing else of the distribution changes. Types: Microsoft's MSPDI reference, TimephasedData/Type.
"""

from __future__ import annotations

import copy

from itpm_sync_msproject.durations import iso_of, minutes_of
from itpm_sync_msproject.mspdi import Element, Mspdi
from itpm_sync_msproject.mspdi_values import moment
from itpm_sync_msproject.mspdi_write import iso, place, remove

REMAINING, ACTUAL = "1", "2"


def shift(doc: Mspdi, assignment: Element, actual: float) -> None:
    """Make the entries of actual work add up to `actual` minutes, as far as the remaining ones allow."""
    done = sum(_value(doc, one) for one in _entries(doc, assignment, ACTUAL))
    if actual > done:
        _turn(doc, _entries(doc, assignment, REMAINING), actual - done, into=ACTUAL, first_part=True)
    elif actual < done:
        latest = list(reversed(_entries(doc, assignment, ACTUAL)))
        _turn(doc, latest, done - actual, into=REMAINING, first_part=False)


def forget_remaining(doc: Mspdi, assignment: Element) -> None:
    """Drop the distribution of work still to be done: its days moved, Project spreads it anew."""
    for one in _entries(doc, assignment, REMAINING):
        remove(doc, one)


def _entries(doc: Mspdi, assignment: Element, kind: str) -> list[Element]:
    found = [one for one in doc.children(assignment, "TimephasedData") if doc.text(one, "Type") == kind]
    return sorted(found, key=lambda one: doc.text(one, "Start") or "")


def _value(doc: Mspdi, entry: Element) -> float:
    return minutes_of(doc.text(entry, "Value")) or 0.0


def _turn(doc: Mspdi, entries: list[Element], amount: float, *, into: str, first_part: bool) -> None:
    for entry in entries:
        if amount <= 0.005:
            return
        value = _value(doc, entry)
        if value > amount:
            _split(doc, entry, amount / value, into=into, first_part=first_part)
            return
        _set(doc, entry, "Type", into)
        amount -= value


def _split(doc: Mspdi, entry: Element, share: float, *, into: str, first_part: bool) -> None:
    """Turn `share` of one entry, its first or its last part."""
    value = _value(doc, entry)
    turned = copy.deepcopy(entry)
    parent = entry.getparent()
    assert parent is not None
    index = parent.index(entry)
    place(parent, index if first_part else index + 1, turned)
    _set(doc, turned, "Type", into)
    _set(doc, turned, "Value", iso_of(value * share))
    _set(doc, entry, "Value", iso_of(value - value * share))
    start, finish = moment(doc.text(entry, "Start")), moment(doc.text(entry, "Finish"))
    if start is not None and finish is not None:
        part = (finish - start) * (share if first_part else 1 - share)
        cut = iso((start + part).replace(second=0))
        _set(doc, turned, "Finish" if first_part else "Start", cut)
        _set(doc, entry, "Start" if first_part else "Finish", cut)


def _set(doc: Mspdi, entry: Element, tag: str, text: str) -> None:
    child = doc.child(entry, tag)
    if child is not None:
        child.text = text
        doc.changed = True
