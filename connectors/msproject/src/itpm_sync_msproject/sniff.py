"""Which reader a file wants, told from its bytes, never from its name; and a clear refusal where none fits.

In: the bytes of a file. Out: a FileKind, or Unreadable with the reason and the mend. Nothing is parsed here.
"""

from __future__ import annotations

import codecs
import re

from itpm_sync.errors import Unreadable
from itpm_sync_msproject.rows import FileKind

OLE = bytes.fromhex("D0CF11E0A1B11AE1")
HEAD = 64 * 1024
"""So many first bytes tell the kind; a reads-files port need not read more."""

_ROOT = re.compile(r"<(?:[\w.-]+:)?Project\b[^>]*schemas\.microsoft\.com/project", re.DOTALL)
_ANY_ROOT = re.compile(r"<([A-Za-z_][\w:.-]*)")
_SAVE_AGAIN = "Open it in Microsoft Project and save it again as .mpp or as XML."


def kind_of(head: bytes) -> FileKind | None:
    """The kind that the first bytes (HEAD of them are enough) announce, or None."""
    if head.startswith(OLE):
        return FileKind.MPP
    plain = head[3:] if head.startswith(codecs.BOM_UTF8) else head
    if plain[:3] == b"MPX" and plain[3:4] and not plain[3:4].isalnum():
        return FileKind.MPX
    if plain.startswith(b"ERMHDR"):
        return FileKind.XER
    text = text_head(head)
    return FileKind.MSPDI if text.startswith("<") and _ROOT.search(text) else None


def sniff(name: str, data: bytes, *, limit: int) -> FileKind:
    """The kind of the whole file `data`, called `name` in messages; at most `limit` bytes.

    Raises Unreadable for an empty, too large or foreign file.
    """
    if not data:
        raise Unreadable(f"{name} is empty (0 bytes).", mend=_SAVE_AGAIN)
    check_size(name, len(data), limit=limit)
    kind = kind_of(data[:HEAD])
    if kind is None:
        raise Unreadable(f"{name} is not a plan file: {_foreign(data[:HEAD])}.", mend=_SAVE_AGAIN)
    return kind


def check_size(name: str, size: int, *, limit: int) -> None:
    """Raises Unreadable where a file is larger than `limit` bytes; asked before it is read into memory."""
    if size > limit:
        raise Unreadable(
            f"{name} has {size / 1_000_000:.0f} MB, more than the {limit / 1_000_000:.0f} MB that are read.",
            mend="Raise `max_megabytes` of this connection if the plan is really that large.",
        )


def text_head(head: bytes) -> str:
    """The first bytes as text, without byte order mark and leading white space; UTF-16 is understood."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "replace").lstrip()
    return head.decode("utf-8-sig", "replace").lstrip()


def _foreign(head: bytes) -> str:
    text = text_head(head)
    if head.startswith(b"PK"):
        return "it is a ZIP archive or a newer Office document"
    if head.startswith(b"%PDF"):
        return "it is a PDF"
    if text[:200].lower().startswith(("<!doctype html", "<html")):
        return "it is a web page, perhaps a sign-in page that was saved in its place"
    root = _ANY_ROOT.search(text)
    if text.startswith("<") and root:
        return f"it is XML, but its root is <{root.group(1)[:40]}> and not Microsoft Project's"
    return "its first bytes are those of no format that this connector reads (.mpp, .mpt, .mpx, .xer, Project's .xml)"
