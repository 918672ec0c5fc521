"""What can go wrong with a tool, its connection or the ledger's database: the engine's faults of the catalogue.

In: the place in a run, the tool. Out: what a call fails with, or a tool that is no longer what it was. Each fault has
its F-number; one number may have several forms.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import DBAPIError, OperationalError

from itpm_sync.errors import (
    Denied,
    NotTheVendor,
    Refused,
    Retry,
    Stale,
    Unavailable,
    UnknownOutcome,
)
from itpm_sync.simulator.connector import Bare, Silent
from itpm_sync.simulator.tools import Losing, SimTool

APPLY: Final = ("apply create", "apply update", "apply delete")
READS: Final = ("describe", "pull", "read", "find", "history")
_BEFORE_WRITE = tuple(f"{call} before" for call in APPLY)
_AFTER_WRITE = tuple(f"{call} after" for call in APPLY)
_BEFORE_READ = tuple(f"{call} before" for call in READS)
_AFTER_READ = tuple(f"{call} after" for call in READS)

Strike = Callable[[SimTool, random.Random], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One form of a fault, and the places where it can strike."""

    name: str
    at: tuple[str, ...]
    strike: Strike

    @property
    def number(self) -> str:
        """F01 to F84."""
        return self.name[:3]


def _raising(make: Callable[[SimTool], Exception]) -> Strike:
    def strike(tool: SimTool, _chance: random.Random) -> None:
        raise make(tool)

    return strike


def _down(tool: SimTool, _chance: random.Random) -> None:
    tool.down.update(tool.containers)
    raise Unavailable(f"{tool.name} does not answer.")


def _lag(tool: SimTool, chance: random.Random) -> None:
    if tool.capabilities.ordered:
        for container in sorted(tool.containers):
            tool.lag(container, chance.choice((30, 300, 540)))


def _twist(name: str) -> Strike:
    def strike(tool: SimTool, _chance: random.Random) -> None:
        tool.twist = name

    return strike


def _partly(tool: SimTool, chance: random.Random) -> None:
    tool.refuses = {chance.choice(("title", "priority", "labels", "site")): "The tool does not take it."}


def _stale(tool: SimTool, _chance: random.Random) -> None:
    if tool.capabilities.ordered and (tool.capabilities.conditional or tool.capabilities.history):
        tool.twist = "F23"


def _lose(tool: SimTool, chance: random.Random) -> None:
    """One of the fields that nothing hangs on is taken out, or called otherwise."""
    field = chance.choice(("title", "priority", "labels", "site"))
    tool.losing = Losing(field, renamed=chance.random() < 0.4)


def _database(code: int, name: str, says: str) -> Strike:
    def strike(_tool: SimTool, _chance: random.Random) -> None:
        error = sqlite3.OperationalError(says)
        error.sqlite_errorcode, error.sqlite_errorname = code, name
        raise OperationalError("COMMIT", None, error)

    return strike


def _lost_commit(_tool: SimTool, _chance: random.Random) -> None:
    lost = sqlite3.OperationalError("the connection was lost")
    raise DBAPIError("COMMIT", None, lost, connection_invalidated=True)


def _another(tool: SimTool, chance: random.Random) -> None:
    """Under the container's name lies another now: a copy of a sheet, a template."""
    container = chance.choice(sorted(tool.containers))
    tool.containers[container], tool.changed = f"not {container}", True


def _faults(*faults: Fault) -> dict[str, Fault]:
    return {fault.name: fault for fault in faults}


FAULTS: Final = _faults(
    Fault(
        "F01 time-out, nothing done",
        _BEFORE_WRITE,
        _raising(lambda t: UnknownOutcome(f"{t.name}: time-out.")),
    ),
    Fault("F02 time-out, done", _AFTER_WRITE, _raising(lambda t: UnknownOutcome(f"{t.name}: time-out."))),
    Fault(
        "F03 answer cut",
        ("pull page", "read after", "history after", "find after"),
        _raising(lambda t: NotTheVendor(f"{t.name}: cut JSON.")),
    ),
    Fault(
        "F03 answer without the record",
        ("apply update after",),
        _raising(lambda t: Bare(f"{t.name} said nothing of the record.")),
    ),
    Fault(
        "F04 429 with Retry-After",
        (*_BEFORE_READ, *_BEFORE_WRITE),
        _raising(lambda t: Retry(f"{t.name}: 429.", after=30)),
    ),
    Fault(
        "F05 429 without Retry-After",
        (*_BEFORE_READ, *_BEFORE_WRITE),
        _raising(lambda t: Retry(f"{t.name}: 429.")),
    ),
    Fault(
        "F06 absurd Retry-After",
        (*_BEFORE_READ, *_BEFORE_WRITE),
        _raising(lambda t: Unavailable(f"{t.name} asks us to wait for years.")),
    ),
    Fault("F07 5xx burst", (*_BEFORE_READ, *_BEFORE_WRITE), _down),
    Fault(
        "F07 5xx to a write",
        (*_BEFORE_WRITE, *_AFTER_WRITE),
        _raising(lambda t: UnknownOutcome(f"{t.name}: 502.")),
    ),
    Fault(
        "F10 changed meanwhile",
        ("apply update before", "apply delete before"),
        _raising(lambda t: Stale(f"{t.name}: 412.")),
    ),
    Fault(
        "F11 one of a batch left out of the answer",
        (*_BEFORE_WRITE, *_AFTER_WRITE),
        _raising(lambda t: Silent(f"{t.name} said nothing.")),
    ),
    Fault("F11 a field refused", ("describe before",), _partly),
    Fault(
        "F14 login page instead of an answer",
        (*_BEFORE_READ, *_BEFORE_WRITE),
        _raising(lambda t: NotTheVendor(f"{t.name}: HTML.")),
    ),
    Fault(
        "F16 answer too large",
        ("pull page", "pull after", "read after"),
        _raising(lambda t: NotTheVendor(f"{t.name}: more than 64 MB.")),
    ),
    Fault("F17 page shift", ("pull before",), _twist("F17")),
    Fault("F18 lists lag", ("pull before", "apply create after", "apply update after"), _lag),
    Fault("F20 cursor lost", ("pull before",), _twist("F20")),
    Fault("F21 changes told twice", ("pull before",), _twist("F21")),
    Fault("F23 an older record is read", ("read before",), _stale),
    Fault(
        "F31 403 for the container",
        ("describe before", "pull before", "read before"),
        _raising(lambda t: Denied(f"{t.name}: 403.")),
    ),
    Fault(
        "F38 refused for good",
        ("apply create before", "apply update before"),
        _raising(lambda t: Refused(f"{t.name} wants a field.")),
    ),
    Fault("F34 a field is taken out or renamed", ("describe before",), _lose),
    Fault("F61 disk full", ("commit before",), _database(13, "SQLITE_FULL", "database or disk is full")),
    Fault("F62 database busy", ("commit before",), _database(5, "SQLITE_BUSY", "database is locked")),
    Fault("F42 another container under the name", ("describe before",), _another),
    Fault("F64 connection lost during COMMIT", ("commit before", "commit after"), _lost_commit),
    Fault("F84 an empty list", ("pull before",), _twist("F84")),
)
