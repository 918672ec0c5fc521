"""Settings are refused with a sentence that says what to write, and never repeat a secret."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from itpm_sync.kit.address import is_loopback
from itpm_sync_m365.settings import M365Settings

APP = {"tenant_id": "contoso.example", "client_id": "11111111-2222-4333-8444-555555555555"}


def test_the_defaults_are_a_managed_identity_at_microsoft_graph() -> None:
    made = M365Settings()
    assert (made.base_url, made.credential.value) == ("https://graph.microsoft.com/v1.0", "managed_identity")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"base_url": "https://graph.example.org/v1.0"}, "Microsoft Graph"),
        ({"base_url": "http://graph.microsoft.com/v1.0"}, "Microsoft Graph"),
        ({"base_url": "https://graph.microsoft.com:444/v1.0"}, "Microsoft Graph"),
        ({"base_url": "https://user@graph.microsoft.com/v1.0"}, "Microsoft Graph"),
        ({"credential": "client_secret", **APP}, "needs `secret`"),
        ({"credential": "client_secret", "secret": "env:X"}, "tenant_id"),
        ({"credential": "certificate", "secret": "env:X", **APP, "client_id": "itpm"}, "client_id"),
        ({"credential": "password"}, "credential"),
        ({"item_link": "page"}, "web address"),
        ({"item_link": "https://example.org/a#b"}, "web address"),
        ({"assets_folder": "../x"}, "folder"),
        ({"tenant": "x"}, "tenant"),
    ],
)
def test_wrong_settings_are_named(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        M365Settings.model_validate(given)
    assert says in str(caught.value)


def test_a_pasted_secret_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as caught:
        M365Settings.model_validate({"credential": "client_secret", **APP, "secret": "Pa55word-that-leaks"})
    assert "Pa55word-that-leaks" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:80", True),
        ("http://localhost", True),
        ("http://[::1]:9", True),
        ("http://127.0.0.1.example.org", False),
        ("http://10.0.0.1", False),
    ],
)
def test_what_is_this_machine(url: str, here: bool) -> None:
    assert is_loopback(url) is here
