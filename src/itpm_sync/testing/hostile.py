"""The command line under attack: real connections with tokens of their own to emulators that can be made to misbehave.

In: an empty folder, what the tools hold. Out: `Attacked`: run commands as a user does, see all that they left behind
anywhere. Every credential slot holds a canary, so that a leak is found by looking for it.
"""

from __future__ import annotations

import base64
import html
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from itpm_sync.cli.running import code_of
from itpm_sync.emulation import Emulator
from itpm_sync.ports import SystemClock
from itpm_sync.registry import Catalogue, Emulators
from itpm_sync.testing.four_tools import JIRA, KINDS, PLANNER, PLANS, SHEETS, seeds

CANARIES: Mapping[str, str] = {
    JIRA: "jira-CANARY_4f/+a&9=~'q\"<7>",
    SHEETS: "sheets-CANARY.81c~2e",
    PLANNER: "eyJ0.planner-CANARY_77.b3",
    "ledger password": "pw-CANARY/@:5d ü",
    "ledger key": "key-CANARY-0123456789abcdef",
}
"""By slot: a text that must be found nowhere."""

_VARIABLES = {JIRA: "HOSTILE_JIRA", "ledger key": "HOSTILE_KEY", "ledger password": "HOSTILE_PASSWORD"}

_CONFIGURATION = """\
ledger_key: env:HOSTILE_KEY
{ledger}
connections:
  plans: {{connector: msproject, folder: tools/plans}}
  jira: {{connector: jira, base_url: "{jira}", email: "{mail}", token: env:HOSTILE_JIRA, horizon: 0, overlap: 2,
         sweep_every: 0, per_second: 100, timeout: {timeout}}}
  sheets: {{connector: smartsheet, base_url: "{sheets}", token: file:sheets.token, horizon: 0, per_minute: 10000,
           timeout: {timeout}}}
  planner: {{connector: m365, base_url: "{planner}/v1.0", credential: token, secret: file:planner.token, horizon: 0,
            per_second: 1000, timeout: {timeout}}}
projects:
  refresh:
    title: Network refresh
    zone: America/New_York
    containers:
      - {{connection: plans, container: refresh.xml, create: match-then-create}}
      - {{connection: jira, container: NET, create: create, takes: {{kinds: [task, milestone, summary]}}}}
      - {{connection: sheets, container: "1234567890123456", create: create}}
      - {{connection: planner, container: PlanOfTheNetworkRefresh00001, create: create, under: {{task: To do}},
         takes: {{kinds: [task]}}}}
    schedule_authorities: [plans]
    seed: [plans, jira, sheets, planner]
    limits: {{changes_percent: 100}}
    publish: [{{folder: pages}}]
"""


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(slots=True)
class Attacked:
    """A folder with a configuration, and the tools it reaches."""

    folder: Path
    tools: Mapping[str, Any]
    capsys: pytest.CaptureFixture[str]
    said: list[Said] = field(default_factory=list)

    def cli(self, *arguments: str) -> Said:
        """Run a command on the configuration."""
        self.capsys.readouterr()
        before, after = ([], list(arguments)) if arguments[:1] != ("-v",) else (["-v"], list(arguments[1:]))
        code = code_of([*before, "--config", str(self.folder / "itpm-sync.yaml"), *after])
        said = Said(code, *self.capsys.readouterr())
        self.said.append(said)
        return said

    def approved(self, *more: str) -> Said:
        """Plan, and carry out exactly that."""
        return self.cli("sync", *more, "--approve", self.cli("plan", "--json").json["run"])

    @property
    def log(self) -> str:
        return (self.folder / ".itpm-sync" / "itpm-sync.log").read_text(encoding="utf-8")

    def pages(self) -> dict[str, str]:
        """Every published page by its file's name."""
        return {one.name: one.read_text(encoding="utf-8") for one in (self.folder / "pages").rglob("*.html")}

    def left_behind(self) -> Iterator[tuple[str, bytes]]:
        """All that commands printed and stored: name and bytes. Secrets' own files and the emulators' state apart."""
        for number, said in enumerate(self.said):
            yield f"output {number}", said.all.encode("utf-8", "backslashreplace")
        for path in sorted(self.folder.rglob("*")):
            inside = path.relative_to(self.folder)
            if path.is_file() and path.suffix != ".token" and inside.parts[0] != "tools":
                yield inside.as_posix(), path.read_bytes()

    def leaks(self) -> list[str]:
        """Where a canary stands, in any of its usual disguises."""
        wanted = {form: slot for slot, secret in CANARIES.items() for form in disguises(secret)}
        return [
            f"{slot} in {name}"
            for name, data in self.left_behind()
            for form, slot in wanted.items()
            if form in data
        ]


def disguises(secret: str) -> set[bytes]:
    """A secret as it may stand in a text: plain, quoted for URLs, HTML, JSON and Python, in base 64 at any offset."""
    raw = secret.encode()
    texts = {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        html.escape(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
    }
    # base 64 of a longer text that holds the secret: what does not depend on its neighbours
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + raw).decode()
        texts.add(coded[[0, 2, 3][before] : -4])
    return {text.encode() for text in texts}


@contextmanager
def attacked(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    seeded: Mapping[str, Mapping[str, Any]] | None = None,
    timeout: float = 10.0,
    ledger: str = "",
    text: Callable[[str], str] = lambda text: text,
) -> Iterator[Attacked]:
    """Four tools with a canary for a token each. Waits are not waited for."""
    slept = [0.0]

    async def at_once(_self: object, seconds: float) -> None:
        slept[0] += max(0.0, seconds)

    monkeypatch.setattr(SystemClock, "sleep", at_once)
    monkeypatch.setattr(SystemClock, "monotonic", lambda _self: time.monotonic() + slept[0])
    for slot, variable in _VARIABLES.items():
        monkeypatch.setenv(variable, CANARIES[slot])
    given = {tool: dict(seed) for tool, seed in (seeded or seeds()).items()}
    given[JIRA]["token"] = CANARIES[JIRA]
    with ExitStack() as stack:
        emulators = stack.enter_context(Emulators(Catalogue(), SystemClock()))
        tools: dict[str, Emulator] = {}
        bases: dict[str, Any] = {}
        for tool, kind in KINDS.items():
            place = folder / "tools" / tool
            bases[tool] = emulators.reach(kind, place).get("base_url")
            tools[tool] = emulators.mine[kind, place.absolute()]
            tools[tool].seed(given[tool])
        owner = tools[SHEETS].owner  # type: ignore[attr-defined]
        tools[SHEETS].seed({"tokens": {CANARIES[SHEETS]: owner}})
        tools[PLANNER].state["token"] = CANARIES[PLANNER]
        for tool in (SHEETS, PLANNER):
            (folder / f"{tool}.token").write_text(f"{CANARIES[tool]}\r\n", encoding="utf-8")
        config = _CONFIGURATION.format(
            jira=bases[JIRA],
            sheets=bases[SHEETS],
            planner=str(bases[PLANNER]).removesuffix("/v1.0"),
            mail=tools[JIRA].credentials[0],  # type: ignore[attr-defined]
            timeout=timeout,
            ledger=ledger,
        )
        (folder / "itpm-sync.yaml").write_text(text(config), encoding="utf-8")
        yield Attacked(folder, tools, capsys)


__all__ = ["CANARIES", "PLANS", "Attacked", "Said", "attacked", "disguises"]
