"""The numbers that MSPDI gives the custom fields of a task, and their names.

In: nothing. Out: FieldID to name (Text1, Flag3, …) and back. Names are those of the English Project; a file written
by a German one says Zahl1 for Number1, the number is the same. The numbers are Project's own field identifiers.
"""

from __future__ import annotations

from collections.abc import Iterator

_TASK = 188743680


def _numbered(name: str, *offsets: range) -> Iterator[tuple[int, str]]:
    numbers = (offset for one in offsets for offset in one)
    return ((_TASK + offset, f"{name}{number}") for number, offset in enumerate(numbers, start=1))


NAMES: dict[int, str] = {
    **dict(_numbered("Text", range(51, 66, 3), range(66, 71), range(317, 337))),
    **dict(_numbered("Start", range(52, 67, 3), range(282, 292, 2))),
    **dict(_numbered("Finish", range(53, 68, 3), range(283, 293, 2))),
    **dict(_numbered("Flag", range(72, 82), range(292, 302))),
    **dict(_numbered("Number", range(87, 92), range(302, 317))),
    **dict(_numbered("Duration", range(103, 106), range(275, 282))),
    **dict(_numbered("Cost", range(106, 109), range(258, 265))),
    **dict(_numbered("Date", range(265, 275))),
    **dict(_numbered("OutlineCode", range(416, 436, 2))),
}
IDS: dict[str, int] = {name: number for number, name in NAMES.items()}

KEY_FIELD = "Text30"
KEY_ALIAS = "itpm key"
"""Where our key of an item stands in a plan, and how Project shows it."""


def family(name: str) -> str:
    """Text of Text12: what kind of value a custom field holds."""
    return name.rstrip("0123456789")
