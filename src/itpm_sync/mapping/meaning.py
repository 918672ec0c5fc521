"""What a mapping file must make sense in, beyond its form.

In: a MappingFile and where its parts stand. Out: problems. Among them: a total value map, bands without gaps, one
native field for one canonical field, no time of edit taken for a date of work (counterexample L12).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from itpm_sync.errors import Problem
from itpm_sync.mapping.places import Document, Path, did_you_mean
from itpm_sync.mapping.schema import (
    Bands,
    Bound,
    Choice,
    Integer,
    Label,
    MappingFile,
    Option,
    ProgressGroup,
    ScheduleGroup,
)
from itpm_sync.model import CUSTOM, Category, Kind, Rag, Type, spec_of

EDIT_TIMES: Final = frozenset(
    {
        "completeddatetime",
        "createddatetime",
        "lastmodifieddatetime",
        "resolutiondate",
        "resolved",
        "created",
        "updated",
        "createdat",
        "modifiedat",
        "modified",
    }
)
"""Names of times at which a server noted something: when a person did the work they do not say."""


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """A field's name without case, spaces and signs: how names are compared where they do not match as written."""
    return "".join(character for character in name.casefold() if character.isalnum())


def problems(model: MappingFile, document: Document) -> Iterator[Problem]:
    """Every problem of meaning."""
    users: dict[str, str] = {}
    for name, described in model.described().items():
        path = ["custom", name.removeprefix(CUSTOM)] if name.startswith(CUSTOM) else ["fields", name]
        for part, bound in parts_of(described).items():
            place = [*path, part] if part else path
            yield from _bound(name, part, bound, place, document, users)
        yield from _described(name, described, path, document)


def parts_of(described: Any) -> dict[str, Bound]:
    """By part name ("" for a plain field): what is bound to a native field."""
    if isinstance(described, Bound):
        return {"": described}
    members = {part: getattr(described, part) for part in type(described).model_fields}
    return {part: bound for part, bound in members.items() if bound is not None}


def _bound(
    name: str, part: str, bound: Bound, path: Path, document: Document, users: dict[str, str]
) -> Iterator[Problem]:
    dated = part in ("start", "finish", "actual_start", "actual_finish") or spec_of(name).type is Type.DAY
    says = f"{name}.{part}" if part else name
    for native in bound.names:
        if dated and plain_name(native) in EDIT_TIMES:
            yield document.problem(
                [*path, "field"],
                f"{native!r} is the time of an edit, set by the server, and no date of work.",
                "Leave it out: the day of an edit is known anyway.",
            )
        user = users.setdefault(plain_name(native), says)
        if user != says:
            yield document.problem(
                [*path, "field"],
                f"{native!r} is already used by {user}.",
                "One field of the tool means one thing.",
            )
    if name.startswith("baseline_") and bound.write:
        yield document.problem(path, f"{name} is never written.", "Add `write: false`.", key=True)


def _described(name: str, described: Any, path: Path, document: Document) -> Iterator[Problem]:
    if isinstance(described, Choice):
        yield from _choice(name, described, path, document)
    elif isinstance(described, Bands):
        yield from _bands(described, path, document)
    elif isinstance(described, Integer):
        yield from _integer(described, path, document)
    elif isinstance(described, ProgressGroup):
        yield from _progress(described, path, document)
    elif isinstance(described, ScheduleGroup) and not parts_of(described):
        yield document.problem(path, "schedule holds nothing.", "Name `start`, `finish` or both.", key=True)


def canonical_of(name: str, word: Any) -> Any:
    """A canonical value from its word. Raises ValueError where the field has no such value."""
    match spec_of(name).type:
        case Type.KIND:
            return Kind(word)
        case Type.RAG:
            return Rag(word)
        case Type.INTEGER:
            if isinstance(word, int):
                return word
            raise ValueError(f"{word!r} is no whole number")
        case _:
            text = str(word).strip()
            if not text or "\n" in text:
                raise ValueError("the value must stand on one line")
            return text


