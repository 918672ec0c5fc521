"""What people and systems stop in a run: pauses, and connections that are left alone for the rest of it.

In: the pauses that the ledger holds, the desk after writing. Out: words for the plan, its containers and the report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from itpm_sync.ledger import Ledger, Pause
from itpm_sync.ledger.pauses import holding
from itpm_sync.plan import Brake, BrakeKind, Grade, Warning
from itpm_sync.policy import ProjectPolicy
from itpm_sync.push import Desk


def held(pauses: Sequence[Pause], connection: str) -> str:
    """What holds a connection's containers; "" nothing does."""
    found = holding(pauses, connection)
    return found.says if found is not None else ""


def brakes(pauses: Sequence[Pause], policy: ProjectPolicy) -> tuple[Brake, ...]:
    """The pauses that hold anything of a project, as its plan shows them."""
    used = {each.connection for each in policy.containers}
    return tuple(
        Brake(BrakeKind.PAUSED, f"{one.says}.", one.mend, one.connection or "")
        for one in pauses
        if one.connection is None or one.connection in used
    )


def meanwhile(ledger: Ledger, desk: Desk, policy: ProjectPolicy, shown: Sequence[Brake]) -> tuple[Brake, ...]:
    """Pauses that came while the run was writing, where they held anything back."""
    if not any(one.outcome == HELD for one in desk.carried):
        return ()
    found = brakes(ledger.pauses(desk.lease.project), policy)
    return tuple(brake for brake in found if brake not in shown)


HELD = "held"
"""The outcome of an action that a pause kept from being written."""


def suspended(desk: Desk) -> list[Warning]:
    """Containers and connections that were left alone for the rest of the run: what was planned there waits."""
    found = []
    for (connection, container), error in desk.suspended.items():
        where = f"{container} in {connection}" if container else connection
        says = f"{where} was left alone for the rest of this run: {error.message}"
        found.append(Warning(Grade.LEFT_OUT, says, connection, container, mend=error.mend))
    return found


def told(pauses: Sequence[Pause]) -> list[Mapping[str, Any]]:
    """Who paused what, when and why, for the run's summary."""
    return [
        {
            "project": one.project,
            "connection": one.connection,
            "by": one.actor,
            "since": one.since.isoformat(),
            "why": one.reason,
        }
        for one in pauses
    ]
