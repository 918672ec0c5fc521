"""How events of a history are told: one line each, and as JSON.

In: events, titles of items, kinds of runs. Out: lines, plain data. Item ids in values are told by title.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from itpm_sync.cli.told import short
from itpm_sync.plan import KEY

if TYPE_CHECKING:
    from itpm_sync.ledger import Event, Ledger, State

_ITEM = re.compile(r"\bi-[0-9a-f]{24}\b")


def minute(moment: datetime) -> str:
    """An instant, to the minute."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}Z"


class Teller:
    """Tells events of one project."""

    def __init__(self, ledger: Ledger, state: State) -> None:
        self._ledger, self._state = ledger, state
        self._kinds: dict[str, str] = {}

    def value(self, value: Any) -> str:
        """A value of an entry, as people read it."""
        from itpm_sync.ledger.events import told

        return self.named(told(value))

    def named(self, text: str) -> str:
        """`text` with items by their titles."""
        return _ITEM.sub(lambda match: self._title(match[0]), text)

    def _title(self, item: str) -> str:
        title = self._state.items[item].value("title") if item in self._state.items else None
        return f"“{title}”" if isinstance(title, str) else item

    def run(self, run: str) -> str:
        """A run, with what it was for."""
        from itpm_sync.errors import Misconfigured

        if run not in self._kinds:
            try:
                self._kinds[run] = f"{self._ledger.run(run).kind.value} {run}"
            except Misconfigured:  # a run whose row is gone; the history keeps its id
                self._kinds[run] = run
        return self._kinds[run]

    def line(self, event: Event) -> str:
        """One event in one line."""
        said = _SAYS[event.what.name](self, event)
        return f"{minute(event.at)}  {said}  [{self.run(event.run)}]"

    def data(self, event: Event) -> dict[str, Any]:
        """One event as plain data: values as they are stored, and as text."""
        found: dict[str, Any] = {
            "entry": event.seq,
            "at": event.at.isoformat(),
            "run": event.run,
            "phase": event.phase,
            "what": event.what.value,
            "field": event.field,
            "connection": event.tool,
            "container": event.container,
            "record": event.record,
            "actor": event.actor,
            "edited": event.edited,
            "version": event.version,
            "why": event.why,
            "outcome": event.outcome,
            "conflict": event.conflict,
        }
        if event.what.name in _VALUED:
            found["old"] = {"value": event.old, "text": self.value(event.old)}
            found["new"] = {"value": event.new, "text": self.value(event.new)}
        if event.sides:
            found["sides"] = [
                {
                    "connection": side.get("tool"),
                    "agreed": side.get("agreed"),
                    "actor": side.get("actor"),
                    "edited": side.get("edited"),
                    "value": side.get("value"),
                    "text": self.value(side.get("value")),
                }
                for side in event.sides
            ]
        return found


_VALUED = ("AGREED", "LOST", "COVERED", "WRITTEN")


def _who(event: Event) -> str:
    """Where a value came from: the tool, the person, the tool's own time."""
    where = f" in {event.tool}" if event.tool else " here"
    who = f" by {event.actor}" if event.actor else ""
    when = f" at {minute(datetime.fromisoformat(event.edited))}" if event.edited else ""
    return f"{where}{who}{when}"


def _why(event: Event) -> str:
    return f"; {short(event.why, 120)}" if event.why else ""


def _change(teller: Teller, event: Event) -> str:
    return f"{short(teller.value(event.old))} → {short(teller.value(event.new))}"


def _agreed(teller: Teller, event: Event) -> str:
    said = f"{event.field}: {_change(teller, event)} (version {event.version}), said{_who(event)}"
    return said + (_why(event) if event.why != f"edited in {event.tool}" else "")


def _written(teller: Teller, event: Event) -> str:
    place = f"{event.container} in {event.tool}" + (f" ({short(event.record, 24)})" if event.record else "")
    if not event.field:
        return f"{event.outcome}: {place}{_why(event)}"
    if event.field == KEY:
        return f"our key written to {place}: {event.outcome}{_why(event)}"
    return f"{event.field} written to {place}: {_change(teller, event)}: {event.outcome}{_why(event)}"


def _sides(teller: Teller, event: Event) -> str:
    sides = " / ".join(
        f"{side.get('tool') or 'set here'} says {short(teller.value(side.get('value')), 40)}"
        for side in event.sides
    )
    return f"{event.field}: {event.what.value} {event.conflict}: {sides}{_why(event)}"


_SAYS: Mapping[str, Callable[[Teller, Event], str]] = {
    "MADE": lambda t, e: "the item came to be known",
    "LIFE": lambda t, e: f"{e.new}{_why(e)}",
    "AGREED": _agreed,
    "OPENED": _sides,
    "CHANGED": _sides,
    "CLOSED": lambda t, e: f"{e.field or 'a field'}: {e.what.value} {e.conflict}",
    "LOST": lambda t, e: f"{e.field}: {e.what.value}: {short(t.value(e.new))}, said{_who(e)}{_why(e)}",
    "COVERED": lambda t, e: f"{e.field}: {short(t.value(e.new))}, said{_who(e)}{_why(e)}",
    "WRITTEN": _written,
    "REFUSED": lambda t, e: f"{e.field or 'the record'} refused by {e.container} in {e.tool}{_why(e)}",
    "TIED": lambda t, e: f"a record is {e.new} ({e.record})",
    "REDACTED": lambda t, e: (
        f"{e.field}: {e.new} values redacted{f' by {e.actor}' if e.actor else ''}{_why(e)}"
    ),
}
