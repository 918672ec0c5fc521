"""`itpm-sync redact ITEM FIELD`: the past values of a field leave the whole ledger; the history still verifies.

In: an item, a field, who and why. Out: what was removed and what stays. A value that still stands in a tool is refused.
"""

from __future__ import annotations

import click

from itpm_sync.cli import show
from itpm_sync.cli.conflicts import actor_of, actor_option
from itpm_sync.cli.context import configured, desk, json_option
from itpm_sync.cli.told import short

ELSEWHERE = (
    "Not reached: backups, the log, status pages that were published, and what the tools themselves keep of the "
    "past."
)


@click.command()
@click.argument("item")
@click.argument("field")
@configured
@json_option
@actor_option
@click.option("--reason", default="", metavar="WHY", help="Why, for the history.")
@click.pass_context
def command(
    ctx: click.Context, /, item: str, field: str, *, as_json: bool, actor: str | None, reason: str
) -> None:
    """Remove every past value of a FIELD of ITEM from the ledger, for good.

    What is agreed now stays, for it stands in the tools: change or clear it there and sync first, where it is what must
    go. ITEM is its id, what a tool calls its record (NET-12), or its title.
    """
    from itpm_sync.codec import encode
    from itpm_sync.codec import show as text_of
    from itpm_sync.cycle.explaining import field_named
    from itpm_sync.cycle.finding import find
    from itpm_sync.cycle.redacting import redact

    name = field_named(field)
    with desk(ctx) as here, here.workspace(connect=False, mapped=True) as workspace:
        found = find(workspace.ledger, item, command=f"redact ITEM {name}")
        done = redact(workspace, found, name, actor=actor_of(actor), reason=reason)
    places = done.redacted.places
    if as_json:
        show.data(
            {
                "project": found.project,
                "item": found.item.id,
                "field": name,
                "run": done.run,
                "entry": done.redacted.seq,
                "removed": dict(places),
                "stays": encode(done.stays),
                "stands_in": list(done.shown_in),
                "cleared": done.cleared,
                "not_reached": ELSEWHERE,
            }
        )
        return
    if done.redacted.seq is None:
        show.line(
            f"Entry {done.redacted.before} removed all there was; the ledger's files were cleaned again."
        )
        return
    where = ", ".join(f"{number} in {table}" for table, number in sorted(places.items()))
    show.line(
        f"{name}: past values are gone from the ledger ({where}); entry {done.redacted.seq} tells of it."
    )
    if done.cleared:
        show.line("The last agreed value went too: no tool has the item any more.")
    elif done.stays is not None:
        text = short(text_of(done.stays))
        show.line(f"What is agreed now stays, for it stands in {', '.join(done.shown_in)}: {text}")
    show.line(ELSEWHERE)
