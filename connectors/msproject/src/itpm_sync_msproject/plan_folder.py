"""The folder that a connection's plan files lie in.

In: container names, relative to the folder. Out: bytes with their digest, and atomic replacement. A name that leads
out of the folder is refused; a file that is being saved while it is read is read again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath, PureWindowsPath

from itpm_sync.errors import Gone, Misconfigured, Retry, Stale, Unavailable
from itpm_sync.ports import Files
from itpm_sync_msproject.sniff import check_size

SUFFIXES = frozenset({".mpp", ".mpt", ".mpx", ".xer", ".xml"})
_TRIES = 3
_CLOSE_IT = "Close it in Microsoft Project and in previews, or check the permissions of the folder."


@dataclass(frozen=True, slots=True)
class Content:
    """A file's bytes as read at once, and their SHA-256."""

    name: str
    data: bytes
    digest: str
    touched: datetime | None = None
    """The file system's time of the last change, aware."""


class PlanFolder:
    """See the module."""

    def __init__(self, folder: Path, files: Files, *, limit: int) -> None:
        self.folder = folder.expanduser()
        self._files = files
        self._limit = limit

    def path(self, container: str) -> Path:
        """Where a container lies. Raises Misconfigured where its name leads out of the folder."""
        parts = PurePosixPath(container.replace("\\", "/"))
        inside = not parts.is_absolute() and not PureWindowsPath(container).drive and ".." not in parts.parts
        path = self.folder / parts
        if not container.strip() or not inside or not self._within(path):
            raise Misconfigured(
                f"The plan {container!r} is not inside the connection's folder.",
                mend="Name it relative to the folder, as rollout.xml or site-a/rollout.xml.",
            )
        return path

    def _within(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self.folder.resolve())  # a link may lead out

    def listing(self) -> list[str]:
        """Every plan file in the folder and below it, by container name."""
        if not self.folder.is_dir():
            raise Unavailable(
                f"The folder of plan files, {self.folder.name!r}, is not there.",
                mend="Create it, connect the drive, or correct `folder` of this connection.",
            )
        found = (
            path for path in self.folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()
        )
        return sorted(
            path.relative_to(self.folder).as_posix()
            for path in found
            if not path.name.startswith((".", "~$"))
        )

    def read(self, container: str) -> Content:
        """The file as it is now. Raises Gone, Unavailable, Unreadable (too large), Misconfigured."""
        path = self.path(container)
        for _ in range(_TRIES):
            try:
                before = self._mark(path)
                if before is not None and not path.is_file():  # a pipe or a device would be read for ever
                    raise Unavailable(f"The plan {container} is no file.", mend="Name a plan file.")
                if before is not None:
                    check_size(container, before[1], limit=self._limit)
                data = self._files.read(path)
                if self._mark(path) == before:  # else it was saved meanwhile: half old, half new
                    return Content(container, data, hashlib.sha256(data).hexdigest(), _touched(before))
            except FileNotFoundError:
                raise Gone(
                    f"The plan {container} is not in the folder {self.folder.name!r}.",
                    mend="Put it back, or take it out of the project's containers.",
                ) from None
            except OSError as error:
                reason = error.strerror or type(error).__name__
                raise Unavailable(
                    f"The plan {container} cannot be opened: {reason}.", mend=_CLOSE_IT
                ) from None
        raise Unavailable(
            f"The plan {container} is being saved right now.", mend="It is read in the next run."
        )

    @staticmethod
    def _mark(path: Path) -> tuple[int, int] | None:
        try:
            status = path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size

    def replace(self, old: Content, data: bytes) -> None:
        """Put `data` in the place of exactly `old`. Raises Stale where the file changed, Retry where it is locked."""
        if self.read(old.name).digest != old.digest:
            raise Stale(f"The plan {old.name} was saved by somebody else meanwhile.")
        try:
            self._files.write(self.path(old.name), data)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise Retry(f"The plan {old.name} cannot be written: {reason}.", mend=_CLOSE_IT) from None


def _touched(mark: tuple[int, int] | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(mark[0] // 1_000_000_000, UTC) if mark else None
    except (OverflowError, ValueError, OSError):  # a time that no calendar has
        return None
