"""The schedule group: planned start and finish, and a duration where one of them is missing, in one lens.

In: those native values of it that a tool holds. Out: forms in which the parts it does not hold are None, and what to
write. A tool that holds days only moves the day and leaves the time (L11); an edit that would put the agreed start
after the finish has no lawful value and is held (L24). Where both dates are known, the duration is each tool's own
to derive (L17, L18); a duration edited there shows as another finish.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from itpm_sync.laws import schedule_law
from itpm_sync.lens import Env, Lens, Values
from itpm_sync.mapping.day_steps import DayStep
from itpm_sync.mapping.parts import Part, changes
from itpm_sync.mapping.steps import Step, number_of, rounded
from itpm_sync.model import Day, Duration, Schedule, Value

_NOTHING: Final = Schedule()


@dataclass(frozen=True, slots=True)
class MinutesStep(Step):
    """A duration's minutes; whether they are elapsed time stands in a value of its own."""

    def get(self, raw: Any, env: Env) -> Value:
        if raw is None or raw == "":
            return None
        minutes = int(rounded(number_of(raw), 0))
        return minutes if minutes >= 0 else None  # some plans hold negative ones: they say nothing

    def put(self, value: Any, env: Env) -> Any:
        return value


@dataclass(frozen=True, slots=True)
class ElapsedStep(Step):
    """Whether a duration is elapsed time."""

    def get(self, raw: Any, env: Env) -> Value:
        return bool(raw)

    def put(self, value: Any, env: Env) -> Any:
        return bool(value)


class ScheduleLens(Lens):
    """The group, as far as the tool holds it."""

    name = "schedule"
    whole = False  # only a lawful group is agreed: `keeps` yields it, or none

    def __init__(
        self,
        *,
        start: Part | None = None,
        finish: Part | None = None,
        duration: Part | None = None,
        elapsed: Part | None = None,
        writable: bool = True,
    ) -> None:
        named = {"start": start, "finish": finish, "duration": duration, "elapsed": elapsed}
        self._parts = {name: part for name, part in named.items() if part is not None}
        self._ends = {name: part for name, part in self._parts.items() if name in ("start", "finish")}
        self.native = frozenset(part.native for part in self._parts.values())
        self.writable = writable

    def get(self, values: Values, env: Env) -> Value:
        return self._formed({name: part.get(values, env) for name, part in self._parts.items()})

    def _formed(self, got: dict[str, Any]) -> Value:
        start, finish, minutes = got.get("start"), got.get("finish"), got.get("duration")
        duration = None if minutes is None else Duration(minutes, bool(got.get("elapsed")))
        value = Schedule(start, finish, duration if start is None or finish is None else None)
        return None if value == _NOTHING else value

    def put(self, value: Value, values: Values, env: Env) -> dict[str, Any]:
        wanted = self._natives(value, env)
        there = any(native in values for native in self.native)
        if there and self.get(values, env) == self._formed(self._reread(wanted, env)):
            return {}
        derived = "start" in wanted and "finish" in wanted and None not in (wanted["start"], wanted["finish"])
        parts = (
            self._ends if derived else self._parts
        )  # both dates known: the duration is the tool's to derive
        return changes(parts, wanted, values, env)

    def form(self, value: Value, env: Env) -> Value:
        return self._formed(self._reread(self._natives(value, env), env))

    def _reread(self, wanted: dict[str, Any], env: Env) -> dict[str, Any]:
        return {name: part.read(wanted.get(name), env) for name, part in self._parts.items()}

    def _natives(self, value: Value, env: Env) -> dict[str, Any]:
        held = value if isinstance(value, Schedule) else _NOTHING
        said = {
            "start": held.start,
            "finish": held.finish,
            "duration": held.duration.minutes if held.duration else None,
            "elapsed": held.duration.elapsed if held.duration else False,
        }
        return {name: part.step.put(said[name], env) for name, part in self._parts.items()}

    def keeps(self, form: Value, agreed: Value, env: Env, edited: Day | None) -> Iterator[Value]:
        here = form if isinstance(form, Schedule) else _NOTHING
        had = agreed if isinstance(agreed, Schedule) else _NOTHING
        timed = self._with(here, had, keep_times=True)
        for value in (timed, self._with(here, had, keep_times=False), _timeless(timed)):
            if schedule_law(value):
                yield None if value == _NOTHING else value

    def _with(self, here: Schedule, had: Schedule, *, keep_times: bool) -> Schedule:
        start = self._end("start", here.start, had.start, keep_times=keep_times)
        finish = self._end("finish", here.finish, had.finish, keep_times=keep_times)
        duration = here.duration if "duration" in self._parts else had.duration
        both = start is not None and finish is not None
        return Schedule(start, finish, None if both else duration)

    def _end(self, name: str, here: Day | None, had: Day | None, *, keep_times: bool) -> Day | None:
        """An end as read, with the agreed time where the tool holds days only; as agreed where it is not held."""
        part = self._ends.get(name)
        if part is None:
            return had
        holds_time = isinstance(part.step, DayStep) and part.step.holds_time
        if here is None or had is None or holds_time or not keep_times:
            return here
        return replace(here, time=had.time)


def _timeless(value: Schedule) -> Schedule:
    start, finish = (end and Day(end.date) for end in (value.start, value.finish))
    return replace(value, start=start, finish=finish)
