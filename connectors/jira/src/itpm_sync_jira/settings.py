"""What a Jira connection may be told, checked before anything is called.

In: the connection's section of the configuration. Out: a frozen model; a mistake is a pydantic error that does not
repeat the input (somebody may have pasted a token).
"""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from itpm_sync.kit.address import safe_address
from itpm_sync.kit.secret import Secret, SecretRef

_TYPES: Final = {"summary": "Epic"}


class JiraSettings(BaseModel):
    """One Jira Cloud account. `token` is a reference; whoever opens the connection puts the secret in its place."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )

    base_url: str
    """`https://SITE.atlassian.net`; for a scoped token or a service account
    `https://api.atlassian.com/ex/jira/CLOUD-ID`. http only on this machine (the emulator)."""
    browse_url: str | None = None
    """`https://SITE.atlassian.net`, for the links people click; needed beside an api.atlassian.com base."""
    email: str | None = None
    """The account's mail address. Without it the token is sent as a Bearer token (a service account's)."""
    token: SecretRef | Secret
    """API token of a dedicated account, as a reference (`env:JIRA_TOKEN`)."""
    shared_account: bool = False
    """True where people also work under the token's account: then no edit of it is taken for ours."""
    horizon: float = Field(default=900.0, ge=0)
    """Seconds after which search surely shows an issue that we made."""
    overlap: float = Field(default=900.0, ge=0)
    """Seconds that an incremental pull reads again, because search lags behind."""
    sweep_every: float = Field(default=900.0, ge=0)
    """Seconds between two listings of all ids, by which vanished issues are noticed; 0: at every pull."""
    issue_types: dict[str, str] = Field(default=_TYPES)
    """Issue type of a new issue by kind (`summary: Epic`); a kind that is not named takes the type of its name,
    else `default_type`."""
    default_type: str = Field(default="Task", min_length=1)
    subtask_type: str = Field(default="Sub-task", min_length=1)
    """Issue type of a new issue whose parent is no epic."""
    link_type: str = Field(default="Blocks", min_length=1)
    """Link type that stands for finish-to-start."""
    property_key: str = Field(default="itpm-sync", min_length=1, max_length=255)
    """Entity property that holds our key; people do not see it."""
    per_second: float = Field(default=20.0, gt=0, le=100)
    """Requests a second in all; Atlassian allows 100 GET and 50 PUT a second and endpoint."""
    parallel: int = Field(default=4, ge=1, le=8)
    """Requests at the same time."""
    timeout: float = Field(default=60.0, gt=0, le=600)
    """Seconds to wait for an answer; to connect, at most ten of them."""

    @field_validator("base_url", "browse_url")
    @classmethod
    def _safe(cls, url: str | None) -> str | None:
        return None if url is None else safe_address(url, like="https://SITE.atlassian.net")

    @property
    def site(self) -> str:
        """The address for people's browsers."""
        return self.browse_url or self.base_url
