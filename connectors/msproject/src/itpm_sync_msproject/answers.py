"""What the worker process says of a file: its rows, or what is wrong with it.

In: nothing. Out: Answer, small enough to cross a process boundary, and the message made of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from itpm_sync.errors import Unreadable
from itpm_sync_msproject.rows import PlanRows


class Trouble(StrEnum):
    """Why a file was not read."""

    PASSWORD = "password"
    DAMAGED = "damaged"
    FOREIGN = "foreign"
    NOTHING = "nothing"
    MEMORY = "memory"
    SLOW = "slow"
    CRASHED = "crashed"
    JAVA = "java"


_MESSAGES = {
    Trouble.PASSWORD: (
        "{name} is protected by a password.",
        "Save a copy without a password (File > Save As > Tools > General Options) and use that.",
    ),
    Trouble.DAMAGED: (
        "{name} is damaged or was cut short: its inner structure cannot be followed.",
        "Copy it again from where it is kept, or open it in Microsoft Project and save it under a new name.",
    ),
    Trouble.FOREIGN: (
        "{name} is not a Microsoft Project plan, or of a version that cannot be read.",
        "Open it in Microsoft Project and save it in the current format, or as XML.",
    ),
    Trouble.NOTHING: (
        "{name} holds no plan that could be read.",
        "Open it in Microsoft Project and save it again as .mpp or as XML.",
    ),
    Trouble.MEMORY: (
        "{name} needs more than the {detail} MB of memory that reading may take.",
        "Raise `heap_mb` of this connection if the plan is really that large.",
    ),
    Trouble.SLOW: (
        "{name} took longer than {detail} s to read and was given up; it may be damaged.",
        "Open it in Microsoft Project and save it under a new name, or raise `seconds` of this connection.",
    ),
    Trouble.CRASHED: (
        "{name} made its reader fail; it may be damaged.",
        "Open it in Microsoft Project and save it under a new name.",
    ),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows, or trouble with a detail. A greeting has neither rows nor trouble; its detail names the Java."""

    rows: PlanRows | None = None
    trouble: Trouble | None = None
    detail: str = ""

    def refusal(self, name: str) -> Unreadable:
        """The trouble as an error that names the file and the mend."""
        message, mend = _MESSAGES[self.trouble or Trouble.CRASHED]
        return Unreadable(message.format(name=name, detail=self.detail), mend=mend)
