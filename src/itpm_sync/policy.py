"""What the project's configuration says about deciding: who owns a field, which items live where, when to stop.

In: nothing. Out: plain words that `settings` fills and `reconcile` obeys. Defaults are those of the design.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from itpm_sync.model import Kind, spec_of

SKIP_LABEL = "itpm-skip"


class Rule(StrEnum):
    """How two edits of one field that did not know of each other are settled."""

    HOLD = "hold"
    MERGE = "merge"
    NEWEST = "newest"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class FieldPolicy:
    """One policy a field or group. `owners` are connections: the first that holds the item has the last word."""

    rule: Rule
    owners: tuple[str, ...] = ()
    leave: bool = False
    """Under owner: a differing reading elsewhere is left alone there instead of being put back."""


_MERGED, _HELD = FieldPolicy(Rule.MERGE), FieldPolicy(Rule.HOLD)


class Creation(StrEnum):
    """What a container does with an item it takes and does not hold.

    match-only creates nothing there; match-then-create waits a horizon, so that the same thing made in two tools at
    once is seen as one; create does not wait.
    """

    MATCH_ONLY = "match-only"
    MATCH_THEN_CREATE = "match-then-create"
    CREATE = "create"


class Deletion(StrEnum):
    """What a believed deletion does to the other records of the item."""

    MARK = "mark"
    PROPAGATE = "propagate"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which items a container takes: of these kinds (empty: all), and where fields say one of these words."""

    kinds: frozenset[Kind] = frozenset()
    where: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContainerPolicy:
    """One container as the project's configuration lists it; the order of listing matters within a connection."""

    connection: str
    container: str
    scope: Scope = Scope()
    creation: Creation = Creation.MATCH_ONLY
    under: Mapping[Kind, str] = field(default_factory=dict)
    """Per kind: the parent record, bucket or issue type new records are created under."""
    room: Mapping[str, int] = field(default_factory=dict)
    """What the container takes at most, where the configuration says it: over `ContainerInfo.limits`."""
    read_only: bool = False
    why_read_only: str = ""
    """In the configuration's words, for messages."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The brakes. Percentages count from `floor` items of a container on."""

    floor: int = 5
    deletions: int = 20
    deletions_share: float = 0.10
    changes_share: float = 0.30
    growth: float = 10.0
    """A container that lists more than so many times what it had is not believed."""
    notices: int = 100
    """The most people a run may assign in one container whose tool tells them of it."""


@dataclass(frozen=True, slots=True)
class ProjectPolicy:
    """Everything `reconcile` asks the configuration of one project."""

    containers: tuple[ContainerPolicy, ...]
    fields: Mapping[str, FieldPolicy] = field(default_factory=dict)
    authorities: tuple[str, ...] = ()
    """Connections whose computed schedule owns the field, first that holds the item."""
    seed: tuple[str, ...] = ()
    """At a first tie, whose value stays where none covers the other."""
    deletion: Deletion = Deletion.MARK
    skip_label: str = SKIP_LABEL
    """Items with a record that carries it, in any tool, are left alone."""
    limits: Limits = Limits()
    newest_margin: timedelta = timedelta(minutes=15)

    def of_field(self, name: str) -> FieldPolicy:
        """The policy of a field or group: as configured, else merge for sets and texts, else hold."""
        return self.fields.get(name) or (_MERGED if spec_of(name).merges else _HELD)
