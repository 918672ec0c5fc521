"""What a Template connection may be told, checked before anything is called.

In: the connection's section of the configuration. Out: a frozen model.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class TemplateSettings(BaseModel):
    """One account. Here it is a folder of JSON files; a real one has an address and a SecretRef (see itpm_sync.kit)."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    folder: Path
    horizon: float = Field(default=0.0, ge=0)
    """Seconds after which a record that we made is surely found by its key."""