def _choice(name: str, described: Choice, path: Path, document: Document) -> Iterator[Problem]:
    kinds: dict[Type, list[str]] = {
        Type.KIND: [one.value for one in Kind],
        Type.RAG: [one.value for one in Rag],
    }
    known = kinds.get(spec_of(name).type, [])
    words: dict[tuple[Option, ...], Option] = {
        ("values", native): word for native, word in described.values.items()
    }
    if described.other is not None:
        words["other",] = described.other
    reached = set()
    for steps, word in words.items():
        try:
            reached.add(canonical_of(name, word))
        except ValueError:
            yield document.problem(
                [*path, *steps], f"{word!r} is no value of {name}.", did_you_mean(str(word), known)
            )
    written = {word for steps, word in words.items() if steps[0] == "values"}
    if described.other is not None and described.other not in written:
        yield document.problem(
            [*path, "other"], f"no value of the tool is read as {described.other!r}.", "Add one."
        )
    missing = [word for word in known if word not in written]
    if missing and described.other is None:
        yield document.problem(
            [*path, "values"],
            f"there is no value for {', '.join(missing)}.",
            "Add them, or say with `other` what stands for them.",
            key=True,
        )


def _bands(described: Bands, path: Path, document: Document) -> Iterator[Problem]:
    ordered = sorted(described.bands, key=lambda band: band.from_)
    upper = [band.from_ for band in ordered[1:]] + [1001]
    if ordered[0].from_ != 0:
        yield document.problem(
            [*path, "bands"], "the lowest band begins above 0.", "Let it begin `from: 0`.", key=True
        )
    for band, end in zip(ordered, upper, strict=True):
        if not band.from_ <= band.means < end:
            index = described.bands.index(band)
            yield document.problem(
                [*path, "bands", index, "means"],
                f"{band.name} is read as {band.means}, which is outside its band ({band.from_} to {end - 1}).",
                "Choose a value inside.",
            )
    natives = [str(native) for band in described.bands for native in (band.name, *band.also)]
    if described.empty is not None and str(described.empty) not in natives:
        yield document.problem(
            [*path, "empty"],
            f"{described.empty!r} is in no band.",
            did_you_mean(str(described.empty), natives),
        )
    for native in sorted({one for one in natives if natives.count(one) > 1}):
        yield document.problem([*path, "bands"], f"{native!r} is in two bands.", "Keep it in one.", key=True)


def _integer(described: Integer, path: Path, document: Document) -> Iterator[Problem]:
    least, most, empty = described.least, described.most, described.empty
    if least is not None and most is not None and least > most:
        yield document.problem([*path, "least"], f"{least} is more than {most}.", "Exchange them.")
    if empty is not None and not (least if least is not None else empty) <= empty <= (
        most if most is not None else empty
    ):
        yield document.problem(
            [*path, "empty"], f"{empty} is outside {least} to {most}.", "Choose a value inside."
        )


def _progress(described: ProgressGroup, path: Path, document: Document) -> Iterator[Problem]:
    if not parts_of(described):
        yield document.problem(
            path, "progress holds nothing.", "Name `status`, `percent` or `category`.", key=True
        )
    if described.category is not None and (described.percent is not None or described.status is not None):
        yield document.problem(
            [*path, "category"],
            "a three-step percentage cannot stand beside `status` or `percent`.",
            "Keep one of them.",
            key=True,
        )
    status = described.status
    if status is None or (not status.values and status.others is None):
        return
    told = {value.category if isinstance(value, Label) else value for value in status.values.values()}
    missing = [
        category.value for category in (Category.TODO, Category.DOING, Category.DONE) if category not in told
    ]
    if missing:
        yield document.problem(
            [*path, "status", "values"],
            f"no status is {' or '.join(missing)}.",
            "Add one of each: todo, doing, done.",
            key=True,
        )
