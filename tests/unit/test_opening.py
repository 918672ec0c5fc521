"""A workspace is opened from a configuration: ledger, mappings, what a change of must be seen."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itpm_sync import resources
from itpm_sync.cycle import open_workspace
from itpm_sync.cycle.opening import project, with_password
from itpm_sync.errors import Misconfigured
from itpm_sync.ports import LocalFiles, SystemClock, SystemIds, SystemRandom
from itpm_sync.registry import Catalogue, Registry
from itpm_sync.settings import Settings, load

TEXT = """\
mappings: maps
connections:
  plans: {connector: msproject, folder: plans}
  jira: {connector: jira, base_url: "https://x.example.org", token: "env:NOT_SET"}
projects:
  one: {title: One, containers: [{connection: plans, container: a.xml}], publish: [{folder: site}]}
  two: {title: Two, containers: [{connection: jira, container: NET}], publish: [{folder: site}, {folder: own}]}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "maps").mkdir()
    for name in ("msproject", "jira"):
        text = (resources.mappings() / f"{name}.yaml").read_text(encoding="utf-8")
        (tmp_path / "maps" / f"{name}.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "itpm-sync.yaml").write_text(TEXT, encoding="utf-8")
    return load(tmp_path / "itpm-sync.yaml", Catalogue())


def registry(settings: Settings, environ: dict[str, str] | None = None) -> Registry:
    return Registry(
        settings,
        Catalogue(),
        clock=SystemClock(),
        random=SystemRandom(),
        files=LocalFiles(),
        environ=environ or {},
    )


def test_only_the_projects_to_be_run_need_their_secrets(settings: Settings) -> None:
    with registry(settings) as made:
        args = {"clock": SystemClock(), "ids": SystemIds(), "holder": "test"}
        with open_workspace(settings, made, projects=["one"], **args) as workspace:
            assert list(workspace.connections) == ["plans"]
        with pytest.raises(Misconfigured, match="NOT_SET"), open_workspace(settings, made, **args):
            pass
        with open_workspace(settings, made, connect=False, **args) as workspace:
            assert workspace.connections == {}


def test_places_for_pages_are_opened_without_the_tools(settings: Settings) -> None:
    with registry(settings) as made:
        args = {"clock": SystemClock(), "ids": SystemIds(), "holder": "test", "connect": False}
        with open_workspace(settings, made, publish=True, **args) as workspace:
            assert workspace.connections == {}
            assert list(workspace.publishers["two"]) == ["folder site", "folder own"]
        with open_workspace(settings, made, projects=["one"], publish=True, **args) as workspace:
            assert list(workspace.publishers["two"]) == ["folder site"]
        with open_workspace(settings, made, **args) as workspace:
            assert not any(workspace.publishers.values())


def test_every_project_stands_on_the_portfolio_of_a_place(settings: Settings) -> None:
    """A portfolio page refreshed after a run of one project must not lose the others."""
    with registry(settings) as made:
        args = {"clock": SystemClock(), "ids": SystemIds(), "holder": "test"}
        with open_workspace(settings, made, projects=["one"], **args) as workspace:
            assert set(workspace.projects) == {"one", "two"}
            assert {name: list(places) for name, places in workspace.publishers.items()} == {
                "one": ["folder site"],
                "two": ["folder site"],
            }


def test_a_change_of_a_mapping_is_named_by_its_field(settings: Settings) -> None:
    before = project(settings, settings.projects["one"]).basis
    file = settings.mappings / "msproject.yaml"
    text = file.read_text(encoding="utf-8")
    assert "limit: 255" in text
    file.write_text(text.replace("limit: 255", "limit: 99", 1), encoding="utf-8")
    now = project(settings, settings.projects["one"]).basis
    assert [name for name in before if before[name] != now.get(name)] == ["mapping msproject.yaml: title"]


def test_a_comment_in_a_mapping_changes_nothing(settings: Settings) -> None:
    before = project(settings, settings.projects["one"]).basis
    file = settings.mappings / "msproject.yaml"
    file.write_text(f"# looked at\n{file.read_text(encoding='utf-8')}", encoding="utf-8")
    assert project(settings, settings.projects["one"]).basis == before


def test_a_broken_mapping_stops_the_projects_that_use_it(settings: Settings) -> None:
    (settings.mappings / "msproject.yaml").write_text("system: msproject\nfeilds: {}\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match="fields"):
        project(settings, settings.projects["one"])
    assert project(settings, settings.projects["two"]).facts.id == "two"


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20), st.sampled_from(["itpm@", ""]))
def test_a_password_of_any_characters_reaches_the_database(password: str, user: str) -> None:
    parts = urlsplit(with_password(f"postgresql://{user}db.example.org:5432/itpm?sslmode=require", password))
    assert unquote(parts.password or "") == password
    assert (parts.hostname, parts.port, parts.path) == ("db.example.org", 5432, "/itpm")
    assert (parts.username or "") == user.rstrip("@")


# ── what ships ──


def test_an_installed_package_uses_its_own_copies(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "itpm_sync"
    (package / "_shipped" / "mappings").mkdir(parents=True)
    assert resources.shipped("mappings", package=package) == package / "_shipped" / "mappings"
    with pytest.raises(Misconfigured, match="Install itpm-sync again"):
        resources.shipped("config", package=package)
    assert resources.checkout(package=package) is None


def test_a_checkout_uses_its_folders() -> None:
    root = Path(__file__).resolve().parents[2]
    assert resources.mappings() == root / "mappings"
    assert resources.checkout() == root
