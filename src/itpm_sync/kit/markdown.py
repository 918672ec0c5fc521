r"""Blocks as text: Markdown (a Smartsheet cell) and plain text (Planner's details, Project's notes).

In: blocks, or a text that people edit. Out: the other. Only line starts have a meaning; what stands inside a line is
never touched, so `a_b_c`, `2 * 3` and `C:\temp` stay as typed (a full Markdown parser would eat them). Laws, tested:
parse(render(b)) = b for every b that parse gives; parse(render(parse(t))) = parse(t) for every text t.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from itpm_sync.kit.blocks import DEEPEST, clean, tidy
from itpm_sync.model import Block, BlockKind, Blocks

_INDENT: Final = 4  # spaces a list level; enough for `1. ` in any Markdown viewer
_HEADING: Final = re.compile(r"(#{1,6})[ \t]+(\S.*)")
_ITEM: Final = re.compile(r"([-*+]|\d{1,9}[.)])[ \t]+(\S.*)")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How much of the structure a text shows. Without `headings` a heading is a paragraph of its own."""

    headings: bool
    escapes: bool
    """A line that only looks like a heading or an item gets a backslash in front; else it is read as one."""

    def form(self, blocks: Blocks) -> Blocks:
        """The blocks as this dialect can show them."""
        return self.parse(self.render(blocks))

    def render(self, blocks: Blocks) -> str:
        """The text. Opaque blocks are left out: only their own tool can hold them."""
        shown = tidy(block for block in blocks if block.kind is not BlockKind.OPAQUE)
        text = ""
        before: Block | None = None
        numbers = [0] * (DEEPEST + 1)
        for block in shown:
            in_list = block.kind is BlockKind.ITEM and before is not None and before.kind is BlockKind.ITEM
            if not in_list:
                numbers = [0] * (DEEPEST + 1)
            text += ("" if before is None else "\n" if in_list else "\n\n") + self._block(block, numbers)
            before = block
        return text

    def _block(self, block: Block, numbers: list[int]) -> str:
        if block.kind is BlockKind.HEADING:
            return f"{'#' * block.level} {block.text}" if self.headings else self._lines(block.text)
        if block.kind is BlockKind.PARAGRAPH:
            return self._lines(block.text)
        level = block.level
        numbers[level] += 1
        numbers[level + 1 :] = [0] * (len(numbers) - level - 1)
        mark = f"{numbers[level]}." if block.ordered else "-"
        first, *more = block.text.split("\n")
        pad = " " * (_INDENT * level)
        return "\n".join([f"{pad}{mark} {first}", *(f"{pad}  {self._escape(line)}" for line in more)])

    def _lines(self, text: str) -> str:
        return "\n".join(map(self._escape, text.split("\n")))

    def _escape(self, line: str) -> str:
        start = line.lstrip()
        if not self.escapes or not self._marked(start.lstrip("\\")):
            return line
        return f"{line[: len(line) - len(start)]}\\{start}"

    def _unescape(self, line: str) -> str:
        start = line.lstrip()
        if self.escapes and start.startswith("\\") and self._marked(start.lstrip("\\")):
            return f"{line[: len(line) - len(start)]}{start[1:]}"
        return line

    def _marked(self, start: str) -> bool:
        return bool(_ITEM.fullmatch(start)) or (self.headings and bool(_HEADING.fullmatch(start)))

    def parse(self, text: str) -> Blocks:
        """The blocks of a text, tidy."""
        return tidy(self._parse(clean(text)))

    def _parse(self, text: str) -> Iterator[Block]:
        open_block: Block | None = None
        indents: list[int] = []  # of the list items that the next one may stand under
        for line in text.split("\n"):
            start = line.lstrip()
            indent = len(line) - len(start)
            if not start:
                if open_block:
                    yield open_block
                open_block = None
            elif block := self._marked_block(start, indent, indents):
                if open_block:
                    yield open_block
                open_block = block
                if block.kind is BlockKind.HEADING:
                    yield block
                    open_block = None
            elif open_block and (open_block.kind is BlockKind.PARAGRAPH or indent):
                more = self._unescape(line)
                open_block = replace(open_block, text=f"{open_block.text}\n{more}")
            else:
                if open_block:
                    yield open_block
                indents.clear()
                open_block = Block(BlockKind.PARAGRAPH, self._unescape(line))
        if open_block:
            yield open_block

    def _marked_block(self, start: str, indent: int, indents: list[int]) -> Block | None:
        if self.headings and (match := _HEADING.fullmatch(start)):
            indents.clear()
            return Block(BlockKind.HEADING, match[2], level=len(match[1]))
        if match := _ITEM.fullmatch(start):
            while indents and indents[-1] > indent:
                indents.pop()
            if not indents or indents[-1] < indent:
                indents.append(indent)
            return Block(BlockKind.ITEM, match[2], level=len(indents) - 1, ordered=match[1][0].isdigit())
        return None


MARKDOWN: Final = Dialect(headings=True, escapes=True)
PLAIN: Final = Dialect(headings=False, escapes=False)
