"""What a connection may be told, and what it must not."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from itpm_sync_smartsheet.settings import SmartsheetSettings

REFERENCE = "env:SMARTSHEET_TOKEN"


@pytest.mark.parametrize(
    ("region", "base"),
    [
        ("us", "https://api.smartsheet.com/2.0"),
        ("eu", "https://api.smartsheet.eu/2.0"),
        ("au", "https://api.smartsheet.au/2.0"),
        ("gov", "https://api.smartsheetgov.com/2.0"),
    ],
)
def test_each_region_has_its_address(region: str, base: str) -> None:
    assert SmartsheetSettings.model_validate({"token": REFERENCE, "region": region}).base == base


@pytest.mark.parametrize(
    "url", ["https://proxy.example.org", "https://proxy.example.org/2.0/", "http://127.0.0.1:8080"]
)
def test_an_address_of_ones_own(url: str) -> None:
    assert SmartsheetSettings.model_validate({"token": REFERENCE, "base_url": url}).base.endswith("/2.0")


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "http://api.smartsheet.com"},
        {"base_url": "ftp://x"},
        {"base_url": "http://127.0.0.1.example.org"},
        {"base_url": "https://user:secret@proxy.example.org"},
        {"region": "mars"},
        {"horizon": -1},
        {"key_column": ""},
        {"tokne": REFERENCE},
    ],
)
def test_what_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SmartsheetSettings.model_validate({"token": REFERENCE, **wrong})


def test_a_pasted_token_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValidationError) as caught:
        SmartsheetSettings.model_validate({"token": "ll352u9jujauoqz4gstvsae05"})
    assert "ll352u9" not in str(caught.value)
    assert "must not stand in the configuration" in str(caught.value)
