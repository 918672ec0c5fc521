"""The shape of `itpm-sync.yaml`: what may be said, and how, checked strictly.

In: the file's data. Out: frozen pydantic models, one a section. A word that is not known is refused. What a connector
asks of its own connection is checked by the connector's own model (`load`).
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from itpm_sync.kit.secret import SecretRef
from itpm_sync.model import STANDARD, Kind
from itpm_sync.policy import SKIP_LABEL, Creation, Deletion
from itpm_sync.settings.status import StatusLimits
from itpm_sync.settings.words import Hours, ShortName, Span, Text, Zone


class Section(BaseModel):
    """Unknown words are refused; errors never repeat what was written (it may be a pasted token)."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class PeopleSection(Section):
    """Who is who where mail addresses do not say it."""

    aliases: dict[str, str] = Field(
        {},
        description="`connection:account` or another mail address, and the mail address of the person it is.",
    )


class ConnectionSection(BaseModel):
    """One account of one connector. The connector's own settings stand beside these words."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    connector: str = Field(description="jira, smartsheet, msproject, m365, or another installed connector.")
    emulator: str | None = Field(
        None,
        min_length=1,
        description="A folder: an emulator that keeps its state there stands in for the real system.",
    )
    mode: Literal["write", "read"] = Field("write", description="read: nothing is ever written there.")
    wait_at_most: Span | None = Field(
        None,
        description="How long the waits that the system asks for may take in all in one run; default: 15 min.",
    )

    @property
    def own(self) -> dict[str, Any]:
        """What is said to the connector itself."""
        return dict(self.model_extra or {})


class TakesSection(Section):
    """Which items a container takes: of these kinds, and where fields say one of these words. Empty: all."""

    kinds: list[Kind] = []
    where: dict[str, list[Text]] = Field({}, description="A field, and the words of which it must say one.")


class ContainerSection(Section):
    """One container of a project: a Jira project, a sheet, a plan file, a Planner plan."""

    connection: str = Field(description="A name from `connections`.")
    container: Text = Field(description="The project key, sheet id, file name or plan id in that system.")
    mapping: str | None = Field(
        None, min_length=1, description="A mapping file in the mappings folder; default: the connector's own."
    )
    takes: TakesSection = TakesSection()
    create: Creation = Field(
        Creation.MATCH_ONLY, description="What is done with an item that it takes and does not hold."
    )
    under: dict[Kind, Text] = Field(
        {}, description="By kind: the parent row, bucket or issue type that new records are created under."
    )
    read_only: bool = Field(default=False, description="Read it, never write it.")
    room: dict[Literal["records", "active records", "cells"], Annotated[int, Field(ge=0)]] = Field(
        {}, description="What it takes at most, where that is not what its system is known to take."
    )


def _word_or_owner(schema: dict[str, Any]) -> None:
    """For editors: the word alone, or an object with `owner`."""
    properties = {name: schema["properties"][name] for name in ("owner", "leave")}
    whole = {"type": "object", "properties": properties, "required": ["owner"], "additionalProperties": False}
    described = {"title": schema["title"], "description": schema["description"]}
    schema.clear()
    schema.update(described | {"anyOf": [{"enum": ["hold", "merge", "newest"]}, whole]})


class FieldSection(Section):
    """How two edits of one field that did not know of each other are settled."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, json_schema_extra=_word_or_owner
    )

    rule: Literal["hold", "merge", "newest"] | None = None
    owner: list[str] = Field(
        [], description="Connections: the first that holds the item has the last word on the field."
    )
    leave: bool = Field(default=False, description="A differing value elsewhere is left alone, not put back.")

    @model_validator(mode="before")
    @classmethod
    def _word(cls, given: Any) -> Any:
        if isinstance(given, str):
            return {"rule": given}
        if isinstance(given, dict):
            if "rule" in given:
                raise ValueError("write the word alone (hold, merge, newest), or `owner:` with connections")
            if isinstance(given.get("owner"), str):
                return given | {"owner": [given["owner"]]}
        return given

    @model_validator(mode="after")
    def _one(self) -> Self:  # noqa: N804  # an "after" validator is given the model itself
        if self.rule is None and not self.owner:
            raise ValueError("say hold, merge or newest, or `owner:` with at least one connection")
        return self


