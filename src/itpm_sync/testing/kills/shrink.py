"""A tale in which something broke, cut down to what it takes.

In: a tale, whether another one breaks the same law. Out: the shortest found, after a bounded number of tries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from itpm_sync.testing.kills.tale import HOLD, Tale

MOST_TRIES = 60


def shorter(tale: Tale, breaks: Callable[[Tale], bool]) -> Tale:
    """The tale without every deed, tool and setting that the break does not need."""
    tries, found = 0, True
    while found and tries < MOST_TRIES:
        found = False
        for candidate in _simpler(tale):
            tries += 1
            if breaks(candidate):
                tale, found = candidate, True
                break
            if tries >= MOST_TRIES:
                break
    return tale


def _simpler(tale: Tale) -> Iterator[Tale]:
    """Tales that say a little less, the greatest cuts first."""
    for number in range(len(tale.tools)):
        if len(tale.tools) > 2:
            name = tale.tools[number].name
            yield replace(
                tale,
                tools=tale.tools[:number] + tale.tools[number + 1 :],
                before=tuple(deed for deed in tale.before if name not in (deed.tool, deed.value)),
                deeds=tuple(deed for deed in tale.deeds if name not in (deed.tool, deed.value)),
                after=tuple(deed for deed in tale.after if name not in (deed.tool, deed.value)),
                during=tuple(one for one in tale.during if name not in (one[1].tool, one[1].value)),
            )
    for part in ("after", "during", "deeds", "before"):
        told = getattr(tale, part)
        for number in range(len(told)):
            yield replace(tale, **{part: told[:number] + told[number + 1 :]})
    plainer = replace(tale, wait=0.0), replace(tale, title=HOLD, parent=HOLD), replace(tale, authorities=())
    yield from (one for one in plainer if one != tale)
