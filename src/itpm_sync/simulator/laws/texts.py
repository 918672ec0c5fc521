"""S3, S5, S6: titles to the last character, and every label.

In: a stage at rest, its state. Out: what is broken, in words.
"""

from __future__ import annotations

from collections.abc import Iterator

from itpm_sync.ledger import State
from itpm_sync.simulator.ghosts import mark
from itpm_sync.simulator.laws.stage import Stage


def whole(stage: Stage, state: State) -> Iterator[str]:
    """S5, S6: what is agreed was typed so by somebody, in full. A tool that cuts texts never cuts another's."""
    ghosts = stage.ghosts
    for item in state.items.values():
        title = item.value("title")
        if title is None:
            continue
        typed = ghosts.typed.get(mark(title))
        if typed is None:
            yield f"S6: the title of {item.id} is {title!r}, which nobody typed"
        elif title != typed and mark(title) not in ghosts.cut:
            yield f"S5: the title of {item.id} is {title!r}; typed was {typed!r}"
