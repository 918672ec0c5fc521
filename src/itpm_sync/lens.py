"""How one field, or a group of fields joined by a law, is seen through one tool.

In: a record's values (plain JSON values by native name) and canonical values. Out: canonical forms, and the native
values to write. A lens is pure: it looks at nothing but its arguments and the mapping it was compiled from.

Laws (proved by `itpm-sync mappings check`), with n(v) = form(v):
    n(n(v)) = n(v);  n(get(r)) = get(r);  get(r + put(v, r)) = n(v);  put(get(r), r) = {};  n never looks at r.
    lift(v, agreed) = agreed where n(agreed) = v;  n(lift(v, agreed)) = v.
Theory: Foster et al., lenses; Balasubramaniam & Pierce, What is a file synchronizer?
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from itpm_sync.errors import ItpmError
from itpm_sync.model import Day, Value

Values = Mapping[str, Any]
"""A record's values: JSON values by native name. A name that is absent reads as None."""


class Untranslatable(ItpmError):
    """What stands in the record has no canonical value and no opaque form either (an unknown option or status).

    The field is suspended on that record with the exact text shown; nothing is guessed.
    """


class Poisoned(Untranslatable):
    """A value of a form that nobody foresaw: translating it broke. Its item is left alone whole, and quarantined."""

    def __init__(self, message: str, *, field: str, place: tuple[str, str]) -> None:
        """`place`: connection and container."""
        super().__init__(message, mend="Correct the record there, or send the log along with a report.")
        self.field, self.place = field, place


class Unliftable(ItpmError):
    """No lawful agreed value has this form (a row that contradicts itself, two halves that exclude each other).

    The field becomes a conflict: held, not written.
    """


class Overlap(ItpmError):
    """Two changes of the same part; `merge` cannot join them, so the field is held."""


class Env(Protocol):
    """What a lens may ask of the container it works for. Handed in; the same for get, put and form.

    Nothing in it comes from the record that is being read or written.
    """

    @property
    def zone(self) -> ZoneInfo:
        """The project's one time zone."""
        ...

    @property
    def tool(self) -> str:
        """The connection's name: prefix of what only this tool can hold (`tool:id`)."""
        ...

    def item_of(self, native_id: str) -> str | None:
        """The item tied to that record in this container, else None."""
        ...

    def native_of(self, item_id: str) -> str | None:
        """The record in this container tied to that item, else None."""
        ...

    def parent_here(self, item_id: str | None) -> str | None:
        """The item itself if it is tied here, else its nearest ancestor that is, else None."""
        ...

    def person_of(self, account: str, mail: str | None) -> str:
        """The person behind a tool's account: their mail, or by alias; else the opaque `tool:account`."""
        ...

    def account_of(self, person: str) -> str | None:
        """The tool's account for a person, or None where the tool does not know them (then it cannot hold them)."""
        ...


class Lens(ABC):
    """One field or group, in one container."""

    name: str
    """The field's or group's name in model.FIELDS."""
    native: frozenset[str]
    """The native value names it reads and writes."""
    whole: bool = True
    """Whether the tool holds the whole field or group; if not, a bare form is never an agreed value by itself."""
    writable: bool = True
    """Whether the mapping lets it be written. A field that is not is read only: never a target of an action."""

    @abstractmethod
    def get(self, values: Values, env: Env) -> Value:
        """The canonical form of what the record holds; None where it is empty. Raises Untranslatable."""

    @abstractmethod
    def put(self, value: Value, values: Values, env: Env) -> dict[str, Any]:
        """The native values to write so that the record then reads as form(value); {} where it already does.

        `values` is the record as just read; {} for one that is to be created.
        """

    def form(self, value: Value, env: Env) -> Value:
        """n(v): the form in which this tool can hold `value`. Never looks at any record."""
        return self.get(self.put(value, {}, env), env)

    def computed(self, computed: frozenset[str]) -> bool:
        """Whether this field is computed on a record whose computed native names are given: any of ours is."""
        return not self.native.isdisjoint(computed)

    def default(self, values: Values) -> bool:
        """Whether what stands there is the tool's default (Planner's priority 5): empty at a first tie."""
        return False

    def seen(self, values: Values) -> Sequence[tuple[str, str]]:
        """For people: (account, mail in lower case) of those the record shows with their mail, so that whoever keeps
        the directory learns them; nothing for any other field.
        """
        return ()

    def refers(self, values: Values) -> str | None:
        """For the parent: the native id it names, tied or not; None for any other field."""
        return None

    def keeps(self, form: Value, agreed: Value, env: Env, edited: Day | None) -> Iterator[Value]:
        """Agreed values that may have this form, finest first, each keeping what may be kept of `agreed`.

        `edited` is the day of the edit in the project's zone. What breaks the group's law must not be yielded.
        """
        return iter(())

    def lift(self, form: Value, agreed: Value, env: Env, *, edited: Day | None = None) -> Value:
        """The agreed value that a reading of `form` means. Raises Unliftable where no lawful value has that form."""
        if self.form(agreed, env) == form:
            return agreed
        for kept in self.keeps(form, agreed, env, edited):
            if self.form(kept, env) == form:
                return kept
        if self.whole and self.form(form, env) == form:
            return form
        raise Unliftable(f"{self.name}: no value of the whole field reads as {form!r} in {env.tool}.")

    def apply(self, agreed: Value, before: Value, after: Value, env: Env) -> Value:
        """`agreed` with the change from form `before` to form `after` carried out on it (policy merge).

        Raises Overlap where the change and what moved since meet, Unliftable as `lift`. A field that is no set and
        no text has no parts: the change replaces it.
        """
        if before == after:
            return agreed
        return self.lift(after, agreed, env)
