"""S17: a cursor that is stored says that everything up to it was read.

In: a stage, its state, at any moment. Out: what is broken, in words.
"""

from __future__ import annotations

from collections.abc import Iterator

from itpm_sync.ledger import State
from itpm_sync.simulator.laws.stage import Stage


def cursors(stage: Stage, state: State) -> Iterator[str]:
    """What was changed before a cursor is known, or something newer is."""
    known = {(r.connection, r.native_id): r for r in state.replicas.values()}
    for (connection, container), kept in state.containers.items():
        tool = stage.tools.get(connection)
        if tool is None or kept.cursor is None:
            continue
        for native, row in tool.rows.items():
            revision = f"{row.revision:010d}"
            if row.container != container or row.hidden or revision > kept.cursor:
                continue
            replica = known.get((connection, native))
            if replica is None:
                yield f"S17: {native} of {connection} was changed at {revision}, before {kept.cursor}, and is not known"
            elif replica.current is not None and replica.current.revision < revision:
                if (replica.current.values, replica.current.key) == (row.values, tool.record(row).key):
                    continue  # changed and changed back
                yield f"S17: {native} of {connection} is known at {replica.current.revision}, not at {revision}"
