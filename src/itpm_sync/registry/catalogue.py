"""What is installed: connectors by entry point, their settings, emulators, publishers and readers when wanted.

In: the entry point group `itpm_sync.connectors`. Out: classes. Nothing is imported before it is asked for, so that
looking at one connector never loads another's libraries.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from itpm_sync.connector import Connector, FileReader
from itpm_sync.errors import Misconfigured, Unsupported
from itpm_sync.publisher import Publisher

if TYPE_CHECKING:
    from pydantic import BaseModel

    from itpm_sync.emulation import Emulator

GROUP = "itpm_sync.connectors"
REFERENCE = "memory"
"""The connector that keeps its records in memory, for tests."""


class Catalogue:
    """The installed connectors by name. `points` instead of what is installed is for tests."""

    def __init__(self, points: Iterable[EntryPoint] | None = None) -> None:
        self._given = points
        self._found: dict[str, type[Connector]] = {}

    @cached_property
    def _points(self) -> Mapping[str, EntryPoint]:
        points = self._given if self._given is not None else entry_points(group=GROUP)
        return {point.name: point for point in sorted(points, key=lambda point: point.name)}

    def names(self) -> Sequence[str]:
        """The connectors that are installed, by name."""
        return list(self._points)

    def offered(self) -> Sequence[str]:
        """Those that somebody would configure: the reference connector is for tests."""
        return [name for name in self._points if name != REFERENCE]

    def connector(self, kind: str) -> type[Connector]:
        """The connector's class. Raises Misconfigured where it is not installed or cannot be loaded."""
        if kind not in self._found:
            self._found[kind] = self._load(kind)
        return self._found[kind]

    def _load(self, kind: str) -> type[Connector]:
        if kind not in self._points:
            raise Misconfigured(
                f"There is no connector {kind!r} installed.",
                mend=f"Installed are: {', '.join(self.offered()) or 'none'}. Others come as itpm-sync[{kind}].",
            )
        try:
            found = self._points[kind].load()
        except (ImportError, AttributeError) as error:
            raise _broken(kind, error) from error
        if not (isinstance(found, type) and issubclass(found, Connector)):
            raise Misconfigured(
                f"What is installed as connector {kind!r} is no connector.", mend="Install it anew."
            )
        return found

    def settings_model(self, kind: str) -> type[BaseModel]:
        """The pydantic model of a connection's settings."""
        found: type[BaseModel] = _class(self.connector(kind).settings, kind)
        return found

    def publishes(self, kind: str) -> bool:
        """Whether it can put pages somewhere."""
        return self.connector(kind).publisher is not None

    def emulates(self, kind: str) -> bool:
        """Whether it has an emulator (a connector whose world is a folder needs none)."""
        return self.connector(kind).emulator is not None

    def serves(self, kind: str) -> bool:
        """Whether it has an emulator that answers over HTTP."""
        return self.emulates(kind) and self.emulator(kind).serves

    def emulator(self, kind: str) -> type[Emulator]:
        """The emulator's class. Raises Unsupported where it has none."""
        found: type[Emulator] = _class(_named(self.connector(kind).emulator, kind, "emulator"), kind)
        return found

    def publisher(self, kind: str) -> type[Publisher]:
        """The Publisher's class. Raises Unsupported where it has none."""
        found: type[Publisher] = _class(_named(self.connector(kind).publisher, kind, "publisher"), kind)
        return found

    def readers(self) -> list[tuple[str, FileReader]]:
        """By connector: a reader of each one that reads files; close them when done. A broken connector is left out."""
        found: list[tuple[str, FileReader]] = []
        for kind in self.names():
            try:
                target = self.connector(kind).reader
                if target:
                    found.append((kind, _class(target, kind)()))
            except Misconfigured:
                continue
        return found


def _named(target: str | None, kind: str, what: str) -> str:
    if target is None:
        raise Unsupported(f"The connector {kind} has no {what}.")
    return target


def _class(target: str, kind: str) -> Any:
    """What `module:Class` names."""
    module, _, name = target.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise _broken(kind, error) from error


def _broken(kind: str, error: Exception) -> Misconfigured:
    missing = f" ({error.name} is missing)" if isinstance(error, ModuleNotFoundError) and error.name else ""
    return Misconfigured(
        f"The connector {kind} cannot be loaded{missing}.", mend=f"Install itpm-sync[{kind}] anew."
    )
