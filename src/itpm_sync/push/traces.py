"""What a call of ours left in its tool, and what is known of when it went out.

In: an intent that was called, the tool's own history. Out: our write in it, what it replaced, what it carried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from itpm_sync.bases import Intent
from itpm_sync.connector import Edit, Outcome, Record, Status
from itpm_sync.push.after import form
from itpm_sync.push.desk import Desk, Site
from itpm_sync.push.natives import sent_with


def ours_in(site: Site, intent: Intent, edits: Sequence[Edit]) -> Edit | None:
    """Our write in the tool's history: marked with the intent, or marked as ours and holding what it wrote."""
    for edit in edits:
        if edit.ours == intent.id:
            return edit
        if edit.ours is not None and any(
            name in site.lenses and form(site.lenses[name], edit.after, site.env) == value
            for name, value in intent.new.items()
        ):
            return edit
    return None


def natives_of(site: Site, intent: Intent) -> set[str]:
    """The native names that the intent's fields stand in."""
    return {n for name in intent.new if name in site.lenses for n in site.lenses[name].native}


async def replaced_by(site: Site, container: str, intent: Intent) -> dict[str, Any]:
    """The native values that our write replaced, as the tool's own history tells; {} where it has none.

    Raises what the history raises.
    """
    if not site.connector.capabilities.history or intent.native_id is None:
        return {}
    found = await site.connector.history(container, [intent.native_id], called(intent))
    edit, natives = ours_in(site, intent, found.get(intent.native_id, ())), natives_of(site, intent)
    return {name: value for name, value in edit.before.items() if name in natives} if edit else {}


def sent_by(site: Site, intent: Intent) -> dict[str, Any]:
    """The native values that the intent's call carried."""
    sent: dict[str, Any] = sent_with(intent.natives)
    if sent:
        return sent
    for name, value in intent.new.items():
        if name in site.lenses:
            sent.update(site.lenses[name].put(value, sent, site.env))
    return sent


def applied(intent: Intent, record: Record, replaced: Mapping[str, Any] | None = None) -> Outcome:
    """The outcome of a call that turned out to have been carried out."""
    return Outcome(intent.id, Status.APPLIED, record=record, replaced=replaced)


def called(intent: Intent) -> datetime:
    """When the call went out."""
    assert intent.called is not None, "only intents that were sent are looked up"
    return intent.called


def elapsed(desk: Desk, intent: Intent) -> float:
    """Seconds since then."""
    return (desk.clock.now() - called(intent)).total_seconds()
