"""The JSON Schema of `itpm-sync.yaml`, for completion in editors.

In: the models of `shape`, and of the installed connectors' settings. Out: a schema as data; run as a program
(`python -m itpm_sync.settings.schema`), the file `config/schema.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import PydanticOmit

from itpm_sync.settings.load import Kinds
from itpm_sync.settings.shape import Configuration, ConnectionSection

FIRST_PARTY = ("jira", "m365", "msproject", "smartsheet")
"""The connectors that the shipped schema knows; others are allowed without completion."""


class _Writable(GenerateJsonSchema):
    """Only what can be written in YAML: alternatives that are Python objects are left out."""

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> Any:
        raise PydanticOmit


def schema(kinds: Kinds, only: Iterable[str] = FIRST_PARTY) -> dict[str, Any]:
    """The schema of the whole file; `only` names the connectors whose own words it knows."""
    whole = Configuration.model_json_schema(schema_generator=_Writable)
    definitions: dict[str, Any] = whole["$defs"]
    own = dict.fromkeys(ConnectionSection.model_fields)
    cases = []
    for kind in only:
        made = kinds.settings_model(kind).model_json_schema(
            schema_generator=_Writable, ref_template=f"#/$defs/{kind}.{{model}}"
        )
        definitions |= {f"{kind}.{name}": each for name, each in made.pop("$defs", {}).items()}
        made["properties"] = dict.fromkeys(own, True) | made["properties"]
        missing = {"required": made.pop("required", [])}
        emulated = {"required": ["emulator"]}
        definitions[kind] = made | {"anyOf": [emulated, missing]}
        condition = {"properties": {"connector": {"const": kind}}, "required": ["connector"]}
        cases.append({"if": condition, "then": {"$ref": f"#/$defs/{kind}"}})
    definitions["ConnectionSection"]["allOf"] = cases
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "itpm-sync.yaml"}
    return head | {name: each for name, each in whole.items() if name != "title"}


def text(kinds: Kinds) -> str:
    """The schema as the file holds it."""
    return json.dumps(schema(kinds), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> None:
    """Write the checkout's `config/schema.json`."""
    from itpm_sync import resources
    from itpm_sync.registry import Catalogue

    target = resources.config() / "schema.json"
    target.write_text(text(Catalogue()), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
