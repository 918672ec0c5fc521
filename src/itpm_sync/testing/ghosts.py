"""What nobody in the engine knows: who read what before writing, and what people did to records.

In: writes, deletions and other deeds as they happen. Out: which tokens an author knew, and what may be excused
because a person was faster than any tool could tell. Used by random histories only.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

Spot = tuple[str, str]
"""(connection, native id)."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """One record that a person deleted."""

    spot: Spot
    item: str | None
    """The item it was tied to as far as the ledger knew, or whose key it carried."""
    token: str
    moment: int


@dataclass(slots=True)
class Ghosts:
    """The deeds of people and tools in the order they happened; a moment is the count of deeds and calls so far."""

    over: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By token: the tokens its author had read."""
    count: int = 0
    moment: int = 0
    run_began: int = 0
    touched: dict[Spot, int] = field(default_factory=dict)
    """When a person last did anything to a record."""
    shaped: dict[str, int] = field(default_factory=dict)
    """By connection: when a person last moved, deleted or re-parented anything there."""
    read: dict[str, int] = field(default_factory=dict)
    """By connection: when the engine last began a direct read."""
    deletions: list[Deletion] = field(default_factory=list)
    restored: dict[Spot, int] = field(default_factory=dict)
    creations: list[tuple[str, str, str]] = field(default_factory=list)
    """(connection, native id, key) of every record the engine made."""
    excused: set[tuple[str, str]] = field(default_factory=set)
    """(connection, key): a person deleted or hid the record before the engine could find what it had made."""
    made: int = 0
    """Records that people made, copies among them."""
    copied: set[tuple[str, str]] = field(default_factory=set)
    """(connection, key) of records of which a person made a copy."""
    twins: list[tuple[Spot, Spot]] = field(default_factory=list)
    """Records that are the same thing, made in two tools at once; touched again, they are no longer looked at."""
    taken: set[str] = field(default_factory=set)
    """Titles of records that a person put under another between our reading and its deletion, which took them along."""
    broken: list[str] = field(default_factory=list)
    """Laws that a call of the engine broke, in words."""

    def write(self, *stood: object) -> str:
        """A new token, written by somebody who read these."""
        self.count += 1
        token = f"t{self.count}"
        self.over[token].update(str(one) for one in stood)
        return token

    def known(self, tokens: set[str]) -> set[str]:
        """These tokens and everything their authors had read."""
        found: set[str] = set()
        rest = set(tokens)
        while rest:
            one = rest.pop()
            found.add(one)
            rest |= self.over.get(one, set()) - found
        return found

    def told_apart(self, spot: Spot) -> None:
        """A person said that this record is not the same thing as another."""
        self.twins = [pair for pair in self.twins if spot not in pair]

    def tick(self) -> int:
        self.moment += 1
        return self.moment

    def touch(self, spot: Spot, *, shape: bool = False) -> None:
        """A person did something to a record."""
        self.touched[spot] = self.tick()
        if shape:
            self.shaped[spot[0]] = self.moment

    def fresh(self, spot: Spot) -> bool:
        """Whether a person touched the record after the run under way began."""
        return self.touched.get(spot, 0) > self.run_began

    def unread(self, spot: Spot) -> bool:
        """Whether a person touched the record after the engine last read directly there."""
        return self.touched.get(spot, 0) > self.read.get(spot[0], 0)
