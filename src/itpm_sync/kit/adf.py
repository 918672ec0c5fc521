"""Blocks as Atlassian Document Format (ADF), and back.

In: an ADF document as JSON, or blocks. Out: the other. Paragraphs, headings and lists are understood; every other
node (table, media, panel, code …) is an opaque block that carries its JSON whole and is written back as it was.
Marks (bold, links) are no part of a block's text: `render` reuses the nodes of `old` for every block that did not
change, so an edit elsewhere costs the marks of the changed block only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Final

from itpm_sync.kit.blocks import DEEPEST, of_text, tidy
from itpm_sync.model import Block, BlockKind, Blocks

Node = Mapping[str, Any]
_LISTS: Final = {"bulletList": False, "orderedList": True}


def parse(document: Any, tool: str) -> Blocks:
    """The blocks of an ADF document (None and a plain text are taken too). `tool` owns the opaque ones."""
    if isinstance(document, str):
        return of_text(document)
    if not isinstance(document, Mapping):
        return ()
    return tidy(block for node in _content(document) for block in _blocks(node, tool))


def render(blocks: Blocks, tool: str, *, old: Any = None) -> dict[str, Any] | None:
    """The ADF document, None for no blocks. Opaque blocks of other tools are left out; `old` is the one there now."""
    held = form(blocks, tool)
    if not held:
        return None
    return {"type": "doc", "version": 1, "content": _reuse(held, tool, old)}


def form(blocks: Blocks, tool: str) -> Blocks:
    """The blocks as ADF can hold them."""
    return tidy(block for block in blocks if block.kind is not BlockKind.OPAQUE or block.tool == tool)


def _content(node: Node) -> list[Node]:
    content = node.get("content")
    return [one for one in content if isinstance(one, Mapping)] if isinstance(content, list) else []


def _blocks(node: Node, tool: str) -> Iterator[Block]:
    kind = node.get("type")
    if kind == "paragraph" and _is_text(node):
        yield Block(BlockKind.PARAGRAPH, _text(node))
    elif kind == "heading" and _is_text(node):
        yield Block(BlockKind.HEADING, _text(node), level=_level(node))
    elif kind in _LISTS and _is_list(node, 0):
        yield from _items(node, 0)
    else:
        yield Block(BlockKind.OPAQUE, tool=tool, payload=_json(node))


def _json(node: Node) -> str:
    return json.dumps(node, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _level(node: Node) -> int:
    level = (node.get("attrs") or {}).get("level", 1)
    return level if isinstance(level, int) else 1


_INLINE: Final = frozenset({"text", "hardBreak", "mention", "emoji", "inlineCard", "date", "status"})


def _is_text(node: Node) -> bool:
    return all(one.get("type") in _INLINE for one in _content(node))


def _text(node: Node) -> str:
    return "".join(map(_inline, _content(node)))


def _inline(node: Node) -> str:
    attrs = node.get("attrs") if isinstance(node.get("attrs"), Mapping) else {}
    assert isinstance(attrs, Mapping)
    kind = node.get("type")
    if kind == "text":
        return str(node.get("text") or "")
    if kind == "hardBreak":
        return "\n"
    if kind == "inlineCard":
        return str(attrs.get("url") or "")
    return str(attrs.get("text") or attrs.get("shortName") or attrs.get("timestamp") or attrs.get("id") or "")


def _is_list(node: Node, depth: int) -> bool:
    """Whether a list holds nothing but text and lists: then it is understood."""
    if depth > DEEPEST:
        return False
    for item in _content(node):
        inside = _content(item)
        if item.get("type") != "listItem" or not inside or inside[0].get("type") != "paragraph":
            return False
        for one in inside:
            kind = one.get("type")
            if not (kind == "paragraph" and _is_text(one)) and not (
                kind in _LISTS and _is_list(one, depth + 1)
            ):
                return False
    return True


def _items(node: Node, depth: int) -> Iterator[Block]:
    ordered = _LISTS[str(node.get("type"))]
    for item in _content(node):
        inside = _content(item)
        text = "\n".join(_text(one) for one in inside if one.get("type") == "paragraph")
        yield Block(BlockKind.ITEM, text, level=depth, ordered=ordered)
        for one in inside:
            if one.get("type") in _LISTS:
                yield from _items(one, depth + 1)


def _reuse(blocks: Blocks, tool: str, old: Any) -> list[Any]:
    """Top-level nodes for the blocks; the old document's node wherever it gives exactly the same blocks."""
    want = _runs(blocks)
    had = (
        [(node, parse({"content": [node]}, tool)) for node in _content(old)]
        if isinstance(old, Mapping)
        else []
    )
    nodes: list[Any] = []
    matcher = SequenceMatcher(None, [run for _, run in had], want, autojunk=False)
    for what, first, last, low, high in matcher.get_opcodes():
        if what == "equal":
            nodes.extend(node for node, _ in had[first:last])
        else:
            nodes.extend(node for run in want[low:high] for node in _nodes(run))
    return nodes


def _runs(blocks: Blocks) -> list[Blocks]:
    """Blocks that become one top-level node: a whole list, else one block."""
    runs: list[list[Block]] = []
    for block in blocks:
        joins = runs and block.kind is BlockKind.ITEM and runs[-1][-1].kind is BlockKind.ITEM
        if joins and (block.level > 0 or block.ordered == runs[-1][0].ordered):
            runs[-1].append(block)
        else:
            runs.append([block])
    return [tuple(run) for run in runs]


def _nodes(run: Blocks) -> Iterator[Any]:
    first = run[0]
    if first.kind is BlockKind.OPAQUE:
        yield json.loads(first.payload)
    elif first.kind is BlockKind.HEADING:
        yield {"type": "heading", "attrs": {"level": first.level}, "content": _inlines(first.text)}
    elif first.kind is BlockKind.PARAGRAPH:
        yield {"type": "paragraph", "content": _inlines(first.text)}
    else:
        yield from _lists(run, 0)


def _lists(items: Sequence[Block], level: int) -> Iterator[dict[str, Any]]:
    """List nodes of consecutive items at `level` and below; the kind of list changes, a new list begins."""
    current: dict[str, Any] | None = None
    index = 0
    while index < len(items):
        item = items[index]
        end = index + 1
        while end < len(items) and items[end].level > level:
            end += 1
        kind = "orderedList" if item.ordered else "bulletList"
        if current is None or current["type"] != kind:
            if current is not None:
                yield current
            current = {"type": kind, "content": []}
        inside: list[Any] = [{"type": "paragraph", "content": _inlines(item.text)}]
        inside.extend(_lists(items[index + 1 : end], level + 1))
        current["content"].append({"type": "listItem", "content": inside})
        index = end
    if current is not None:
        yield current


def _inlines(text: str) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    for index, line in enumerate(text.split("\n")):
        if index:
            nodes.append({"type": "hardBreak"})
        if line:
            nodes.append({"type": "text", "text": line})
    return nodes
