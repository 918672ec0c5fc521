"""Checks JSON against Graph's own metadata (CSDL): property names and types, as OData writes them.

In: a folder with `graph-v1.0-*.csdl.xml`, and a JSON value with the name of its type. Out: a list of what is wrong,
empty where nothing is. Annotations (`@odata.etag`, `x@odata.type`) are not properties and pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree

_EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,12})?)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Shape:
    """One entity or complex type."""

    base: str = ""
    open: bool = False
    properties: dict[str, str] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    """Properties that may not be null."""


# Types that the files refer to and do not hold. Source: the Graph reference, baseItem and directoryObject.
_KNOWN = {
    "entity": Shape(properties={"id": "Edm.String"}),
    "directoryObject": Shape(base="entity", properties={"deletedDateTime": "Edm.DateTimeOffset"}),
    "baseItem": Shape(
        base="entity",
        properties={
            "createdBy": "graph.identitySet",
            "createdDateTime": "Edm.DateTimeOffset",
            "description": "Edm.String",
            "eTag": "Edm.String",
            "lastModifiedBy": "graph.identitySet",
            "lastModifiedDateTime": "Edm.DateTimeOffset",
            "name": "Edm.String",
            "webUrl": "Edm.String",
        },
    ),
}

# Where the reference's examples hold what the metadata does not: (type, property) -> type.
_BEYOND = {("serverProcessedContent", "customMetadata"): "Collection(graph.metaDataKeyValuePair)"}


class Metadata:
    """Graph's types, read once."""

    def __init__(self, folder: Path) -> None:
        self.shapes: dict[str, Shape] = dict(_KNOWN)
        self.enums: dict[str, frozenset[str]] = {}
        for path in sorted(folder.glob("graph-v1.0-*.csdl.xml")):
            self._load(path)

    @classmethod
    def at(cls, folder: Path | None) -> Metadata | None:
        """The metadata of a folder, or None where it holds none."""
        if folder is None or not any(folder.glob("graph-v1.0-*.csdl.xml")):
            return None
        return cls(folder)

    def _load(self, path: Path) -> None:
        root = etree.parse(str(path), etree.XMLParser(resolve_entities=False, no_network=True)).getroot()
        for element in root.iter(f"{_EDM}EnumType"):
            names = frozenset(member.get("Name", "") for member in element.iter(f"{_EDM}Member"))
            self.enums[element.get("Name", "")] = names
        for element in (*root.iter(f"{_EDM}ComplexType"), *root.iter(f"{_EDM}EntityType")):
            members = [m for m in element if m.tag in (f"{_EDM}Property", f"{_EDM}NavigationProperty")]
            self.shapes[element.get("Name", "")] = Shape(
                base=element.get("BaseType", "").removeprefix("graph."),
                open=element.get("OpenType") == "true",
                properties={m.get("Name", ""): m.get("Type", "") for m in members},
                required=frozenset(m.get("Name", "") for m in members if m.get("Nullable") == "false"),
            )

    def faults(self, value: object, type_name: str) -> list[str]:
        """What is wrong with a JSON value of this type (`graph.plannerTask`, `Collection(...)`, `Edm.Int32`)."""
        return list(self._faults(value, type_name, type_name.removeprefix("graph.")))

    def _faults(self, value: object, type_name: str, where: str) -> Iterator[str]:
        if value is None:
            return
        if type_name.startswith("Collection("):
            if not isinstance(value, list):
                yield f"{where} is not a collection"
                return
            for place, each in enumerate(value):
                yield from self._faults(each, type_name[11:-1], f"{where}[{place}]")
        elif type_name.startswith("Edm."):
            if not _EDM_CHECKS.get(type_name, lambda _: True)(value):
                yield f"{where} is no {type_name}: {value!r:.60}"
        else:
            yield from self._named(value, type_name.removeprefix("graph."), where)

    def _named(self, value: object, name: str, where: str) -> Iterator[str]:
        if name in self.enums:
            if value not in self.enums[name]:
                yield f"{where} is no {name}: {value!r:.60}"
        elif name in self.shapes:
            yield from self._object(value, name, where)
        # else: a type that the files do not hold (graph.Json, facets of other areas): nothing is known of it

    def _object(self, value: object, name: str, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{where} is not an object of type {name}"
            return
        said = str(value.get("@odata.type", "")).removeprefix("#").removeprefix("microsoft.graph.")
        actual = said if said in self.shapes else name
        is_open, known, required = self._members(actual)
        for key, each in value.items():
            if "@" in key:
                continue
            if key not in known:
                if not is_open:
                    yield f"{where} has no property {key!r} in {actual}"
                elif isinstance(each, dict) and "@odata.type" in each:
                    yield from self._faults(each, "graph.entity", f"{where}/{key}")
                continue
            if each is None and key in required:
                yield f"{where}/{key} may not be null"
            yield from self._faults(each, known[key], f"{where}/{key}")

    def _members(self, name: str) -> tuple[bool, dict[str, str], frozenset[str]]:
        shape = self.shapes.get(name, Shape(open=True))
        beyond = {prop: kind for (owner, prop), kind in _BEYOND.items() if owner == name}
        if not shape.base:
            return shape.open, {**shape.properties, **beyond}, shape.required
        is_open, properties, required = self._members(shape.base)
        return shape.open or is_open, {**properties, **shape.properties, **beyond}, required | shape.required


def _integer(low: int, high: int) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high


_EDM_CHECKS: dict[str, Callable[[Any], bool]] = {
    "Edm.String": lambda v: isinstance(v, str),
    "Edm.Boolean": lambda v: isinstance(v, bool),
    "Edm.Int32": _integer(-(2**31), 2**31 - 1),
    "Edm.Int64": _integer(-(2**63), 2**63 - 1),
    "Edm.Double": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "Edm.DateTimeOffset": lambda v: isinstance(v, str) and _INSTANT.fullmatch(v) is not None,
    "Edm.Guid": lambda v: isinstance(v, str) and _GUID.fullmatch(v) is not None,
}
