"""Secrets never show; references are read, and a secret written out is refused without being repeated."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from itpm_sync.errors import Misconfigured
from itpm_sync.kit.secret import Secret, SecretKind, SecretRef, scrub
from itpm_sync.ports import LocalFiles

TOKEN = "canary-7f3a/+tok=en"


def test_no_way_of_showing_a_secret_shows_it() -> None:
    secret = Secret(TOKEN)
    shown = [
        str(secret),
        repr(secret),
        f"{secret}",
        f"{secret:>30}",
        f"{[secret]}",
        " ".join(map(str, [secret])),
    ]
    assert not any(TOKEN in text for text in shown)
    assert secret.reveal() == TOKEN
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(TypeError):
        copy.deepcopy(secret)


def test_secrets_compare_by_what_they_hold() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert not Secret("")


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("env:JIRA_TOKEN", SecretKind.ENV, "JIRA_TOKEN"),
        (" file:secrets/jira token.txt ", SecretKind.FILE, "secrets/jira token.txt"),
        ("file:C:\\secrets\\jira.txt", SecretKind.FILE, "C:\\secrets\\jira.txt"),
        ("keyvault:jira-token", SecretKind.KEYVAULT, "jira-token"),
    ],
)
def test_references_are_read(text: str, kind: SecretKind, name: str) -> None:
    ref = SecretRef.parse(text)
    assert (ref.kind, ref.name) == (kind, name)
    assert str(ref) == text.strip()


@pytest.mark.parametrize(
    "text", [TOKEN, "", "env:", "env:NOT A NAME", "keyvault:under_score", "vault:x", f"env:{TOKEN}"]
)
def test_a_literal_secret_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        SecretRef.parse(text)
    assert TOKEN not in str(caught.value)
    assert "env:" in str(caught.value) or "keyvault:" in str(caught.value)


def test_as_a_field_of_settings() -> None:
    class Settings(BaseModel):
        model_config = ConfigDict(hide_input_in_errors=True)
        token: SecretRef

    settings = Settings.model_validate({"token": "env:JIRA_TOKEN"})
    assert settings.token == SecretRef(SecretKind.ENV, "JIRA_TOKEN")
    assert Settings(token=settings.token).model_dump(mode="json") == {"token": "env:JIRA_TOKEN"}
    assert Settings.model_json_schema()["properties"]["token"]["type"] == "string"
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({"token": TOKEN})
    assert TOKEN not in str(caught.value)


def test_resolving(tmp_path: Path) -> None:
    (tmp_path / "token.txt").write_bytes(b"\xef\xbb\xbf" + TOKEN.encode() + b"\r\n")
    files = LocalFiles()
    assert SecretRef.parse("env:T").resolve({"T": TOKEN}, files).reveal() == TOKEN
    assert SecretRef.parse("file:token.txt").resolve({}, files, folder=tmp_path).reveal() == TOKEN
    assert SecretRef.parse("keyvault:t").resolve({}, files, vault=lambda name: name + "!").reveal() == "t!"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("env:T", "T is not set"),
        ("file:none.txt", "cannot be read"),
        ("keyvault:t", "env:NAME"),
        ("env:E", "empty"),
    ],
)
def test_what_cannot_be_resolved_names_the_reference_and_the_mend(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(Misconfigured) as caught:
        SecretRef.parse(text).resolve({"E": ""}, LocalFiles(), folder=tmp_path)
    assert says in str(caught.value)
    assert caught.value.mend


def test_scrubbing_other_peoples_texts() -> None:
    secret = Secret(TOKEN)
    text = (
        f"GET https://x.test/?key=canary-7f3a%2F%2Btok%3Den and {TOKEN} and Authorization: Basic dXNlcjpwYXNzd29yZA== "
        "Bearer eyJhbGciOi.abc-def"
    )
    clean = scrub(text, [secret, Secret("abc")])
    assert "canary" not in clean and "dXNl" not in clean and "eyJh" not in clean
    assert "https://x.test/?key=***" in clean
    assert scrub("the cab is here", [Secret("cab")]) == "the cab is here"  # too short to blank out
