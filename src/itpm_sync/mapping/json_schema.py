"""The JSON Schema of mapping files, for editors' completion.

In: nothing. Out: the schema of `schema.MappingFile`, as the text of `mappings/schema.json`. A test asserts that the
file is current; `itpm-sync mappings schema` prints it.
"""

from __future__ import annotations

import json
from typing import Any

from itpm_sync.mapping.schema import MappingFile


def json_schema() -> dict[str, Any]:
    """The schema, as JSON values."""
    schema = MappingFile.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "itpm-sync mapping"}


def text() -> str:
    """As written to the file."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
