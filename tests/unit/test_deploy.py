"""What is deployed: the image runs without privileges, the template opens nothing and holds no secret."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pycep import BicepParser

from itpm_sync.cli.app import app

DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    parsed: dict[str, Any] = BicepParser().parse(text=(DEPLOY / "azure" / "main.bicep").read_text("utf-8"))
    return parsed


@pytest.fixture(scope="module")
def dockerfile() -> list[str]:
    text = (DEPLOY / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def last(lines: list[str], word: str) -> str:
    return [line for line in lines if line.startswith(word)][-1]


def test_the_image_runs_as_an_unprivileged_user(dockerfile: list[str]) -> None:
    user = last(dockerfile, "USER").split()[1]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert dockerfile.index(last(dockerfile, "USER")) < dockerfile.index(last(dockerfile, "CMD"))


def test_the_images_command_is_one_that_exists(dockerfile: list[str]) -> None:
    words = re.findall(r'"([^"]*)"', last(dockerfile, "CMD"))
    shown = CliRunner().invoke(app, [words[0], "--help"]).output
    for option in (word for word in words if word.startswith("--")):
        assert option in shown
    assert f"EXPOSE {words[words.index('--port') + 1]}" in dockerfile


def test_the_template_has_what_the_page_says(template: dict[str, Any]) -> None:
    kinds = {one["type"] for one in template["resources"].values()}
    for kind in (
        "Microsoft.App/containerApps",
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        "Microsoft.KeyVault/vaults",
        "Microsoft.DBforPostgreSQL/flexibleServers",
    ):
        assert kind in kinds


def test_the_template_holds_no_secret_and_opens_no_database() -> None:
    text = (DEPLOY / "azure" / "main.bicep").read_text("utf-8")
    assert "@secure()" in text
    assert "publicNetworkAccess: 'Disabled'" in text
    assert "internal: true" in text
    assert "ingress" not in text
    assert "enablePurgeProtection: true" in text
    assert not re.search(r"(?i)(password|token|key)\s*[:=]\s*'[^'$]{12,}'", text)


def test_one_replica_and_a_stop_that_is_waited_for() -> None:
    text = (DEPLOY / "azure" / "main.bicep").read_text("utf-8")
    assert "minReplicas: 1, maxReplicas: 1" in text
    grace = re.search(r"terminationGracePeriodSeconds: (\d+)", text)
    assert grace is not None
    assert int(grace[1]) > 10
