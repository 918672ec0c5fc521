"""The laws that join the fields of a group. Lenses close what they lift to them; merges are checked against them.

In: group values. Out: whether they are lawful. The laws stand in `model.Progress` and `model.Schedule`.
"""

from __future__ import annotations

from itpm_sync.model import Category, Day, Progress, Schedule, Value


def not_after(first: Day | None, second: Day | None) -> bool:
    """Whether `first` <= `second`, by day, then by time where both have one. A missing day breaks nothing."""
    if first is None or second is None:
        return True
    if first.date != second.date or first.time is None or second.time is None:
        return first.date <= second.date
    return first.time <= second.time


def progress_law(value: Progress) -> bool:
    """Whether an agreed progress is lawful: closed as `model.Progress` says. todo has 0 % or no percent at all."""
    if not not_after(value.actual_start, value.actual_finish):
        return False
    started, finished = value.actual_start is not None, value.actual_finish is not None
    match value.category:
        case Category.TODO:
            return value.percent in (0, None) and not started and not finished
        case Category.DOING:
            return value.percent is not None and 0 <= value.percent < 100 and started and not finished
        case Category.DONE:
            return value.percent == 100 and started and finished
        case Category.DROPPED:
            return not finished
        case None:
            return value == Progress()


def schedule_law(value: Schedule) -> bool:
    """Whether start <= finish, and a duration stands only where a date is missing."""
    both = value.start is not None and value.finish is not None
    return not_after(value.start, value.finish) and not (both and value.duration is not None)


def lawful(value: Value) -> bool:
    """Whether `value` keeps its group's law; values of no group always do."""
    if isinstance(value, Progress):
        return progress_law(value)
    if isinstance(value, Schedule):
        return schedule_law(value)
    return True
