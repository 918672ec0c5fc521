"""A description's blocks in canonical form, and cut to a length.

In: blocks as a tool or a person gave them. Out: tidy blocks, the same for the same content: texts in normal form, no
empty block, list depths without gaps. Every tool's reading is tidy, so that forms can be compared block by block.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from itpm_sync.kit.text import cut, normal, one_line, utf16_length, whole, without_controls
from itpm_sync.model import Block, BlockKind, Blocks

_BLANK = re.compile(r"\n\s*\n")
_END = re.compile(r"[^\S\n]+(?=\n|$)")
DEEPEST = 15
"""The deepest level of a list item; deeper ones are shown at this one."""


def tidy(blocks: Iterable[Block]) -> Blocks:
    """The canonical form. Opaque blocks are left as they are; a paragraph with an empty line in it becomes two."""
    result: list[Block] = []
    depth = -1  # of the list item before, -1 outside a list
    for block in (part for one in blocks for part in _parts(one)):
        if block.kind is BlockKind.ITEM:
            depth = max(0, min(block.level, depth + 1, DEEPEST))
            result.append(replace(block, level=depth))
        else:
            depth = -1
            result.append(block)
    return tuple(result)


def _parts(block: Block) -> Iterator[Block]:
    if block.kind is BlockKind.OPAQUE:
        yield Block(BlockKind.OPAQUE, tool=block.tool, payload=block.payload)
    elif block.kind is BlockKind.HEADING:
        if text := normal(one_line(whole(block.text))):
            yield Block(BlockKind.HEADING, text, level=min(6, max(1, block.level)))
    elif block.kind is BlockKind.ITEM:
        lines = [line.strip() for line in clean(block.text).split("\n")]
        if text := "\n".join(line for line in lines if line):
            yield Block(BlockKind.ITEM, text, level=block.level, ordered=block.ordered)
    else:
        for part in _BLANK.split(clean(block.text)):
            if text := part.strip():
                yield Block(BlockKind.PARAGRAPH, text)


def clean(text: str) -> str:
    """A text of several lines: normal form, no control characters, no spaces at line ends."""
    text = without_controls(whole(text)).replace("\u2028", "\n").replace("\u2029", "\n")
    return _END.sub("", normal(text))


def of_text(text: str) -> Blocks:
    """Paragraphs of a text that has no structure of its own."""
    return tidy([Block(BlockKind.PARAGRAPH, text)])


def fit(blocks: Blocks, limit: int, render: Callable[[Blocks], str]) -> Blocks:
    """Blocks whose rendering has at most `limit` UTF-16 units: the last ones are dropped or cut, with a marker."""
    while blocks and (over := utf16_length(render(blocks)) - limit) > 0:
        last = blocks[-1]
        room = utf16_length(last.text) - over
        if last.kind is BlockKind.OPAQUE or room < 2:
            blocks = blocks[:-1]
            continue
        shorter = tidy([*blocks[:-1], replace(last, text=cut(last.text, room))])
        blocks = shorter if shorter != blocks else blocks[:-1]
    return blocks
