"""Whether a path lies on a network file system, where that can be told. SQLite's WAL does not work over one.

In: a path; on Linux the kernel's list of mounts, on Windows the drive's kind. Out: the file system's name, or None.
"""

from __future__ import annotations

import sys
from pathlib import Path

_NETWORK = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "afs",
        "ceph",
        "glusterfs",
        "lustre",
        "ncpfs",
        "davfs",
        "beegfs",
        "gpfs",
    }
    | {
        "fuse.sshfs",
        "fuse.glusterfs",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.blobfuse",
        "fuse.blobfuse2",
        "fuse.davfs",
    }
)
_MOUNTS = Path("/proc/self/mountinfo")
_REMOTE_DRIVE = 4


def network_file_system(path: Path) -> str | None:
    """The kind of network file system `path` lies on (or its nearest existing folder); None if local or unknown."""
    place = path.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    place = place.resolve()
    if sys.platform == "win32":
        return _of_drive(place)
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:  # no Linux: it cannot be told
        return None
    return mounted_as(place, mounts)


def mounted_as(place: Path, mounts: str) -> str | None:
    """The kind of network file system under `place`, by the text of /proc/self/mountinfo."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        words = before.split(" ")
        if len(words) < 5 or not after:
            continue
        mount = Path(_unescaped(words[4]))
        # the last mount over a place is the one that shows
        if (place == mount or mount in place.parents) and len(mount.parts) >= best:
            best, kind = len(mount.parts), after.split(" ")[0]
    return kind if kind in _NETWORK else None


def _unescaped(text: str) -> str:
    for code, plain in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, plain)
    return text


def _of_drive(place: Path) -> str | None:  # pragma: no cover - Windows
    if place.drive.startswith("\\\\"):
        return "UNC share"
    import ctypes

    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - absent elsewhere
    return "network drive" if kernel.GetDriveTypeW(f"{place.drive}\\") == _REMOTE_DRIVE else None
