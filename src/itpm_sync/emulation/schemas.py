"""Schemas of an OpenAPI 3.0 description as JSON Schema, converted when first asked for.

In: the description's document and a schema in it. Out: a JSON Schema validator. A reference becomes the very object of
its target (schemas may so contain themselves), which spares the validator all looking up.

What is read differently from the letter of OpenAPI 3.0, for every description:
* `oneOf` is read as `anyOf`: the vendors' alternatives overlap (an integer is also a number), and nobody minds.
* `format` is not checked: the vendors' date-times differ from RFC 3339 (Jira writes +0000 without a colon).
* `discriminator` is not followed: the alternatives themselves are checked.
* A property that is read-only is not required of a request, one that is write-only not of an answer (as OpenAPI says).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from jsonschema import Draft202012Validator

Schema = dict[str, Any]
_KEPT = frozenset(
    {"enum", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "pattern"}
    | {"multipleOf", "minProperties", "maxProperties"}
)


class Way(Enum):
    """Which properties a schema may not ask for."""

    REQUEST = "readOnly"
    ANSWER = "writeOnly"


class Schemas:
    """Converts and compiles, each schema once for each way."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._targets: dict[tuple[str, Way], Schema] = {}
        self._validators: dict[tuple[int, Way], Draft202012Validator] = {}

    def validator(self, schema: Mapping[str, Any], way: Way) -> Draft202012Validator:
        """`schema` must be a part of the document (it is known by its identity)."""
        key = (id(schema), way)
        if key not in self._validators:
            self._validators[key] = Draft202012Validator(self.convert(schema, way))
        return self._validators[key]

    def resolve(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        """A part of the document, through its `$ref` if it is one."""
        while "$ref" in part:
            part = self._at(part["$ref"])
        return part

    def convert(self, schema: Mapping[str, Any], way: Way) -> Schema:
        """One schema as JSON Schema 2020-12."""
        if "$ref" in schema:
            return self._target(schema["$ref"], way)
        out: Schema = {}
        self._fill(out, schema, way)
        return out

    def _target(self, pointer: str, way: Way) -> Schema:
        key = (pointer, way)
        if key not in self._targets:
            self._targets[key] = {}  # first, as the schema may contain itself
            target = self._at(pointer)
            if "$ref" in target:
                self._targets[key] = self._target(target["$ref"], way)
            else:
                self._fill(self._targets[key], target, way)
        return self._targets[key]

    def _at(self, pointer: str) -> Mapping[str, Any]:
        part: Any = self._document
        for name in pointer.removeprefix("#/").split("/"):
            part = part[name.replace("~1", "/").replace("~0", "~")]
        if not isinstance(part, Mapping):
            raise TypeError(f"{pointer} is no object in the API description")
        return part

    def _fill(self, out: Schema, schema: Mapping[str, Any], way: Way) -> None:
        parts = {key: make(self, schema, way) for key, make in _MAKERS.items() if key in schema}
        made = {key: value for key, value in schema.items() if key in _KEPT} | parts
        if made.get("additionalProperties") in (True, {}):
            del made["additionalProperties"]  # says nothing, and would be asked for every member
        if alternatives := made.pop("oneOf", None):
            made["anyOf"] = alternatives
        if schema.get("nullable"):
            out["anyOf"] = [{"type": "null"}, made]
        else:
            out.update(made)

    def _properties(self, schema: Mapping[str, Any], way: Way) -> Schema:
        return {name: self.convert(part, way) for name, part in schema["properties"].items()}

    def _required(self, schema: Mapping[str, Any], way: Way) -> list[str]:
        properties = schema.get("properties", {})
        return [name for name in schema["required"] if not properties.get(name, {}).get(way.value)]

    def _additional(self, schema: Mapping[str, Any], way: Way) -> bool | Schema:
        extra = schema["additionalProperties"]
        return extra if isinstance(extra, bool) else self.convert(extra, way)

    def _items(self, schema: Mapping[str, Any], way: Way) -> Schema:
        return self.convert(schema["items"], way)


def _all(key: str) -> Callable[[Schemas, Mapping[str, Any], Way], list[Schema]]:
    return lambda schemas, schema, way: [schemas.convert(part, way) for part in schema[key]]


_MAKERS: dict[str, Callable[[Schemas, Mapping[str, Any], Way], Any]] = {
    "type": lambda schemas, schema, way: schema["type"],
    "properties": Schemas._properties,
    "required": Schemas._required,
    "additionalProperties": Schemas._additional,
    "items": Schemas._items,
    "allOf": _all("allOf"),
    "anyOf": _all("anyOf"),
    "oneOf": _all("oneOf"),
    "not": lambda schemas, schema, way: schemas.convert(schema["not"], way),
}
