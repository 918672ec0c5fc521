"""What a Microsoft Project connection may be told, checked before any file is touched.

In: the connection's section of the configuration. Out: a frozen model. There is no account and no secret in it.
"""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from itpm_sync_msproject.field_ids import IDS, KEY_FIELD
from itpm_sync_msproject.worker import WorkerLimits

JVM_VARIABLE = "ITPM_JVM"
"""An environment variable that has the last word on which Java runs, for tests."""


class Jvm(StrEnum):
    """Which Java reads .mpp, .mpt, .mpx and .xer. XML needs none."""

    AUTO = "auto"
    """The system's where there is one that works, else the bundled one."""
    SYSTEM = "system"
    BUNDLED = "bundled"


class Older(StrEnum):
    """What is done with a plan that was saved long before the one last read (an old copy was put back)."""

    ASK = "ask"
    ACCEPT = "accept"


class MsProjectSettings(BaseModel):
    """One folder of plan files."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    folder: Path = Field(
        description="The folder that holds the plan files; containers are named relative to it."
    )
    jvm: Jvm = Field(
        Jvm.AUTO, description="Which Java reads .mpp, .mpt, .mpx and .xer: auto, system or bundled."
    )
    seconds: float = Field(30.0, gt=0, le=600, description="Seconds that reading one file may take.")
    heap_mb: int = Field(
        512, ge=64, le=16_384, description="Megabytes of memory that reading one file may take."
    )
    max_megabytes: int = Field(200, ge=1, le=200, description="Larger files are refused.")
    key_field: str = Field(
        KEY_FIELD, description="The text field of a task for our key, where the plan does not use it."
    )
    add_people: bool = Field(
        default=True, description="Whether a person may be added to a plan's resources, by mail."
    )
    older_copies: Older = Field(
        Older.ASK, description="ask: a plan older than the one last read sits out; accept."
    )
    horizon: float = Field(
        0.0, ge=0, le=3600, description="Seconds after which a file surely shows what was saved."
    )

    @field_validator("key_field")
    @classmethod
    def _text_field(cls, name: str) -> str:
        if name not in IDS or not name.startswith("Text"):
            raise ValueError("write one of Text1 to Text30")
        return name

    @property
    def limits(self) -> WorkerLimits:
        """The limits of the worker process."""
        return WorkerLimits(jvm=jvm_choice(self.jvm), seconds=self.seconds, heap_mb=self.heap_mb)


def jvm_choice(configured: Jvm = Jvm.AUTO) -> str:
    """The Java to use: the environment's word, where it is one, else the configured one."""
    word = os.environ.get(JVM_VARIABLE, "").strip().lower()
    return Jvm(word).value if word in {one.value for one in Jvm} else configured.value
