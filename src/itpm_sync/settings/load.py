"""Reads `itpm-sync.yaml`: every problem at once, each with its line, what is wrong and what would be right.

In: the file, and what the installed connectors ask of a connection. Out: Settings. Raises Misconfigured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from itpm_sync import resources
from itpm_sync.errors import Misconfigured, Problem
from itpm_sync.mapping.places import Document, did_you_mean
from itpm_sync.mapping.yaml_guard import read_text
from itpm_sync.settings import parts
from itpm_sync.settings.problems import problems_of
from itpm_sync.settings.project import Maker
from itpm_sync.settings.settings import (
    FILE_NAME,
    WAIT_AT_MOST,
    ConnectionSettings,
    ProjectSettings,
    Settings,
)
from itpm_sync.settings.shape import Configuration, ConnectionSection, ProjectSection
from itpm_sync.settings.words import short_name

M = TypeVar("M", bound=BaseModel)


class Kinds(Protocol):
    """What the configuration asks of the installed connectors; `registry.Catalogue` is it."""

    def names(self) -> Iterable[str]:
        """The connectors that are installed."""
        ...

    def offered(self) -> Iterable[str]:
        """Those of them that somebody would configure."""
        ...

    def settings_model(self, kind: str) -> type[BaseModel]:
        """The model of a connection's own settings."""
        ...

    def publishes(self, kind: str) -> bool:
        """Whether it can put pages somewhere."""
        ...


def find(given: Path | None) -> Path:
    """The configuration to use: the file given, else `itpm-sync.yaml` in the current folder."""
    return given if given is not None else Path(FILE_NAME)


def load(file: Path, kinds: Kinds) -> Settings:
    """The configuration in `file`. Raises Misconfigured with every problem that was found."""
    document = Document(file.name, _text(file))
    loader = _Loader(document, file.absolute(), kinds)
    settings = loader.settings()
    if settings is None or loader.problems:
        ordered = sorted(set(loader.problems), key=lambda each: (each.line, each.column, each.message))
        raise Misconfigured(f"{file.name} is not right yet:", problems=ordered)
    return settings


def _text(file: Path) -> str:
    try:
        return read_text(file)
    except FileNotFoundError:
        raise Misconfigured(
            f"There is no {file.name} in {file.absolute().parent}.",
            mend="Make one with `itpm-sync init DIR`, or name yours with --config FILE.",
        ) from None
    except OSError as error:
        raise Misconfigured(
            f"{file} cannot be read ({error.strerror}).", mend="Correct the file's rights."
        ) from None


