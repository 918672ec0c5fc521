"""What SharePoint leaves of the HTML that is put into a text web part.

In: any HTML. Out: the part of it that readers will see: known tags, `href` on links, a few classes, nothing that
runs. The list is recalled, not documented; it is meant to be on the narrow side.
"""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser

KEPT = frozenset(
    "p h2 h3 h4 ul ol li strong b em i u s a blockquote table thead tbody tr th td pre br span hr div".split()
)
VOID = frozenset({"br", "hr"})
SWALLOWED = frozenset({"script", "style", "iframe", "object", "svg", "math", "template", "noscript", "title"})
CLASSES = frozenset({"canvasRteResponsiveTable", "tableWrapper"})
SCHEMES = ("https://", "http://", "mailto:", "/", "#")


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.open: list[str] = []
        self.swallowing = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SWALLOWED:
            self.swallowing += 1
        elif tag in KEPT and not self.swallowing:
            kept = "".join(
                f' {name}="{escape(value or "")}"' for name, value in attrs if _keeps(tag, name, value)
            )
            self.out.append(f"<{tag}{kept}>")
            if tag not in VOID:
                self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID and not self.swallowing:
            self.out.append(f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in SWALLOWED:
            self.swallowing = max(0, self.swallowing - 1)
        elif tag in self.open and not self.swallowing:
            while (closed := self.open.pop()) != tag:
                self.out.append(f"</{closed}>")
            self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self.swallowing:
            self.out.append(escape(data, quote=False))


def _keeps(tag: str, name: str, value: str | None) -> bool:
    if name == "href":
        return tag == "a" and (value or "").strip().lower().startswith(SCHEMES)
    if name == "class":
        return tag == "div" and (value or "") in CLASSES
    return name == "scope" and tag == "th"


def kept(html: str) -> str:
    """What readers will see of it."""
    cleaner = _Cleaner()
    cleaner.feed(html)
    cleaner.close()
    return "".join(cleaner.out) + "".join(f"</{tag}>" for tag in reversed(cleaner.open))
