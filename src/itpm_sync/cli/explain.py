"""`itpm-sync explain ITEM [FIELD]`: where a value comes from, and why each tool shows what it shows.

In: an item, a field. Out: the agreed value, its origin, what it replaced and what lost, and tool by tool what was last
read there, since when it was told, what waits. No tool is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from itpm_sync.cli import show
from itpm_sync.cli.context import configured, desk, json_option
from itpm_sync.cli.told import short

if TYPE_CHECKING:
    from itpm_sync.cli.told_events import Teller
    from itpm_sync.cycle.explaining import Explained, Shown
    from itpm_sync.ledger import StoredLoser

_LOSERS = 3
"""Told of one field before the rest is only counted."""


@click.command()
@click.argument("item")
@click.argument("field", required=False)
@configured
@json_option
@click.pass_context
def command(ctx: click.Context, /, item: str, field: str | None, *, as_json: bool) -> None:
    """Say where the value of a FIELD of ITEM comes from, and why each tool shows what it shows.

    Without FIELD, every field that was ever agreed. ITEM is its id, what a tool calls its record (NET-12), or its
    title.
    """
    from itpm_sync.cli.told_events import Teller
    from itpm_sync.cycle.explaining import explain, field_named
    from itpm_sync.cycle.finding import find

    names = [field_named(field)] if field else []
    with desk(ctx) as here, here.workspace(connect=False, mapped=True) as workspace:
        found = find(workspace.ledger, item, command="explain ITEM")
        told = explain(workspace, found, names)
        teller = Teller(workspace.ledger, found.state)
        if as_json:
            head = {"project": found.project, "item": found.item.id, "title": found.title}
            life = {"life": found.item.life.value, "note": found.item.note}
            show.data({**head, **life, "fields": [_data(one, teller) for one in told]})
            return
        show.line(f"{found.title} ({found.project}, {found.item.id}), {found.item.life.value}")
        if found.item.note:
            show.line(f"  {found.item.note}")
        for one in told:
            for text in _lines(one, teller):
                show.line(text)
        if not told:
            show.line("  Nothing was agreed of it yet.")


def _lines(one: Explained, teller: Teller) -> Iterator[str]:
    from itpm_sync.codec import show as text_of

    if one.agreed is None:
        yield f"  {one.field}: nothing was agreed yet"
    else:
        yield f"  {one.field}: {teller.named(text_of(one.agreed.value))} (version {one.agreed.version})"
        yield from (f"    {text}" for text in _origin(one, teller))
    if one.conflict is not None:
        sides = " / ".join(
            f"{side.tool or 'set here'} says {short(teller.named(text_of(side.value)), 40)}"
            for side in one.conflict.sides
        )
        yield f"    open conflict {one.conflict.id}: {sides}"
    kept = [loser for loser in one.losers if loser.loser is not None]
    for loser in kept[:_LOSERS]:
        yield f"    not taken: {_loser(loser, teller)}"
    if len(kept) > _LOSERS:
        yield f"    … and {len(kept) - _LOSERS} more values not taken: itpm-sync history"
    if one.redacted is not None:
        yield f"    past values were redacted in entry {one.redacted.seq}"
    for shown in one.shown:
        yield f"    {_shown(shown, teller)}"


def _origin(one: Explained, teller: Teller) -> Iterator[str]:
    from itpm_sync.cli.told_events import minute

    assert one.agreed is not None
    where = f"from {one.agreed.origin}" if one.agreed.origin else "set here"
    who = f" by {one.agreed.actor}" if one.agreed.actor else ""
    when = f", edited {minute(one.agreed.edited)}" if one.agreed.edited else ""
    yield f"{where}{who}{when}"
    event = one.origin
    if event is None:
        return
    why = f": {short(event.why, 120)}" if event.why else ""
    yield f"agreed {minute(event.at)} by {teller.run(event.run)}{why}"
    if event.old is not None:
        yield f"it replaced: {short(teller.value(event.old), 120)}"


def _loser(stored: StoredLoser, teller: Teller) -> str:
    from itpm_sync.cli.told_events import minute
    from itpm_sync.codec import show as text_of

    assert stored.loser is not None
    side = stored.loser.side
    who = f" by {side.actor}" if side.actor else ""
    text = short(teller.named(text_of(side.form)))
    return f"{text}, said in {side.tool or 'the ledger'}{who}, {minute(stored.at)}: {short(stored.loser.why, 80)}"


def _shown(one: Shown, teller: Teller) -> str:
    from itpm_sync.bases import Tie
    from itpm_sync.cli.told_events import minute
    from itpm_sync.codec import show as text_of

    name = f"{one.connection}, {short(one.name, 40)}"
    if one.tie is Tie.TOMBSTONE:
        return f"{name}: the record was deleted"
    if one.compared is None:
        return f"{name}: does not hold this field"
    read = f", read {minute(one.read)}" if one.read else ""
    told = f", told {minute(one.told.at)}" if one.told and one.told.what.name == "WRITTEN" else ""
    value = short(teller.named(text_of(one.compared.stands)))
    return f"{name}: {value} ({_state(one)}{told}{read})"


def _state(one: Shown) -> str:
    compared = one.compared
    assert compared is not None
    if compared.apart is not None:
        says = f": {compared.says}" if compared.says else ""
        stopped = f"; stopped: {one.braked}" if one.braked else ""
        said = f"{compared.apart.value}{says}{stopped}"
    else:
        said = "in step, in its coarser form" if compared.coarse else "in step"
    return said + ("; not listed any more, not believed gone yet" if one.absence is not None else "")


def _data(one: Explained, teller: Teller) -> dict[str, Any]:
    from itpm_sync.codec import encode
    from itpm_sync.codec import show as text_of
    from itpm_sync.plan_document import conflict_document

    agreed = one.agreed
    return {
        "field": one.field,
        "agreed": None
        if agreed is None
        else {
            "value": encode(agreed.value),
            "text": teller.named(text_of(agreed.value)),
            "version": agreed.version,
            "connection": agreed.origin,
            "actor": agreed.actor,
            "edited": agreed.edited.isoformat() if agreed.edited else None,
        },
        "decided": teller.data(one.origin) if one.origin else None,
        "conflict": conflict_document(one.conflict) if one.conflict else None,
        "not_taken": [
            {
                "at": stored.at.isoformat(),
                "run": stored.run,
                "connection": stored.loser.side.tool,
                "actor": stored.loser.side.actor,
                "value": encode(stored.loser.side.form),
                "text": text_of(stored.loser.side.form),
                "why": stored.loser.why,
                "covered_by": stored.loser.covered_by,
            }
            for stored in one.losers
            if stored.loser is not None
        ],
        "redacted": teller.data(one.redacted) if one.redacted else None,
        "tools": [_tool(shown, teller) for shown in one.shown],
    }


def _tool(one: Shown, teller: Teller) -> dict[str, Any]:
    from itpm_sync.codec import encode
    from itpm_sync.codec import show as text_of

    compared = one.compared
    return {
        "connection": one.connection,
        "container": one.container,
        "record": one.native_id,
        "name": one.name,
        "url": one.url,
        "tie": one.tie.value,
        "absent": one.absence is not None,
        "read": one.read.isoformat() if one.read else None,
        "holds": compared is not None,
        "value": encode(compared.stands) if compared else None,
        "text": text_of(compared.stands) if compared else None,
        "should_be": encode(compared.form) if compared else None,
        "in_step": compared is not None and compared.apart is None,
        "why": compared.apart.value if compared and compared.apart else "",
        "says": (compared.says if compared else "") or one.braked,
        "coarser": compared is not None and compared.coarse,
        "computed": one.computed,
        "version": one.at,
        "told": teller.data(one.told) if one.told else None,
    }
