"""What a tale is made of: tools, deeds of people, the run that is killed. Plain data, so that it can be cut short.

In: nothing. Out: words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from itpm_sync.connector import Capabilities
from itpm_sync.policy import Creation, Deletion, FieldPolicy, Rule


class Verb(StrEnum):
    """What somebody does. A deed that is not possible (the record is gone) is not done."""

    CREATE = "create"
    """value: (number of the container, thing it lies under or None, site)."""
    TWIN = "twin"
    """The same thing made in two tools; value: the other tool."""
    TITLE = "title"
    PRIORITY = "priority"
    LABELS = "labels"
    SITE = "site"
    PARENT = "parent"
    """value: the thing to lie under, or None."""
    MOVE = "move"
    COPY = "copy"
    HIDE = "hide"
    """Hidden if it was shown, shown if it was hidden."""
    DELETE = "delete"
    RESTORE = "restore"
    OFFER = "offer"
    """The owner of a tool that takes changes by hand types what was offered."""
    COMPUTE = "compute"
    DOWN = "down"
    """A container does not answer any more (or does again)."""
    LAG = "lag"
    """Lists and searches of a container answer from now for most of a horizon."""
    REFUSE = "refuse"
    """The tool takes a field no more; value: its name."""
    ANSWER = "answer"
    """Somebody settles the first conflict; value: the side's number."""
    PAIR = "pair"
    """Somebody says whether the first proposal is one thing; value: whether it is."""
    POLICY = "policy"
    """The configuration changes; value: a name in `Tale.policies`."""
    SYNC = "sync"
    WAIT = "wait"
    """value: seconds."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One deed: in which tool, on which thing (numbered as they are made)."""

    verb: Verb
    tool: str = ""
    thing: int = 0
    value: Any = None

    def __str__(self) -> str:
        return f"Deed(Verb.{self.verb.name}, {self.tool!r}, {self.thing}, {self.value!r})"


@dataclass(frozen=True, slots=True)
class ToolOf:
    """One connection of a tale."""

    name: str
    able: Capabilities
    containers: tuple[str, ...] = ("main",)
    creation: Creation = Creation.CREATE
    scoped: bool = False
    """Each container takes one site only."""
    read_only: bool = False
    cascades: bool = False
    coarse: bool = False
    """It holds a priority of 0, 50 or 100, and labels of two letters only."""


class Ends(StrEnum):
    """What the process is doing when it is killed."""

    SYNC = "sync"
    APPROVE = "plan and sync --approve"
    ANSWER = "conflicts resolve and sync"


HOLD = FieldPolicy(Rule.HOLD)


@dataclass(frozen=True, slots=True)
class Tale:
    """A short story with a run at its end that is killed."""

    name: str
    tools: tuple[ToolOf, ...]
    before: tuple[Deed, ...] = ()
    """What is told before the run; a first sync and rest stand between the two unless `first`."""
    deeds: tuple[Deed, ...] = ()
    ends: Ends = Ends.SYNC
    first: bool = False
    """The run is the project's first."""
    during: tuple[tuple[int, Deed], ...] = ()
    """What people do at a call of the killed run, counted from 1."""
    after: tuple[Deed, ...] = ()
    """What people do between a death and the next start."""
    wait: float = 0.0
    """Seconds between a death and the next start."""
    title: FieldPolicy = HOLD
    parent: FieldPolicy = HOLD
    deletion: Deletion = Deletion.PROPAGATE
    authorities: tuple[str, ...] = ()

    def told(self) -> str:
        """The tale as it can be written into a test."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name in ("before", "deeds", "after"):
                yield f"{each.name}: {', '.join(map(str, value))}"
            elif each.name == "during":
                yield f"during: {', '.join(f'{call}: {deed}' for call, deed in value)}"
            elif each.name == "tools":
                yield from (f"tool: {tool}" for tool in value)
            else:
                yield f"{each.name}: {value}"
