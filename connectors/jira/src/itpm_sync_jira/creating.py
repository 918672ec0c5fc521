"""New issues, up to 50 a call, each with our key in the same request.

In: works of operation create. Out: their native ids, or why not. A field that Jira refuses by name is left out and the
creation repeated without it (nothing was made); a call whose outcome is unknown is never repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from itpm_sync.errors import ItpmError, Refused, UnknownOutcome

from .changelog import metadata_of
from .client import Client, FieldRefusal, refusal_of
from .reading import Reader
from .settings import JiraSettings
from .shape import Shape, TypeShape
from .wire import property_of
from .work import Work

BATCH: Final = 50
ROUNDS: Final = 3
_ESSENTIAL: Final = frozenset({"summary", "issuetype", "project"})


class Creator:
    """Creations of one connection."""

    def __init__(self, client: Client, reader: Reader, settings: JiraSettings) -> None:
        self._client, self._reader, self._settings = client, reader, settings

    async def create(self, shape: Shape, works: Sequence[Work]) -> None:
        """Make the issues; each work then has its native id or its error."""
        await self._fit_parents(shape, works)
        waiting = [work for work in works if not work.over]
        for _ in range(ROUNDS):
            again: list[Work] = []
            for at in range(0, len(waiting), BATCH):
                again += await self._batch(shape, waiting[at : at + BATCH])
            waiting = again
        for work in waiting:
            work.over = True

    async def _fit_parents(self, shape: Shape, works: Sequence[Work]) -> None:
        """An issue under one that is no epic is a sub-task; where the levels do not fit it has no parent."""
        above = {
            str(work.wanted.fields["parent"]["id"]) for work in works if work.wanted.fields.get("parent")
        }
        parents = await self._reader.fetch(shape, sorted(above)) if above else None
        for work in works:
            fields = work.wanted.fields
            self._typed(shape, work)
            if not fields.get("parent") or parents is None or work.over:
                continue
            parent = parents.named(_id(fields["parent"]))
            over = shape.types.get(str(parent.values.get("issuetype"))) if parent is not None else None
            own = shape.types[fields["issuetype"]["id"]]
            fitting = _fitting(shape, own, over, self._settings.subtask_type)
            if fitting is None:
                del fields["parent"]
                above_name = f"a {over.name}" if over else "an issue that is not there"
                work.refused["parent"] = f"In Jira a {own.name} cannot stand under {above_name}."
            else:
                fields["issuetype"] = {"id": fitting.id}

    def _typed(self, shape: Shape, work: Work) -> None:
        """An issue type that the project lacks is refused: fifty issues of a wrong type are worse than none."""
        fields = work.wanted.fields
        if fields.get("issuetype") is None and "issuetype" not in work.refused:
            kind = shape.type_named(self._settings.default_type)
            fields["issuetype"] = {"id": kind.id} if kind else None
        if fields.get("issuetype") is None:
            names = ", ".join(one.name for one in shape.types.values())
            says = f"Project {shape.key} has no issue type {self._settings.default_type}. It has: {names}."
            work.refused.setdefault("issuetype", says)
            work.over = True

    async def _batch(self, shape: Shape, works: Sequence[Work]) -> list[Work]:
        """Send one call; gives those to be tried again without the fields that were refused."""
        if not works:
            return []
        body = {"issueUpdates": [self._body(shape, work) for work in works]}
        what = works[0].title if len(works) == 1 else f"{len(works)} new issues in Jira project {shape.key}"
        try:
            told = await self._client.send("POST", what, "/issue/bulk", body, scope="POST issue")
        except Refused as error:
            listed = error.__cause__.told if isinstance(error.__cause__, FieldRefusal) else {}
            if not _elements(listed):
                return await self._halves(shape, works, error)
            told = listed
        except ItpmError as error:
            for work in works:
                work.fails(error, set())
                work.over = True
            return []
        return _sorted_out(works, told, what)

    async def _halves(self, shape: Shape, works: Sequence[Work], error: Refused) -> list[Work]:
        """Refused as a whole: the one that is to blame is isolated by halving."""
        if len(works) == 1:
            _refuse(works[0], error.__cause__ if isinstance(error.__cause__, FieldRefusal) else None, error)
            return [] if works[0].over else [works[0]]
        half = len(works) // 2
        return [*await self._batch(shape, works[:half]), *await self._batch(shape, works[half:])]

    def _body(self, shape: Shape, work: Work) -> dict[str, Any]:
        given = {name: value for name, value in work.wanted.fields.items() if value not in (None, [])}
        if given.get("timetracking") == {"originalEstimate": ""}:
            del given["timetracking"]
        return {
            "fields": {"project": {"id": shape.id}, **given},
            "properties": [property_of(self._reader.context(shape), work.change.key)],
            "historyMetadata": metadata_of(work.change.intent),
        }


def _id(parent: Mapping[str, Any]) -> str:
    """The id or key that a request names a parent by."""
    return str(parent.get("id") or parent.get("key"))


def _fitting(shape: Shape, own: TypeShape, over: TypeShape | None, subtask: str) -> TypeShape | None:
    if over is None:
        return None
    if own.level == over.level - 1:
        return own
    named = shape.type_named(subtask)
    if over.level == 0 and named is not None and named.level < 0:
        return named
    return None


def _elements(told: Mapping[str, Any]) -> bool:
    errors = told.get("errors")
    return isinstance(errors, list) and any(
        isinstance(one, Mapping) and "failedElementNumber" in one for one in errors
    )


def _sorted_out(works: Sequence[Work], told: Any, what: str) -> list[Work]:
    """Match results with works: the failed ones are numbered, the others follow in order."""
    try:
        failed = {
            int(one["failedElementNumber"]): one.get("elementErrors") for one in told.get("errors") or ()
        }
        made = [str(int(one["id"])) for one in told.get("issues") or ()]
        fits = len(made) + len(failed) == len(works) and all(0 <= at < len(works) for at in failed)
    except (KeyError, TypeError, ValueError, AttributeError):
        fits, failed, made = False, {}, []
    if not fits:
        error = UnknownOutcome(
            f"{what}: Jira's answer does not say which were made; they are looked for by our key."
        )
        for work in works:
            work.fails(error, set())
        return []
    again: list[Work] = []
    for at, work in enumerate(works):
        if at not in failed:
            work.native_id = made.pop(0)
            work.applied.update(work.wanted.names.values())
            work.error, work.touched = None, True
            continue
        _refuse(work, refusal_of(failed[at]), Refused(f"{work.title}: Jira refuses it."))
        if not work.over:
            again.append(work)
    return again


def _refuse(work: Work, told: FieldRefusal | None, error: ItpmError) -> None:
    """Leave out the fields that Jira names; where it names none, or one that must be, the creation is refused."""
    named = {_told_name(name): says for name, says in (told.fields if told else {}).items()}
    known = {name for name in named if name in work.wanted.fields}
    for name, says in named.items():
        work.refused[work.wanted.names.get(name, name)] = says
    if known and known == named.keys() and not known & _ESSENTIAL:
        for name in known:
            del work.wanted.fields[name]
        return
    message = told.message if told is not None and told.message else error.message
    work.error = Refused(
        f"{work.title}: {message}", mend="Correct it, or what the project's create screen asks for."
    )
    work.over = True


def _told_name(name: str) -> str:
    return "parent" if name == "parentId" else name
