"""Mappings become lenses, for one container.

In: a Mapping, and what the container says of itself (None: nothing is known, names are taken as written). Out: the
lenses, the fields that are left out there and why, and a fingerprint that changes when the mapping changes or a name
in the tool that it rests on (counterexample L20).
"""

from __future__ import annotations

from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from typing import Any

from itpm_sync.codec import digest
from itpm_sync.connector import ContainerInfo
from itpm_sync.lens import Lens
from itpm_sync.mapping import build
from itpm_sync.mapping.binding import Binder, Missing
from itpm_sync.mapping.load import Mapping
from itpm_sync.model import FIELDS


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A field that this container does not hold as the mapping says; the others go on."""

    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """A mapping, compiled for one container."""

    lenses: tuple[Lens, ...]
    left_out: tuple[LeftOut, ...] = ()
    fingerprint: str = ""
    titles: Map[str, str] = field(default_factory=dict)
    """By native name: what people see, for messages."""

    def lens(self, name: str) -> Lens | None:
        """The lens of a field or group."""
        return next((lens for lens in self.lenses if lens.name == name), None)


def compile_mapping(mapping: Mapping, info: ContainerInfo | None = None) -> Compiled:
    """Lenses in the order of model.FIELDS, custom fields last. A field that is not there is left out, never guessed."""
    binder = Binder(info)
    lenses: list[Lens] = []
    left_out: list[LeftOut] = []
    for name, described in mapping.model.described().items():
        try:
            lens = build.lens(name, described, binder)
        except Missing as error:
            left_out.append(LeftOut(name, str(error)))
            continue
        if lens is not None:
            lenses.append(lens)
    order = list(FIELDS)
    lenses.sort(key=lambda lens: order.index(lens.name) if lens.name in FIELDS else len(order))
    return Compiled(
        tuple(lenses),
        tuple(left_out),
        _fingerprint(mapping, binder),
        {one.native: one.title for one in binder.used},
    )


def _fingerprint(mapping: Mapping, binder: Binder) -> str:
    """Of what the mapping says and of the native ids and option names it was bound to."""
    bound: list[Any] = sorted([one.native, sorted(one.options.items())] for one in binder.used)
    return digest([mapping.model.model_dump(mode="json", by_alias=True, exclude={"says"}), bound])
