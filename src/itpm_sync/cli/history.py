"""`itpm-sync history ITEM`: everything that was agreed, lost, written and refused of an item, newest first.

In: an item (its id, what a tool calls its record, its title), a field. Out: who, where, when, old and new, why,
which run.
"""

from __future__ import annotations

import click

from itpm_sync.cli import show
from itpm_sync.cli.context import configured, desk, json_option


@click.command()
@click.argument("item")
@configured
@json_option
@click.option("--field", metavar="FIELD", help="Only this field (title, schedule, progress, …).")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="The newest so many."
)
@click.pass_context
def command(ctx: click.Context, /, item: str, *, as_json: bool, field: str | None, limit: int) -> None:
    """Say everything that became of ITEM, newest first.

    ITEM is its id, what a tool calls its record (NET-12), or its title.
    """
    from itpm_sync.cli.told_events import Teller
    from itpm_sync.cycle.explaining import field_named
    from itpm_sync.cycle.finding import find
    from itpm_sync.ledger.events import events

    wanted = field_named(field) if field else None
    with desk(ctx) as here, here.workspace(connect=False) as workspace:
        found = find(workspace.ledger, item, command="history ITEM")
        entries = workspace.ledger.history(found.project, found.item.id, limit=None)
        told = [one for one in reversed(events(entries)) if wanted is None or one.field == wanted]
        teller = Teller(workspace.ledger, found.state)
        shown = told[:limit]
        if as_json:
            head = {"project": found.project, "item": found.item.id, "title": found.title}
            show.data({**head, "events": [teller.data(one) for one in shown], "more": len(told) - len(shown)})
            return
        show.line(f"{found.title} ({found.project}, {found.item.id})")
        for one in shown:
            show.line(f"  {teller.line(one)}")
        if not told:
            show.line("  Nothing is told of it." if wanted is None else f"  Nothing is told of its {wanted}.")
        if len(told) > len(shown):
            show.line(f"  … and {len(told) - len(shown)} older (--limit N shows more)")
