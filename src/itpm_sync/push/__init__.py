"""A plan carried out: creations by depth, then links and parents, then the rest, then deletions deepest first.

In: the desk and the plan's actions. Out: what became of each, in `desk.carried`; everything durable is in the ledger.
Every call has an intent committed before it. Nothing here decides: a record that moved on is left for the next run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from itpm_sync.connector import Operation
from itpm_sync.errors import ItpmError, Paused, Unavailable
from itpm_sync.plan import Action
from itpm_sync.push.calls import create, delete, update
from itpm_sync.push.desk import Carried, Desk, Place, Site

__all__ = ["Carried", "Desk", "Place", "Site", "push"]

_LINKS = ("parent", "dependencies")
_SCHEDULE = "schedule"


async def push(desk: Desk, actions: Sequence[Action]) -> None:
    """Carry out the actions, connection by connection. One that fails leaves the others alone."""
    by_connection: dict[str, list[Action]] = defaultdict(list)
    for action in actions:
        by_connection[action.connection].append(action)
    for connection, mine in by_connection.items():
        try:
            await _push_connection(desk, mine)
        except ItpmError as error:
            if isinstance(error, Unavailable):
                desk.suspended[connection, ""] = error
            done = {carried.action.identity for carried in desk.carried}
            for action in mine:
                if action.identity not in done:
                    desk.note(action, _unwritten(error), error.message)
            desk.progress(f"{connection}: {error}")


def _unwritten(error: ItpmError) -> str:
    """What is said of an action that the error of another kept from being tried."""
    if isinstance(error, Paused):
        return "held"
    return "waits" if isinstance(error, Unavailable) else "failed"


async def _push_connection(desk: Desk, actions: Sequence[Action]) -> None:
    creations = [action for action in actions if action.operation is Operation.CREATE]
    for _, level in _by_depth(creations):
        for place, batch in _by_place(level):
            await create(desk, place, batch)
    updates = [action for action in actions if action.operation is Operation.UPDATE]
    first, second = _passes([*_links_of(creations), *updates])
    for wave in (first, second):
        for place, batch in _by_place(wave):
            await update(desk, place, batch)
    deletions = [action for action in actions if action.operation is Operation.DELETE]
    for _, level in reversed(_by_depth(deletions)):
        for place, batch in _by_place(level):
            await delete(desk, place, batch)


def _links_of(creations: Iterable[Action]) -> list[Action]:
    """Dependencies of what was just created: written when both ends exist."""
    return [
        replace(action, operation=Operation.UPDATE, writes=links)
        for action in creations
        if (links := tuple(write for write in action.writes if write.name == "dependencies"))
    ]


def _passes(updates: Iterable[Action]) -> tuple[list[Action], list[Action]]:
    """Links and parents first, then, from a fresh read, dates: a new link may make the tool compute them."""
    first, second = [], []
    for action in updates:
        names = {write.name for write in action.writes}
        if _SCHEDULE in names and names.intersection(_LINKS):
            dates = tuple(write for write in action.writes if write.name == _SCHEDULE)
            rest = tuple(write for write in action.writes if write.name != _SCHEDULE)
            first.append(replace(action, writes=rest))
            second.append(replace(action, writes=dates))
        else:
            first.append(action)
    return first, second


def _by_depth(actions: Iterable[Action]) -> list[tuple[int, list[Action]]]:
    levels: dict[int, list[Action]] = defaultdict(list)
    for action in actions:
        levels[action.depth].append(action)
    return sorted(levels.items())


def _by_place(actions: Iterable[Action]) -> list[tuple[Place, list[Action]]]:
    places: dict[Place, list[Action]] = defaultdict(list)
    for action in actions:
        places[action.connection, action.container].append(action)
    return list(places.items())
