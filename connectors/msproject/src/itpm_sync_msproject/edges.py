"""The beginning and the end of a working day, as this plan has them, shown as Project's usual 08:00 and 17:00.

In: moments of a file. Out: ISO text for a record, and back. A start at the beginning of its day and a finish at the
end of its day carry no time; mappings know that of 08:00 and 17:00, and a plan of 9-to-18 says the same with other
hours. A milestone at either edge is shown as that whole day.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from itpm_sync_msproject.rows import ProjectRow
from itpm_sync_msproject.working_time import WorkingTime

MIDNIGHT = time(0)
START, FINISH = time(8), time(17)
"""What a record says for the edges of a day."""


class Edges:
    """The edges of one plan's days, by a task's calendar."""

    def __init__(self, project: ProjectRow, *, days_only: bool = False) -> None:
        """`days_only`: the file's dates have no time of day (MPX); midnight then stands for the whole day."""
        self._start, self._finish = project.default_start, project.default_finish
        self._days_only = days_only

    def span(
        self, start: datetime | None, finish: datetime | None, calendar: WorkingTime
    ) -> tuple[str | None, str | None]:
        """Start and finish (or both actual ones) as a record says them."""
        if start is not None and start == finish:
            return self._instant(start, calendar)
        return self.start(start, calendar), self.finish(finish, calendar)

    def start(self, moment: datetime | None, calendar: WorkingTime) -> str | None:
        """A start as its record says it."""
        if moment is None:
            return None
        edge = moment.time() in {self._start, START, MIDNIGHT, calendar.begin(moment.date())}
        return _iso(datetime.combine(moment.date(), START) if edge else moment)

    def finish(self, moment: datetime | None, calendar: WorkingTime) -> str | None:
        """A finish as its record says it."""
        if moment is None:
            return None
        before = moment.time() == MIDNIGHT and not self._days_only
        day = moment.date() - timedelta(days=1) if before else moment.date()
        edge = moment.time() in {self._finish, FINISH, MIDNIGHT} or moment == calendar.end(day)
        return _iso(datetime.combine(day, FINISH) if edge else moment)

    def deadline(self, moment: datetime | None, calendar: WorkingTime) -> str | None:
        """A deadline as its record says it: midnight, as tools without a time of day write it, is that day's end."""
        if moment is not None and moment.time() == MIDNIGHT:
            return _iso(datetime.combine(moment.date(), FINISH))
        return self.finish(moment, calendar)

    def stored_start(self, text: str | None, calendar: WorkingTime) -> datetime | None:
        """The moment to write for a record's start. Raises ValueError for what is no civil moment."""
        moment = _moment(text, START)
        if moment is None or moment.time() != START:
            return moment
        return datetime.combine(moment.date(), calendar.begin(moment.date()) or self._start)

    def stored_finish(self, text: str | None, calendar: WorkingTime) -> datetime | None:
        """The moment to write for a record's finish. Raises ValueError for what is no civil moment."""
        moment = _moment(text, FINISH)
        if moment is None or moment.time() != FINISH:
            return moment
        return calendar.end(moment.date()) or datetime.combine(moment.date(), self._finish)

    def at_edge(self, moment: datetime, calendar: WorkingTime) -> bool:
        """Whether a moment is the beginning or the end of its day."""
        edges = {self._start, self._finish, START, FINISH, MIDNIGHT, calendar.begin(moment.date())}
        return moment.time() in edges or moment == calendar.end(moment.date())

    def _instant(self, moment: datetime, calendar: WorkingTime) -> tuple[str, str]:
        day = moment.date()
        if self.at_edge(moment, calendar):
            return _iso(datetime.combine(day, START)), _iso(datetime.combine(day, FINISH))
        return _iso(moment), _iso(moment)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _moment(text: str | None, default: time) -> datetime | None:
    if text is None:
        return None
    if len(text) == 10:
        return datetime.combine(date.fromisoformat(text), default)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        raise ValueError(f"{text!r} has a zone; a plan's dates have none")
    return moment.replace(microsecond=0)
