"""One project's section made into the engine's words: facts, policy, mapping files, and what does not fit.

In: the section as pydantic checked it, the connections that are there. Out: ProjectSettings; problems are appended,
each at its place in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from itpm_sync.errors import Problem
from itpm_sync.mapping.places import Document, did_you_mean
from itpm_sync.model import CUSTOM, FIELDS, STANDARD, Calendar, ProjectFacts, field_of
from itpm_sync.policy import (
    ContainerPolicy,
    Creation,
    FieldPolicy,
    Limits,
    ProjectPolicy,
    Rule,
    Scope,
)
from itpm_sync.settings import basis
from itpm_sync.settings.settings import ConnectionSettings, ProjectSettings, PublishTo
from itpm_sync.settings.shape import CalendarSection, ContainerSection, FieldSection, ProjectSection
from itpm_sync.settings.words import DAYS

_FACTS = ("title", "zone", "manager", "sponsor", "phase", "currency", "status_date", "calendar")


@dataclass(slots=True)
class Maker:
    """Makes the projects of one file and collects what is wrong with them."""

    document: Document
    folder: Path
    mappings: Path
    connections: Mapping[str, ConnectionSettings]
    wrong: frozenset[str] = frozenset()
    """Connections that are in the file and have problems of their own: not reported again as unknown."""
    publishers: frozenset[str] = frozenset()
    """Connections whose connector can publish."""
    problems: list[Problem] = field(default_factory=list)

    def project(self, name: str, section: ProjectSection) -> ProjectSettings:
        """The project, as far as it can be made; look at `problems`."""
        path: tuple[str | int, ...] = ("projects", name)
        used = [each.connection for each in section.containers]
        containers = tuple(
            self._container((*path, "containers", number), each, section.containers[:number])
            for number, each in enumerate(section.containers)
        )
        self._known((*path, "schedule_authorities"), section.schedule_authorities, used)
        self._known((*path, "seed"), section.seed, used)
        policy = ProjectPolicy(
            containers=containers,
            fields=self._fields((*path, "fields"), section.fields, used),
            authorities=tuple(section.schedule_authorities),
            seed=tuple(section.seed),
            deletion=section.deletion,
            skip_label=section.skip_label,
            limits=_limits(section),
        )
        mappings = {
            (each.connection, str(each.container)): self._mapping(path, each) for each in section.containers
        }
        return ProjectSettings(
            facts=_facts(name, section),
            said=frozenset(section.model_fields_set & set(_FACTS)),
            policy=policy,
            mappings=mappings,
            basis=basis.lines(policy, mappings),
            limits=section.status.limits(),
            publish=tuple(self._publish(path, number, section) for number in range(len(section.publish))),
            every=section.every,
        )

    # ── containers ──

    def _container(
        self, path: tuple[str | int, ...], section: ContainerSection, earlier: Iterable[ContainerSection]
    ) -> ContainerPolicy:
        if section.connection not in self.connections and section.connection not in self.wrong:
            self._say(
                (*path, "connection"),
                f"there is no connection {section.connection!r}.",
                did_you_mean(section.connection, self.connections),
            )
        if any(
            (each.connection, each.container) == (section.connection, section.container) for each in earlier
        ):
            self._say(
                (*path, "container"),
                f"{section.container!r} is listed twice in this project.",
                "Keep one of them.",
            )
        for name in section.takes.where:
            if not _is_field(name) or field_of(name) in _NOT_WORDS:
                self._say(
                    (*path, "takes", "where", name),
                    f"there is no field {name!r} to ask for words.",
                    did_you_mean(name, _ASKABLE),
                    key=True,
                )
        connection = self.connections.get(section.connection)
        read_only = section.read_only or bool(connection and connection.reads_only)
        if read_only and section.create is not Creation.MATCH_ONLY:
            self._say(
                (*path, "create"),
                "nothing can be created in a container that is only read.",
                "Remove `create`, or `read_only` (and `mode: read` of the connection).",
            )
        return ContainerPolicy(
            connection=section.connection,
            container=section.container,
            scope=Scope(
                frozenset(section.takes.kinds),
                {name: frozenset(words) for name, words in section.takes.where.items()},
            ),
            creation=section.create,
            under=dict(section.under),
            room={str(name): most for name, most in section.room.items()},
            read_only=read_only,
            why_read_only=_why_read_only(section, connection),
        )

    def _mapping(self, path: tuple[str | int, ...], section: ContainerSection) -> Path:
        connection = self.connections.get(section.connection)
        name = section.mapping or (connection.kind if connection else "")
        file = self.mappings / (name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
        if section.mapping and not _inside(file, self.mappings):
            says = f"the mapping {file.name!r} does not lie in the folder {self.mappings.name}."
            here = (*path, "containers", self._number(path, section), "mapping")
            self._say(here, says, "Put it there, and write its name alone.")
        elif name and not file.is_file():
            there = [each.name for each in self.mappings.glob("*.yaml")]
            where = "mapping" if section.mapping else "connection"
            self._say(
                (*path, "containers", self._number(path, section), where),
                f"there is no mapping {file.name!r} in {self.mappings.name}.",
                did_you_mean(file.name, there),
            )
        return file

    def _number(self, path: tuple[str | int, ...], section: ContainerSection) -> int:
        """Which of the project's containers this is, as the file lists them."""
        return next(
            i
            for i, each in enumerate(self.document.data["projects"][path[-1]]["containers"])
            if each.get("connection") == section.connection
        )

    # ── fields ──

    def _fields(
        self, path: tuple[str | int, ...], sections: Mapping[str, FieldSection], used: list[str]
    ) -> dict[str, FieldPolicy]:
        made: dict[str, FieldPolicy] = {}
        said: dict[str, str] = {}
        for name, section in sections.items():
            here = (*path, name)
            if not _is_field(name):
                self._say(here, f"there is no field {name!r}.", did_you_mean(name, _NAMES), key=True)
                continue
            self._known((*here, "owner"), section.owner, used)
            group = field_of(name)
            policy = _policy(section)
            if policy.rule is Rule.MERGE and not (group in FIELDS and FIELDS[group].merges):
                self._say(
                    here,
                    f"{name} cannot be merged; only texts and sets can.",
                    "Write hold, newest or `owner:`.",
                )
            if group in made and made[group] != policy:
                self._say(
                    here,
                    f"{name} and {said[group]} belong to the group {group!r} and must have one rule.",
                    f"Say it once, for {group}.",
                    key=True,
                )
                continue
            made[group], said[group] = policy, name
        return made

    def _known(self, path: tuple[str | int, ...], names: Iterable[str], used: list[str]) -> None:
        for number, name in enumerate(names):
            if name in used or name in self.wrong:
                continue
            says = f"no container of this project is in a connection {name!r}."
            self._say((*path, number), says, did_you_mean(name, used))

    # ── publishing ──

    def _publish(self, path: tuple[str | int, ...], number: int, section: ProjectSection) -> PublishTo:
        to = section.publish[number]
        if to.folder is not None:
            return PublishTo(f"folder {to.folder}", folder=self.folder / to.folder)
        name = to.connection or ""
        here = (*path, "publish", number, "connection")
        if name not in self.connections and name not in self.wrong:
            self._say(here, f"there is no connection {name!r}.", did_you_mean(name, self.connections))
        elif name in self.connections and name not in self.publishers:
            kind = self.connections[name].kind
            self._say(
                here,
                f"{name} is a {kind} connection, and that cannot publish pages.",
                "Name a folder, or a m365 one.",
            )
        elif name in self.connections and self.connections[name].reads_only:
            self._say(
                here,
                f"{name} is in `mode: read`: nothing is written there, pages neither.",
                "Publish into a folder, or take `mode: read` away.",
            )
        return PublishTo(name, connection=name)

    def _say(self, path: tuple[str | int, ...], message: str, mend: str = "", *, key: bool = False) -> None:
        self.problems.append(self.document.problem(path, message, mend, key=key))


