"""What nobody in the engine knows: who read what before writing, and what people did to records.

In: writes, deletions and other deeds as they happen. Out: which tokens an author knew, and what may be excused
because a person was faster than any tool could tell. Every title that a person types is a token of its own, so that a
lost update is *seen*.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

Spot = tuple[str, str]
"""(connection, native id)."""

MARK: Final = 6
"""So many characters begin every title and tell it from all others; no tool cuts a text shorter."""

KEPT: Final = "k"
"""The first letter of the titles of records that people leave alone, so that no container is ever emptied."""

TAILS: Final = ("", " Rack 4", " Übergabe", " =1+1", " \u202egnol", " 😀 <b>", " a\nb", " “quoted”")
"""How titles go on: what tools, files and pages trip over."""


def mark(title: object) -> str:
    """What tells a title from all others, also where a tool cut it; "" of none."""
    return str(title)[:MARK] if title is not None else ""


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
    """By mark: the marks its author had read."""
    typed: dict[str, str] = field(default_factory=dict)
    """By mark: the title as it was typed."""
    cut: set[str] = field(default_factory=set)
    """Marks of titles that a tool had cut when a person copied the record, or moved it so that it is a new one."""
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
    said_again: set[str] = field(default_factory=set)
    """Marks of titles that stood in records when a person restored them: they count as typed once more."""
    creations: list[tuple[str, str, str]] = field(default_factory=list)
    """(connection, native id, key) of every record the engine made."""
    excused: set[tuple[str, str]] = field(default_factory=set)
    """(connection, key): a person deleted or hid the record before the engine could find what it had made, or said that
    it is something else."""
    made: int = 0
    """Records that people made, copies among them."""
    copied: set[tuple[str, str]] = field(default_factory=set)
    """(connection, key) of records of which a person made a copy."""
    twins: list[tuple[Spot, Spot]] = field(default_factory=list)
    """Records that are the same thing, made in two tools at once; touched again, they are no longer looked at."""
    twice: set[str] = field(default_factory=set)
    """Marks of titles that were typed in two tools at once."""
    moved_unseen: set[Spot] = field(default_factory=set)
    """Records that a person put under another while they were hidden from us, or hid before any list of ours showed
    it, and that are hidden still."""
    taken: set[str] = field(default_factory=set)
    """Marks of records that a person put under another between our reading and its deletion, which took them along."""
    raced: set[str] = field(default_factory=set)
    """Marks of titles that a person typed between our last direct read and our write over them, in a tool that has
    neither conditional writes nor a history, or our deletion, where it has neither those nor a bin: nobody can know of
    them."""
    unheard: set[str] = field(default_factory=set)
    """Marks of titles that stood in a record while its container had lost the title: over what they were typed, nobody
    remembers."""
    broken: list[str] = field(default_factory=list)
    """Laws that a call of the engine broke, in words."""

    def write(self, *stood: object, first: str = "t", tail: str = "") -> str:
        """A new title, typed by somebody who read these."""
        self.count += 1
        token = f"{first}{self.count:0{MARK - 1}d}"
        self.over[token].update(mark(one) for one in stood if one is not None)
        self.typed[token] = token + tail
        return token + tail

    def known(self, tokens: set[str]) -> set[str]:
        """These marks and everything their authors had read."""
        found: set[str] = set()
        rest = set(tokens)
        while rest:
            one = rest.pop()
            found.add(one)
            rest |= self.over.get(one, set()) - found
        return found

    def answered(self, spot: Spot, item: str | None) -> None:
        """A person said which item a record is. What a lost call of ours made, they may take for a thing of its own
        (or another one): then that call made nothing, as far as anybody knows, and it is made anew.
        """
        for tool, native, key in self.creations:
            if (tool, native) == spot and key != item:
                self.excused.add((tool, key))
                self.made += item is None

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
