"""How a project stood at a moment, told back from its history: the figures of `standing`, as far as they can be.

In: the workspace, a project, a moment. Out: `Then`: the figures, what they rest on, what cannot be told back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from itpm_sync.cycle.workspace import Workspace
from itpm_sync.errors import Misconfigured
from itpm_sync.ledger import Past, Run, RunKind, RunStatus, State
from itpm_sync.publish import Showing, subject_of
from itpm_sync.status.figures import Figures, figures
from itpm_sync.status.limits import Limits

UNTOLD = (
    "what was read and not yet decided then, what waited to be paired, and what was left out",
    "when each source was last edited then",
    "the configuration of then: today's limits, calendar and status date are taken",
)
"""What the history does not hold, in every case."""
_WHOLE = (RunStatus.DONE, RunStatus.CONFLICTS)


@dataclass(frozen=True, slots=True)
class Then:
    """One project at one moment."""

    moment: datetime
    figures: Figures
    past: Past
    run: Run | None
    """The last run that had begun."""
    untold: tuple[str, ...]


def moment_of(text: str, zone: str, *, now: datetime) -> datetime:
    """What `--as-of` means: a day to its end, or a time, in the project's zone where it names none.

    Raises Misconfigured for what is neither, and for what is still to come.
    """
    here = ZoneInfo(zone)
    try:
        if len(text.strip()) == len("2026-11-24"):
            day = date.fromisoformat(text.strip()) + timedelta(days=1)
            found = datetime.combine(day, time(), here) - timedelta(microseconds=1)
            begins = datetime.combine(day - timedelta(days=1), time(), here)
        else:
            found = datetime.fromisoformat(text.strip())
            found = begins = found if found.tzinfo else found.replace(tzinfo=here)
    except (ValueError, OverflowError):
        raise Misconfigured(
            f"{text!r} is no date and no time.", mend="Write 2026-11-24, or 2026-11-24T17:00."
        ) from None
    if begins > now:
        raise Misconfigured(
            f"{text} is still to come in {zone}.", mend="`itpm-sync status` says how it stands now."
        )
    return min(found.astimezone(now.tzinfo), now)


def standing_then(ws: Workspace, project: str, moment: datetime) -> Then:
    """The figures of one project as they were at `moment`."""
    one = ws.projects[project]
    limits = ws.limits.get(project, Limits())
    past = ws.ledger.as_of(project, moment)
    runs = ws.ledger.runs_until(project, moment)
    state = State(project, items=past.items, conflicts=past.conflicts)
    subject = subject_of(Showing(one.facts, one.policy, limits), state)
    read = next(
        (run.started for run in runs if run.status in _WHOLE and run.kind in (RunKind.SYNC, RunKind.PLAN)),
        None,
    )
    subject = replace(subject, sources=[replace(source, read=read, note="") for source in subject.sources])
    untold: tuple[str, ...] = UNTOLD
    hidden = sum(len(fields) for fields in past.unknown.values())
    if hidden:
        untold += (f"{hidden} values that were redacted since: they count as empty",)
    return Then(moment, figures(subject, moment, limits=limits), past, runs[0] if runs else None, untold)
