"""Records that are back, and that may hold what a write of unknown outcome brought before they went.

In: the desk; replicas that remember such writes (`vanished.py`) and say something new. Out: those brought to the
version that the tool's own history shows our write to have carried: what they say now knew it, and is no conflict with
it. What our write replaced there, and nobody had seen, is asked about, as after any write. No history: nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from itpm_sync.bases import NEVER, Conflict, Intent, Offer, Replica
from itpm_sync.connector import Edit, Operation
from itpm_sync.errors import ItpmError
from itpm_sync.ledger import Decided
from itpm_sync.plan import Decision, Loser
from itpm_sync.push.after import Written, form, overwritten
from itpm_sync.push.desk import Desk, Place, Site


async def shown_again(desk: Desk) -> frozenset[str]:
    """Look up what our writes did there. Returns the replicas that cannot be looked up yet: they wait."""
    waiting: set[str] = set()
    for place, mine in _asked(desk).items():
        natives = [one.native_id for one in mine]
        since = min(offer.since for one in mine for offers in one.offers.values() for offer in offers)
        try:
            edits = await desk.sites[place].connector.history(place[1], natives, since)
        except ItpmError as error:
            desk.progress(f"{place[0]}: what became of our writes cannot be looked up yet. {error}")
            waiting |= {one.id for one in mine}
            continue
        found = [_brought(desk, desk.sites[place], one, edits.get(one.native_id, ())) for one in mine]
        changed = [one for one in found if one is not None]
        desk.ledger.commit_decisions(desk.lease, desk.run, changed)
        for one in changed:
            desk.keep(one.replicas[0])
    return frozenset(waiting)


def _asked(desk: Desk) -> dict[Place, list[Replica]]:
    found: dict[Place, list[Replica]] = defaultdict(list)
    for one in desk.replicas.values():
        place = (one.connection, one.container)
        if not one.offers or one.reading is None or one.seen is None or place not in desk.sites:
            continue
        able = desk.sites[place].connector.capabilities
        if able.history and not able.by_hand and one.item in desk.items:
            found[place].append(one)
    return found


def _brought(desk: Desk, site: Site, known: Replica, edits: Sequence[Edit]) -> Decided | None:
    """The replica, brought to the versions that our writes in the history carried there; None where there are none."""
    now, losers, opened = known, list[Loser](), list[Conflict]()
    for edit in edits:
        carried = {name: offer for name in sorted(now.offers) if (offer := _carried(site, now, name, edit))}
        if not carried:
            continue
        found, lost = _replaced(desk, site, now, edit, carried)
        opened, losers = opened + found, losers + lost
        natives = {native for name in carried for native in site.lenses[name].native}
        stood = {native: value for native, value in edit.after.items() if native in natives}
        assert now.seen is not None, "what was written to was seen before"
        now = replace(
            now,
            seen=replace(now.seen, values={**now.seen.values, **stood}),
            at={**now.at, **{name: offer.version for name, offer in carried.items()}},
            offers={name: offers for name, offers in now.offers.items() if name not in carried},
        )
    if now is known:
        return None
    item = desk.items[now.item or ""]
    return Decided(Decision(item.id, opened=tuple(opened), losers=tuple(losers)), item, (now,))


def _carried(site: Site, known: Replica, name: str, edit: Edit) -> Offer | None:
    """The version of a field that an edit of ours brought."""
    lens = site.lenses.get(name)
    if edit.ours is None or lens is None or lens.native.isdisjoint(edit.after) or known.seen is None:
        return None
    after = form(lens, {**known.seen.values, **edit.after}, site.env)
    newer = [one for one in known.offers[name] if one.version > known.at.get(name, NEVER)]
    return next((one for one in newer if one.form == after), None)


def _replaced(
    desk: Desk, site: Site, known: Replica, edit: Edit, carried: dict[str, Offer]
) -> tuple[list[Conflict], list[Loser]]:
    """What our write, as far as it is still known, replaced there."""
    assert known.seen is not None, "what was written to was seen before"
    item, seen = desk.items[known.item or ""], known.seen.values
    intent = Intent(
        edit.ours or "",
        desk.run,
        Operation.UPDATE,
        item.id,
        known.connection,
        known.container,
        known.id,
        known.native_id,
        item.id,
        old={name: form(site.lenses[name], seen, site.env) for name in carried},
        new={name: offer.form for name, offer in carried.items()},
        versions={name: offer.version for name, offer in carried.items()},
        called=max(offer.since for offer in carried.values()),
    )
    written = Written(intent, dict(edit.after), known.seen)
    natives = {native for name in carried for native in site.lenses[name].native}
    before = {native: value for native, value in edit.before.items() if native in natives}
    return overwritten(before, written, item, known, site.lenses, site.env)
