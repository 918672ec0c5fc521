"""Checks requests and answers against a vendor's own OpenAPI 3.0 description.

In: the path of a description (JSON), calls and answers. Out: sentences that say what differs, none where all is well.
Operations are compiled when first met; a description is read once a process. What is not checked: request headers,
the content of other than JSON bodies, and what `schemas.py` names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from .calls import Answer, Call
from .schemas import Schemas, Way

UNDESCRIBED = frozenset({401, 403, 404, 405, 410, 429, 500, 502, 503, 504})
"""Statuses that any operation may answer, described or not: they come from before or around the operation."""
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
MOST = 5
"""How many differences of one message are told."""


@dataclass(frozen=True, slots=True)
class Exemption:
    """One known difference between the description and the service: what is not checked, and why.

    `part` is `request`, `answer`, `status 204`, or `query NAME`; `method` and `path` are regular expressions for the
    whole, the path as in the description (`/rest/api/3/issue/{issueIdOrKey}`).
    """

    method: str
    path: str
    part: str
    reason: str


@dataclass(slots=True)
class Operation:
    """One operation, its parameters by name and place."""

    method: str
    path: str
    body: Mapping[str, Any]
    query: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    in_path: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"{self.method} {self.path}"


class Description:
    """One description, indexed. Shared by all emulators of a process, as it never changes."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.schemas = Schemas(document)
        self._paths: dict[str, list[tuple[re.Pattern[str], Operation]]] = {}
        paths = document["paths"]
        for path in sorted(paths, key=lambda path: path.count("{")):  # the literal path before the pattern
            for method in paths[path]:
                if method in ("get", "put", "post", "delete", "patch", "head", "options"):
                    operation = self._operation(method.upper(), path, paths[path])
                    self._paths.setdefault(method.upper(), []).append((_pattern(path), operation))

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        for compiled, operation in self._paths.get(method, ()):
            if match := compiled.fullmatch(path):
                names = re.findall(r"\{([^}]*)\}", operation.path)
                return operation, dict(zip(names, match.groups(), strict=True))
        return None

    def _operation(self, method: str, path: str, item: Mapping[str, Any]) -> Operation:
        body = item[method.lower()]
        operation = Operation(method, path, body)
        for given in [*item.get("parameters", ()), *body.get("parameters", ())]:
            parameter = self.schemas.resolve(given)
            if parameter["in"] == "query":
                operation.query[parameter["name"]] = parameter
            elif parameter["in"] == "path":
                operation.in_path[parameter["name"]] = parameter
        return operation


@lru_cache(maxsize=4)
def describe(path: Path) -> Description:
    """The description in that file. Raises ValueError where it is not JSON."""
    return Description(json.loads(path.read_text(encoding="utf-8")))


