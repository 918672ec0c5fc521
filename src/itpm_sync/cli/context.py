"""What commands that work on a configuration share: options, settings, registry, workspace, log.

In: `--config`, projects named on the command line. Out: everything opened, closed again at the end. Here the real
clock, ids, randomness, files and environment are handed in, and nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from itpm_sync.cli.show import Progress
from itpm_sync.errors import Misconfigured

if TYPE_CHECKING:
    from itpm_sync.cycle import Workspace
    from itpm_sync.ledger import Lease
    from itpm_sync.registry import Registry
    from itpm_sync.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def _remember(ctx: click.Context, _: click.Parameter, given: Path | None) -> None:
    """`--config` may stand before or after the command."""
    if given is not None:
        ctx.find_root().ensure_object(dict)["config"] = given


def configured(command: F) -> F:
    """Give a command `--config`."""
    return click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        expose_value=False,
        callback=_remember,
        help="The configuration; default: itpm-sync.yaml in the current folder.",
    )(command)


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
projects_argument = click.argument("projects", nargs=-1, metavar="[PROJECT]...")


def over_projects(command: F) -> F:
    """Give a command its projects, `--config` and `--json`."""
    return projects_argument(configured(json_option(command)))


@dataclass(frozen=True, slots=True)
class Desk:
    """A configuration, opened."""

    settings: Settings
    registry: Registry

    def projects(self, named: Sequence[str]) -> list[str]:
        """The projects named, or all. Raises Misconfigured where there is none."""
        if named:
            return [self.settings.project(name).id for name in dict.fromkeys(named)]
        if not self.settings.projects:
            raise Misconfigured(
                f"{self.settings.file.name} has no project yet.",
                mend="Add one under `projects:`; the file that `itpm-sync init DIR` writes shows how.",
            )
        return list(self.settings.projects)

    @contextmanager
    def workspace(
        self,
        projects: Sequence[str] | None = None,
        *,
        connect: bool = True,
        publish: bool | None = None,
        mapped: bool = False,
    ) -> Iterator[Workspace]:
        """Everything that runs of these projects need; without `connect` the ledger only, with `publish` the places
        their pages go to, with `mapped` their mappings.
        """
        from itpm_sync.cycle import open_workspace
        from itpm_sync.ports import SystemClock, SystemIds
        from itpm_sync.registry import is_gone, new_holder

        clock = SystemClock()
        with open_workspace(
            self.settings,
            self.registry,
            clock=clock,
            ids=SystemIds(clock),
            holder=new_holder(),
            gone=is_gone,
            projects=projects,
            connect=connect,
            publish=publish,
            mapped=mapped,
        ) as workspace:
            yield workspace

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Carry out asynchronous work, and close every connection after it."""
        import asyncio

        async def whole() -> T:
            try:
                return await work()
            finally:
                await self.registry.close()

        return asyncio.run(whole())


@contextmanager
def desk(ctx: click.Context, *, log: bool = True) -> Iterator[Desk]:
    """The configuration read and checked, its connections ready to be made, the log open. Raises Misconfigured."""
    from itpm_sync.cli import logs
    from itpm_sync.ports import LocalFiles, SystemClock, SystemRandom
    from itpm_sync.registry import Catalogue, Registry
    from itpm_sync.settings import find, load

    options: dict[str, Any] = ctx.find_root().ensure_object(dict)
    catalogue = Catalogue()
    settings = load(find(options.get("config")), catalogue)
    if log:
        level = "debug" if options.get("verbose") else "info"
        logs.configure(settings.state, console=bool(options.get("log_text")), level=level)
    registry = Registry(
        settings,
        catalogue,
        clock=SystemClock(),
        random=SystemRandom(),
        files=LocalFiles(),
        environ=os.environ,
    )
    logs.SCRUBBER.learn(registry.scrubbed)
    if log:
        logs.log().info("command", command=ctx.command_path)
    with registry:
        yield Desk(settings, registry)


def gathered(
    ctx: click.Context, projects: Sequence[str], look: Callable[[Workspace, str], Iterable[T]]
) -> list[T]:
    """What `look` finds in the ledger for each of the projects named, or of all."""
    with desk(ctx) as here, here.workspace(connect=False) as workspace:
        return [each for name in here.projects(projects) for each in look(workspace, name)]


@contextmanager
def leased(workspace: Workspace, project: str) -> Iterator[Lease]:
    """The right to write a project's part of the ledger, given back at the end. Raises Busy."""
    lease = workspace.ledger.acquire(
        project, workspace.holder, seconds=workspace.lease_seconds, gone=workspace.gone
    )
    try:
        yield lease
    finally:
        workspace.ledger.release(lease)


@contextmanager
def told(*, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Progress of long work, on stderr and into the log."""
    from itpm_sync.cli import logs

    with Progress(quiet=quiet) as progress:

        def tell(says: str) -> None:
            logs.log().info("progress", says=says)
            progress(says)

        yield tell
