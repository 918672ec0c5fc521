"""pydantic's findings told the way a PMO analyst reads them: where, what is wrong, what would be right.

In: a validation error, the YAML it is about, the path of the checked section in it. Out: one Problem a place. What was
written is never repeated (somebody may have pasted a token), but for the names of unknown keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from itpm_sync.errors import Problem
from itpm_sync.mapping.places import Document, did_you_mean

Path = tuple[str | int, ...]

_WANTED: Final[Mapping[str, str]] = {
    "string_type": "a text is wanted here.",
    "int_type": "a whole number is wanted here.",
    "int_parsing": "a whole number is wanted here.",
    "int_from_float": "a whole number is wanted here.",
    "float_type": "a number is wanted here.",
    "float_parsing": "a number is wanted here.",
    "bool_type": "true or false is wanted here.",
    "bool_parsing": "true or false is wanted here.",
    "list_type": "a list is wanted here: lines that begin with `- `, or [one, two].",
    "dict_type": "names with values are wanted here, a line each: `name: value`.",
    "model_type": "names with values are wanted here, a line each: `name: value`.",
    "model_attributes_type": "names with values are wanted here, a line each: `name: value`.",
    "date_type": "a day is wanted here, as 2026-12-25.",
    "date_parsing": "a day is wanted here, as 2026-12-25.",
    "date_from_datetime_parsing": "a day is wanted here, as 2026-12-25.",
    "too_short": "at least one entry is wanted here.",
    "string_too_short": "this must not be empty.",
    "string_too_long": "this is too long.",
    "string_pattern_mismatch": "this is not written as it should be.",
}
_CHOICE: Final = re.compile(r"'([^']*)'")


def problems_of(
    error: ValidationError,
    document: Document,
    model: type[BaseModel],
    *,
    path: Path = (),
    also: Iterable[str] = (),
    but: Callable[[ErrorDetails], bool] = lambda detail: False,
) -> list[Problem]:
    """Every finding as a Problem, in the file's order, one a place.

    `also` are further words known at `path`; findings of which `but` says so are left out.
    """
    found: dict[tuple[int, int], tuple[bool, Problem]] = {}
    for detail in error.errors(include_url=False):
        if but(detail):
            continue
        problem = _problem(detail, document, model, path, also)
        place = (problem.line, problem.column)
        told = detail["type"] == "value_error"  # of the members of a union, the one that says most
        if place not in found or (told and not found[place][0]):
            found[place] = (told, problem)
    return [problem for _, problem in sorted(found.values(), key=lambda pair: (pair[1].line, pair[1].column))]


def _problem(
    detail: ErrorDetails, document: Document, model: type[BaseModel], path: Path, also: Iterable[str]
) -> Problem:
    inner: Path = tuple(detail["loc"])
    where = path + inner
    name = next((str(step) for step in reversed(where) if isinstance(step, str) and step.isidentifier()), "")
    kind = detail["type"]
    if kind == "extra_forbidden":
        known = [*names_in(model, inner[:-1]), *(also if len(inner) == 1 else ())]
        key = str(where[-1])
        return document.problem(where, f"{key!r} is not known here.", did_you_mean(key, known), key=True)
    if kind == "missing":
        return _missing(document, model, where, inner)
    if inner and inner[-1] == "[key]":
        return document.problem(where[:-1], f"the name {where[-2]!r}: {_ended(_said(detail))}", key=True)
    if kind in ("literal_error", "enum"):
        expected = _CHOICE.findall(str(detail.get("ctx", {}).get("expected", "")))
        mend = did_you_mean(str(detail.get("input", "")), expected)
        return document.problem(where, f"{name}: this word is not known here.", mend)
    if kind == "value_error":
        says = _ended(_said(detail))
        return document.problem(where, f"{name}: {says}" if name else says)
    says = _WANTED.get(kind) or f"{detail['msg'].replace('Input should', 'this should')}."
    return document.problem(where, f"{name}: {says}" if name else says, _example(model, inner, kind))


def _missing(document: Document, model: type[BaseModel], where: Path, inner: Path) -> Problem:
    """A word that is missing; where the section takes words of others too, a mistyped one is not told otherwise."""
    wanted, section = str(where[-1]), _at(model, inner[:-1])
    if isinstance(section, type) and issubclass(section, BaseModel) and _takes_others(section):
        known = names_in(model, inner[:-1])
        written = [key for key in document.keys_at(where[:-1]) if key not in known]
        near = get_close_matches(wanted, written, n=1, cutoff=0.6)
        if near:
            says = f"{near[0]!r} is not known here, and {wanted!r} is missing."
            return document.problem((*where[:-1], near[0]), says, f"Did you mean {wanted!r}?", key=True)
    says = description(model, inner)
    return document.problem(where[:-1], f"{wanted!r} is missing.", says and f"It says: {says}", key=True)


def _takes_others(section: type[BaseModel]) -> bool:
    return section.model_config.get("extra") == "allow"


def _said(detail: ErrorDetails) -> str:
    error = detail.get("ctx", {}).get("error")
    return str(error if error is not None else detail["msg"]).rstrip(".")


def _ended(says: str) -> str:
    return says if says.endswith("?") else f"{says}."


def _example(model: type[BaseModel], inner: Path, kind: str) -> str:
    says = description(model, inner) if kind in ("string_pattern_mismatch", "string_type") else ""
    return f"It says: {says}" if says else ""


# ── what the model would have taken at a place ──


def names_in(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """The words that the section at `path` knows; empty where no section of fixed words is there."""
    found = _at(model, path)
    if isinstance(found, type) and issubclass(found, BaseModel):
        return [field.alias or name for name, field in found.model_fields.items()]
    return []


def description(model: type[BaseModel], path: Sequence[str | int]) -> str:
    """What is said of the word at `path`."""
    if not path:
        return ""
    section = _at(model, path[:-1])
    if isinstance(section, type) and issubclass(section, BaseModel):
        field = section.model_fields.get(str(path[-1]))
        return (field.description or "") if field else ""
    return ""


def _at(kind: Any, path: Sequence[str | int]) -> Any:
    """The type that stands at `path` below `kind`."""
    for step in path:
        kind = _bare(kind)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(str(step))
            kind = field.annotation if field else None
        elif get_origin(kind) is dict:
            kind = get_args(kind)[1]
        elif get_origin(kind) in (list, tuple):
            kind = get_args(kind)[0]
    return _bare(kind)


def _bare(kind: Any) -> Any:
    """A type without `Annotated` and without `| None`."""
    while hasattr(kind, "__metadata__"):
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, UnionType):
        members = [each for each in get_args(kind) if each is not type(None)]
        return _bare(members[0]) if len(members) == 1 else kind
    return kind
