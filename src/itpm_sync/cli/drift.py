"""`itpm-sync drift`: how far the tools are from what was agreed, by a full look. Nothing is decided or written.

In: projects. Out: the share of fields in step, differences by reason. Exit 0 in step, 4 not, 5 where a container could
not be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from itpm_sync.cli import show
from itpm_sync.cli.context import desk, over_projects, told
from itpm_sync.cli.exits import Exit, of_error, worst
from itpm_sync.cli.told import short
from itpm_sync.errors import ItpmError

if TYPE_CHECKING:
    from itpm_sync.cycle import Workspace
    from itpm_sync.cycle.drift import ContainerDrift, Difference, Drift

_MOST = 10
"""Differences of one container that are told before the rest is only counted."""


@click.command()
@over_projects
@click.option("--all", "every", is_flag=True, help="List every difference, however many.")
@click.pass_context
def command(ctx: click.Context, /, projects: tuple[str, ...], *, as_json: bool, every: bool) -> int:
    """Compare everything in the tools of each PROJECT (default: all) with what was agreed.

    Lists every container whole; decides nothing, writes nothing.
    """
    with desk(ctx) as here:
        names = here.projects(projects)
        with here.workspace(names, publish=False) as workspace, told(quiet=as_json) as tell:

            async def whole() -> list[tuple[str, Drift | ItpmError]]:
                return [(name, await _one(workspace, name, tell)) for name in names]

            found = here.run(whole)
    errors = {name: one for name, one in found if isinstance(one, ItpmError)}
    drifts = [one for _, one in found if not isinstance(one, ItpmError)]
    if as_json:
        problems = [{"project": n, "says": e.message, "mend": e.mend} for n, e in errors.items()]
        show.data({"projects": [_data(one) for one in drifts], "errors": problems})
    for one in drifts if not as_json else ():
        for text in _lines(one, 1_000_000 if every else _MOST):
            show.line(text)
    for error in errors.values():
        show.trouble(error)
    return worst([*map(_code, drifts), *map(of_error, errors.values())])


async def _one(workspace: Workspace, project: str, tell: Any) -> Drift | ItpmError:
    from itpm_sync.cycle.drift import drift

    try:
        return await drift(workspace, project, progress=tell)
    except ItpmError as error:  # of one project; the others are looked at
        return error


def _code(one: Drift) -> Exit:
    codes = [Exit.DONE if one.in_step else Exit.CONFLICTS]
    return worst([*codes, Exit.LEFT_OUT] if one.unread else codes)


def _share(one: Drift) -> str:
    return "nothing to compare" if one.share is None else f"{one.share:.1f} % of fields in step"


def _reasons(found: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {reason}" for reason, number in found.items())


def _lines(one: Drift, most: int) -> Iterator[str]:
    yield f"{one.project}: {_share(one)} ({one.fields - one.out:,} of {one.fields:,}; run {one.run})"
    for container in one.containers:
        yield from _container(container, most)


def _container(one: ContainerDrift, most: int) -> Iterator[str]:
    where = f"{one.title} in {one.connection}"
    if one.error:
        yield f"  {where}: could not be read whole: {one.error} {one.mend}".rstrip()
        if not one.records:
            return
    counts = f"{show.counted(one.records, 'record')}, {show.counted(one.fields, 'field')}"
    if not one.differences:
        yield f"  {where}: {counts}: in step"
        return
    yield f"  {where}: {counts}: {_reasons(one.reasons)}"
    yield f"    {one.moved} not as last read and decided, {one.apart} not as agreed"
    for difference in one.differences[:most]:
        yield f"    {_difference(difference)}"
    if len(one.differences) > most:
        yield f"    … and {len(one.differences) - most} more (--all lists them)"


def _difference(one: Difference) -> str:
    from itpm_sync.codec import show as text_of

    name = short(one.name, 40)
    if one.compared is None:
        return f"{name}: {one.reason.value}"
    says = f" ({one.says})" if one.says else ""
    stands, form = short(text_of(one.compared.stands), 40), short(text_of(one.compared.form), 40)
    return f"{name}: {one.field} says {stands}, agreed is {form}: {one.reason.value}{says}"


def _data(one: Drift) -> dict[str, Any]:
    return {
        "project": one.project,
        "run": one.run,
        "share": one.share,
        "fields": one.fields,
        "in_step": one.fields - one.out,
        "reasons": dict(one.reasons),
        "containers": [
            {
                "connection": each.connection,
                "container": each.container,
                "title": each.title,
                "records": each.records,
                "fields": each.fields,
                "moved": each.moved,
                "apart": each.apart,
                "reasons": dict(each.reasons),
                "error": each.error,
                "mend": each.mend,
                "differences": [_entry(difference) for difference in each.differences],
            }
            for each in one.containers
        ],
    }


def _entry(one: Difference) -> dict[str, Any]:
    from itpm_sync.codec import encode

    compared = one.compared
    return {
        "record": one.record,
        "name": one.name,
        "item": one.item,
        "field": one.field,
        "reason": one.reason.value,
        "says": one.says,
        "stands": encode(compared.stands) if compared else None,
        "seen": encode(compared.seen) if compared else None,
        "agreed": encode(compared.form) if compared else None,
    }
