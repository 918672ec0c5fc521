"""A workspace from a configuration: the ledger opened, the connections made, mappings ready to be compiled.

In: settings, a registry, the ports, who holds leases. Out: `Workspace`, as a context that closes the ledger and lets
go of the connections. Raises Misconfigured (a mapping, a secret, the ledger's address), Unavailable, Busy.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from itpm_sync.connector import ContainerInfo
from itpm_sync.cycle.workspace import Workspace
from itpm_sync.errors import Misconfigured
from itpm_sync.ledger import Ledger
from itpm_sync.mapping.compile import compile_mapping
from itpm_sync.mapping.load import Mapping as MappingFile
from itpm_sync.mapping.load import read
from itpm_sync.policy import ContainerPolicy
from itpm_sync.ports import Clock, Ids
from itpm_sync.registry import GuardedConnector, GuardedPublisher, Registry
from itpm_sync.settings import ProjectSettings, Settings
from itpm_sync.translate import Lenses, Project


@contextmanager
def open_workspace(
    settings: Settings,
    registry: Registry,
    *,
    clock: Clock,
    ids: Ids,
    holder: str,
    gone: Callable[[str], bool] | None = None,
    projects: Iterable[str] | None = None,
    connect: bool = True,
    publish: bool | None = None,
    mapped: bool = False,
) -> Iterator[Workspace]:
    """Everything that runs of `projects` (None: of all) need. Without `connect`, what needs the ledger only.

    `publish`: whether the places their pages go to are opened (None: as `connect`). Without `connect` no secret of a
    tool is asked for but those of tools that pages are put into. `mapped`: read the mappings also without `connect`.
    The other projects are known too, as pages of a portfolio show them; they are not connected and cannot be run.
    """
    wanted = [settings.project(name) for name in (settings.projects if projects is None else projects)]
    files: dict[Path, MappingFile] = {}
    runs = {each.id: project(settings, each, files) for each in wanted} if connect or mapped else {}
    made = {name: runs.get(name) or _shown(settings, each) for name, each in settings.projects.items()}
    names = dict.fromkeys(name for each in wanted for name in each.connections)
    connections = {name: GuardedConnector(registry.connection(name)) for name in names} if connect else {}
    opened = connect if publish is None else publish
    places = {to for each in wanted for to in each.publish} if opened else set()
    publishers = {
        each.id: {
            to.name: GuardedPublisher(to.name, registry.publisher(to)) for to in each.publish if to in places
        }
        for each in settings.projects.values()
    }
    limits = {each.id: each.limits for each in settings.projects.values()}
    with open_ledger(settings, registry, clock=clock, ids=ids) as ledger:
        yield Workspace(
            ledger,
            connections,
            made,
            clock,
            ids,
            holder,
            gone=gone,
            publishers=publishers,
            limits=limits,
        )


def _shown(settings: Settings, one: ProjectSettings) -> Project:
    """A project that is only shown."""

    def compiled(policy: ContainerPolicy, info: ContainerInfo) -> Lenses:
        raise Misconfigured(f"The project {one.id} was not opened to be run.")

    return Project(one.facts, one.policy, compiled, settings.aliases, {})


def open_ledger(settings: Settings, registry: Registry, *, clock: Clock, ids: Ids) -> Ledger:
    """The configured ledger. Raises Misconfigured, Unavailable, Denied, Busy."""
    address = settings.ledger
    if address.startswith("sqlite:///"):
        Path(address.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    if settings.ledger_password is not None:
        address = with_password(address, registry.secret(settings.ledger_password).reveal())
    key = None
    if settings.ledger_key is not None:
        key = registry.secret(settings.ledger_key).reveal().encode()
    return Ledger.open(address, clock=clock, ids=ids, key=key)


def with_password(address: str, password: str) -> str:
    """The address with a password behind its user. Never shown anywhere."""
    scheme, _, rest = address.partition("://")
    place, slash, database = rest.partition("/")
    user, at, host = place.rpartition("@")
    return f"{scheme}://{user}:{quote(password, safe='')}@{host if at else place}{slash}{database}"


def project(
    settings: Settings, one: ProjectSettings, files: dict[Path, MappingFile] | None = None
) -> Project:
    """A configured project as the cycle takes it. Raises Misconfigured where a mapping is wrong."""
    known = {} if files is None else files
    for path in one.mappings.values():
        if path not in known:
            known[path] = read(path)

    def compiled(policy: ContainerPolicy, info: ContainerInfo) -> Lenses:
        mapping = known[one.mappings[policy.connection, policy.container]]
        found = compile_mapping(mapping, info)
        return Lenses(
            {lens.name: lens for lens in found.lenses},
            [f"{each.field}: {each.reason}" for each in found.left_out],
        )

    basis: dict[str, str] = dict(one.basis)
    for path in sorted(set(one.mappings.values())):
        basis |= mapping_lines(known[path])
    return Project(one.facts, one.policy, compiled, settings.aliases, basis)


def mapping_lines(mapping: MappingFile) -> dict[str, str]:
    """What a mapping says, a line a field: a change of it is named before it acts."""
    return {
        f"mapping {mapping.file}: {name}": json.dumps(
            model.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            ensure_ascii=False,
            sort_keys=True,
        )
        for name, model in mapping.model.described().items()
    }
