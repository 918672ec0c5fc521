"""Credentials: exactly the one that was named, tokens fetched once, and no secret in any message."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from kiota_abstractions.request_information import RequestInformation

from itpm_sync.errors import Denied, Misconfigured, NotTheVendor, Unavailable
from itpm_sync.kit.secret import Secret
from itpm_sync_m365.credentials import AzureToken, StaticToken, Tokens, origin_of, source_of
from itpm_sync_m365.settings import M365Settings

GRAPH = "https://graph.microsoft.com/v1.0"
APP = {"tenant_id": "contoso.example", "client_id": "11111111-2222-4333-8444-555555555555"}
CANARY = "canary-Secret-0815"


class Source:
    """Gives numbered tokens that end when they are told to."""

    def __init__(self, ends: float) -> None:
        self.ends, self.asked = ends, 0

    async def get(self, claims: str | None) -> tuple[Secret, float]:
        self.asked += 1
        await asyncio.sleep(0)
        return Secret(f"token-{self.asked}"), self.ends

    async def close(self) -> None:
        return None


def test_many_calls_at_once_fetch_one_token(run: Any, clock: Any) -> None:
    source = Source(clock.now().timestamp() + 3600)

    async def work() -> set[str]:
        tokens = Tokens(source, GRAPH, clock)
        return {token.reveal() for token in await asyncio.gather(*(tokens.token() for _ in range(10)))}

    assert run(work()) == {"token-1"}


def test_a_token_is_renewed_before_it_ends(run: Any, clock: Any) -> None:
    source = Source(clock.now().timestamp() + 3600)

    async def work() -> tuple[str, str]:
        tokens = Tokens(source, GRAPH, clock)
        first = await tokens.token()
        await clock.sleep(3400)
        return first.reveal(), (await tokens.token()).reveal()

    assert run(work()) == ("token-1", "token-2")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.org/v1.0/me",
        "http://graph.microsoft.com/v1.0/me",
        "https://graph.microsoft.com@evil.example.org/",
        "https://me:pw@graph.microsoft.com/v1.0/me",
        "https://graph.microsoft.com:444/v1.0/me",
    ],
)
def test_the_token_is_added_for_graph_only(run: Any, clock: Any, url: str) -> None:
    async def work() -> None:
        request = RequestInformation()
        request.url = url
        tokens = Tokens(Source(0), GRAPH, clock)
        with pytest.raises(NotTheVendor):
            await tokens.authenticate_request(request)
        assert not request.headers.contains("Authorization")

    run(work())


def test_origins() -> None:
    assert origin_of("https://Graph.Microsoft.com/x") == origin_of("https://graph.microsoft.com:443/y")
    assert origin_of("https://a@graph.microsoft.com") == ("", "", None)


class Endpoint(BaseHTTPRequestHandler):
    """A managed identity's token endpoint, as App Service and Container Apps have one."""

    answer: Any = None

    def do_GET(self) -> None:
        status, body = self.server.answer  # type: ignore[attr-defined]
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        return None


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    server.answer, server.asked = (500, {}), []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}/token")
    monkeypatch.setenv("IDENTITY_HEADER", "header")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def fetched(run: Any, settings: M365Settings) -> Any:
    async def work() -> Any:
        source = source_of(settings)
        try:
            return await source.get(None)
        finally:
            await source.close()

    return run(work())


def test_a_managed_identity_gives_a_token_for_graph(run: Any, endpoint: Any) -> None:
    endpoint.answer = (
        200,
        {
            "access_token": CANARY,
            "expires_on": "1900000000",
            "resource": "https://graph.microsoft.com",
            "token_type": "Bearer",
        },
    )
    token, ends = fetched(run, M365Settings(client_id=APP["client_id"]))
    assert (token.reveal(), ends) == (CANARY, 1900000000.0)
    assert "resource=https://graph.microsoft.com&" in endpoint.asked[0]
    assert f"client_id={APP['client_id']}" in endpoint.asked[0]


def test_an_identity_that_is_refused_is_denied_with_the_mend(run: Any, endpoint: Any) -> None:
    endpoint.answer = 400, {"error": "invalid_request", "error_description": f"no {CANARY}"}
    with pytest.raises(Denied) as caught:
        fetched(run, M365Settings())
    assert CANARY not in str(caught.value)
    assert caught.value.mend


class ServiceRequestError(Exception):
    """As azure-core names it."""


@pytest.mark.parametrize(
    ("error", "kind"),
    [(ServiceRequestError(CANARY), Unavailable), (ValueError(CANARY), Denied)],
)
def test_azures_own_words_are_not_passed_on(run: Any, error: Exception, kind: type[Exception]) -> None:
    class Broken:
        async def get_token(self, *_: str, **__: Any) -> Any:
            raise error

    with pytest.raises(kind) as caught:
        run(AzureToken(Broken(), "scope").get(None))
    assert CANARY not in str(caught.value)


def test_each_kind_builds_its_own_credential(
    monkeypatch: pytest.MonkeyPatch, run: Any, tmp_path: Any
) -> None:
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    made = {
        kind: source_of(M365Settings.model_validate({"credential": kind, **APP, **more}))
        for kind, more in (
            ("managed_identity", {}),
            ("workload_identity", {}),
            ("client_secret", {"secret": Secret(CANARY)}),
            ("token", {"secret": Secret(CANARY)}),
        )
    }
    assert isinstance(made["token"], StaticToken)
    names = {
        kind: type(source._credential).__name__
        for kind, source in made.items()
        if isinstance(source, AzureToken)
    }
    assert names == {
        "managed_identity": "ManagedIdentityCredential",
        "workload_identity": "WorkloadIdentityCredential",
        "client_secret": "ClientSecretCredential",
    }

    async def close() -> None:
        for source in made.values():
            await source.close()

    run(close())


def test_a_certificate_that_is_none_is_named_and_not_quoted() -> None:
    settings = M365Settings.model_validate({"credential": "certificate", "secret": Secret(CANARY), **APP})
    with pytest.raises(Misconfigured, match="certificate") as caught:
        source_of(settings)
    assert CANARY not in str(caught.value)


def test_a_secret_that_was_not_fetched_is_named() -> None:
    with pytest.raises(Misconfigured, match="env:M365_TOKEN"):
        source_of(M365Settings.model_validate({"credential": "token", "secret": "env:M365_TOKEN"}))


def test_settings_show_no_secret() -> None:
    settings = M365Settings.model_validate({"credential": "token", "secret": Secret(CANARY)})
    assert CANARY not in repr(settings) + str(settings)
