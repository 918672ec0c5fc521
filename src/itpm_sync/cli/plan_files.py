"""Plan files read without any account: records become items through the connector's mapping.

In: paths, the installed readers. Out: `status.report.Plan`s. In one file every record is an item of its own, under its
native id; nothing is remembered.
"""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from itpm_sync import resources
from itpm_sync.connector import FileContent, FileReader, Record
from itpm_sync.errors import ItpmError, Misconfigured, Unreadable
from itpm_sync.lens import Lens
from itpm_sync.mapping.compile import compile_mapping
from itpm_sync.mapping.load import read as read_mapping
from itpm_sync.model import Item, Value
from itpm_sync.registry import Catalogue
from itpm_sync.status.report import Plan
from itpm_sync.status.subject import zone_of
from itpm_sync.ties import ContainerEnv, Directory

if TYPE_CHECKING:
    from itpm_sync.mapping.load import Mapping as MappingFile

HEAD = 4096
KINDS = ".mpp, .mpt, .xml, .mpx, .xer"
"""The plan files that are read, as messages name them."""
MOST_TOLD = 20
"""Problems of single records that are told of one file; the rest is counted."""


def chosen(given: Sequence[str]) -> list[Path]:
    """The files meant: names, patterns (no shell expands them on Windows), folders. Raises Misconfigured for none."""
    found: list[Path] = []
    for name in given:
        path = Path(name)
        if path.is_dir():
            found += sorted(
                each for each in path.iterdir() if each.is_file() and not each.name.startswith((".", "~$"))
            )
        elif not path.exists() and glob.has_magic(name):
            found += sorted(Path(each) for each in glob.glob(name, recursive=True))  # noqa: PTH207 - as typed
        else:
            found.append(path)
    if not found:
        raise Misconfigured(
            f"There is no plan file ({KINDS}) in {', '.join(given)}.",
            mend="Name plan files, as in: itpm-sync report PLAN.mpp --out site",
        )
    return found


@contextmanager
def reading(catalogue: Catalogue, mapping: Path | None = None) -> Iterator[PlanFiles]:
    """The readers, open; their worker processes end with the block."""
    readers = catalogue.readers()
    try:
        yield PlanFiles(readers, {}, mapping)
    finally:
        for _, reader in readers:
            reader.close()


@dataclass(frozen=True, slots=True)
class PlanFiles:
    """Reads plan files, one after another."""

    readers: Sequence[tuple[str, FileReader]]
    mappings: dict[str, MappingFile]
    given: Path | None = None
    """A mapping to use instead of the shipped one."""

    def read(self, path: Path) -> Plan:
        """A file, read and translated. Raises ItpmError with the reason, or OSError."""
        if path.exists() and not path.is_file():  # a pipe or a device would be read for ever
            raise Unreadable(f"{path.name} is no file.", mend="Name a plan file, or a folder of them.")
        with path.open("rb") as stream:
            head = stream.read(HEAD)
        for kind, reader in self.readers:
            if reader.accepts(path, head):
                return translated(reader.read(path), self._mapping(kind))
        if not head:
            raise Unreadable(f"{path.name} is empty.", mend="Copy it again from where it came.")
        raise Unreadable(
            f"{path.name} is no plan file that an installed connector reads.",
            mend="Give a Microsoft Project (.mpp, .mpt, .xml), .mpx or Primavera .xer file.",
        )

    def _mapping(self, kind: str) -> MappingFile:
        if kind not in self.mappings:
            self.mappings[kind] = read_mapping(self.given or resources.mappings() / f"{kind}.yaml")
        return self.mappings[kind]


def translated(content: FileContent, mapping: MappingFile) -> Plan:
    """The file's records as items. What a record holds that cannot be translated is left out and told."""
    compiled = compile_mapping(mapping, content.info)
    named = zone_of(content.info.facts.zone if content.info.facts else "UTC")
    zone = named if isinstance(named, ZoneInfo) else ZoneInfo("UTC")
    natives = {record.native_id: record.native_id for record in content.records}
    parents: dict[str, str | None] = {}
    env = ContainerEnv(zone, mapping.system, Directory(), parents, natives, dict(natives))
    told: list[str] = []
    items = [
        Item(record.native_id, _values(record, compiled.lenses, env, told)) for record in content.records
    ]
    more = [f"… and {len(told) - MOST_TOLD} more like these."] if len(told) > MOST_TOLD else []
    return Plan(content, items, (*told[:MOST_TOLD], *more))


def _values(
    record: Record, lenses: Iterable[Lens], env: ContainerEnv, told: list[str]
) -> Mapping[str, Value]:
    values: dict[str, Value] = {}
    for lens in lenses:
        try:
            value = lens.get(record.values, env)
        except ItpmError as error:
            told.append(f"{record.name or record.native_id}: {error.message}")
            continue
        if value is not None:
            values[lens.name] = value
    return values
