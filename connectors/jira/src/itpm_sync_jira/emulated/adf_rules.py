"""Whether a value is a valid Atlassian document, as far as Jira refuses what is not.

In: a JSON value. Out: None, or why it is refused. The rules are those of the public ADF schema that a connector can
break: unknown nodes, children where none may be, empty texts, missing attributes. Attributes are checked for the nodes
that we write; others must only be objects.
"""

from __future__ import annotations

from typing import Any

LONGEST = 32_767
"""Characters of text in one document."""
DEEPEST = 60

_INLINE = frozenset(
    {"text", "hardBreak", "mention", "emoji", "inlineCard", "status", "date", "mediaInline"}
) | {
    "inlineExtension",
    "placeholder",
}
_BLOCK = frozenset(
    {"paragraph", "heading", "bulletList", "orderedList", "codeBlock", "blockquote", "panel", "rule", "table"}
    | {
        "mediaSingle",
        "mediaGroup",
        "expand",
        "taskList",
        "decisionList",
        "blockCard",
        "embedCard",
        "extension",
    }
    | {"bodiedExtension", "layoutSection"}
)
_ITEM = frozenset({"paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle", "taskList"})
_INSIDE: dict[str, frozenset[str]] = {
    "doc": _BLOCK,
    "paragraph": _INLINE,
    "heading": _INLINE,
    "bulletList": frozenset({"listItem"}),
    "orderedList": frozenset({"listItem"}),
    "listItem": _ITEM,
    "codeBlock": frozenset({"text"}),
    "blockquote": frozenset(
        {"paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle", "mediaGroup"}
    ),
    "panel": _BLOCK,
    "table": frozenset({"tableRow"}),
    "tableRow": frozenset({"tableCell", "tableHeader"}),
    "tableCell": _BLOCK | {"nestedExpand"},
    "tableHeader": _BLOCK | {"nestedExpand"},
    "nestedExpand": _BLOCK,
    "expand": _BLOCK | {"nestedExpand"},
    "mediaSingle": frozenset({"media", "caption"}),
    "mediaGroup": frozenset({"media"}),
    "caption": _INLINE,
    "taskList": frozenset({"taskItem", "taskList"}),
    "taskItem": _INLINE,
    "decisionList": frozenset({"decisionItem"}),
    "decisionItem": _INLINE,
    "layoutSection": frozenset({"layoutColumn"}),
    "layoutColumn": _BLOCK,
    "bodiedExtension": _BLOCK,
}
_LEAVES = _INLINE | {"rule", "media", "blockCard", "embedCard", "extension"}
_NOT_EMPTY = frozenset(
    {"bulletList", "orderedList", "listItem", "blockquote", "table", "mediaSingle", "taskList"}
)
_MARKS = frozenset(
    {
        "strong",
        "em",
        "code",
        "strike",
        "underline",
        "link",
        "subsup",
        "textColor",
        "backgroundColor",
        "annotation",
    }
    | {"border", "indentation", "alignment", "breakout"}
)
_ATTRS: dict[str, str] = {
    "mention": "id",
    "emoji": "shortName",
    "status": "text",
    "date": "timestamp",
    "media": "type",
}


def fault_of(value: Any) -> str | None:
    """None where the value is a document that Jira takes, else the reason."""
    if not isinstance(value, dict) or value.get("type") != "doc":
        return "no document"
    if value.get("version") != 1:
        return "version must be 1"
    if not isinstance(value.get("content"), list):
        return "a document needs content"
    return _children(value, 1)


def text_length(value: Any) -> int:
    """Characters of all its texts."""
    own = len(value["text"]) if value.get("type") == "text" else 0
    return own + sum(text_length(child) for child in value.get("content", ()))


def _node(node: Any, allowed: frozenset[str], depth: int) -> str | None:
    if not isinstance(node, dict) or not isinstance(node.get("type"), str):
        return "a node needs a type"
    kind = node["type"]
    if kind not in allowed:
        return f"{kind} is not allowed there"
    if depth > DEEPEST:
        return "nested too deep"
    if not isinstance(node.get("attrs", {}), dict):
        return f"{kind}: attrs must be an object"
    return _text(node) if kind == "text" else _attrs(node) or _children(node, depth)


def _text(node: dict[str, Any]) -> str | None:
    if not isinstance(node.get("text"), str) or not node["text"]:
        return "a text must not be empty"
    if unknown := set(node) - {"type", "text", "marks"}:
        return f"text has no {sorted(unknown)[0]}"
    return _marks(node.get("marks", []))


def _marks(marks: Any) -> str | None:
    if not isinstance(marks, list):
        return "marks must be a list"
    for mark in marks:
        if not isinstance(mark, dict) or mark.get("type") not in _MARKS:
            return "unknown mark"
        if mark["type"] == "link" and not isinstance(mark.get("attrs", {}).get("href"), str):
            return "a link needs href"
    return None


def _attrs(node: dict[str, Any]) -> str | None:
    kind, attrs = node["type"], node.get("attrs", {})
    if kind == "heading" and attrs.get("level") not in (1, 2, 3, 4, 5, 6):
        return "a heading needs a level from 1 to 6"
    if kind == "panel" and not isinstance(attrs.get("panelType"), str):
        return "a panel needs a panelType"
    if (needed := _ATTRS.get(kind)) and needed not in attrs:
        return f"{kind} needs {needed}"
    return None


def _children(node: dict[str, Any], depth: int) -> str | None:
    kind, content = node["type"], node.get("content", [])
    if kind in _LEAVES:
        return f"{kind} has no content" if content else None
    if not isinstance(content, list):
        return f"{kind}: content must be a list"
    if kind in _NOT_EMPTY and not content:
        return f"{kind} must not be empty"
    if (
        kind == "listItem"
        and isinstance(content[0], dict)
        and content[0].get("type") in ("bulletList", "orderedList")
    ):
        return "a list item must not begin with a list"
    for child in content:
        if wrong := _node(child, _INSIDE[kind], depth + 1):
            return wrong
    return None
