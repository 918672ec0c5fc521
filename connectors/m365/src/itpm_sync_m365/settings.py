"""The settings of a Microsoft 365 connection.

In: the connection's section of the configuration. Out: a checked, frozen model. Secrets stand here as references
(`env:NAME`, `file:PATH`, `keyvault:NAME`), never themselves; whoever opens the connection puts the secret in its place.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from itpm_sync.kit.address import is_loopback
from itpm_sync.kit.secret import Secret, SecretRef

GRAPH = "https://graph.microsoft.com/v1.0"
GRAPH_HOSTS = frozenset(
    {
        "graph.microsoft.com",
        "graph.microsoft.us",
        "dod-graph.microsoft.us",
        "microsoftgraph.chinacloudapi.cn",
    }
)
"""Where Microsoft Graph lives: worldwide and the national clouds. A token goes nowhere else."""

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Credential(StrEnum):
    """How the connection proves who it is."""

    MANAGED_IDENTITY = "managed_identity"
    WORKLOAD_IDENTITY = "workload_identity"
    CERTIFICATE = "certificate"
    CLIENT_SECRET = "client_secret"
    TOKEN = "token"
    """A ready access token: for the emulator, and for a trial by hand."""


class Details(StrEnum):
    """How the details of many tasks are read."""

    AUTO = "auto"
    """With the tasks; where the service refuses that, in batches."""
    BATCH = "batch"
    """Always in batches of their own."""


class M365Settings(BaseModel):
    """One Microsoft 365 tenant, as one application sees it."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )

    base_url: str = Field(
        GRAPH, description="Address of Microsoft Graph with its version, or of an emulator."
    )
    tenant_id: str = Field(
        "", description="The tenant's id or its domain; for a certificate or a client secret."
    )
    client_id: str = Field(
        "", description="The application's (client) id; empty: the system-assigned identity."
    )
    credential: Credential = Field(
        Credential.MANAGED_IDENTITY, description="How the connection proves who it is."
    )
    secret: SecretRef | Secret | None = Field(
        None, description="Where the client secret, the certificate (PEM with its key) or the token is kept."
    )
    group_id: str = Field("", description="The Microsoft 365 group whose plans `check` lists; optional.")
    site: str = Field(
        "",
        description="The SharePoint site for status pages: its address (https://…/sites/pmo) or its Graph id.",
    )
    assets_folder: str = Field("itpm", description="Folder in the site's Site Assets library for pictures.")
    assets_drive: str = Field(
        "", description="Id of the Site Assets library, where it cannot be found by name."
    )
    item_link: str = Field(
        "https://itpm-sync.invalid/item",
        description="Address that our key is added to as `#itpm=…`; best the project's own status page.",
    )
    details: Details = Field(Details.AUTO, description="How task details are read.")
    horizon: float = Field(
        60.0, ge=0, le=3600, description="Seconds after which a task we made is surely in the plan's list."
    )
    per_second: float = Field(
        8.0, gt=0, le=1000, description="Calls a second; Planner publishes no number of its own."
    )
    timeout: float = Field(60.0, gt=0, le=600, description="Seconds to wait for an answer.")

    @field_validator("base_url")
    @classmethod
    def _base(cls, value: str) -> str:
        parts = urlsplit(value)
        known = parts.scheme == "https" and parts.netloc.lower() in GRAPH_HOSTS
        if not known and not is_loopback(value):
            raise ValueError(
                "this is not an address of Microsoft Graph. Write https://graph.microsoft.com/v1.0, "
                "or that of your national cloud."
            )
        return value.rstrip("/")

    @field_validator("item_link")
    @classmethod
    def _link(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("https", "http") or not parts.netloc or parts.fragment:
            raise ValueError(
                "write a web address without a part after #, as https://contoso.sharepoint.com/…"
            )
        return value

    @field_validator("assets_folder")
    @classmethod
    def _folder(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,60}(/[A-Za-z0-9_-]{1,60}){0,4}", value):
            raise ValueError("write a folder's name of letters, digits, hyphens and underscores")
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:  # noqa: N804  # an "after" validator is given the model itself
        kind = self.credential.value
        if self.credential in _WITH_SECRET and self.secret is None:
            raise ValueError(f"credential {kind} needs `secret`: write env:NAME or file:PATH")
        if self.credential in _WITH_SECRET - {Credential.TOKEN}:
            if not self.tenant_id or not _GUID.fullmatch(self.client_id):
                raise ValueError(
                    f"credential {kind} needs `tenant_id` and `client_id` (the application's id, a GUID, on the "
                    "overview page of the app registration)"
                )
        return self


_WITH_SECRET = frozenset({Credential.CERTIFICATE, Credential.CLIENT_SECRET, Credential.TOKEN})
