"""Reading a mapping file: its form, its meaning, and every problem with its place.

In: the text of a file. Out: a Mapping, or Misconfigured with all problems found: file, line, column, what is wrong and
what was probably meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from itpm_sync.errors import Misconfigured, Problem
from itpm_sync.mapping import meaning
from itpm_sync.mapping.places import Document, did_you_mean
from itpm_sync.mapping.schema import MappingFile
from itpm_sync.mapping.yaml_guard import read_text


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping file that is sound in form and meaning."""

    file: str
    model: MappingFile
    document: Document

    @property
    def system(self) -> str:
        return self.model.system


def read(path: Path) -> Mapping:
    """Load a file. Raises Misconfigured."""
    try:
        text = read_text(path)
    except FileNotFoundError:
        raise Misconfigured(f"There is no mapping {path}.", mend="Check the name and the folder.") from None
    except OSError as error:
        raise Misconfigured(
            f"The mapping {path.name} cannot be read ({error.strerror}).", mend="Check the file's rights."
        ) from None
    return load(path.name, text)


def load(file: str, text: str) -> Mapping:
    """Load a mapping from its text; `file` is its name in messages. Raises Misconfigured with every problem."""
    document = Document(file, text)
    if not isinstance(document.data, dict):
        raise _misconfigured(file, [Problem(file, 1, 1, "a mapping begins with `system:` and `fields:`.")])
    try:
        model = MappingFile.model_validate(document.data)
    except ValidationError as error:
        raise _misconfigured(file, _problems(document, error)) from None
    problems = list(meaning.problems(model, document))
    if problems:
        raise _misconfigured(file, problems)
    return Mapping(file, model, document)


def _misconfigured(file: str, problems: Sequence[Problem]) -> Misconfigured:
    return Misconfigured(f"The mapping {file} is wrong in {len(problems)} place(s):", problems=problems)


def _problems(document: Document, error: ValidationError) -> list[Problem]:
    """One problem a place: of the alternatives that a value might have meant, the first is told."""
    found: dict[tuple[int, int], Problem] = {}
    details = error.errors(include_url=False)
    misspelt = {detail["loc"][:-1] for detail in details if detail["type"] == "extra_forbidden"}
    for detail in details:
        if detail["type"] == "missing" and detail["loc"][:-1] in misspelt:
            continue  # most probably it is there, spelt otherwise
        problem = _problem(document, detail)
        found.setdefault((problem.line, problem.column), problem)
    return sorted(found.values(), key=lambda one: (one.line, one.column))


def _problem(document: Document, detail: ErrorDetails) -> Problem:
    path, kind, context = detail["loc"], detail["type"], detail.get("ctx", {})
    last = str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        mend = did_you_mean(last, _allowed(MappingFile, path[:-1]))
        return document.problem(path, f"{last!r} is not known here.", mend, key=True)
    if kind == "missing":
        return document.problem(path[:-1], f"{last!r} is missing.", "Add it.", key=True)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _tag_problem(document, path, context)
    if kind in ("literal_error", "enum"):
        expected = [
            word.strip(" '\"") for word in str(context.get("expected", "")).replace(" or ", ", ").split(",")
        ]
        said = str(detail["input"])
        return document.problem(path, f"{said!r} is not possible here.", did_you_mean(said, expected))
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return document.problem(path, "here comes a block of `word: value` lines.")
    message = detail["msg"].removeprefix("Value error, ")
    return document.problem(path, f"{last}: {message[:1].lower()}{message[1:]}.")


def _tag_problem(document: Document, path: tuple[int | str, ...], context: dict[str, Any]) -> Problem:
    steps = [step for model in _at(MappingFile, path) for step in _steps(model)]
    said = str(context.get("tag", ""))
    if said:
        return document.problem(
            [*path, "as"], f"{said!r} is no step for {path[-1]}.", did_you_mean(said, steps)
        )
    mend = f"Possible: {', '.join(steps)}."
    return document.problem(path, f"{path[-1]} does not say how it is translated (`as`).", mend, key=True)


# ── which words a place may hold ──


def _allowed(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """The words of the models at `path` below `model`, as written in YAML."""
    return [info.alias or name for one in _at(model, path) for name, info in one.model_fields.items()]


def _at(model: type[BaseModel], path: Sequence[str | int]) -> list[type[BaseModel]]:
    """The models that may stand at `path` below `model`."""
    found: list[type[BaseModel]] = [model]
    for step in path:
        found = [inner for one in found for inner in _below(one, step)] or found
    return found


def _steps(model: type[BaseModel]) -> tuple[str, ...]:
    """The steps (`as`) that choose this model."""
    return next((get_args(one.annotation) for one in model.model_fields.values() if one.alias == "as"), ())


def _below(model: type[BaseModel], step: str | int) -> Iterator[type[BaseModel]]:
    for name, info in model.model_fields.items():
        if step in (name, info.alias):
            yield from _models(info.annotation)
        elif get_origin(info.annotation) is Literal and step in get_args(info.annotation):
            yield model  # the step is the tag by which this model was chosen


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Union, UnionType, Annotated, list, dict):
        for part in get_args(annotation):
            yield from _models(part)
