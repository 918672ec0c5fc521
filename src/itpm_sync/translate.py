"""Containers as lenses see them: compiled against what each tool says of itself, with who is who.

In: the project's policy, containers as described, the ledger's memory of them. Out: what lenses are compiled
from, and the text of what the configuration rests on. Records themselves are translated by lenses.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from itpm_sync.codec import digest
from itpm_sync.connector import ContainerInfo, NativeField
from itpm_sync.ledger import ContainerState
from itpm_sync.lens import Lens
from itpm_sync.model import ProjectFacts
from itpm_sync.policy import ContainerPolicy, ProjectPolicy


@dataclass(frozen=True, slots=True)
class Lenses:
    """The lenses of one container by field, and what its mapping names that the container does not have."""

    by_field: Mapping[str, Lens]
    left_out: Sequence[str] = ()
    """A line each, with the mend."""


Compile = Callable[[ContainerPolicy, ContainerInfo], Lenses]
"""The lenses of one container, from its mapping and the tool's own description. Raises Misconfigured."""


_OPTIONS = "options of "
_MOST_FORMER = 200
"""So many fields that a container had once are remembered, the latest."""


@dataclass(frozen=True, slots=True)
class Project:
    """One project as configured: what the cycle is handed."""

    facts: ProjectFacts
    policy: ProjectPolicy
    compile: Compile
    aliases: Mapping[str, str]
    basis: Mapping[str, Any]
    """What deciding rests on, as plain data by heading (mapping of X, scope of Y, owners): a change of it stops and
    asks, naming the heading."""


def remembered(info: ContainerInfo, before: ContainerState) -> dict[str, Any]:
    """A description as the ledger keeps it, so that an unreachable container's lenses can still be compiled.

    `former`: fields that it had under that name at any time and has no more (F34: they may come back).
    """
    fields = [[f.name, f.title, f.type, f.writable, dict(f.options)] for f in info.fields]
    return {
        "title": info.title,
        "url": info.url,
        "by_hand": info.by_hand,
        "keys": info.keys,
        "edited": info.edited.isoformat() if info.edited else None,
        "fields": fields,
        "former": _gone(info, before)[-_MOST_FORMER:],
    }


def noted(info: ContainerInfo, before: ContainerState) -> ContainerState | None:
    """What is kept of a container that has described itself, before it is read; None: all is as it was.

    Fields that it lacks by now: what a page says of a record then says nothing of these, whether or not the last page
    comes. Its options as they are called now, so that a run in which it does not answer at all still stops for them.
    """
    here = {(f.name, f.title): dict(f.options) for f in info.fields}
    had = [list(one) for one in _fields(before)]
    now = [[*one[:4], here[one[0], one[1]]] for one in had if (one[0], one[1]) in here]
    if now == had:
        return None
    back = [list(one) for one in _former(before) if (one[0], one[1]) in here]  # there again, and not read yet
    former = [*back, *_gone(info, before)][-_MOST_FORMER:]
    return replace(before, document={**(before.document or {}), "fields": now, "former": former})


def returned(info: ContainerInfo, before: ContainerState | None) -> frozenset[str]:
    """Native names of fields that the container did not have when it was last read, and had before that."""
    if before is None:
        return frozenset()
    away = {name for name, *_ in _former(before)} - {name for name, *_ in _fields(before)}
    return frozenset(away & {f.name for f in info.fields})


def once(info: ContainerInfo, state: ContainerState) -> ContainerInfo | None:
    """The container with the fields that it had under another name or has no more; None: it always had what it has."""
    former = _known_once(info, state)
    return replace(info, fields=[*info.fields, *former]) if former else None


def _known_once(info: ContainerInfo, state: ContainerState) -> list[NativeField]:
    return [NativeField(*one) for one in _gone(info, state)]


def _gone(info: ContainerInfo, before: ContainerState) -> list[Sequence[Any]]:
    """Fields that it had and has no more; since just now too, whether or not it could be read since."""
    here = {(f.name, f.title) for f in info.fields}
    had = {(name, title): [name, title, *rest] for name, title, *rest in (*_former(before), *_fields(before))}
    return [one for called, one in had.items() if called not in here]


def _fields(state: ContainerState) -> Sequence[Sequence[Any]]:
    fields: Sequence[Sequence[Any]] = (state.document or {}).get("fields", ())
    return fields


def _former(state: ContainerState) -> Sequence[Sequence[Any]]:
    fields: Sequence[Sequence[Any]] = (state.document or {}).get("former", ())
    return fields


def recalled(state: ContainerState) -> ContainerInfo | None:
    """The description that was kept, or None where none was."""
    document = state.document or {}
    if "fields" not in document:
        return None
    fields = [NativeField(*one) for one in document["fields"]]
    return ContainerInfo(
        state.container,
        document.get("title", state.container),
        fields,
        state.fingerprint or "",
        document.get("url", ""),
        bool(document.get("by_hand")),
        bool(document.get("keys", True)),
    )


def basis(
    project: Project,
    infos: Mapping[tuple[str, str], ContainerInfo],
    lenses: Mapping[tuple[str, str], Mapping[str, Lens]],
    lost: Mapping[tuple[str, str], Mapping[str, Lens]],
    states: Mapping[tuple[str, str], ContainerState],
) -> dict[str, Any]:
    """What deciding rests on in this run: the configuration, and the names that live in the tools, with their ids.

    Only of fields that a lens reads: a renamed Planner bucket is nobody's business where buckets are not mapped. Of
    those that a container has lost: as it had them, so that what is renamed meanwhile is seen once they are back.
    """
    fields = [(place, info.fields, lenses.get(place, {})) for place, info in infos.items()]
    fields += [
        (place, _known_once(infos[place], states[place]), away) for place, away in lost.items() if away
    ]
    options = {
        f"{_OPTIONS}{field.title} in {_called(place, lenses)}": dict(field.options)
        for place, named, read in fields
        for used in [frozenset[str]().union(*(lens.native for lens in read.values()))]
        for field in named
        if field.options and field.name in used
    }
    return {**project.basis, **options}


def _called(place: tuple[str, str], places: Collection[tuple[str, str]]) -> str:
    """A container by its name, and its connection where two connections have one of that name."""
    connection, container = place
    alike = any(other == container and name != connection for name, other in places)
    return f"{container} of {connection}" if alike else container


def changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What of the basis changed, by heading; new options of a tool are no change, a renamed or lost one is."""
    names = []
    for heading in sorted(before.keys() | now.keys()):
        old, new = before.get(heading), now.get(heading)
        if old == new:
            continue
        if heading.startswith(_OPTIONS):
            lost = _lost(old or {}, new) if new is not None else []
            if lost:
                names.append(f"{heading} ({'; '.join(lost[:3])})")
        else:
            names.append(_moved(heading, old, new))
    return "; ".join(names)


def _moved(heading: str, old: Any, new: Any) -> str:
    """What a heading said and says; of a mapping's field only that it changed, for its file is there to look at."""
    if heading.startswith("mapping ") or not all(isinstance(each, str | None) for each in (old, new)):
        return heading
    if old is None:
        return f"{heading} is new ({new})"
    return f"{heading} was: {old}; is now: {new}" if new is not None else f"{heading} is no longer there"


def _lost(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Options that were renamed or are gone, in words."""
    return [
        f"{name!r} became {new[native]!r}" if native in new else f"{name!r} is gone"
        for native, name in old.items()
        if new.get(native) != name
    ]


def fingerprint(found: Mapping[str, Any]) -> str:
    """The fingerprint of a basis."""
    return digest(found)
