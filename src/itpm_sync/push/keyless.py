"""Creations of unknown outcome where records carry no key of ours: whether a record was made, and which it is.

In: the desk, open creations of one connection. Out: those that stay open; on the desk the untied records that may be
what was made: they wait, or a person is asked. Nothing is guessed: past the horizon, with every container listed, one
record that reads as all that was sent (as it was made, where the tool keeps a history) is ours; none, and none that
has its title: nothing was made; anything else is a question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from itpm_sync.bases import Intent, Replica, Tie
from itpm_sync.errors import ItpmError
from itpm_sync.ledger import Settlement
from itpm_sync.push.after import Written, form
from itpm_sync.push.desk import Desk, Site
from itpm_sync.push.in_vain import came_to_nothing
from itpm_sync.push.outcomes import settlement
from itpm_sync.push.traces import applied, called, elapsed, sent_by

_TITLE, _PARENT = "title", "parent"


async def keyless(desk: Desk, intents: Sequence[Intent]) -> list[Intent]:
    """Settle what can be settled. Raises what the tool's history raises."""
    connection = intents[0].connection
    tied = {
        one.item for one in desk.replicas.values() if one.connection == connection and one.item is not None
    }
    desk.settle([Settlement(one.id, "found", reason="tied meanwhile") for one in intents if one.item in tied])
    rest = [one for one in intents if one.item not in tied]
    strangers = [
        one
        for one in desk.replicas.values()
        if one.connection == connection
        and one.tie is Tie.UNTIED
        and one.reading is not None
        and (connection, one.container) in desk.sites
    ]
    if not rest:
        return []
    waiting: dict[tuple[str, str], tuple[str, ...]] = {(connection, one.native_id): () for one in strangers}
    desk.unsure |= waiting
    site = desk.sites[connection, rest[0].container]
    if not site.listed or any(elapsed(desk, one) < site.connector.horizon for one in rest):
        return rest
    made = await _as_made(desk, rest, strangers)
    for spot in waiting:
        del desk.unsure[spot]
    left, absent = _settled(desk, rest, strangers, made)
    try:
        return [*left, *await _not_made(desk, absent)]
    except ItpmError as error:
        desk.progress(f"{connection}: it cannot be told yet what was not made there. {error}")
        return [*left, *absent]


async def _as_made(
    desk: Desk, intents: Sequence[Intent], strangers: Sequence[Replica]
) -> Mapping[str, Mapping[str, Any]]:
    """By native id: the values as they were before anybody edited them, as far as the tool's history goes."""
    found = {one.native_id: dict(one.reading.values) for one in strangers if one.reading is not None}
    since = min((called(one) for one in intents), default=None)
    for container in dict.fromkeys(one.container for one in strangers):
        connector = desk.sites[strangers[0].connection, container].connector
        if since is None or not connector.capabilities.history:
            continue
        natives = [one.native_id for one in strangers if one.container == container]
        for native, edits in (await connector.history(container, natives, since)).items():
            for edit in sorted(edits, key=lambda edit: edit.at, reverse=True):
                found[native].update(edit.before)
    return found


def _settled(
    desk: Desk, intents: Sequence[Intent], strangers: Sequence[Replica], made: Mapping[str, Mapping[str, Any]]
) -> tuple[list[Intent], list[Intent]]:
    """Those that stay open, and those of which no list shows a record."""
    free = {one.id: [r for r in strangers if _may_be(desk, r, one)] for one in intents}
    alike = {one.id: [r for r in free[one.id] if _alike(desk, r, one, made[r.native_id])] for one in intents}
    left, absent = [], []
    for one in intents:
        found = alike[one.id]
        others = {
            other.id for other in intents if other is not one and any(r in alike[other.id] for r in found)
        }
        doubts = found or [r for r in free[one.id] if _alike(desk, r, one, made[r.native_id], only=_TITLE)]
        if len(found) == 1 and not others:
            _adopt(desk, one, found[0])
        elif doubts:
            left.append(one)
            for record in doubts:
                spot = (record.connection, record.native_id)
                desk.unsure[spot] = tuple(sorted({*desk.unsure.get(spot, ()), one.item}))
        else:
            absent.append(one)
    return left, absent


async def _not_made(desk: Desk, intents: Sequence[Intent]) -> list[Intent]:
    """Close those of which a second look shows nothing either; returns the others, which the next run looks at.

    A record that is moved, while we list, from a container that is still to be listed into one that was listed already
    (or over a page's edge) is in no list of the first look.
    """
    if not intents:
        return []
    connection = intents[0].connection
    known = {one.native_id for one in desk.replicas.values() if one.connection == connection}
    there: list[Replica] = []
    for (name, container), site in desk.sites.items():
        if name != connection:
            continue
        async for page in site.connector.pull(container, None, full=True):
            new = [record for record in page.records if record.native_id not in known]
            there += [Replica("", name, container, r.native_id, None, Tie.UNTIED, reading=r) for r in new]
    made = await _as_made(desk, intents, there)
    left = []
    for one in intents:
        if any(_alike(desk, r, one, made[r.native_id], only=_TITLE) for r in there if _may_be(desk, r, one)):
            left.append(one)
            continue
        why = "no record there reads as what was sent, after the horizon"
        desk.settle([came_to_nothing(desk, one, why)])
    return left


def _may_be(desk: Desk, record: Replica, intent: Intent) -> bool:
    """Whether no person said that it is something else."""
    spot = (record.connection, record.native_id)
    said = desk.accepted.get(spot, intent.item)
    return said == intent.item and (*spot, intent.item) not in desk.refused_pairs


def _alike(
    desk: Desk, record: Replica, intent: Intent, values: Mapping[str, Any], *, only: str | None = None
) -> bool:
    """Whether a record reads as all that was sent, or in one field. In another container it lies under another."""
    site: Site = desk.sites[record.connection, record.container]
    names = [name for name in intent.new if name in site.lenses and only in (None, name)]
    if record.container != intent.container:
        names = [name for name in names if name != _PARENT]
    return bool(names) and all(form(site.lenses[n], values, site.env) == intent.new[n] for n in names)


def _adopt(desk: Desk, intent: Intent, record: Replica) -> None:
    site = desk.sites[record.connection, record.container]
    here = replace(intent, container=record.container)
    assert record.reading is not None, "only records that were read are looked at"
    one = settlement(desk, site, Written(here, sent_by(site, intent), None), applied(intent, record.reading))
    desk.settle([one] if one else [])
