"""The whole project, in the order of the plan, then what only other tools tell of.

In: nothing. Out: pieces; titles are unique. A summary spans what is under it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

from itpm_sync.demo.tale.around_sites import phase_after, phase_before
from itpm_sync.demo.tale.at_sites import at_sites
from itpm_sync.demo.tale.pieces import Piece, Tool
from itpm_sync.demo.tale.registers import only_jira, only_planner, only_sites, only_vendors
from itpm_sync.model import Kind


def whole() -> tuple[Piece, ...]:
    """Every piece."""
    planned = chain(phase_before(), at_sites(), phase_after())
    every = [*chain(planned, only_jira(), only_vendors(), only_sites(), only_planner())]
    return tuple(_spanned(piece, every) if piece.kind is Kind.SUMMARY else piece for piece in every)


def _spanned(summary: Piece, every: Iterable[Piece]) -> Piece:
    below = [each for each in every if each.parent == summary.title and Tool.PLAN in each.tools]
    starts = [each.start for each in below if each.start is not None]
    ends = [each.finish for each in below if each.finish is not None]
    done = all(each.done for each in below)
    percent = 100 if done else 50 if any(each.begun for each in below) else 0
    return replace(summary, start=min(starts), finish=max(ends), percent=percent)
