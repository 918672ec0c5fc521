"""Makes what a configuration names: connections, publishers; resolves their secrets; runs their emulators.

In: settings, the catalogue, the tools that reach the outside. Out: connectors, not opened yet. One Registry serves one
command or one run; at its end emulators stop. Secrets that were resolved are kept out of texts by `scrubbed`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from itpm_sync.connector import Connector, Tools
from itpm_sync.errors import ItpmError, Misconfigured
from itpm_sync.kit.limiter import LocalLimiter, Rate
from itpm_sync.kit.secret import Secret, SecretRef, scrub
from itpm_sync.kit.wall import ReadOnlyFiles
from itpm_sync.ports import Clock, Files, Limiter, Random
from itpm_sync.publisher import Publisher
from itpm_sync.registry.catalogue import Catalogue
from itpm_sync.registry.emulated import Emulators
from itpm_sync.settings import ConnectionSettings, PublishTo, Settings, rooted

CALLS_PER_SECOND = 10.0
"""Where a connection's settings say no rate of their own."""
_KEEPS = frozenset({"horizon"})
"""What a person may say of an emulated connection though the emulator says it too."""


class Registry:
    """The connections of one configuration. Use it as a context."""

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        *,
        clock: Clock,
        random: Random,
        files: Files,
        environ: Mapping[str, str],
        vault: Callable[[str], str] | None = None,
        specs: Path | None = None,
    ) -> None:
        self.settings = settings
        self.catalogue = catalogue
        self.emulators = Emulators(catalogue, clock, specs=specs)
        self._clock, self._random, self._files = clock, random, files
        self._environ, self._vault = environ, vault
        self._made: dict[str, Connector] = {}
        self._publishers: dict[PublishTo, Publisher] = {}
        self._options: dict[str, Any] = {}
        self._limiters: dict[str, Limiter] = {}
        self._secrets: set[Secret] = set()

    def __enter__(self) -> Registry:
        return self

    def __exit__(self, *error: object) -> None:
        self._made.clear()
        self._publishers.clear()
        self._options.clear()
        self.emulators.__exit__()

    # ── connections ──

    def connection(self, name: str) -> Connector:
        """The connection called `name`, made once and not opened yet; its emulator runs from now on.

        Raises Misconfigured: no such connection, a secret that cannot be had.
        """
        if name not in self._made:
            kind = self.settings.connection(name).kind
            options = self.options(name)
            self._made[name] = self.catalogue.connector(kind)(name, options, self.tools(name))
        return self._made[name]

    async def opened(self, name: str) -> Connector:
        """The same, opened. Raises Denied, Unavailable, Misconfigured."""
        connector = self.connection(name)
        await connector.open()
        return connector

    async def close(self) -> None:
        """Close every connection and publisher that was made. Never raises."""
        closers = [each.close for each in self._publishers.values()]
        closers += [each.close for each in self._made.values()]
        for close in closers:
            try:
                await close()
            except ItpmError:
                continue
        self._made.clear()
        self._publishers.clear()

    def options(self, name: str) -> Any:
        """A connection's settings with their secrets in place, and for an emulated one its emulator's address."""
        if name not in self._options:
            self._options[name] = self._resolved(self._complete(self.settings.connection(name)))
        return self._options[name]

    def tools(self, name: str) -> Tools:
        """What the connection is handed. All users of one connection share one limiter."""
        said = self.settings.connection(name)
        if name not in self._limiters:
            rate = float(getattr(self.options(name), "per_second", CALLS_PER_SECOND))
            if self._emulated(said):
                rate = max(rate, 1000.0)  # nobody's quota is used up
            self._limiters[name] = LocalLimiter(
                self._clock, Rate(rate, burst=max(1.0, rate)), budget=said.wait_at_most.total_seconds()
            )
        files = ReadOnlyFiles(name, self._files) if said.reads_only else self._files
        return Tools(self._clock, self._random, self._limiters[name], files, reads_only=said.reads_only)

    def _emulated(self, connection: ConnectionSettings) -> bool:
        return connection.emulator is not None and self.catalogue.emulates(connection.kind)

    def _complete(self, connection: ConnectionSettings) -> BaseModel:
        if connection.emulator is None or not self._emulated(connection):
            given = connection.options
            if not isinstance(given, BaseModel):  # lenient for an emulator that there is none of
                raise Misconfigured(
                    f"The connection {connection.name} is not complete, and {connection.kind} has no emulator.",
                    mend="Remove `emulator:` and run `itpm-sync check`.",
                )
            return given
        reached = self.emulators.reach(connection.kind, connection.emulator)
        said = {
            name: value for name, value in connection.own.items() if name in _KEEPS or name not in reached
        }
        model = self.catalogue.settings_model(connection.kind)
        try:
            return rooted(model.model_validate({**reached, **said}), self.settings.folder)
        except ValidationError as error:
            wrong = sorted({".".join(map(str, each["loc"])) for each in error.errors()})
            raise Misconfigured(
                f"The settings of the emulated connection {connection.name} do not fit: {', '.join(wrong)}.",
                mend="Leave only `connector` and `emulator`, and add the others one by one.",
            ) from None

    def _resolved(self, options: BaseModel) -> BaseModel:
        """Secrets in the place of references, where the connector's model takes them."""
        put: dict[str, Secret] = {}
        for name, field in type(options).model_fields.items():
            value = getattr(options, name)
            if isinstance(value, Secret):
                self._secrets.add(value)
            elif isinstance(value, SecretRef) and _admits(field.annotation):
                put[name] = self.secret(value)
        return options.model_copy(update=put) if put else options

    def secret(self, reference: SecretRef) -> Secret:
        """What a reference stands for. Raises Misconfigured, naming the reference only."""
        found = reference.resolve(self._environ, self._files, folder=self.settings.folder, vault=self._vault)
        self._secrets.add(found)
        return found

    def scrubbed(self, text: str) -> str:
        """`text` with every secret that was resolved blanked out."""
        return scrub(text, self._secrets)

    # ── publishers ──

    def publisher(self, to: PublishTo) -> Publisher:
        """Somewhere pages are put, made once and not opened yet. Raises Misconfigured, Unsupported."""
        if to not in self._publishers:
            self._publishers[to] = self._publisher(to)
        return self._publishers[to]

    def _publisher(self, to: PublishTo) -> Publisher:
        if to.folder is not None:
            return folder_publisher(to.folder, self._files)
        kind = self.settings.connection(to.connection).kind
        made: Any = self.catalogue.publisher(kind)
        publisher: Publisher = made(self.options(to.connection), self.tools(to.connection))
        return publisher


def folder_publisher(folder: Path, files: Files) -> Publisher:
    """Pages as files in a local folder."""
    from itpm_sync.folder import FolderPublisher

    return FolderPublisher(folder, files)


def _admits(annotation: Any) -> bool:
    """Whether a field that holds a reference would take the secret itself."""
    if get_origin(annotation) in (Union, UnionType):
        return any(_admits(each) for each in get_args(annotation))
    return annotation is Secret
