"""A failing story made short: steps, and what happens within them, are left out while it still fails the same way.

In: a story, a question whether one fails. Out: a story of which no further part can be left out, or the best within a
number of tries (delta debugging: Zeller & Hildebrandt, Simplifying and isolating failure-inducing input).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from itpm_sync.simulator.story import Step, Story

T = TypeVar("T")
TRIES = 600


class _Enough(Exception):
    """The tries are used up."""


def law_of(broken: Sequence[str]) -> str:
    """What a story fails with: the law's number, or the kind of error."""
    return broken[0].split(":")[0] if broken else ""


def shrink(story: Story, fails: Callable[[Story], bool], *, tries: int = TRIES) -> Story:
    """The shortest story found that still fails."""
    search = _Search(story, fails, tries)
    still = search.still
    try:
        steps = _least(list(story.steps), still)
        for number in range(len(steps) - 1, -1, -1):
            kept = steps[number]
            if not kept.meanwhile:
                continue

            def with_only(inside: Sequence[Step], at: int = number) -> bool:
                return still([*steps[:at], replace(steps[at], meanwhile=tuple(inside)), *steps[at + 1 :]])

            inside = _least(list(kept.meanwhile), with_only)
            steps[number] = replace(kept, meanwhile=tuple(inside))
        _least(steps, still)
    except _Enough:
        pass
    return search.best


class _Search:
    """The best so far, and how many tries are left."""

    def __init__(self, story: Story, fails: Callable[[Story], bool], left: int) -> None:
        self.best, self.fails, self.left = story, fails, left

    def still(self, steps: Sequence[Step]) -> bool:
        """Whether a story of these steps fails too."""
        if not self.left:
            raise _Enough
        self.left -= 1
        made = replace(self.best, steps=tuple(steps))
        if not self.fails(made):
            return False
        self.best = made
        return True


def _least(parts: list[T], still: Callable[[Sequence[T]], bool]) -> list[T]:
    """As few of the parts as still fail, tried in halves, quarters, … one by one."""
    if parts and still([]):
        return []
    size = max(1, len(parts) // 2)
    while True:
        start, dropped = 0, False
        while start < len(parts):
            fewer = parts[:start] + parts[start + size :]
            if len(fewer) < len(parts) and still(fewer):
                parts, dropped = fewer, True
            else:
                start += size
        if size == 1:
            if not dropped:
                return parts
        else:
            size = max(1, size // 2)
