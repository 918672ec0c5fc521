"""The registry finds connectors, hands them what they need, keeps their secrets, and runs their emulators."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, ConfigDict

from itpm_sync.connector import Connector, FileContent, FileReader
from itpm_sync.emulation import Answer, Call, Emulator, Route
from itpm_sync.errors import Misconfigured, Unavailable, Unsupported
from itpm_sync.folder import FolderPublisher
from itpm_sync.kit.secret import Secret, SecretRef
from itpm_sync.ports import LocalFiles, SystemClock, SystemRandom
from itpm_sync.publisher import Publisher, StatusPage
from itpm_sync.registry import Catalogue, Emulators, Registry, is_gone, new_holder
from itpm_sync.registry.holder import _machine
from itpm_sync.settings import PublishTo, load

TOKEN = "tool-token-not-to-be-seen"


class ToolSettings(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )

    base_url: str
    token: SecretRef | Secret
    later: SecretRef | None = None
    horizon: float = 60.0
    per_second: float = 5.0


class ToolEmulator(Emulator):
    name: ClassVar[str] = "tool"

    def blank(self) -> dict[str, Any]:
        return {"count": 0}

    def routes(self) -> Iterable[Route]:
        return [Route("POST", "/count", self._count), Route("GET", "/count", self._show)]

    def _count(self, call: Call) -> Answer:
        self.state["count"] += 1
        return Answer(200, {"count": self.state["count"]})

    def _show(self, call: Call) -> Answer:
        return Answer(200, {"count": self.state["count"]})

    def connection(self, base: str) -> Mapping[str, Any]:
        return {"base_url": base, "token": Secret("emulated"), "horizon": 0.0}


class ToolPublisher(Publisher):
    def __init__(self, settings: Any, tools: Any) -> None:
        self.settings, self.tools = settings, tools

    async def publish(self, pages: Any, *, refresh: bool = False) -> Any:
        return []


class ToolReader(FileReader):
    def accepts(self, path: Path, head: bytes) -> bool:
        return head.startswith(b"tool")

    def read(self, path: Path) -> FileContent:
        raise NotImplementedError


class ToolConnector(Connector):
    kind: ClassVar[str] = "tool"
    settings: ClassVar[str] = f"{__name__}:ToolSettings"
    emulator: ClassVar[str | None] = f"{__name__}:ToolEmulator"
    publisher: ClassVar[str | None] = f"{__name__}:ToolPublisher"
    reader: ClassVar[str | None] = f"{__name__}:ToolReader"
    closed = 0

    async def close(self) -> None:
        type(self).closed += 1

    async def check(self) -> Any: ...
    async def describe(self, container: str) -> Any: ...
    def pull(self, container: str, cursor: str | None, *, full: bool = False) -> Any: ...
    async def read(self, container: str, native_ids: Any) -> Any: ...
    async def apply(self, container: str, changes: Any) -> Any: ...


class BareSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BareConnector(ToolConnector):
    kind: ClassVar[str] = "bare"
    settings: ClassVar[str] = f"{__name__}:BareSettings"
    emulator: ClassVar[str | None] = None
    publisher: ClassVar[str | None] = None
    reader: ClassVar[str | None] = None


class Point(EntryPoint):
    """An entry point to something of this file."""

    def load(self) -> Any:
        return globals()[self.value] if self.value in globals() else super().load()


def point(name: str, value: str) -> EntryPoint:
    return Point(name, value, "itpm_sync.connectors")


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue([point("tool", "ToolConnector"), point("bare", "BareConnector")])


def registry(folder: Path, text: str, catalogue: Catalogue, **environ: str) -> Registry:
    (folder / "maps").mkdir(exist_ok=True)
    file = folder / "itpm-sync.yaml"
    file.write_text(f"mappings: maps\nconnections:\n{text}", encoding="utf-8")
    return Registry(
        load(file, catalogue),
        catalogue,
        clock=SystemClock(),
        random=SystemRandom(),
        files=LocalFiles(),
        environ=environ,
    )


REAL = "  work: {connector: tool, base_url: 'https://tool.example.org', token: 'env:TOOL'}\n"
EMULATED = "  work: {connector: tool, emulator: there}\n"


# ── the catalogue ──


def test_connectors_are_found_by_their_entry_points(catalogue: Catalogue) -> None:
    assert catalogue.names() == ["bare", "tool"]
    assert catalogue.connector("tool") is ToolConnector
    assert catalogue.settings_model("tool") is ToolSettings


def test_the_four_first_party_connectors_and_the_memory_one_are_installed() -> None:
    assert {"jira", "smartsheet", "msproject", "m365", "memory"} <= set(Catalogue().names())


def test_an_unknown_connector_is_told_with_those_there_are(catalogue: Catalogue) -> None:
    with pytest.raises(Misconfigured, match=r"'jirra'.*bare, tool"):
        catalogue.connector("jirra")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("no_such_module_anywhere:X", "no_such_module_anywhere is missing"),
        ("itpm_sync.errors:NoSuchName", "cannot be loaded"),
        ("itpm_sync.errors:ItpmError", "no connector"),
    ],
)
def test_a_broken_connector_is_one_line(value: str, message: str) -> None:
    broken = Catalogue([point("broken", value)])
    with pytest.raises(Misconfigured, match=message):
        broken.connector("broken")


def test_readers_of_other_connectors_work_though_one_is_broken() -> None:
    mixed = Catalogue([point("broken", "no_such_module_anywhere:X"), point("tool", "ToolConnector")])
    assert [(kind, type(reader)) for kind, reader in mixed.readers()] == [("tool", ToolReader)]


def test_what_a_connector_has_not_is_unsupported(catalogue: Catalogue) -> None:
    assert (catalogue.emulates("bare"), catalogue.publishes("bare")) == (False, False)
    with pytest.raises(Unsupported):
        catalogue.emulator("bare")


# ── connections ──


def test_a_connection_is_made_once_with_its_secret_in_place(tmp_path: Path, catalogue: Catalogue) -> None:
    with registry(tmp_path, REAL, catalogue, TOOL=TOKEN) as made:
        work = made.connection("work")
        assert made.connection("work") is work
        assert (work.name, work.options.token.reveal()) == ("work", TOKEN)


def test_a_secret_that_is_not_there_names_the_variable(tmp_path: Path, catalogue: Catalogue) -> None:
    with registry(tmp_path, REAL, catalogue) as made, pytest.raises(Misconfigured, match="TOOL"):
        made.connection("work")


def test_a_reference_that_the_connector_resolves_itself_stays_one(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    text = REAL.replace("token:", "later: 'file:x.txt', token:")
    with registry(tmp_path, text, catalogue, TOOL=TOKEN) as made:
        assert made.options("work").later == SecretRef.parse(f"file:{tmp_path / 'x.txt'}")


def test_a_secrets_file_lies_beside_the_configuration(tmp_path: Path, catalogue: Catalogue) -> None:
    (tmp_path / "token.txt").write_text(f"{TOKEN}\n", encoding="utf-8")
    with registry(tmp_path, REAL.replace("env:TOOL", "file:token.txt"), catalogue) as made:
        assert made.connection("work").options.token.reveal() == TOKEN


def test_resolved_secrets_are_kept_out_of_texts(tmp_path: Path, catalogue: Catalogue) -> None:
    with registry(tmp_path, REAL, catalogue, TOOL=TOKEN) as made:
        made.connection("work")
        assert made.scrubbed(f"refused: {TOKEN}!") == "refused: ***!"


def test_users_of_one_connection_share_its_limiter(tmp_path: Path, catalogue: Catalogue) -> None:
    with registry(tmp_path, REAL, catalogue, TOOL=TOKEN) as made:
        publisher = made.publisher(PublishTo("work", connection="work"))
        assert isinstance(publisher, ToolPublisher)
        assert publisher.tools.limiter is made.connection("work").tools.limiter


def test_every_connection_is_closed(tmp_path: Path, catalogue: Catalogue) -> None:
    before = ToolConnector.closed
    with registry(tmp_path, REAL, catalogue, TOOL=TOKEN) as made:
        asyncio.run(made.opened("work"))
        asyncio.run(made.close())
    assert ToolConnector.closed == before + 1


def test_a_folder_publishes_without_any_connection(tmp_path: Path, catalogue: Catalogue) -> None:
    with registry(tmp_path, REAL, catalogue) as made:
        publisher = made.publisher(PublishTo("site", folder=tmp_path / "site"))
        assert isinstance(publisher, FolderPublisher)
        page = StatusPage("net", "Net", (), digest="d" * 64, standalone="<p>x</p>")
        asyncio.run(publisher.publish([page]))
    assert (tmp_path / "site" / "net.html").is_file()


# ── emulators ──


def count(base: str, method: str = "POST") -> int:
    request = urllib.request.Request(f"{base}/count", method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(json.load(answer)["count"])


def test_an_emulator_runs_as_long_as_the_registry_and_keeps_its_state(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    with registry(tmp_path, EMULATED, catalogue) as made:
        base = made.connection("work").options.base_url
        assert count(base) == 1
    with pytest.raises(OSError, match=r"refused|reset"):
        count(base)
    with registry(tmp_path, EMULATED, catalogue) as made:
        assert count(made.connection("work").options.base_url) == 2


def test_an_emulator_is_not_started_before_it_is_needed(tmp_path: Path, catalogue: Catalogue) -> None:
    with registry(tmp_path, EMULATED, catalogue) as made:
        assert made.emulators.mine == {}
    assert not (tmp_path / "there").exists()


def test_two_connections_to_one_folder_share_an_emulator(tmp_path: Path, catalogue: Catalogue) -> None:
    text = EMULATED + EMULATED.replace("work", "again")
    with registry(tmp_path, text, catalogue) as made:
        assert made.connection("work").options.base_url == made.connection("again").options.base_url
        assert len(made.emulators.mine) == 1


def test_two_processes_share_one_emulator_and_its_state(tmp_path: Path, catalogue: Catalogue) -> None:
    with registry(tmp_path, EMULATED, catalogue) as first, registry(tmp_path, EMULATED, catalogue) as second:
        one, other = first.connection("work").options, second.connection("work").options
        assert (count(one.base_url), count(other.base_url)) == (1, 2)
        assert second.emulators.mine == {}


def test_the_lock_of_a_process_that_died_holds_nobody_up(tmp_path: Path, catalogue: Catalogue) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / ".tool.lock").touch()
    (tmp_path / "there" / ".tool.address").write_text("http://127.0.0.1:1", encoding="ascii")
    with registry(tmp_path, EMULATED, catalogue) as made:
        assert count(made.connection("work").options.base_url) == 1


def test_a_real_address_beside_an_emulator_is_never_called(tmp_path: Path, catalogue: Catalogue) -> None:
    text = REAL.replace("connector: tool", "connector: tool, emulator: there, horizon: 7")
    with registry(tmp_path, text, catalogue, TOOL=TOKEN) as made:
        options = made.connection("work").options
        assert options.base_url.startswith("http://127.0.0.1:")
        assert options.token.reveal() == "emulated"
        assert options.horizon == 7.0


def test_a_broken_state_says_which_file(tmp_path: Path, catalogue: Catalogue) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "tool.json").write_text("not json", encoding="utf-8")
    with registry(tmp_path, EMULATED, catalogue) as made, pytest.raises(Misconfigured, match=r"tool\.json"):
        made.connection("work")


def test_a_taken_port_is_told(tmp_path: Path, catalogue: Catalogue) -> None:
    with Emulators(catalogue, SystemClock()) as one, Emulators(catalogue, SystemClock()) as other:
        base = one.reach("tool", None)["base_url"]
        port = int(base.rpartition(":")[2])
        with pytest.raises(Unavailable, match=f"port {port}"):
            other.reach("tool", None, port=port)


def test_a_connector_without_emulator_ignores_the_word(tmp_path: Path, catalogue: Catalogue) -> None:
    with registry(tmp_path, "  work: {connector: bare, emulator: there}\n", catalogue) as made:
        assert isinstance(made.connection("work"), BareConnector)
        assert made.emulators.mine == {}


INSTALLED = [name for name in ("jira", "smartsheet", "m365") if name in Catalogue().names()]


@pytest.mark.parametrize("name", INSTALLED)
def test_an_installed_connector_reaches_its_emulator(name: str, tmp_path: Path) -> None:
    """The settings that an emulator gives are what its connector needs: it signs in."""
    installed = Catalogue()
    with registry(tmp_path, f"  it: {{connector: {name}, emulator: there}}\n", installed) as made:

        async def findings() -> list[Any]:
            connector = await made.opened("it")
            try:
                return list(await connector.check())
            finally:
                await made.close()

        assert [each for each in asyncio.run(findings()) if not each.ok] == []


# ── who holds leases ──


def test_no_two_holders_are_the_same() -> None:
    assert len({new_holder() for _ in range(20)}) == 20


def test_this_process_is_not_gone() -> None:
    assert not is_gone(new_holder())


@pytest.fixture
def dead() -> int:
    """The id of a process that has ended."""
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    return int(ended.stdout)


def test_a_process_that_ended_here_is_gone(dead: int) -> None:
    assert is_gone(new_holder().replace(f"pid {os.getpid()} ", f"pid {dead} "))


def test_of_another_machine_nothing_is_known(dead: int) -> None:
    other = new_holder().replace(f"pid {os.getpid()} ", f"pid {dead} ").replace(_machine(), "0" * 8)
    assert not is_gone(other)


@pytest.mark.parametrize("holder", ["", "daemon", "host pid x 1-2", "host pid 1"])
def test_a_holder_of_another_form_is_not_gone(holder: str) -> None:
    assert not is_gone(holder)