class Spec:
    """A description with a vendor's prefix and exemptions."""

    def __init__(self, description: Description, prefix: str, exemptions: Iterable[Exemption]) -> None:
        self._description = description
        self._prefix = prefix
        self._exemptions = tuple(exemptions)

    @classmethod
    def at(cls, path: Path, *, prefix: str = "", exemptions: Iterable[Exemption] = ()) -> Spec:
        return cls(describe(path), prefix, exemptions)

    def request_faults(self, call: Call) -> list[str]:
        """What of the request the description does not allow."""
        found = self._find(call)
        if found is None:
            return [f"{call.method} {call.path} is not in the API description"]
        operation, in_path = found
        return [
            *self._query_faults(operation, call),
            *self._path_faults(operation, in_path),
            *self._body_faults(operation, call),
        ][:MOST]

    def answer_faults(self, call: Call, answer: Answer) -> list[str]:
        """What of the answer the description does not allow."""
        found = self._find(call)
        if found is None or self._exempt(found[0], "answer"):
            return []
        operation, _ = found
        responses = operation.body.get("responses", {})
        response = responses.get(str(answer.status)) or responses.get("default")
        if response is None:
            if answer.status in UNDESCRIBED or self._exempt(operation, f"status {answer.status}"):
                return []
            return [f"{operation.title} may not answer {answer.status}"]
        content = self._description.schemas.resolve(response).get("content", {})
        schema = _json_schema(content)
        if not schema or answer.body is None or isinstance(answer.body, bytes):
            return self._missing_body(operation, answer, schema)
        return self._differences(
            schema, answer.body, Way.ANSWER, f"{operation.title} answers {answer.status}"
        )

    def _missing_body(self, operation: Operation, answer: Answer, schema: object) -> list[str]:
        """An empty schema describes nothing; 204 has no body whatever is described."""
        if schema and answer.body is None and answer.status < 300 and answer.status != 204:
            return [f"{operation.title} answers {answer.status} without the described body"]
        return []

    def _find(self, call: Call) -> tuple[Operation, dict[str, str]] | None:
        path = call.raw_path or call.path
        if not path.startswith(self._prefix):
            return None
        return self._description.find(call.method, path[len(self._prefix) :])

    def _exempt(self, operation: Operation, part: str) -> bool:
        return any(
            rule.part == part
            and re.fullmatch(rule.method, operation.method)
            and re.fullmatch(rule.path, operation.path)
            for rule in self._exemptions
        )

    def _query_faults(self, operation: Operation, call: Call) -> list[str]:
        faults: list[str] = []
        given: dict[str, list[str]] = {}
        for name, value in call.query:
            given.setdefault(name, []).append(value)
        for name, values in given.items():
            if self._exempt(operation, f"query {name}"):
                continue
            if name not in operation.query:
                faults.append(f"{operation.title} has no query parameter {name}")
                continue
            faults += self._parameter_faults(operation, operation.query[name], values)
        for name, parameter in operation.query.items():
            if parameter.get("required") and name not in given:
                faults.append(f"{operation.title} needs the query parameter {name}")
        return faults

    def _path_faults(self, operation: Operation, in_path: Mapping[str, str]) -> list[str]:
        faults: list[str] = []
        for name, value in in_path.items():
            if name in operation.in_path:
                faults += self._parameter_faults(operation, operation.in_path[name], [value])
        return faults

    def _parameter_faults(
        self, operation: Operation, parameter: Mapping[str, Any], values: list[str]
    ) -> list[str]:
        schema = parameter.get("schema")
        if schema is None:
            return []
        value = _typed(self._description.schemas.resolve(schema), values, self._description.schemas)
        return self._differences(
            schema, value, Way.REQUEST, f"{operation.title}: parameter {parameter['name']}"
        )

    def _body_faults(self, operation: Operation, call: Call) -> list[str]:
        if self._exempt(operation, "request"):
            return []
        described = operation.body.get("requestBody")
        if described is None:
            return [f"{operation.title} takes no body"] if call.body else []
        described = self._description.schemas.resolve(described)
        if not call.body:
            return [f"{operation.title} needs a body"] if described.get("required") else []
        content = described.get("content", {})
        media = call.headers.get("content-type", "").partition(";")[0].strip()
        if media not in content and "*/*" not in content:
            return [f"{operation.title} does not take {media or 'a body without a content type'}"]
        schema = content.get(media, content.get("*/*", {})).get("schema")
        if schema is None or not media.endswith("json"):
            return []
        try:
            body = call.json()
        except ValueError:
            return [f"{operation.title}: the body is not JSON"]
        return self._differences(schema, body, Way.REQUEST, operation.title)

    def _differences(self, schema: Mapping[str, Any], value: object, way: Way, title: str) -> list[str]:
        found: list[str] = []
        for error in self._description.schemas.validator(schema, way).iter_errors(value):
            found.append(f"{title}: {error.json_path}: {error.message[:300]}")
            if len(found) == MOST:
                break
        return found


def _pattern(path: str) -> re.Pattern[str]:
    """A described path as a regular expression with one group a parameter; names there may hold any character."""
    return re.compile("([^/]+)".join(re.escape(literal) for literal in re.split(r"\{[^}]*\}", path)))


def _json_schema(content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for media in ("application/json", "*/*"):
        if media in content:
            schema = content[media].get("schema")
            return schema if isinstance(schema, Mapping) else None
    return None


def _typed(schema: Mapping[str, Any], values: list[str], schemas: Schemas) -> object:
    """A parameter's text as the type that its schema names; as text where it does not read as that."""
    kind = schema.get("type")
    if kind == "array":
        item = schemas.resolve(schema.get("items", {}))
        listed = [
            part for value in values for part in value.split(",")
        ]  # both styles are met: a=1&a=2 and a=1,2
        return [_typed(item, [value], schemas) for value in listed]
    text = values[-1]
    if kind == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    if kind == "number" and _NUMBER.fullmatch(text):
        return float(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return text
