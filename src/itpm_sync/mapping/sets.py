"""Fields that are sets: labels, predecessors, people, links. Elements a tool cannot hold are not its to remove.

In: a native list (or text) of elements, a canonical set. Out: the other. The form of a set is the set of its elements'
forms, so a reading is lifted, and a change merged, element by element. A set that is too large is refused, never cut
(counterexample L7); sets are compared as sets, so an order in the tool means nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from itpm_sync.errors import Refused
from itpm_sync.kit.text import cut, normal, one_line, utf16_length, whole
from itpm_sync.lens import Env, Lens, Untranslatable, Values
from itpm_sync.mapping.steps import folded, number_of, rounded, shown
from itpm_sync.model import Day, Dependency, Duration, Link, LinkType, Value

E = TypeVar("E")


class ElementStep(ABC):
    """One element of a set."""

    @abstractmethod
    def get(self, raw: Any, env: Env) -> Any:
        """The canonical element; None for one that says nothing. Raises Untranslatable."""

    @abstractmethod
    def put(self, element: Any, env: Env) -> Any:
        """The native element; None where this tool cannot hold it."""

    def split(self, raw: Any) -> Sequence[Any]:
        """The native elements of a native value."""
        if raw is None or raw == "":
            return ()
        if isinstance(raw, list | tuple):
            return raw
        return (raw,)

    def join(self, raws: Sequence[Any]) -> Any:
        """The native value of native elements. Raises Refused where they do not fit."""
        return list(raws)

    def same_place(self, element: Any) -> Any:
        """What there may be only one of: two elements of one place exclude each other."""
        return element


class SetLens(Lens):
    """A set of elements in one native value."""

    def __init__(
        self, name: str, native: str, step: ElementStep, *, writable: bool = True, title: str = ""
    ) -> None:
        self.name = name
        self.native = frozenset({native})
        self.writable = writable
        self._at = native
        self._step = step
        self._title = title or native

    def get(self, values: Values, env: Env) -> Value:
        try:
            found = {self._step.get(raw, env) for raw in self._step.split(values.get(self._at))} - {None}
        except Untranslatable as error:
            raise Untranslatable(f"{self._title}: {error.message}", mend=error.mend) from None
        one_a_place = {self._step.same_place(element): element for element in reversed(_sorted(found))}
        return frozenset(one_a_place.values()) or None

    def put(self, value: Value, values: Values, env: Env) -> dict[str, Any]:
        held = self.form(value, env)
        here = self.get(values, env) if self._at in values else None
        if here == held:
            return {}
        raws = [self._step.put(element, env) for element in _sorted(held)]
        return {self._at: self._step.join([raw for raw in raws if raw is not None])}

    def form(self, value: Value, env: Env) -> Value:
        return frozenset(self._forms(_members(value), env).values()) or None

    def _forms(self, elements: Iterable[Any], env: Env) -> dict[Any, Any]:
        """By element: its form; one a place (the first in order), elements that are not held left out."""
        found: dict[Any, Any] = {}
        places: set[Any] = set()
        for element in _sorted(elements):
            raw = self._step.put(element, env)
            form = None if raw is None else self._step.get(raw, env)
            if form is None or (form not in found.values() and self._step.same_place(form) in places):
                continue
            places.add(self._step.same_place(form))
            found[element] = form
        return found

    def keeps(self, form: Value, agreed: Value, env: Env, edited: Day | None) -> Iterator[Value]:
        here, had = _members(form), _members(agreed)
        forms = self._forms(had, env)
        kept = {element for element in had if forms.get(element) in here}
        new = {element for element in here if element not in {forms[one] for one in kept}}
        taken = {self._step.same_place(element) for element in kept | new | here}
        silent = {e for e in had if e not in forms and self._step.same_place(e) not in taken}
        yield frozenset(kept | new | silent) or None

    def apply(self, agreed: Value, before: Value, after: Value, env: Env) -> Value:
        added, removed = _members(after) - _members(before), _members(before) - _members(after)
        had = _members(agreed)
        forms = self._forms(had, env)
        left = {element for element in had if forms.get(element) not in removed}
        present = {forms[element] for element in left if element in forms}
        places = {self._step.same_place(element) for element in added}
        stays = {e for e in left if forms.get(e) in added or self._step.same_place(e) not in places}
        return frozenset(stays | (added - present)) or None


def _members(value: Any) -> frozenset[Any]:
    return value if isinstance(value, frozenset) else frozenset()


def _sorted(elements: Any) -> list[Any]:
    return sorted(elements or (), key=repr)


@dataclass(frozen=True, slots=True)
class LabelStep(ElementStep):
    """A label. `names` are the tool's own, by native id; where `closed`, it holds no others."""

    spaces: str | None = None
    separator: str | None = None
    limit: int | None = None
    names: Mapping[str, str] | None = None
    closed: bool = False

    def get(self, raw: Any, env: Env) -> Any:
        if isinstance(raw, bool) or not isinstance(raw, str | int):
            raise Untranslatable(f"{shown(raw)} is no label.")
        text = str(raw)
        name = one_line(normal((self.names or {}).get(text, "")))
        if name:
            return name
        return f"{env.tool}:{text}" if self.closed else self._form(text)

    def put(self, element: Any, env: Env) -> Any:
        named = self._named(element)
        if named is not None or not self.closed:
            return self._form(element) if named is None else named
        own, _, raw = element.partition(":")
        return raw if raw and own == env.tool and raw not in (self.names or {}) else None

    def _named(self, label: str) -> str | None:
        """The native id of the name that reads as this label: letter by letter, else without regard to case."""
        names = sorted((self.names or {}).items())
        exact = next((raw for raw, name in names if one_line(normal(name)) == label), None)
        near = next((raw for raw, name in names if folded(one_line(name)) == folded(label)), None)
        return near if exact is None else exact

    def _form(self, text: str) -> str | None:
        line = normal(one_line(whole(text)))
        if self.spaces is not None:
            line = self.spaces.join(line.split())
        if self.separator is not None:
            line = line.replace(self.separator, ";" if self.separator != ";" else ",").strip()
        elif self.limit is not None:
            line = cut(line, self.limit)
        return line or None

    def split(self, raw: Any) -> Sequence[Any]:
        if self.separator is not None and isinstance(raw, str):
            return [part for part in raw.split(self.separator) if part.strip()]
        return ElementStep.split(self, raw)

    def join(self, raws: Sequence[Any]) -> Any:
        if self.separator is None:
            return list(raws)
        text = f"{self.separator} ".join(raws)
        if self.limit is not None and utf16_length(text) > self.limit:
            raise Refused(
                f"{len(raws)} labels are too long for one field of {self.limit} characters; they are not cut.",
                mend="Shorten or remove labels, or map them elsewhere.",
            )
        return text or None


