"""Who holds leases: a name for this process that no other process has, and whether such a holder is no more.

In: the machine's name, process ids. Out: a text that people can read in "another run holds the project". Two laptops
of one name never look alike; a process that died here is not waited for.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import socket
import sys
from pathlib import Path

_HOLDER = re.compile(r"(?P<host>\S+) pid (?P<pid>\d+) (?P<machine>[0-9a-f]{8})-(?P<own>[0-9a-f]{8})")


def new_holder() -> str:
    """A name for this process, as `pmo-laptop pid 4711 5d41402a-1b9f3c70`."""
    host = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname()) or "host"
    return f"{host} pid {os.getpid()} {_machine()}-{secrets.token_hex(4)}"


def is_gone(holder: str) -> bool:
    """Whether that holder surely is no more. Where it cannot be told, it is not gone: its lease runs out by itself."""
    found = _HOLDER.fullmatch(holder)
    if found is None or found["machine"] != _machine():
        return False
    pid = int(found["pid"])
    return pid != os.getpid() and not _lives(pid)


def _machine() -> str:
    """This machine, this start of it and, in a container, this container: process ids mean something only there."""
    parts = [socket.gethostname()]
    for place in ("/proc/sys/kernel/random/boot_id", "/etc/machine-id"):
        try:
            parts.append(Path(place).read_text(encoding="ascii").strip())
        except (OSError, UnicodeDecodeError):
            continue
    try:
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    except OSError:
        pass
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]


def _lives(pid: int) -> bool:
    if sys.platform == "win32":  # os.kill would end the process there
        return _lives_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    return True


def _lives_on_windows(pid: int) -> bool:  # pragma: no cover - Windows
    import ctypes

    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - absent elsewhere
    handle = kernel.OpenProcess(0x1000, 0, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return bool(kernel.GetLastError() == 5)  # access denied: it is there
    kernel.CloseHandle(handle)
    return True