class CalendarSection(Section):
    """The project's working calendar."""

    working_days: list[Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]] = Field(
        ["Mon", "Tue", "Wed", "Thu", "Fri"], min_length=1
    )
    hours: list[Hours] = Field(
        default_factory=lambda: list(STANDARD.week[0]), description="Working hours of a working day."
    )
    holidays: list[date] = Field([], description="Days without work, as 2026-12-25.")
    name: str = Field("Project", min_length=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:  # noqa: N804  # an "after" validator is given the model itself
        spans = sorted(self.hours)
        if any(before[1] > after[0] for before, after in pairwise(spans)):
            raise ValueError("the working hours of a day overlap")
        return self


class LimitsSection(Section):
    """The brakes: beyond these a run stops and asks."""

    deletions: int = Field(20, ge=0, description="Records deleted in one container.")
    deletions_percent: float = Field(10.0, ge=0, le=100)
    changes_percent: float = Field(30.0, ge=0, le=100, description="Records changed in one container.")
    growth: float = Field(
        10.0, ge=1, description="A container that lists more than so many times what it had is not believed."
    )
    notices: int = Field(
        100, ge=0, description="People assigned in one container whose system tells each of them so."
    )
    floor: int = Field(5, ge=0, description="Percentages and growth count from so many records on.")


class PublishSection(Section):
    """Somewhere the status pages are put: a folder, or a connection that can publish."""

    folder: str | None = Field(None, min_length=1)
    connection: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:  # noqa: N804  # an "after" validator is given the model itself
        if (self.folder is None) == (self.connection is None):
            raise ValueError("say either `folder: NAME` or `connection: NAME`")
        return self


class ProjectSection(Section):
    """One project: the containers that tell of it, and how they are brought to one truth."""

    title: str = Field(min_length=1, max_length=250)
    zone: Zone = Field("UTC", description="The project's one time zone, an IANA name as Europe/Berlin.")
    manager: str = ""
    sponsor: str = ""
    phase: str = ""
    currency: str = Field("", pattern=r"^([A-Z]{3})?$", description="Three letters, as EUR or USD.")
    status_date: date | None = Field(None, description="Default: the day of the run, in the project's zone.")
    calendar: CalendarSection | None = None
    containers: list[ContainerSection] = Field(min_length=1)
    fields: dict[str, FieldSection] = Field({}, description="By field or group: who decides.")
    schedule_authorities: list[str] = Field(
        [], description="Connections whose computed dates stand, the first that holds the item."
    )
    seed: list[str] = Field([], description="Whose value stays at the first sync where several differ.")
    deletion: Deletion = Field(
        Deletion.MARK, description="What is done elsewhere with what a person deleted."
    )
    skip_label: Text = Field(
        SKIP_LABEL, description="An item that carries this label in any tool is left alone in all of them."
    )
    limits: LimitsSection = LimitsSection()
    every: Span | None = Field(None, description="How often the daemon runs it, as 15 min.")
    publish: list[PublishSection] = []
    status: StatusLimits = StatusLimits()


class Configuration(Section):
    """The whole file."""

    ledger: str | None = Field(
        None,
        min_length=1,
        description="sqlite:///FILE or postgresql://USER@HOST/DATABASE, without a password.",
    )
    ledger_password: SecretRef | None = Field(None, description="Where PostgreSQL's password is kept.")
    ledger_key: SecretRef | None = Field(None, description="Where the key of the history's chain is kept.")
    mappings: str | None = Field(None, min_length=1, description="A folder; default: the shipped mappings.")
    people: PeopleSection = PeopleSection()
    connections: dict[ShortName, ConnectionSection] = {}
    projects: dict[ShortName, ProjectSection] = {}