@dataclass(frozen=True, slots=True)
class LinkStep(ElementStep):
    """A predecessor, natively `{"id", "type", "lag", "elapsed", "percent"}`: lag in minutes, `percent` of a duration.

    One a pair. A type or lag that the tool does not hold: an element of another type is not held, a lag is left out.
    """

    types: frozenset[LinkType]
    lags: bool = False

    def get(self, raw: Any, env: Env) -> Any:
        if not isinstance(raw, Mapping) or raw.get("id") in (None, ""):
            raise Untranslatable(f"{shown(raw)} is no predecessor.")
        native = str(raw["id"])
        try:
            kind = LinkType(raw.get("type") or "FS")
        except ValueError:
            raise Untranslatable(f"{shown(raw.get('type'))} is no type of dependency.") from None
        item = env.item_of(native) or f"{env.tool}:{native}"
        percent, lag = raw.get("percent"), raw.get("lag")
        if self.lags and percent not in (None, 0):
            return Dependency(item, kind, opaque=f"{env.tool}:{format(number_of(percent).normalize(), 'f')}%")
        minutes = int(rounded(number_of(lag), 0)) if self.lags and lag not in (None, "") else 0
        return Dependency(item, kind, Duration(minutes, bool(raw.get("elapsed"))) if minutes else None)

    def put(self, element: Any, env: Env) -> Any:
        native = env.native_of(element.predecessor) or self._own(element.predecessor, env)
        if native is None or element.type not in self.types:
            return None
        raw: dict[str, Any] = {"id": native, "type": element.type.value}
        if self.lags and element.opaque and element.opaque.startswith(f"{env.tool}:"):
            raw["percent"] = float(element.opaque.partition(":")[2].rstrip("%"))
        elif self.lags and element.lag and element.lag.minutes:
            raw["lag"] = element.lag.minutes
            if element.lag.elapsed:
                raw["elapsed"] = True
        return raw

    def same_place(self, element: Any) -> Any:
        return element.predecessor

    @staticmethod
    def _own(predecessor: str, env: Env) -> str | None:
        own, _, native = predecessor.partition(":")
        return native if native and own == env.tool else None


@dataclass(frozen=True, slots=True)
class HyperlinkStep(ElementStep):
    """A link, natively `{"url", "title"}`; only web addresses are links."""

    most: int | None = None

    def get(self, raw: Any, env: Env) -> Any:
        url = raw.get("url") if isinstance(raw, Mapping) else raw
        title = raw.get("title") if isinstance(raw, Mapping) else ""
        if not isinstance(url, str) or not url.strip():
            return None
        return Link(one_line(whole(url)), normal(one_line(whole(str(title or "")))))

    def put(self, element: Any, env: Env) -> Any:
        return {"url": element.url, "title": element.title} if element.url.strip() else None

    def join(self, raws: Sequence[Any]) -> Any:
        if self.most is not None and len(raws) > self.most:
            raise Refused(f"{len(raws)} links are more than the {self.most} it holds; none is left out.")
        return list(raws)

    def same_place(self, element: Any) -> Any:
        return element.url
