"""The state of an emulator: one JSON document, in memory or in one file that is replaced after each change.

In: a folder or None. Out: a dictionary that is there again after a restart. The write is atomic (a reader sees the old
document or the new); it is not forced to the disk, as an emulator must survive its process, not the machine.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

Document = dict[str, Any]


class StateFile:
    """Where the document lives. With `folder=None` nothing is ever written."""

    def __init__(self, folder: Path | None, name: str) -> None:
        self.path = folder / f"{name}.json" if folder is not None else None

    def load(self) -> Document | None:
        """The document of an earlier process, or None where there is none. Raises ValueError where it is broken."""
        if self.path is None or not self.path.is_file():
            return None
        try:
            return dict(json.loads(self.path.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{self.path} is not an emulator's state. Remove it to start anew.") from error

    def save(self, document: Document) -> None:
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        part.write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")
        part.replace(self.path)
