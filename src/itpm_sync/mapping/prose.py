"""Descriptions: blocks in one native value, as a document, Markdown or plain text.

In: the native text, blocks. Out: the other. An edit elsewhere keeps what a tool cannot show (headings in plain text,
pictures and tables of another tool) block by block; a text that was cut is replaced as a whole (L22). Merging is by
block and line: edits of different places join, edits that meet are held.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from itpm_sync.kit import adf
from itpm_sync.kit.blocks import fit, tidy
from itpm_sync.kit.markdown import Dialect
from itpm_sync.lens import Env, Lens, Overlap, Untranslatable, Values
from itpm_sync.mapping.steps import shown
from itpm_sync.model import Block, BlockKind, Blocks, Day, Value


class Prose(ABC):
    """How a tool writes blocks."""

    @abstractmethod
    def parse(self, raw: Any, env: Env) -> Blocks: ...

    @abstractmethod
    def render(self, blocks: Blocks, env: Env, old: Any) -> Any:
        """The native value of blocks in form; `old` is the one there now, for what the blocks do not say."""

    @abstractmethod
    def form(self, blocks: Blocks, env: Env) -> Blocks: ...


@dataclass(frozen=True, slots=True)
class TextProse(Prose):
    """Markdown or plain text, cut to a length."""

    dialect: Dialect
    limit: int | None = None

    def parse(self, raw: Any, env: Env) -> Blocks:
        if raw is None:
            return ()
        if isinstance(raw, bool) or not isinstance(raw, str | int | float):
            raise Untranslatable(f"{shown(raw)} is no text.")
        return self._fit(self.dialect.parse(str(raw)))

    def render(self, blocks: Blocks, env: Env, old: Any) -> Any:
        return self.dialect.render(blocks) or None

    def form(self, blocks: Blocks, env: Env) -> Blocks:
        return self._fit(self.dialect.form(blocks))

    def _fit(self, blocks: Blocks) -> Blocks:
        return fit(blocks, self.limit, self.dialect.render) if self.limit else blocks


@dataclass(frozen=True, slots=True)
class DocumentProse(Prose):
    """An Atlassian document."""

    def parse(self, raw: Any, env: Env) -> Blocks:
        if raw is not None and not isinstance(raw, dict | str):
            raise Untranslatable(f"{shown(raw)} is no document.")
        return adf.parse(raw, env.tool)

    def render(self, blocks: Blocks, env: Env, old: Any) -> Any:
        return adf.render(blocks, env.tool, old=old)

    def form(self, blocks: Blocks, env: Env) -> Blocks:
        return adf.form(blocks, env.tool)


class ProseLens(Lens):
    """A description."""

    whole = False  # opaque blocks of other tools are not its to remove: `keeps` puts them back

    def __init__(
        self, name: str, native: str, prose: Prose, *, writable: bool = True, title: str = ""
    ) -> None:
        self.name = name
        self.native = frozenset({native})
        self.writable = writable
        self._at, self._prose, self._title = native, prose, title or native

    def get(self, values: Values, env: Env) -> Value:
        try:
            return self._prose.parse(values.get(self._at), env) or None
        except Untranslatable as error:
            raise Untranslatable(f"{self._title}: {error.message}", mend=error.mend) from None

    def put(self, value: Value, values: Values, env: Env) -> dict[str, Any]:
        held = self._prose.form(_of(value), env)
        here = _of(self.get(values, env)) if self._at in values else ()
        if here == held:
            return {}
        return {self._at: self._prose.render(held, env, values.get(self._at))}

    def form(self, value: Value, env: Env) -> Value:
        return self._prose.form(_of(value), env) or None

    def keeps(self, form: Value, agreed: Value, env: Env, edited: Day | None) -> Iterator[Value]:
        here, had = _of(form), _of(agreed)
        yield self._restored(here, had, env) or None
        foreign = [block for block in had if block.kind is BlockKind.OPAQUE and block not in here]
        yield tidy([*here, *(block for block in foreign if block.tool != env.tool)]) or None

    def _restored(self, here: Blocks, had: Blocks, env: Env) -> Blocks:
        """`here` with what its tool cannot show: the agreed block for each that did not change, and silent ones."""
        forms = [self._prose.form((block,), env) for block in had]
        shown_at = [index for index, form in enumerate(forms) if form]
        flat = [block for index in shown_at for block in _level_free(forms[index])]
        owner = [index for index in shown_at for _ in forms[index]]
        want = list(_level_free(here))
        result: list[Block] = []
        done = -1  # the last agreed block that was dealt with
        for what, low, high, first, last in SequenceMatcher(None, flat, want, autojunk=False).get_opcodes():
            for index in range(low, high):
                silent = range(done + 1, owner[index])
                result.extend(had[one] for one in silent if not forms[one])
                done = max(done, owner[index])
                if what == "equal":
                    at = first + index - low
                    single = len(forms[owner[index]]) == 1
                    result.append(_at_level(had[owner[index]], here[at]) if single else here[at])
            if what != "equal":
                result.extend(here[first:last])
        result.extend(had[one] for one in range(done + 1, len(had)) if not forms[one])
        return tidy(result)

    def apply(self, agreed: Value, before: Value, after: Value, env: Env) -> Value:
        if before == after:
            return agreed
        merged = merge_blocks(_of(before), _of(after), _of(self.form(agreed, env)))
        return self.lift(self.form(merged or None, env), agreed, env)


def _of(value: Value) -> Blocks:
    return value if isinstance(value, tuple) else ()


def _level_free(blocks: Blocks) -> Iterator[tuple[Any, ...]]:
    """Blocks as they are compared for sameness: a list item alone has no depth to show."""
    for block in blocks:
        level = 0 if block.kind is BlockKind.ITEM else block.level
        yield (block.kind, block.text, level, block.ordered, block.tool, block.payload)


def _at_level(kept: Block, shown_block: Block) -> Block:
    if kept.kind is BlockKind.ITEM and shown_block.kind is BlockKind.ITEM:
        return shown_block
    return kept


def merge_blocks(base: Blocks, mine: Blocks, theirs: Blocks) -> Blocks:
    """Both changes of `base`. Raises Overlap where they meet and differ (three-way merge, block by block)."""
    if mine in (base, theirs):
        return theirs
    if theirs == base:
        return mine
    changes = sorted({*_changes(base, mine), *_changes(base, theirs)})
    result: list[Block] = []
    done = 0
    for number, (low, high, new) in enumerate(changes):
        if number and _meet(changes[number - 1], (low, high, new)):
            raise Overlap("The same passage was changed in two places.")
        result.extend(base[done:low])
        result.extend(Block(*parts) for parts in new)
        done = high
    return tidy([*result, *base[done:]])


_Change = tuple[int, int, tuple[Any, ...]]


def _changes(base: Blocks, other: Blocks) -> Iterator[_Change]:
    for what, low, high, first, last in SequenceMatcher(None, base, other, autojunk=False).get_opcodes():
        if what != "equal":
            yield low, high, tuple(_parts(block) for block in other[first:last])


def _parts(block: Block) -> tuple[Any, ...]:
    return (block.kind, block.text, block.level, block.ordered, block.tool, block.payload)


def _meet(one: _Change, other: _Change) -> bool:
    """Whether two changes touch the same blocks; two insertions at one place do."""
    return other[0] < one[1] or one[:2] == other[:2]
