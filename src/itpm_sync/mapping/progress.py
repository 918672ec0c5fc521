"""The progress group: category, label, percent, actual start, actual finish, in one lens.

In: those native values of it that a tool holds. Out: forms in which the parts it does not hold are None, and what to
write. An edit is closed over the whole group by the rules of lenses.md, so that a single edit is never a conflict
with itself (L13), and what the tool does not hold stays as agreed. Laws: `itpm_sync.laws`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from itpm_sync.laws import not_after, progress_law
from itpm_sync.lens import Env, Lens, Values
from itpm_sync.mapping.parts import Part, changes
from itpm_sync.mapping.progress_steps import Status, StatusPartStep
from itpm_sync.model import Category, Day, Progress, Value

_NOTHING: Final = Progress()
_FULL: Final = {Category.TODO: 0, Category.DOING: 50, Category.DONE: 100}


@dataclass(frozen=True, slots=True)
class ProgressParts:
    """The parts that the tool holds."""

    status: Part | None = None
    """A status with its category (StatusPartStep), or a text with the label only."""
    category: Part | None = None
    percent: Part | None = None
    actual_start: Part | None = None
    actual_finish: Part | None = None
    dropped: Part | None = None

    def named(self) -> dict[str, Part]:
        names = ("status", "category", "percent", "actual_start", "actual_finish", "dropped")
        return {name: part for name in names if (part := getattr(self, name)) is not None}


class ProgressLens(Lens):
    """The group, as far as the tool holds it."""

    name = "progress"
    whole = False  # even where every part is held, only a lawful group is agreed

    def __init__(self, parts: ProgressParts, *, writable: bool = True) -> None:
        self._of, self._parts = parts, parts.named()
        self.native = frozenset(part.native for part in self._parts.values())
        self.writable = writable
        step = parts.status.step if parts.status else None
        self._statuses = step.statuses if isinstance(step, StatusPartStep) else None
        self._derives = parts.percent is not None and parts.actual_start is not None

    @property
    def holds_category(self) -> bool:
        """By a status, by a three-step percentage, or as what percent and actual start say together."""
        return self._statuses is not None or self._of.category is not None or self._derives

    @property
    def _shows_dropped(self) -> bool:
        in_status = self._statuses is not None and Category.DROPPED in self._statuses.first
        return in_status or self._of.dropped is not None

    # ── reading ──

    def get(self, values: Values, env: Env) -> Value:
        got = {name: part.get(values, env) for name, part in self._parts.items()}
        return self._formed(got)

    def _formed(self, got: dict[str, Any]) -> Value:
        status: Status | None = got.get("status")
        percent, start, finish = got.get("percent"), got.get("actual_start"), got.get("actual_finish")
        label = status.label if status else None
        category = self._category(got, status)
        if self._statuses is not None and status is None and category is not None:
            shown = self._statuses.get(self._statuses.put(Status(category, None)))
            label = (
                shown.label if shown else None
            )  # an empty status beside a percentage reads as the category's first
        if self._of.percent is not None and percent is None and category is not None:
            percent = _FULL.get(category)  # an empty percentage beside a status, likewise
        value = Progress(category if self.holds_category else None, label, percent, start, finish)
        return None if value == _NOTHING else value

    def _category(self, got: dict[str, Any], status: Status | None) -> Category | None:
        if got.get("dropped"):
            return Category.DROPPED
        if status is not None and status.category is not None:
            return status.category
        if self._of.category is not None:
            banded: Category = got["category"]
            return banded
        percent = got.get("percent")
        if percent is None and not (self._derives and self._statuses is None):
            return None
        return _by_percent(percent or 0, started=got.get("actual_start") is not None)

    # ── writing ──

    def put(self, value: Value, values: Values, env: Env) -> dict[str, Any]:
        wanted = self._natives(value, env)
        there = any(native in values for native in self.native)
        if there and self.get(values, env) == self._formed(self._reread(wanted, env)):
            return {}
        return changes(self._parts, wanted, values, env)

    def form(self, value: Value, env: Env) -> Value:
        return self._formed(self._reread(self._natives(value, env), env))

    def _reread(self, wanted: dict[str, Any], env: Env) -> dict[str, Any]:
        return {name: part.read(wanted.get(name), env) for name, part in self._parts.items()}

    def _natives(self, value: Value, env: Env) -> dict[str, Any]:
        """The native value of every part; of a dropped item, where the tool lacks that, as of a done one."""
        held = value if isinstance(value, Progress) else _NOTHING
        if held.category is Category.DROPPED and not self._shows_dropped:
            held = replace(held, category=Category.DONE, label=None, percent=100)
        category = held.category or (
            _by_percent(held.percent, started=False) if held.percent is not None else None
        )
        percent = held.percent
        if percent is None and category is not None:
            percent = _FULL.get(category)
        said: dict[str, Any] = {
            "status": Status(category, held.label) if category or held.label else None,
            "category": category,
            "percent": percent,
            "actual_start": held.actual_start,
            "actual_finish": held.actual_finish,
            "dropped": category is Category.DROPPED,
        }
        return {name: part.step.put(said[name], env) for name, part in self._parts.items()}

    # ── lifting ──

    def keeps(self, form: Value, agreed: Value, env: Env, edited: Day | None) -> Iterator[Value]:
        if form is None:
            yield None
            return
        assert isinstance(form, Progress)
        had = agreed if isinstance(agreed, Progress) else _NOTHING
        category = form.category if self.holds_category else _told(form.percent, had.category)
        labels = [had.label] if had.category is category else []
        if self._of.status is not None:
            labels.append(form.label)
        closed = self._closed(form, had, category, edited)
        for label in dict.fromkeys([*labels, None]):
            value = replace(closed, label=label)
            if progress_law(value):
                yield value

    def _closed(
        self, form: Progress, had: Progress, category: Category | None, edited: Day | None
    ) -> Progress:
        """The group with this category: parts held here as read, the others as agreed or as the category demands."""
        percent = form.percent if self._of.percent else _percent(category, had.percent)
        finish = form.actual_finish
        if self._of.actual_finish is None:
            finish = (had.actual_finish or edited) if category is Category.DONE else None
        start = form.actual_start
        if self._of.actual_start is None:
            start = self._start(had, category, finish, edited)
        return Progress(category, None, percent, start, finish)

    @staticmethod
    def _start(
        had: Progress, category: Category | None, finish: Day | None, edited: Day | None
    ) -> Day | None:
        if category in (Category.TODO, None):
            return None
        if category is Category.DROPPED:
            return had.actual_start
        if category is Category.DOING:
            return had.actual_start or edited
        if had.actual_start is not None and not_after(had.actual_start, finish):
            return had.actual_start
        return Day(finish.date) if finish else None  # missing, or later than the finish: no later than it


def _by_percent(percent: int, *, started: bool) -> Category:
    if percent >= 100:
        return Category.DONE
    return Category.DOING if percent > 0 or started else Category.TODO


def _told(percent: int | None, had: Category | None) -> Category | None:
    """What a percentage alone says: 100 is done, 1-99 doing; 0 takes no start back."""
    if percent is None:
        return None
    if percent == 0 and had in (Category.DOING, Category.DONE):
        return Category.DOING
    return _by_percent(percent, started=False)


def _percent(category: Category | None, had: int | None) -> int | None:
    if category is Category.DOING:
        return had if had is not None and had < 100 else _FULL[category]
    return had if category is Category.DROPPED else _FULL.get(category) if category else None
