"""`itpm-sync check`: whether everything that a sync needs will do, before it is needed.

In: the configuration, projects. Out: one line for each thing that was looked at; for what is not right, the mend.
Nothing is written anywhere but an empty ledger.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from itpm_sync.cli import show
from itpm_sync.cli.context import Desk, desk, over_projects, told
from itpm_sync.cli.exits import Exit, of_error, worst
from itpm_sync.errors import ItpmError, Misconfigured

if TYPE_CHECKING:
    from itpm_sync.connector import Connector, ContainerInfo


@dataclass(frozen=True, slots=True)
class Looked:
    """One thing that was looked at."""

    about: str
    ok: bool
    says: str
    mend: str = ""
    code: Exit = Exit.DONE


@click.command()
@over_projects
@click.pass_context
def command(ctx: click.Context, /, projects: tuple[str, ...], *, as_json: bool) -> int:
    """Look at configuration, mappings, ledger, accounts and containers of each PROJECT (default: all)."""
    with desk(ctx) as here, told() as tell:
        names = here.projects(projects) if projects or here.settings.projects else []
        found = [
            Looked("configuration", ok=True, says=f"{here.settings.file.name} is sound."),
            *_files(here, names),
            *_ledger(here),
            *here.run(lambda: _connections(here, names, tell)),
        ]
    if as_json:
        show.data({"findings": [_described(each) for each in found], "ok": all(each.ok for each in found)})
    else:
        for each in found:
            show.line(f"{'ok   ' if each.ok else 'WRONG'}  {each.about}: {each.says} {each.mend}".rstrip())
    return worst([Exit.DONE, *(each.code for each in found)])


def _described(looked: Looked) -> dict[str, Any]:
    return {"about": looked.about, "ok": looked.ok, "says": looked.says, "mend": looked.mend}


def _wrong(about: str, error: ItpmError) -> Looked:
    return Looked(about, ok=False, says=error.message, mend=error.mend, code=of_error(error))


def _files(here: Desk, names: Sequence[str]) -> Iterator[Looked]:
    """Each mapping that a project uses."""
    from itpm_sync.mapping.load import read

    used = {path for name in names for path in here.settings.project(name).mappings.values()}
    for path in sorted(used):
        try:
            mapping = read(path)
        except Misconfigured as error:
            yield _wrong(f"mapping {path.name}", error)
            continue
        fields = len(mapping.model.described())
        yield Looked(f"mapping {path.name}", ok=True, says=f"sound, {show.counted(fields, 'field')}.")


def _ledger(here: Desk) -> Iterator[Looked]:
    try:
        with here.workspace(connect=False) as workspace:
            known = len(workspace.ledger.projects())
    except ItpmError as error:
        yield _wrong("ledger", error)
        return
    yield Looked("ledger", ok=True, says=f"opens; it knows {show.counted(known, 'project')}.")


async def _connections(here: Desk, names: Sequence[str], tell: Callable[[str], None]) -> list[Looked]:
    from itpm_sync.registry import GuardedConnector

    wanted = list(dict.fromkeys(c for name in names for c in here.settings.project(name).connections))
    found: list[Looked] = []
    for name in wanted or here.settings.connections:
        tell(f"looking at {name}")
        try:
            connector = GuardedConnector(await here.registry.opened(name))
            looked = [each async for each in _connection(here, connector, names)]
        except ItpmError as error:
            looked = [_wrong(f"connection {name}", error)]
        found += looked
    return found


async def _connection(here: Desk, connector: Connector, names: Sequence[str]) -> AsyncIterator[Looked]:
    """What the connector finds, then each container of the projects. A bad credential says enough."""
    about, bad = f"connection {connector.name}", False
    for each in await connector.check():
        bad = bad or not each.ok
        yield Looked(
            about, ok=each.ok, says=each.says, mend=each.mend, code=Exit.DONE if each.ok else Exit.FAILED
        )
    for name in () if bad else names:
        project = here.settings.project(name)
        for policy in project.policy.containers:
            if policy.connection != connector.name:
                continue
            about = f"{policy.container} in {connector.name}"
            try:
                info = await connector.describe(policy.container)
                looked = _fields(about, info, project.mappings[policy.connection, policy.container])
            except ItpmError as error:
                looked = [_wrong(about, error)]
            for one in looked:
                yield one


def _fields(about: str, info: ContainerInfo, mapping: Any) -> list[Looked]:
    """Whether the container has the fields that its mapping names."""
    from itpm_sync.mapping.compile import compile_mapping
    from itpm_sync.mapping.load import read

    compiled = compile_mapping(read(mapping), info)
    title = info.title if info.title != info.container else ""
    fit = show.counted(len(compiled.lenses), "field fits", "fields fit")
    found = [Looked(about, ok=True, says=f"{title}: {fit}.".lstrip(": "))]
    for each in compiled.left_out:
        mend = f"Correct {mapping.name}, or mark the field `optional: true`."
        found.append(Looked(about, ok=False, says=f"{each.field}: {each.reason}", mend=mend, code=Exit.USAGE))
    return found
