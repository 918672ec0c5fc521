"""The vendor's side: here one JSON file a container. A real connector has `client.py` in its place.

In: files. Out: rows, written atomically through `ports.Files`. Raises Gone, Unreadable, Stale.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from itpm_sync.connector import Change, Operation, Record
from itpm_sync.errors import Gone, Stale, Unreadable
from itpm_sync.ports import Files


@dataclass(slots=True)
class Row:
    """One record as the file holds it."""

    revision: int
    key: str | None
    values: dict[str, Any] = field(default_factory=dict)


class Store:
    """One container's file."""

    def __init__(self, files: Files, path: Path) -> None:
        self._files, self._path = files, path
        self.count = 0
        self.rows: dict[str, Row] = {}
        try:
            document = json.loads(files.read(path))
            self.count = int(document["count"])
            self.rows = {name: Row(**row) for name, row in document["rows"].items()}
        except FileNotFoundError:
            raise Gone(f"There is no file {path.name}.", mend="Correct the container's name.") from None
        except (ValueError, KeyError, TypeError):
            raise Unreadable(f"{path.name} is not a file of this connector.", mend="Put it right by hand.") from None

    def save(self) -> None:
        """Write everything back."""
        rows = {name: {"revision": r.revision, "key": r.key, "values": r.values} for name, r in self.rows.items()}
        text = json.dumps({"count": self.count, "rows": rows}, ensure_ascii=False, indent=1)
        self._files.write(self._path, text.encode())

    def record(self, native_id: str) -> Record:
        row = self.rows[native_id]
        name = str(row.values.get("title") or native_id)
        return Record(native_id, f"{row.revision:010d}", dict(row.values), key=row.key, name=name)

    def carry_out(self, change: Change) -> str:
        """Do one change in memory; returns the record's id. Raises Gone, Stale."""
        self.count += 1
        if change.operation is Operation.CREATE:
            native = f"{self.count:06d}"
            self.rows[native] = Row(self.count, change.key, dict(change.values))
            return native
        native = change.native_id or ""
        if native not in self.rows:
            raise Gone(f"There is no record {native}.")
        row = self.rows[native]
        if change.expected is not None and change.expected.revision != f"{row.revision:010d}":
            raise Stale(f"{native} was changed meanwhile.")
        if change.operation is Operation.DELETE:
            del self.rows[native]
        else:
            row.values.update(change.values)
            row.key, row.revision = change.key, self.count
        return native
