"""Addresses that a connection may be given: where a token goes, so https, or this machine (an emulator).

In: a setting's text. Out: the address, or a ValueError for pydantic to tell.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def safe_address(url: str, *, like: str) -> str:
    """The address without a slash at its end; `like` is an example for the message."""
    parts = urlsplit(url)
    if parts.query or parts.fragment or parts.username or not parts.hostname:
        raise ValueError(f"must be an address such as {like}, without a user, ? or #")
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url)):
        return url.rstrip("/")
    raise ValueError("must begin with https:// (http:// only on this machine)")


def is_loopback(url: str) -> bool:
    """Whether an address is one of this machine: an emulator's."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
