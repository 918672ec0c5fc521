"""A page's HTML as a SharePoint text part keeps it.

In: the safe subset that status pages are made of (or anything). Out: that subset and nothing else, well formed, tables
in the shape of SharePoint's editor. Links lead to the web, to mail, to a place on the page, or to a sister page.
"""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

TAGS = frozenset("h2 h3 h4 p ul ol li table thead tbody tr th td a strong em br span".split())
SILENCED = frozenset(
    {"script", "style", "iframe", "object", "svg", "math", "template", "noscript", "title", "textarea"}
)
"""What stands inside these is not text for readers."""
_TABLE_OPEN = '<div class="canvasRteResponsiveTable"><div class="tableWrapper"><table>'
_TABLE_CLOSE = "</table></div></div>"
_LINK = re.compile(r"(https?://|mailto:|#|/(?!/))\S*", re.IGNORECASE)
_SISTER = re.compile(r"([A-Za-z0-9-]{1,100})\.html(#\S*)?")


class _Subset(HTMLParser):
    def __init__(self, sisters: str) -> None:
        super().__init__(convert_charrefs=True)
        self.sisters = sisters
        self.out: list[str] = []
        self.open: list[str] = []
        self.silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENCED:
            self.silent.append(tag)
        elif tag in TAGS and not self.silent:
            self._begin(tag, dict(attrs))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br" and not self.silent:
            self.out.append("<br>")

    def _begin(self, tag: str, attributes: dict[str, str | None]) -> None:
        if tag == "br":
            self.out.append("<br>")
            return
        self.open.append(tag)
        if tag == "table":
            self.out.append(_TABLE_OPEN)
        elif tag == "a":
            target = link(attributes.get("href") or "", self.sisters)
            self.out.append(f'<a href="{escape(target)}">' if target else "<a>")
        elif tag == "th" and attributes.get("scope") in ("col", "row"):
            self.out.append(f'<th scope="{attributes["scope"]}">')
        else:
            self.out.append(f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if self.silent:
            if tag in self.silent:
                del self.silent[self.silent.index(tag) :]
        elif tag in self.open:
            while self._end(self.open.pop()) != tag:
                pass

    def _end(self, tag: str) -> str:
        self.out.append(_TABLE_CLOSE if tag == "table" else f"</{tag}>")
        return tag

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.out.append(escape(data, quote=False))

    def finish(self) -> str:
        self.close()
        while self.open:
            self._end(self.open.pop())
        return "".join(self.out)


def subset(html: str, sisters: str = "") -> str:
    """The HTML in SharePoint's subset. `sisters` is the address that pages of the same site lie below."""
    parser = _Subset(sisters)
    parser.feed(html)
    return parser.finish()


def link(target: str, sisters: str = "") -> str:
    """The address a link may lead to, "" where it may not. A sister page's `name.html` is `name.aspx` there."""
    target = target.strip()
    if sister := _SISTER.fullmatch(target):
        return f"{sisters}{sister[1]}.aspx{sister[2] or ''}"
    return target if _LINK.fullmatch(target) else ""


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []

    def handle_data(self, data: str) -> None:
        self.out.append(data)


def text_of(html: str) -> str:
    """The text of HTML, as read back from a page: SharePoint may have rewritten its tags."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    return "".join(parser.out)
