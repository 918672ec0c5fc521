"""Assignees: a set of people and the lead among them, in tools that hold all, or one.

In: native people (a mail address, or an account with a mail), canonical Assignees. Out: the other. A person whom a
tool does not know is not held there and not removed by its edits; one whom we do not know is `tool:account`.
Counterexamples: L3, L5, L7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from itpm_sync.errors import Refused
from itpm_sync.kit.text import normal, one_line, whole
from itpm_sync.lens import Env, Lens, Untranslatable, Values
from itpm_sync.mapping.steps import shown
from itpm_sync.model import Assignees, Day, Value

NOBODY = Assignees(frozenset())


class PeopleLens(Lens):
    """All assignees, without a lead (`lead=False`), or the lead only."""

    def __init__(
        self,
        name: str,
        native: str,
        *,
        by_mail: bool,
        lead: bool,
        most: int | None = None,
        writable: bool = True,
        title: str = "",
    ) -> None:
        self.name = name
        self.native = frozenset({native})
        self.writable = writable
        self._at, self._title = native, title or native
        self._by_mail, self._lead, self._most = by_mail, lead, most

    def get(self, values: Values, env: Env) -> Value:
        raw = values.get(self._at)
        raws = raw if isinstance(raw, list) else [raw]
        people = frozenset(self._person(one, env) for one in raws if one not in (None, "", {}))
        return self._made(people)

    def seen(self, values: Values) -> list[tuple[str, str]]:
        """(account, mail) of the people a record shows with their mail: whoever keeps the directory learns them."""
        raw = values.get(self._at)
        raws = raw if isinstance(raw, list) else [raw]
        pairs = [(one.get("account"), one.get("mail")) for one in raws if isinstance(one, Mapping)]
        pairs += [(one, one) for one in raws if isinstance(one, str) and "@" in one]
        return [
            (str(account), mail.strip().lower())
            for account, mail in pairs
            if account and isinstance(mail, str)
        ]

    def put(self, value: Value, values: Values, env: Env) -> dict[str, Any]:
        held = self.form(value, env)
        here = self.get(values, env) if self._at in values else None
        if here == held:
            return {}
        people = sorted(_of(held).people)
        if self._most is not None and len(people) > self._most:
            raise Refused(
                f"{self._title}: {len(people)} people are more than the {self._most} it holds; nobody is left out.",
                mend="Assign fewer people, or leave this field out of the mapping there.",
            )
        raws = [self._native(person, env) for person in people]
        return {self._at: (raws[0] if raws else None) if self._lead else raws}

    def form(self, value: Value, env: Env) -> Value:
        of = _of(value)
        shown_people = ({of.lead} if of.lead else set()) if self._lead else of.people
        raws = [raw for person in shown_people if (raw := self._native(person, env)) is not None]
        return self._made(frozenset(self._person(raw, env) for raw in raws))

    def _made(self, people: frozenset[str]) -> Value:
        if not people:
            return None
        return Assignees(people, next(iter(people)) if self._lead else None)

    def keeps(self, form: Value, agreed: Value, env: Env, edited: Day | None) -> Iterator[Value]:
        here, had = _of(form), _of(agreed)
        if self._lead:
            out = {had.lead} if had.lead and self._native(had.lead, env) is not None else set()
            people = (had.people - out) | here.people
            lead = here.lead or (had.lead if had.lead in people else None)
            yield _full(people, lead)
            return
        silent = {person for person in had.people if self._native(person, env) is None}
        people = frozenset(here.people | silent)
        yield _full(people, had.lead if had.lead in people else None)

    def apply(self, agreed: Value, before: Value, after: Value, env: Env) -> Value:
        if self._lead:
            return self.lift(after, agreed, env) if before != after else agreed
        had, old, new = _of(agreed), _of(before).people, _of(after).people
        people = (had.people - (old - new)) | (new - old)
        return _full(people, had.lead if had.lead in people else None)

    def _person(self, raw: Any, env: Env) -> str:
        if isinstance(raw, Mapping):
            account, mail = raw.get("account"), raw.get("mail")
        else:
            account, mail = raw, raw if isinstance(raw, str) and "@" in raw else None
        text = normal(one_line(whole(str(account or "")))) if not isinstance(account, bool) else ""
        if not text:
            raise Untranslatable(f"{self._title}: {shown(raw)} is no person.")
        return env.person_of(text, mail if isinstance(mail, str) and mail.strip() else None)

    def _native(self, person: str, env: Env) -> Any:
        """How the tool names a person; None where it cannot."""
        account = env.account_of(person)
        own, _, opaque = person.partition(":")
        if account is None and opaque and own == env.tool:
            account = opaque
        if self._by_mail:
            return account if account is not None else person if "@" in person and not opaque else None
        if account is None:
            return None
        return {"account": account, "mail": None if opaque and own == env.tool else person}


def _of(value: Value) -> Assignees:
    return value if isinstance(value, Assignees) else NOBODY


def _full(people: frozenset[str], lead: str | None) -> Value:
    return Assignees(people, lead) if people else None
