"""The configuration as the rest of the program uses it: paths made whole, sections made into the engine's words.

In: nothing. Out: frozen words. Secrets are references here; `registry` resolves them when a connection is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from itpm_sync.errors import Misconfigured
from itpm_sync.kit.secret import SecretRef
from itpm_sync.mapping.places import did_you_mean
from itpm_sync.model import ProjectFacts
from itpm_sync.policy import ProjectPolicy
from itpm_sync.status.limits import Limits

FILE_NAME = "itpm-sync.yaml"
"""The configuration in the current folder."""
WAIT_AT_MOST = timedelta(minutes=15)
"""How long the waits that a vendor asks for may take in one run, where the connection says nothing else."""
STATE_FOLDER = ".itpm-sync"
"""Beside the configuration: ledger, its key, the log."""


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """One connection."""

    name: str
    kind: str
    """The connector's name."""
    own: Mapping[str, Any]
    """What the configuration says to the connector, as written."""
    options: Any
    """The connector's own model, checked; None for an emulated one, which is complete when the emulator runs."""
    emulator: Path | None = None
    """Where its emulator keeps its state, if an emulator stands in for the real system."""
    reads_only: bool = False
    """`mode: read`: its transport sends no write."""
    wait_at_most: timedelta = WAIT_AT_MOST
    """How long the waits that the vendor asks for may take in all in one run."""


@dataclass(frozen=True, slots=True)
class PublishTo:
    """Somewhere pages are put: a folder or a connection."""

    name: str
    """How messages and the ledger call it."""
    folder: Path | None = None
    connection: str = ""


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """One project."""

    facts: ProjectFacts
    said: frozenset[str]
    """Members of `facts` that the configuration says itself; the others may be read off a plan file."""
    policy: ProjectPolicy
    mappings: Mapping[tuple[str, str], Path]
    """By (connection, container): the mapping file."""
    basis: Mapping[str, str]
    """Scope and owners in plain words, a line each (see `basis`): what a change of must be seen before it acts."""
    limits: Limits
    publish: tuple[PublishTo, ...]
    every: timedelta | None

    @property
    def id(self) -> str:
        return self.facts.id

    @property
    def connections(self) -> tuple[str, ...]:
        """The connections of its containers, in the configuration's order, each once."""
        return tuple(dict.fromkeys(each.connection for each in self.policy.containers))


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration."""

    file: Path
    ledger: str
    """An address without a password: `sqlite:///` with an absolute path, or `postgresql://`."""
    ledger_password: SecretRef | None
    ledger_key: SecretRef | None
    mappings: Path
    aliases: Mapping[str, str]
    connections: Mapping[str, ConnectionSettings]
    projects: Mapping[str, ProjectSettings]

    @property
    def folder(self) -> Path:
        """Where the configuration lies: relative paths in it start here."""
        return self.file.parent

    @property
    def state(self) -> Path:
        """Where this installation keeps what it needs: ledger, key, log."""
        return self.folder / STATE_FOLDER

    def project(self, name: str) -> ProjectSettings:
        """The project called `name`. Raises Misconfigured."""
        found = self.projects.get(name)
        if found is None:
            raise Misconfigured(
                f"There is no project {name!r} in {self.file.name}.", mend=did_you_mean(name, self.projects)
            )
        return found

    def connection(self, name: str) -> ConnectionSettings:
        """The connection called `name`. Raises Misconfigured."""
        found = self.connections.get(name)
        if found is None:
            raise Misconfigured(
                f"There is no connection {name!r} in {self.file.name}.",
                mend=did_you_mean(name, self.connections),
            )
        return found
