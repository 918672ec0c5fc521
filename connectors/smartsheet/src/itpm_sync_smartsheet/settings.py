"""What a Smartsheet connection may be told, checked before anything is called.

In: the connection's section of the configuration. Out: a frozen model; a mistake is a pydantic error that does not
repeat the input (somebody may have pasted a token).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from itpm_sync.kit.address import safe_address
from itpm_sync.kit.secret import Secret, SecretRef


class Region(StrEnum):
    """Where the account lives; a token is good in its own region only."""

    US = "us"
    EU = "eu"
    AU = "au"
    GOV = "gov"


BASES: Final = {
    Region.US: "https://api.smartsheet.com/2.0",
    Region.EU: "https://api.smartsheet.eu/2.0",
    Region.AU: "https://api.smartsheet.au/2.0",
    Region.GOV: "https://api.smartsheetgov.com/2.0",
}


class SmartsheetSettings(BaseModel):
    """One account. `token` is a reference; whoever opens the connection puts the secret itself in its place."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )

    token: SecretRef | Secret
    """API access token of a dedicated account, as a reference (`env:SMARTSHEET_TOKEN`)."""
    region: Region = Region.US
    base_url: str | None = None
    """Instead of the region's address; https, or http on this machine (the emulator)."""
    key_column: str = Field(default="itpm-sync ID", min_length=1, max_length=50)
    """Title of the text column that holds our key."""
    create_key_column: bool = True
    """Whether that column may be added (hidden) where it is missing; the account must be an admin of the sheet."""
    shared_account: bool = False
    """True where people also work under the token's account: then no edit of it is taken for ours."""
    horizon: float = Field(default=60.0, ge=0)
    """Seconds after which a row that we added is surely there, or never will be (a request that timed out)."""
    per_minute: int = Field(default=240, ge=1, le=10_000)
    """Requests a minute; Smartsheet's older guides allow 300, the current one names no number."""
    timeout: float = Field(default=60.0, gt=0, le=600)
    """Seconds to wait for an answer; to connect, at most ten of them."""

    @field_validator("base_url")
    @classmethod
    def _safe_base(cls, url: str | None) -> str | None:
        return None if url is None else safe_address(url, like=BASES[Region.US])

    @property
    def base(self) -> str:
        """The address that all paths begin with, as in `https://api.smartsheet.com/2.0`."""
        if self.base_url is None:
            return BASES[self.region]
        return self.base_url if self.base_url.endswith("/2.0") else f"{self.base_url}/2.0"

    @property
    def per_second(self) -> float:
        """The rate for a limiter."""
        return self.per_minute / 60
