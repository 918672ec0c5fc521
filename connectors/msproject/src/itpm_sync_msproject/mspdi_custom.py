"""Writing custom fields of a task (Text1, Number3, …), our key among them, into an MSPDI document.

In: a MspdiPlan, a task, a field's name and plain value. Out: the task's ExtendedAttribute, and the declaration of the
field in the project where it is missing: Project ignores values of fields that are not declared.
"""

from __future__ import annotations

from itpm_sync_msproject.durations import DAYS, iso_of
from itpm_sync_msproject.element_order import DECLARED, EXTENDED, PROJECT, TASK
from itpm_sync_msproject.field_ids import IDS, KEY_ALIAS, family
from itpm_sync_msproject.mspdi import Element
from itpm_sync_msproject.mspdi_plan import MspdiPlan
from itpm_sync_msproject.mspdi_write import add, number_text, put, remove

Plain = str | int | float | bool | None


def write(plan: MspdiPlan, uid: int, name: str, value: Plain) -> None:
    """Write one custom field; None, and a flag that is down, remove it. Raises ValueError for a wrong kind of value.

    Dates are ISO text, durations minutes, costs whole units of the currency.
    """
    text = None if value is None or value is False or value == "" else _text(name, value)
    element = _attribute(plan, plan.elements[uid], name)
    if text is None:
        if element is not None:
            remove(plan.doc, element)
        return
    if element is None:
        declare(plan, name)
        element = add(plan.doc, plan.elements[uid], "ExtendedAttribute", order=TASK)
        put(plan.doc, element, "FieldID", str(IDS[name]), order=EXTENDED)
    put(plan.doc, element, "Value", text, order=EXTENDED)
    if family(name) == "Duration" and plan.doc.child(element, "DurationFormat") is None:
        put(plan.doc, element, "DurationFormat", str(DAYS), order=EXTENDED)


def write_key(plan: MspdiPlan, uid: int, field: str, key: str) -> None:
    """Write our key, and show the column by its name in Project."""
    declare(plan, field, alias=KEY_ALIAS)
    write(plan, uid, field, key)


def declare(plan: MspdiPlan, name: str, *, alias: str = "") -> None:
    """Make sure that the project declares the field, with that alias where it has none."""
    doc = plan.doc
    group = doc.child(doc.root, "ExtendedAttributes")
    if group is None:
        group = add(doc, doc.root, "ExtendedAttributes", order=PROJECT)
    wanted = str(IDS[name])
    found = next(
        (one for one in doc.children(group, "ExtendedAttribute") if doc.text(one, "FieldID") == wanted), None
    )
    if found is None:
        found = add(doc, group, "ExtendedAttribute", order=())
        put(doc, found, "FieldID", wanted, order=DECLARED)
        put(doc, found, "FieldName", name, order=DECLARED)
    if alias and not doc.text(found, "Alias"):
        put(doc, found, "Alias", alias, order=DECLARED)


def _attribute(plan: MspdiPlan, task: Element, name: str) -> Element | None:
    wanted = str(IDS[name])
    for one in plan.doc.children(task, "ExtendedAttribute"):
        if plan.doc.text(one, "FieldID") == wanted:
            return one
    return None


def _text(name: str, value: str | float | bool) -> str:
    kind = family(name)
    if kind == "Flag":
        if not isinstance(value, bool):
            raise ValueError(f"{value!r} is neither yes nor no")
        return "1"
    if kind in {"Text", "OutlineCode", "Date", "Start", "Finish"}:
        text = str(value)
        return f"{text}T08:00:00" if kind in {"Date", "Start", "Finish"} and len(text) == 10 else text
    number = float(value)
    if kind == "Duration":
        return iso_of(number)
    return number_text(number * 100 if kind == "Cost" else number)
