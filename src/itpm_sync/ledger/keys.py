"""The key of the history's chain.

In: the key itself, or the file that holds it. Out: its bytes; a file that is not there yet is made, of mode 0600.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path

from itpm_sync.errors import Misconfigured

_LEAST = 16


def read_key(path: Path, *, ours: bool) -> bytes | None:
    """The key in `path`, or None where there is no such file.

    `ours`: we made it, so others must not be able to read it. Raises Misconfigured.
    """
    try:
        mode = path.stat().st_mode
        key = path.read_bytes().strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Misconfigured(
            f"The ledger's key {path} cannot be read ({error.strerror}).", mend="Correct the file's rights."
        ) from error
    if ours and os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise Misconfigured(f"The ledger's key {path} can be read by others.", mend=f"Run: chmod 600 {path}")
    return checked(key, f"file {path}")


def checked(key: bytes, where: str) -> bytes:
    """`key`, if it is long enough. Raises Misconfigured."""
    if len(key) < _LEAST:
        raise Misconfigured(
            f"The ledger's key ({where}) has {len(key)} bytes; it needs {_LEAST} or more.",
            mend="Give a longer random key.",
        )
    return key


def make_key(path: Path) -> bytes:
    """A new key, stored in `path` with mode 0600. Raises Misconfigured where the folder cannot be written."""
    key = secrets.token_hex(32).encode()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(key + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise Misconfigured(
            f"The ledger's key {path} cannot be made ({error.strerror}).",
            mend="Make its folder writable, or name another place for the key.",
        ) from error
    return key


def key_check(key: bytes, ledger: str) -> str:
    """What the ledger keeps to recognise its key by."""
    return hmac.new(key, f"itpm-sync ledger {ledger}".encode(), hashlib.sha256).hexdigest()
