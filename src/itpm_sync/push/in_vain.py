"""A call whose outcome nobody told, and that turned out not to be carried out: it is made again, later and later.

In: the desk, the intent, why it is taken for not done. Out: its Settlement. Made again at once it may fail for ever
(a record on which its tool breaks off): from the third in a row on, the item waits in quarantine (S23).
"""

from __future__ import annotations

from typing import Final

from itpm_sync.bases import Intent, Refusal, Replica, edition, next_try
from itpm_sync.ledger import Settlement
from itpm_sync.push.desk import Desk

NOT_APPLIED: Final = "not applied"
PATIENCE: Final = 3
"""So many calls in a row that come to nothing are made again without waiting, but for the last."""


def came_to_nothing(desk: Desk, intent: Intent, why: str, *, replica: Replica | None = None) -> Settlement:
    """Close the intent, and count. What is carried out clears the count; a newer agreed version is tried at once."""
    where = (intent.item, intent.connection, intent.container, "")
    lenses, now = desk.sites[intent.connection, intent.container].lenses, desk.clock.now()
    times = desk.refused_before.get(where, 0) + 1
    desk.refused_before[where] = times
    due = now if times < PATIENCE else next_try(now, times - PATIENCE)
    calls = "a call" if times == 1 else f"{times} calls in a row"
    says = f"{calls} came to nothing, and {intent.connection} did not say why"
    version = edition(desk.items[intent.item].agreed, lenses)
    waits = Refusal(*where, version, says, times, due)
    return Settlement(intent.id, NOT_APPLIED, replica=replica, reason=why, refusals=(waits,))