def _why_read_only(section: ContainerSection, connection: ConnectionSettings | None) -> str:
    if connection is not None and connection.reads_only:
        return f"the connection {connection.name} is in `mode: read`"
    return "the configuration says `read_only: true`" if section.read_only else ""


def _inside(file: Path, folder: Path) -> bool:
    """Whether a file lies in a folder, links followed."""
    try:
        return file.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError):  # a loop of links, a NUL in the name
        return False


_NOT_WORDS = frozenset({"schedule", "parent", "dependencies", "links", "description", "response"})
"""Fields that are no words: `where` cannot ask for them."""
_PARTS = {part for spec in FIELDS.values() for part in spec.parts}
_NAMES = frozenset(FIELDS) | _PARTS
_ASKABLE = frozenset(name for name in _NAMES if field_of(name) not in _NOT_WORDS)


def _is_field(name: str) -> bool:
    return name in _NAMES or (name.startswith(CUSTOM) and len(name) > len(CUSTOM))


def _policy(section: FieldSection) -> FieldPolicy:
    if section.owner:
        return FieldPolicy(Rule.OWNER, tuple(section.owner), section.leave)
    return FieldPolicy(Rule(section.rule or Rule.HOLD))


def _limits(section: ProjectSection) -> Limits:
    said = section.limits
    return Limits(
        floor=said.floor,
        deletions=said.deletions,
        deletions_share=said.deletions_percent / 100,
        changes_share=said.changes_percent / 100,
        growth=said.growth,
        notices=said.notices,
    )


def _facts(name: str, section: ProjectSection) -> ProjectFacts:
    return ProjectFacts(
        id=name,
        title=section.title,
        zone=section.zone,
        manager=section.manager,
        sponsor=section.sponsor,
        phase=section.phase,
        currency=section.currency,
        status_date=section.status_date,
        calendar=_calendar(section.calendar) if section.calendar else STANDARD,
    )


def _calendar(section: CalendarSection) -> Calendar:
    spans = tuple(sorted(section.hours))
    week = tuple(spans if day in section.working_days else () for day in DAYS)
    return Calendar(section.name, week, dict.fromkeys(section.holidays, ()))
