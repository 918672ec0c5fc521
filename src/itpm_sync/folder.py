"""The local-folder Publisher: status pages as HTML files with their pictures, and numbered copies that never change.

In: finished pages, a folder, `ports.Files`. Out: files. The portfolio is `index.html`; every page has a fixed
address. Each page ends in a seal, the hash of itself: a page whose seal does not hold was edited by a person, or was
never ours, and is left alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from itpm_sync.errors import Denied, Refused, Unavailable
from itpm_sync.ports import Files, LocalFiles
from itpm_sync.publisher import Published, Publisher, StatusPage

_LEGAL = re.compile(r"[a-z0-9][a-z0-9-]{0,79}\Z")
_PICTURE = re.compile(r"[a-z0-9][a-z0-9-]{0,119}\.(svg|png)\Z")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)\Z")
_SEAL = re.compile(rb"<!-- itpm-sync ([0-9a-f]{64}) ([0-9a-f]{64}) -->\s*\Z")

REPORTS = "reports"
"""The folder of frozen copies: reports/001, reports/002, …"""


class FolderPublisher(Publisher):
    """Puts pages into one folder. Raises Denied where it may not write, Unavailable where the disk fails."""

    def __init__(self, folder: Path, files: Files | None = None) -> None:
        self._folder = folder
        self._files = files or LocalFiles()

    async def publish(self, pages: Sequence[StatusPage], *, refresh: bool = False) -> Sequence[Published]:
        """Write each page that says something new, all of them with `refresh`; pictures before their page."""
        return [self._put(page, refresh=refresh) for page in pages]

    async def freeze(self, pages: Sequence[StatusPage], number: int) -> Sequence[Published]:
        """Write a numbered copy of all pages under `reports/NNN`. Raises Refused where that copy exists."""
        copy = self._folder / REPORTS / f"{number:03d}"
        if any(self._read(copy / f"{page.name}.html") is not None for page in pages):
            raise Refused(
                f"Report {number:03d} already exists in {copy}.",
                mend="A published report is not changed; publish the next one.",
            )
        return [FolderPublisher(copy, self._files)._put(page, refresh=True) for page in pages]

    def _put(self, page: StatusPage, *, refresh: bool) -> Published:
        check_name(page.name)
        path = self._folder / f"{page.name}.html"
        url = path.absolute().as_uri()
        there = self._read(path)
        if there is not None:
            held = sealed_digest(there)
            if held is None:
                note = f"{path.name} was edited by hand or is not ours, and was left alone."
                return Published(page.name, url, written=False, note=f"{note} Move it away to get a new one.")
            if held == page.digest and not refresh and self._has_pictures(page):
                return Published(page.name, url, written=False)
        foreign = [name for name in page.pictures if self._is_foreign(name, page, there)]
        if foreign:
            note = f"{foreign[0]} is there and not ours; it was left alone, and so was {path.name}."
            return Published(page.name, url, written=False, note=f"{note} Move it away to get a new one.")
        known = all(_shows(there, name) for name in page.pictures)
        if (
            not known
        ):  # a picture is ours where a page of ours shows it: the page first, should we be stopped here
            self._write(path, seal(page.standalone, page.digest))
        for name, data in page.pictures.items():
            self._write(self._folder / name, data)
        if known:
            self._write(path, seal(page.standalone, page.digest))
        return Published(page.name, url, written=True)

    def _is_foreign(self, name: str, page: StatusPage, there: bytes | None) -> bool:
        """Whether a picture's file is somebody else's: another one stands there that no page of ours shows."""
        if not _PICTURE.match(name):
            raise Refused(
                f"{name!r} is no name for a picture.",
                mend="Use letters, digits, hyphens and .svg or .png.",
            )
        if _shows(there, name):
            return False
        held = self._read(self._folder / name)
        return held is not None and held != page.pictures[name]

    def _has_pictures(self, page: StatusPage) -> bool:
        return all(self._read(self._folder / name) is not None for name in page.pictures)

    def _read(self, path: Path) -> bytes | None:
        """The file's bytes, or None where there is none."""
        try:
            return self._files.read(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError as error:
            raise Denied(f"{path} may not be read.", mend="Check the permissions of the folder.") from error
        except OSError as error:
            raise Unavailable(f"{path} cannot be read: {error.strerror or error}.") from error

    def _write(self, path: Path, data: bytes) -> None:
        try:
            self._files.write(path, data)
        except PermissionError as error:
            mend = "Check the permissions of the folder, and close the file where it is open."
            raise Denied(f"{path} may not be written.", mend=mend) from error
        except OSError as error:
            mend = "Check that the folder can be made and that the disk is not full."
            raise Unavailable(f"{path} cannot be written: {error.strerror or error}.", mend=mend) from error


def _shows(page: bytes | None, picture: str) -> bool:
    """Whether our page that is there shows the picture."""
    return page is not None and f'"{picture}"'.encode() in page


def check_name(name: str) -> None:
    """Refuse a page name that is no file name everywhere (Windows among others). Raises Refused."""
    if not _LEGAL.match(name) or _DEVICES.match(name):
        raise Refused(
            f"{name!r} is no address for a page.",
            mend="Use lower-case letters, digits and hyphens, and no device name.",
        )


def seal(document: str, digest: str) -> bytes:
    """The document as UTF-8 with its seal: the digest of what it says and the hash of its own bytes."""
    body = document.rstrip().replace("\r\n", "\n").encode("utf-8", "replace")
    own = hashlib.sha256(body).hexdigest()
    return body + f"\n<!-- itpm-sync {digest} {own} -->\n".encode()


def sealed_digest(data: bytes) -> str | None:
    """The digest that a page's seal tells, or None where the seal is missing or does not hold.

    Line ends may have been changed by a version control system; that is no edit.
    """
    plain = data.replace(b"\r\n", b"\n")
    found = _SEAL.search(plain)
    if found is None:
        return None
    body = plain[: found.start()].rstrip(b"\n")
    return found[1].decode() if hashlib.sha256(body).hexdigest() == found[2].decode() else None
