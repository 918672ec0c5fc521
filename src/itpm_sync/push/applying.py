"""One batch of changes handed to a connector: an outcome for each, whatever comes back.

In: the desk, the changes with their intents. Out: outcomes by intent. A batch that is refused as a whole is halved
until the change that is to blame stands alone (F11): it is refused, the others are carried out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from itpm_sync.connector import Change, Outcome, Status
from itpm_sync.errors import ItpmError, Refused, Unavailable, UnknownOutcome
from itpm_sync.push.desk import Desk, Place, Site

MOST_CALLS: Final = 64
"""Calls that one batch may be cut into. Where everything in it is refused, the rest waits for a later run."""


async def apply(desk: Desk, site: Site, place: Place, changes: Sequence[Change]) -> dict[str, Outcome]:
    """Outcomes by intent; a change the connector says nothing of has an unknown one.

    Where the container is to be left alone for the rest of the run, `desk.suspended` says why.
    """
    found: dict[str, Outcome] = {}
    parts: list[Sequence[Change]] = [changes]
    calls = 0
    while parts:
        part = parts.pop()
        calls += 1
        error = await _once(desk, site, place, part, found, first=calls == 1)
        if error is None:
            continue
        if len(part) == 1:
            found[part[0].intent] = Outcome(part[0].intent, Status.REFUSED, error=error)
        elif calls + len(parts) + 2 > MOST_CALLS:
            found |= _all(part, Status.RETRY, error)
        else:
            half = len(part) // 2
            parts += [part[half:], part[:half]]
    return found


async def _once(
    desk: Desk,
    site: Site,
    place: Place,
    part: Sequence[Change],
    found: dict[str, Outcome],
    *,
    first: bool,
) -> Refused | None:
    """One call; its outcomes go into `found`. Returns the refusal of the whole, if it was one."""
    try:
        if not first:
            desk.go_on(place[0])
        outcomes = await site.connector.apply(place[1], part)
    except Refused as error:  # raised only before the first effect: nothing of it was done
        return error
    except UnknownOutcome as error:
        found |= _all(part, Status.UNKNOWN, error)
        return None
    except Unavailable as error:
        desk.suspended[place] = error
        found |= _all(part, Status.RETRY, error)
        return None
    except ItpmError as error:  # raised only before the first effect
        found |= _all(part, Status.RETRY, error)
        return None
    silent = UnknownOutcome(f"{place[0]} said nothing of this change.")
    found |= _all(part, Status.UNKNOWN, silent)
    found |= {outcome.intent: outcome for outcome in outcomes}
    return None


def _all(part: Sequence[Change], status: Status, error: ItpmError) -> dict[str, Outcome]:
    return {change.intent: Outcome(change.intent, status, error=error) for change in part}