@dataclass(slots=True)
class _Loader:
    """Checks section by section, so that one wrong word hides nothing that is wrong elsewhere."""

    document: Document
    file: Path
    kinds: Kinds
    problems: list[Problem] = field(default_factory=list)

    def settings(self) -> Settings | None:
        data = {} if self.document.data is None else self.document.data
        if not isinstance(data, dict):
            self._say(
                (), "this is no configuration.", "Names with values are wanted, a line each: `name: value`."
            )
            return None
        named = {name: data[name] for name in ("connections", "projects") if isinstance(data.get(name), dict)}
        said = self._checked(Configuration, {**data, **{key: {} for key in named}}, ()) or Configuration()
        connections = self._connections(named.get("connections", {}))
        mappings = self._mappings(said)
        folder = self.file.parent
        return Settings(
            file=self.file,
            ledger=parts.ledger(said.ledger, self.document, folder, self.problems),
            ledger_password=parts.from_folder(said.ledger_password, folder),
            ledger_key=parts.from_folder(said.ledger_key, folder),
            mappings=mappings,
            aliases=parts.aliases(
                said.people.aliases, named.get("connections", {}), self.document, self.problems
            ),
            connections=connections,
            projects=self._projects(named, connections, mappings),
        )

    def _mappings(self, said: Configuration) -> Path:
        if said.mappings is None:
            return resources.mappings()
        folder = self.file.parent / said.mappings
        if not folder.is_dir():
            self._say(
                ("mappings",), "there is no such folder.", "`itpm-sync init DIR` makes one to begin with."
            )
        return folder

    # ── connections ──

    def _connections(self, sections: Mapping[Any, Any]) -> dict[str, ConnectionSettings]:
        made = {}
        for name, given in self._named("connections", sections):
            section = self._checked(ConnectionSection, given, ("connections", name))
            connection = self._connection(name, section) if section else None
            if connection:
                made[name] = connection
        return made

    def _connection(self, name: str, section: ConnectionSection) -> ConnectionSettings | None:
        path = ("connections", name)
        kind = section.connector
        if kind not in self.kinds.names():
            says = f"there is no connector {kind!r} installed."
            self._say((*path, "connector"), says, did_you_mean(kind, self.kinds.offered()))
            return None
        try:
            model = self.kinds.settings_model(kind)
        except Misconfigured as error:
            self._say((*path, "connector"), error.message, error.mend)
            return None
        before = len(self.problems)
        options = self._checked(
            model,
            section.own,
            path,
            also=ConnectionSection.model_fields,
            lenient=section.emulator is not None,
        )
        if len(self.problems) > before:
            return None
        folder = self.file.parent
        return ConnectionSettings(
            name=name,
            kind=kind,
            own=section.own,
            options=parts.rooted(options, folder) if options is not None else None,
            emulator=folder / section.emulator if section.emulator else None,
            reads_only=section.mode == "read",
            wait_at_most=section.wait_at_most or WAIT_AT_MOST,
        )

    # ── projects ──

    def _projects(
        self, named: Mapping[str, Any], connections: Mapping[str, ConnectionSettings], mappings: Path
    ) -> dict[str, ProjectSettings]:
        maker = Maker(
            self.document,
            self.file.parent,
            mappings,
            connections,
            wrong=frozenset(map(str, named.get("connections", {}))) - frozenset(connections),
            publishers=frozenset(
                name for name, each in connections.items() if self.kinds.publishes(each.kind)
            ),
            problems=self.problems,
        )
        made = {}
        for name, given in self._named("projects", named.get("projects", {})):
            section = self._checked(ProjectSection, given, ("projects", name))
            if section:
                made[name] = maker.project(name, section)
        return made

    # ── what all sections need ──

    def _named(self, part: str, sections: Mapping[Any, Any]) -> Iterable[tuple[str, Any]]:
        """The sections under names, each name checked. Names that differ by case only are one file on Windows."""
        seen: dict[str, str] = {}
        for key, given in sections.items():
            name = str(key)
            try:
                short_name(name)
            except ValueError as error:
                self._say((part, key), f"{name[:80]!r} cannot be a name here: {error}.", key=True)
            other = seen.setdefault(name.casefold(), name)
            if other != name:
                says = f"{name!r} and {other!r} differ by capital letters only."
                self._say((part, key), says, "Rename one of them.", key=True)
            yield name, given

    def _checked(
        self,
        model: type[M],
        given: object,
        path: tuple[str, ...],
        *,
        also: Iterable[str] = (),
        lenient: bool = False,
    ) -> M | None:
        """The section, or None where it is wrong and its problems are noted.

        Lenient: what an emulated connection lacks (address, token) is given by its emulator, so it may be missing.
        """
        try:
            return model.model_validate(given)
        except ValidationError as error:
            but = _lacking if lenient else _nothing
            self.problems += problems_of(error, self.document, model, path=path, also=also, but=but)
            return None

    def _say(self, path: tuple[Any, ...], message: str, mend: str = "", *, key: bool = False) -> None:
        self.problems.append(self.document.problem(path, message, mend, key=key))


def _lacking(detail: ErrorDetails) -> bool:
    return detail["type"] == "missing" or not detail["loc"]


def _nothing(detail: ErrorDetails) -> bool:
    return False
