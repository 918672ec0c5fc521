"""What one run knows of one project before it decides: everything `reconcile` looks at.

In: nothing. Out: the words `World` and `ContainerView`. No clock: `now` is handed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from itpm_sync.bases import Conflict, ItemBase, Refusal, Replica
from itpm_sync.connector import Capabilities
from itpm_sync.lens import Lens
from itpm_sync.plan import Brake
from itpm_sync.policy import ContainerPolicy, ProjectPolicy
from itpm_sync.ties import Directory

Place = tuple[str, str]
"""(connection, container)."""


@dataclass(frozen=True, slots=True)
class ContainerView:
    """One container in this run: how it is read and written, and how well it was listed."""

    policy: ContainerPolicy
    capabilities: Capabilities
    lenses: Mapping[str, Lens]
    """By field or group name: what this container holds of an item."""
    lost: Mapping[str, Lens] = field(default_factory=dict)
    """Of fields that the container had once and does not have now, or not under the name that the mapping knows: they
    say nothing, and what stands there may have been edited (F34)."""
    horizon: timedelta = timedelta(0)
    listed: bool = True
    """Completely listed in this run."""
    suspended: str = ""
    """Why the container sits this run out ("" it does not): unreachable, braked."""
    paused: str = ""
    """The pause that holds it ("" none does): read and decided as ever, and not written."""
    by_hand: bool = False
    title: str = ""
    """What people call it; "" where the tool was never reached."""
    first: bool = False
    """No approved plan has covered it yet: what it holds and would be given is previewed first."""
    had: int = 0
    """Records it had when last listed completely."""
    has: int = 0
    """Records it was listed with in this run."""
    recognised: int | None = None
    """How many of those it had before; None where it was not read whole."""
    strange: str = ""
    """Why it is not the container it was; "" it is. Nothing of it was stored; it sits the run out until approved."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """What it takes at most (`connector.Room`, and texts by native name)."""

    @property
    def place(self) -> Place:
        return (self.policy.connection, self.policy.container)

    @property
    def name(self) -> str:
        """The container as messages call it."""
        return f"{self.title or self.policy.container} in {self.policy.connection}"

    @property
    def writable(self) -> bool:
        """Whether calls may change anything here in this run."""
        return not (self.suspended or self.by_hand or self.policy.read_only)


@dataclass(frozen=True, slots=True)
class World:
    """One project, one run."""

    project: str
    policy: ProjectPolicy
    containers: Mapping[Place, ContainerView]
    """In the configuration's order."""
    items: Mapping[str, ItemBase]
    replicas: Mapping[str, Replica]
    now: datetime
    zone: ZoneInfo
    conflicts: Mapping[str, Conflict] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()
    creating: frozenset[tuple[str, str]] = frozenset()
    """(item, connection) with an open creation intent: nothing more is created there."""
    pending: frozenset[str] = frozenset()
    """Replicas with an open update intent: left alone until it is recovered."""
    accepted_pairs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(connection, native id) -> item, as a person decided."""
    unsure: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """(connection, native id) of untied records that may be what a lost call made: the items a person is asked about;
    none: they wait until it can be told."""
    refused_pairs: frozenset[tuple[str, str, str]] = frozenset()
    """(connection, native id, item) a person said are not the same."""
    directory: Directory = Directory()
    first_sync: bool = False
    waived: frozenset[tuple[str, str, str]] = frozenset()
    """(brake kind, connection, container) that a person approved for this run."""
    other_ledger: str = ""
    """What the tools show that this ledger did not do; "" nothing. Then nothing is overwritten and nothing deleted."""
    elsewhere: frozenset[str] = frozenset()
    """Of the keys that records carry: those of items of other projects of this ledger."""
    pauses: tuple[Brake, ...] = ()
    """A person's pauses, to be shown with the plan."""
    focus: frozenset[str] | None = None
    """Items that may change in this run; the others are here as their surroundings, at rest. None: any may.

    Then whatever is asked of items that are not here raises `ties.Beyond`."""
    known: Mapping[Place, int] | None = None
    """Records in each container, where `replicas` are not all of them."""
    configuration_changed: str = ""
    """What of mapping, scope or owners changed since the last accepted base; "" nothing."""

    @property
    def doubted(self) -> bool:
        """Whether the bases are older than the tools: two edits are never settled by rule, no deletion is believed."""
        return bool(self.other_ledger) and not self.first_sync
