"""All planted bugs, and the one of a name.

In: nothing. Out: `BUGS`; `faults` says what is wrong with the entries, each with its mend.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from itpm_sync.testing.planted.existence import EXISTENCE
from itpm_sync.testing.planted.fields import FIELDS
from itpm_sync.testing.planted.running import RUNNING
from itpm_sync.testing.planted.trees import TREES
from itpm_sync.testing.planted.words import Bug, Outdated
from itpm_sync.testing.planted.writing import WRITING

BUGS: Final[tuple[Bug, ...]] = (*FIELDS, *EXISTENCE, *TREES, *WRITING, *RUNNING)


def bug_of(name: str) -> Bug:
    """The bug of that name. Raises KeyError, naming the nearest."""
    for bug in BUGS:
        if bug.name == name:
            return bug
    near = [bug.name for bug in BUGS if name.casefold() in bug.name.casefold()]
    raise KeyError(f"No planted bug is called {name!r}. Near: {near or 'none'}.")


def faults() -> list[str]:
    """What is wrong with the catalogue: entries whose place the engine no longer has, names told twice."""
    found = [
        f"Two planted bugs are called {name!r}." for name, n in Counter(b.name for b in BUGS).items() if n > 1
    ]
    for bug in BUGS:
        try:
            bug.plant(bug.source())
        except Outdated as error:
            found.append(str(error))
    return found
