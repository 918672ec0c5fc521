"""`itpm-sync pair list|accept|refuse`: records that may be the same item, decided by a person.

In: a proposal's id, an item. Out: durable; the next plan acts on it. Nothing is created elsewhere for a record that
waits here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from itpm_sync.cli import show
from itpm_sync.cli.conflicts import actor_of, actor_option
from itpm_sync.cli.context import Desk, configured, desk, gathered, json_option, over_projects
from itpm_sync.errors import Misconfigured

if TYPE_CHECKING:
    from itpm_sync.bases import ItemBase
    from itpm_sync.cycle import Workspace
    from itpm_sync.ledger import StoredPair
    from itpm_sync.plan import PairProposal


@click.group()
def command() -> None:
    """Records that may be the same item, for you to decide."""


@command.command("list")
@over_projects
@click.pass_context
def listed(ctx: click.Context, /, projects: tuple[str, ...], *, as_json: bool) -> None:
    """What waits to be paired.

    As the last plan of each PROJECT (default: all) found it.
    """
    found = gathered(ctx, projects, _waiting)
    if not as_json:
        for why, number in Counter(each["why"] for each in found).most_common():
            show.line(f"{number} × {why}")
    head = ["pair", "record", "where", "may be"]
    show.listing(found, head, _row, as_json=as_json, none="Nothing waits to be paired.")


def _row(pair: dict[str, Any]) -> Sequence[str]:
    may_be = ", ".join(f"{c['title']} ({c['item']})" for c in pair["candidates"])
    where = f"{pair['container']} in {pair['connection']}"
    return pair["id"], pair["title"], where, may_be or "nobody found"


def _waiting(workspace: Workspace, project: str) -> list[dict[str, Any]]:
    items = workspace.ledger.load(project).items
    return [_described(project, items, each.proposal) for each in workspace.ledger.pairs(project)]


def _described(project: str, items: Mapping[str, ItemBase], one: PairProposal) -> dict[str, Any]:
    candidates = [
        {"item": item, "title": (items[item].value("title") if item in items else None) or item}
        for item in one.candidates
    ]
    return {
        "id": one.id,
        "project": project,
        "connection": one.connection,
        "container": one.container,
        "record": one.native_id,
        "title": one.title,
        "candidates": candidates,
        "why": one.why,
    }


@command.command()
@click.argument("pairs", nargs=-1, metavar="[PAIR]...")
@configured
@json_option
@click.option("--item", metavar="ITEM", help="The item it is, where there are several candidates.")
@click.option("--all", "every", is_flag=True, help="Accept every pair that has exactly one candidate.")
@actor_option
@click.pass_context
def accept(
    ctx: click.Context,
    /,
    pairs: tuple[str, ...],
    *,
    as_json: bool,
    item: str | None,
    every: bool,
    actor: str | None,
) -> None:
    """Say that they are the same.

    The record of each PAIR is the item it was proposed for; the next plan acts on it.
    """
    if item is not None and (every or len(pairs) != 1):
        raise Misconfigured("--item names the item of one pair.", mend="Name exactly one PAIR with it.")
    _decide(ctx, pairs, as_json=as_json, every=every, accepted=True, item=item, actor=actor)


@command.command()
@click.argument("pairs", nargs=-1, metavar="[PAIR]...")
@configured
@json_option
@click.option("--all", "every", is_flag=True, help="Refuse every pair that waits.")
@actor_option
@click.pass_context
def refuse(
    ctx: click.Context, /, pairs: tuple[str, ...], *, as_json: bool, every: bool, actor: str | None
) -> None:
    """Say that they are not the same.

    The record of each PAIR is none of the items it was proposed for; the next plan acts on it.
    """
    _decide(ctx, pairs, as_json=as_json, every=every, accepted=False, item=None, actor=actor)


def _decide(
    ctx: click.Context,
    pairs: tuple[str, ...],
    *,
    as_json: bool,
    every: bool,
    accepted: bool,
    item: str | None,
    actor: str | None,
) -> None:
    from itpm_sync.cycle import decide_pair

    if not pairs and not every:
        raise Misconfigured("Which pair?", mend="Name one of `itpm-sync pair list`, or say --all.")
    decided = []
    with desk(ctx) as here, here.workspace(connect=False) as workspace:
        for project, pair in _chosen(here, workspace, pairs, every=every, single=accepted):
            target = (item or _candidate(pair)) if accepted else None
            decide_pair(workspace, project, pair.proposal.id, item=target, actor=actor_of(actor))
            decided.append({"pair": pair.proposal.id, "project": project, "item": target})
    if as_json:
        show.data(decided)
        return
    for each in decided:
        show.line(f"{each['pair']}: " + (f"is {each['item']}" if each["item"] else "is none of them"))
    show.line("The next plan takes it up." if decided else "Nothing was decided.")


def _chosen(
    here: Desk, workspace: Workspace, pairs: tuple[str, ...], *, every: bool, single: bool
) -> list[tuple[str, StoredPair]]:
    waiting = {
        each.proposal.id: (name, each)
        for name in here.settings.projects
        for each in workspace.ledger.pairs(name)
    }
    if every:
        return [found for found in waiting.values() if not single or len(found[1].proposal.candidates) == 1]
    missing = [pair for pair in pairs if pair not in waiting]
    if missing:
        raise Misconfigured(f"There is no pair {missing[0]!r} that waits.", mend="See `itpm-sync pair list`.")
    return [waiting[pair] for pair in pairs]


def _candidate(pair: StoredPair) -> str:
    candidates = pair.proposal.candidates
    if len(candidates) != 1:
        among = (
            f"Its candidates: {', '.join(candidates)}." if candidates else "It has no candidate: refuse it."
        )
        raise Misconfigured(
            f"{pair.proposal.id} has {len(candidates)} candidates.", mend=f"Say --item ITEM. {among}"
        )
    return candidates[0]
