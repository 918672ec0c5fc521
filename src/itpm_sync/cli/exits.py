"""Exit codes, in one place: what each means, which is the most serious, which error ends in which.

In: errors, reports of runs. Out: one code. Scripts rely on these numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING

from itpm_sync.errors import Busy, ItpmError, Misconfigured, Stopped

if TYPE_CHECKING:
    from itpm_sync.cycle import RunReport


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    """Configuration, mapping or usage is wrong."""
    STOPPED = 3
    """A brake holds the run, which waits for approval."""
    CONFLICTS = 4
    """Done, with open conflicts."""
    LEFT_OUT = 5
    """Done, but items or containers were left out."""
    BUSY = 6
    """Another run holds the project."""
    CHANGES = 10
    """Only `plan --exit-code`: there are changes."""


SERIOUS = (
    Exit.USAGE,
    Exit.STOPPED,
    Exit.FAILED,
    Exit.BUSY,
    Exit.LEFT_OUT,
    Exit.CONFLICTS,
    Exit.CHANGES,
    Exit.DONE,
)
"""The most serious first."""


def worst(codes: Iterable[Exit]) -> Exit:
    """The most serious of them; DONE of none."""
    return min(codes, key=SERIOUS.index, default=Exit.DONE)


def of_error(error: ItpmError) -> Exit:
    """The code of a command that an error ended."""
    if isinstance(error, Misconfigured):
        return Exit.USAGE
    if isinstance(error, Stopped):
        return Exit.STOPPED
    return Exit.BUSY if isinstance(error, Busy) else Exit.FAILED


def of_report(report: RunReport, *, changes: bool = False) -> Exit:
    """The code of one project's run. `changes`: whether mere changes have a code of their own (`plan --exit-code`)."""
    from itpm_sync.plan import Grade

    codes = [Exit.DONE]
    if report.stopped or report.plan.brakes:
        codes.append(Exit.STOPPED)
    if report.failed:
        codes.append(Exit.FAILED)
    if any(warning.grade is Grade.LEFT_OUT for warning in report.warnings):
        codes.append(Exit.LEFT_OUT)
    if report.plan.conflicts:
        codes.append(Exit.CONFLICTS)
    if changes and report.plan.actions:
        codes.append(Exit.CHANGES)
    return worst(codes)
