"""An MSPDI document: Microsoft Project's XML, parsed safely and written back as it was.

In: the bytes of a file. Out: a tree whose untouched parts stay as they are, and the bytes again: the same ones where
nothing was changed. Defences (F75): no DOCTYPE, caps on size, elements and depth, no entities, no network.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from itpm_sync.errors import Unreadable
from itpm_sync_msproject.sniff import check_size

MAX_BYTES = 200_000_000
MAX_ELEMENTS = 10_000_000
"""Elements of one file. Project writes about 60,000 for 1,000 tasks. Depth is capped at 256 by the parser itself."""

_DECLARATION = re.compile(rb"^\s*<\?xml\b[^>]*\?>\s*")
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([\w.:-]+)["']""")
_ENCODINGS = frozenset({b"utf-8", b"utf8", b"utf-16", b"us-ascii", b"ascii", b"iso-8859-1", b"windows-1252"})
_EMPTY = re.compile(rb"<([\w:.-]+)/>")
_OPENED = re.compile(rb"<([\w.:-]+)></\1>")
_MARKED = re.compile(rb"<!\[CDATA\[|<!--(?:(?!-->).)*/>", re.DOTALL)
"""Where such text stands, what looks like an empty element may be none."""
_SAVE_AGAIN = "Open it in Microsoft Project and save it again as XML."

Element = etree._Element
"""lxml's element; it has no public name."""


class Mspdi:
    """One document. Elements are found and made by local name, whatever prefix the file uses for its name space."""

    def __init__(self, name: str, data: bytes) -> None:
        """Parse `data`, called `name` in messages. Raises Unreadable."""
        self.name = name
        self._data = data
        self.root: Element = _parse(name, data)
        self.space = str(etree.QName(self.root).namespace or "")
        if etree.QName(self.root).localname != "Project":
            raise Unreadable(f"{name} is XML, but not a Microsoft Project plan.", mend=_SAVE_AGAIN)
        self.changed = False

    def child(self, parent: Element, tag: str) -> Element | None:
        """The first child of that local name."""
        return parent.find(self.tag(tag))

    def children(self, parent: Element, tag: str) -> list[Element]:
        """All children of that local name."""
        return parent.findall(self.tag(tag))

    def text(self, parent: Element, tag: str) -> str | None:
        """The text of a child; None where there is none or it is empty."""
        found = self.child(parent, tag)
        return None if found is None else (found.text or None)

    def tag(self, name: str) -> str:
        """A local name in the file's name space."""
        return f"{{{self.space}}}{name}" if self.space else name

    def make(self, parent: Element, tag: str) -> Element:
        """A new element of the file's name space, to be put under `parent` by the caller."""
        spaces: Any = parent.nsmap
        return parent.makeelement(self.tag(tag), None, spaces)

    def listed(self, group: str, tag: str) -> list[Element]:
        """The elements of one of the project's lists, as Tasks/Task or Resources/Resource."""
        found = self.child(self.root, group)
        return [] if found is None else self.children(found, tag)

    def fields(self, parent: Element) -> Iterator[tuple[str, Element]]:
        """Local name and element of each child; comments are passed over."""
        skip = len(self.space) + 2 if self.space else 0
        for one in parent:
            if isinstance(one.tag, str):
                yield one.tag[skip:], one

    def to_bytes(self) -> bytes:
        """The document, UTF-8. The very bytes that were read where nothing was changed.

        Else the declaration, byte order mark, line ends and way of writing empty elements are those of the file.
        """
        if not self.changed:
            return self._data
        return _like(
            self._data, etree.tostring(self.root.getroottree(), encoding="UTF-8", xml_declaration=False)
        )

    def canonical(self) -> bytes:
        """The document in canonical XML: equal for files that say the same."""
        return etree.tostring(self.root.getroottree(), method="c14n")


def _parse(name: str, data: bytes) -> Element:
    check_size(name, len(data), limit=MAX_BYTES)
    text = data.decode("utf-16", "replace").encode() if _is_utf16(data) else data
    if b"<!DOCTYPE" in text:  # before parsing; XML knows no other spelling
        raise _refused(name)
    if text.count(b"<") > 2 * MAX_ELEMENTS:
        raise Unreadable(f"{name} has more elements than any plan needs; it is not read.", mend=_SAVE_AGAIN)
    declaration = _DECLARATION.match(data.removeprefix(codecs.BOM_UTF8))
    encoding = _ENCODING.search(declaration.group()) if declaration else None
    if encoding and encoding.group(1).lower() not in _ENCODINGS:
        raise Unreadable(f"{name} is written in an encoding that Project does not use.", mend=_SAVE_AGAIN)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, strip_cdata=False
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(
            f"{name} is damaged or was cut short: it is no whole XML document (line {error.lineno or 1}).",
            mend="Copy it again from where it is kept, or save it again as XML in Microsoft Project.",
        ) from None
    about: Any = root.getroottree().docinfo
    if about.doctype:
        raise _refused(name)
    return root


def _refused(name: str) -> Unreadable:
    return Unreadable(
        f"{name} holds a DOCTYPE, which no Project file needs and which can do harm.", mend=_SAVE_AGAIN
    )


def _is_utf16(data: bytes) -> bool:
    return data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def _like(old: bytes, body: bytes) -> bytes:
    """`body` in the outward form of `old`."""
    if _is_utf16(old):
        return b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + body
    mark = codecs.BOM_UTF8 if old.startswith(codecs.BOM_UTF8) else b""
    declaration = _DECLARATION.match(old.removeprefix(mark))
    head = _ENCODING.sub(b'encoding="UTF-8"', declaration.group()) if declaration else b""
    if not _MARKED.search(old):
        opened = set(_OPENED.findall(old))
        body = _EMPTY.sub(
            lambda found: b"<%b></%b>" % (found[1], found[1]) if found[1] in opened else found[0], body
        )
        if b" />" in old:
            body = body.replace(b"/>", b" />")
    body += old[len(old.rstrip()) :].replace(b"\r\n", b"\n")
    if b"\r\n" in old:
        body = body.replace(b"\n", b"\r\n")
    return mark + head + body
