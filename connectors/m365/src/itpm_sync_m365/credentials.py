"""Who we are to Microsoft Graph: one azure-identity credential, or a ready token.

In: settings with the secret in place. Out: an authentication provider for the SDK's adapter, which adds the token only
for Graph's own host (or the emulator's) and fetches it once, however many calls wait for it. Nothing falls back to a
developer's login: exactly one kind of credential is built.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from kiota_abstractions.authentication import AuthenticationProvider
from kiota_abstractions.request_information import RequestInformation

from itpm_sync.errors import Denied, ItpmError, Misconfigured, NotTheVendor, Unavailable
from itpm_sync.kit.secret import Secret, on_the_wire
from itpm_sync.ports import Clock

from .settings import Credential, M365Settings

EARLY = 300.0
"""Seconds before its end at which a token is renewed."""


class TokenSource(Protocol):
    """Gets a token: its text, and the second (Unix time) at which it ends."""

    async def get(self, claims: str | None) -> tuple[Secret, float]: ...

    async def close(self) -> None: ...


class StaticToken:
    """A ready token. Nobody here can renew it."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    async def get(self, claims: str | None) -> tuple[Secret, float]:
        return self._token, math.inf

    async def close(self) -> None:
        return None


class AzureToken:
    """A token from an azure-identity credential (asynchronous variant)."""

    def __init__(self, credential: Any, scope: str) -> None:
        self._credential, self._scope = credential, scope

    async def get(self, claims: str | None) -> tuple[Secret, float]:
        """Raises Denied where the credential is refused, Unavailable where nobody answers."""
        try:
            more = {"claims": claims} if claims else {}
            token = await self._credential.get_token(self._scope, **more)
        except Exception as error:  # noqa: BLE001  # azure's exceptions; their texts may hold what must not be shown
            raise _token_error(error) from None
        return Secret(token.token), float(token.expires_on)

    async def close(self) -> None:
        await self._credential.close()


def _token_error(error: BaseException) -> ItpmError:
    """The error of a failed token request, told apart by azure-core's class names."""
    names = {kind.__name__ for kind in type(error).__mro__}
    silent = {"ServiceRequestError", "ServiceResponseError", "HttpResponseError"}
    if names & silent and "ClientAuthenticationError" not in names:
        return Unavailable(
            "Microsoft Entra ID does not answer, so no token could be had.",
            mend="Check the network and login.microsoftonline.com; the next run tries again.",
        )
    if "CredentialUnavailableError" in names:
        return Denied(
            "No identity was found on this machine for Microsoft 365.",
            mend="Give the host a managed identity, or set `credential` to certificate or client_secret.",
        )
    return Denied(
        "Microsoft Entra ID refuses the application's credential.",
        mend="Check tenant_id and client_id, and whether the secret or certificate has expired.",
    )


def source_of(settings: M365Settings) -> TokenSource:
    """The one credential that the settings name. Raises Misconfigured where it cannot be used."""
    if settings.credential is Credential.TOKEN:
        return StaticToken(_secret(settings))
    parts = urlsplit(settings.base_url)
    return AzureToken(_azure(settings), f"{parts.scheme}://{parts.netloc}/.default")


def _secret(settings: M365Settings) -> Secret:
    if isinstance(settings.secret, Secret):
        return settings.secret
    raise Misconfigured(
        f"The secret {settings.secret} of the Microsoft 365 connection was not fetched.",
        mend="Check that the setting `secret` names where it is kept.",
    )


def _azure(settings: M365Settings) -> Any:
    from azure.identity import aio

    host = urlsplit(settings.base_url).netloc
    # no proxy that the configuration does not name: the request for a token holds the secret
    authority: dict[str, Any] = {"use_env_settings": False}
    if host in _AUTHORITIES:
        authority["authority"] = _AUTHORITIES[host]
    client: dict[str, Any] = {"use_env_settings": False}
    if settings.client_id:
        client["client_id"] = settings.client_id
    try:
        match settings.credential:
            case Credential.CLIENT_SECRET:
                return aio.ClientSecretCredential(
                    settings.tenant_id, settings.client_id, _secret(settings).reveal(), **authority
                )
            case Credential.CERTIFICATE:
                return aio.CertificateCredential(
                    settings.tenant_id,
                    settings.client_id,
                    certificate_data=_secret(settings).reveal().encode(),
                    **authority,
                )
            case Credential.WORKLOAD_IDENTITY:
                tenant = {"tenant_id": settings.tenant_id} if settings.tenant_id else {}
                return aio.WorkloadIdentityCredential(**client, **tenant)
            case _:
                return aio.ManagedIdentityCredential(**client)
    except ValueError:  # azure's text may quote the certificate
        raise Misconfigured(
            f"The credential {settings.credential.value} of the Microsoft 365 connection cannot be used.",
            mend="Check tenant_id, client_id and that the certificate is PEM text with its private key.",
        ) from None


_AUTHORITIES: Mapping[str, str] = {
    "graph.microsoft.us": "https://login.microsoftonline.us",
    "dod-graph.microsoft.us": "https://login.microsoftonline.us",
    "microsoftgraph.chinacloudapi.cn": "https://login.chinacloudapi.cn",
}


class Tokens(AuthenticationProvider):
    """The SDK's hook for Authorization: the host is looked at before the token is."""

    def __init__(self, source: TokenSource, base_url: str, clock: Clock) -> None:
        self._source, self._clock = source, clock
        self._origin = origin_of(base_url)
        self._lock = asyncio.Lock()
        self._token: Secret | None = None
        self._until = 0.0

    async def authenticate_request(
        self, request: RequestInformation, additional_authentication_context: dict[str, Any] | None = None
    ) -> None:
        """Add Authorization. Raises NotTheVendor for any other host."""
        if origin_of(request.url) != self._origin:
            raise NotTheVendor("A link to another host was met; no token is ever sent there.")
        claims = (additional_authentication_context or {}).get("claims")
        token = await self.token(claims)
        request.headers.remove("Authorization")
        request.headers.add("Authorization", f"Bearer {on_the_wire(token, 'Microsoft 365')}")

    async def token(self, claims: str | None = None) -> Secret:
        """The present token; whoever comes first fetches it, the others wait for that one."""
        async with self._lock:
            if claims or self._token is None or self._clock.now().timestamp() > self._until - EARLY:
                self._token, self._until = await self._source.get(claims)
            return self._token

    async def renew(self, refused: Secret | None) -> bool:
        """After a 401: whether another token than the refused one could be had (F28, once for all who wait)."""
        async with self._lock:
            if self._token != refused:
                return True
            self._token, self._until = await self._source.get(None)
            return self._token != refused

    @property
    def current(self) -> Secret | None:
        """The token last used; for renewing it and for keeping it out of messages."""
        return self._token

    async def close(self) -> None:
        await self._source.close()


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port. A link with user information in it has no origin we know."""
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        return ("", "", None)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return (parts.scheme, (parts.hostname or "").lower(), parts.port or default)
