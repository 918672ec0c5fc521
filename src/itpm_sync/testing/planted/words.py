"""The words of planted bugs: a bug as data, how it is put into the source, and what may be wrong with an entry.

In: a bug, the source as it is now. Out: the source with the bug; `Outdated` where the engine has that line no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import itpm_sync

SOURCES: Final = Path(itpm_sync.__file__).parent
CRASH: Final = "crash"
"""A run that ends with an error nobody foresaw counts as seen, whatever law it would have broken."""


class Outdated(ValueError):
    """An entry of the catalogue that the engine no longer has."""


@dataclass(frozen=True, slots=True)
class Bug:
    """A mistake that a person could make, and what must see it."""

    name: str
    """What goes wrong, in plain words."""
    file: str
    """Below src/itpm_sync."""
    old: str
    """The right text, which stands in the file exactly once."""
    new: str
    kills: tuple[str, ...]
    """The invariants one of which must see it."""
    test: str = ""
    """The test that sees it, where random stories do not come there: a gap of the simulator."""
    quick: bool = False
    """Whether a few stories see it, from any seed on."""

    @property
    def module(self) -> str:
        """The dotted name of the file."""
        parts = ["itpm_sync", *Path(self.file).with_suffix("").parts]
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def plant(self, source: str) -> str:
        """The source with the bug in it. Raises Outdated."""
        found = source.count(self.old)
        if found != 1:
            raise Outdated(
                f"Planted bug {self.name!r}: its text stands {found} times in src/itpm_sync/{self.file}, not once. "
                f"Write into the catalogue (itpm_sync.testing.planted) how that place reads now:\n{self.old}"
            )
        planted = source.replace(self.old, self.new)
        try:
            compile(planted, self.file, "exec", dont_inherit=True)
        except SyntaxError as error:
            raise Outdated(f"Planted bug {self.name!r} does not compile any more: {error}.") from error
        return planted

    def source(self) -> str:
        """The file's text as it is now. Raises Outdated where there is no such file."""
        path = SOURCES / self.file
        if not path.is_file():
            raise Outdated(
                f"Planted bug {self.name!r}: there is no src/itpm_sync/{self.file}; name the file it is in now."
            )
        return path.read_text(encoding="utf-8")


def seen_by(bug: Bug, laws: list[str]) -> str:
    """Which of the broken laws sees the bug as its entry says; "" where none does."""
    for law in laws:
        code = law.partition(":")[0]
        if code in bug.kills:
            return code
        if law.startswith(("a run ended with", "it does not end")):
            return CRASH
    return ""
