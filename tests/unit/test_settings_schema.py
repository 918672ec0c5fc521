"""What ships in config/ is current: the schema is that of the models, and every example is a configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from itpm_sync import resources
from itpm_sync.registry import Catalogue
from itpm_sync.settings import load, schema

EXAMPLES = [
    resources.config() / "itpm-sync.example.yaml",
    *sorted((resources.config() / "profiles").glob("*.yaml")),
]

each_example = pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue()


@pytest.fixture(scope="module")
def validator() -> Any:
    text = (resources.config() / "schema.json").read_text(encoding="utf-8")
    jsonschema.Draft202012Validator.check_schema(json.loads(text))
    return jsonschema.Draft202012Validator(json.loads(text))


def plain(text: str) -> Any:
    """The YAML as an editor hands it to a schema: days are texts there."""
    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(text), default=str))


def test_the_schema_is_that_of_the_models(catalogue: Catalogue) -> None:
    written = (resources.config() / "schema.json").read_text(encoding="utf-8")
    assert written == schema.text(catalogue), "run: python -m itpm_sync.settings.schema"


@each_example
def test_every_example_is_a_configuration(file: Path, catalogue: Catalogue) -> None:
    settings = load(file, catalogue)
    assert settings.connections


@each_example
def test_every_example_fits_the_schema(file: Path, validator: Any) -> None:
    validator.validate(plain(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("connector: jira", "connector: jira\n    tokn: env:X"),
        ("projects:", "projekts:"),
        ("token: env:JIRA_TOKEN", "token: ATATT3xFfGF0"),
        ("create: match-then-create", "create: sometimes"),
        ("progress: hold", "progress: always"),
        ("    base_url: https://example.atlassian.net\n", ""),
    ],
)
def test_the_schema_sees_what_an_editor_should_underline(before: str, after: str, validator: Any) -> None:
    text = EXAMPLES[0].read_text(encoding="utf-8")
    assert before in text
    assert not validator.is_valid(plain(text.replace(before, after)))


def test_the_example_says_everything_that_can_be_said_of_a_project() -> None:
    """What an admin may write, stands in the example, set or in a comment."""
    from itpm_sync.settings.shape import Configuration, ContainerSection, LimitsSection, ProjectSection

    text = EXAMPLES[0].read_text(encoding="utf-8")
    rare = {"phase", "status_date", "read_only", "mapping", "floor"}
    for model in (Configuration, ProjectSection, ContainerSection, LimitsSection):
        absent = {name for name in model.model_fields if f"{name}:" not in text} - rare
        assert absent == set(), model.__name__
