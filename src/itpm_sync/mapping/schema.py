"""The mapping file's form: what may be said of each field, checked strictly.

In: plain data from the YAML. Out: frozen pydantic models. A word that is not known is refused, with its place; which
steps a field may use follows from its canonical type in `model.FIELDS`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model, field_validator

from itpm_sync.model import FIELDS, Category, LinkType, Type


class Strict(BaseModel):
    """Unknown words are refused; what was read is never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


Names = Annotated[
    str | list[str],
    Field(description="The field's name or id in the tool; of several, the first one that is there."),
]
Option = str | int
"""A value as it stands in the tool: an option's name, or a number."""


class Bound(Strict):
    """What every field says: where it is in the tool."""

    field: Names
    optional: Annotated[bool, Field(description="May be missing in a container; the other fields go on.")] = (
        False
    )
    write: Annotated[bool, Field(description="False: read only, never written there.")] = True

    @field_validator("field")
    @classmethod
    def _some(cls, value: str | list[str]) -> str | list[str]:
        names = [value] if isinstance(value, str) else value
        if not names or not all(name.strip() for name in names):
            raise ValueError("name at least one field of the tool")
        return value

    @property
    def names(self) -> tuple[str, ...]:
        return (self.field,) if isinstance(self.field, str) else tuple(self.field)


class Line(Bound):
    """Text on one line."""

    step: Literal["line"] = Field(alias="as")
    limit: Annotated[int | None, Field(ge=10, description="UTF-16 units the tool holds.")] = None
    never_empty: Annotated[
        bool, Field(description="The tool takes no empty text: (untitled) stands for it.")
    ] = False


class Choice(Bound):
    """One of a list of values, each with its canonical value."""

    step: Literal["choice"] = Field(alias="as")
    values: Annotated[
        dict[Option, Option], Field(description="Tool's value: canonical value. The first is written.")
    ]
    other: Annotated[
        Option | None,
        Field(description="Canonical value of what is not listed, and the form of what is missing."),
    ] = None


class Prose(Bound):
    """Text with paragraphs, headings and list items."""

    step: Literal["document", "markdown", "plain"] = Field(alias="as")
    limit: Annotated[int | None, Field(ge=100, description="UTF-16 units the tool holds.")] = None


class Integer(Bound):
    """A whole number."""

    step: Literal["integer"] = Field(alias="as")
    least: int | None = None
    most: int | None = None
    empty: Annotated[int | None, Field(description="The tool's default: stands for empty.")] = None


class Band(Strict):
    """A stretch of a scale, as the tool calls it."""

    name: Annotated[Option, Field(description="The tool's value, as written.")]
    from_: Annotated[int, Field(alias="from", ge=0, le=1000, description="Canonical values from here up.")]
    means: Annotated[int, Field(ge=0, le=1000, description="The canonical value that it is read as.")]
    also: Annotated[list[Option], Field(description="Other values of the tool that are read the same.")] = []


class Bands(Bound):
    """A scale of a few steps."""

    step: Literal["bands"] = Field(alias="as")
    bands: Annotated[list[Band], Field(min_length=2)]
    empty: Annotated[Option | None, Field(description="The tool's default: stands for empty.")] = None


class Number(Bound):
    """A number with decimals: money in the project's currency, a quantity."""

    step: Literal["number"] = Field(alias="as")
    decimals: Annotated[int | None, Field(ge=0, le=9)] = None


class Flag(Bound):
    """Yes or no: a check box, or two words."""

    step: Literal["flag"] = Field(alias="as")
    yes: Option | None = None
    no: Option | None = None


class DayField(Bound):
    """A day. `day`: no time; `civil`: date and time without a zone; `instant`: an instant that shows the day."""

    step: Literal["day", "civil", "instant"] = Field(alias="as")


class Amount(Bound):
    """An effort, in the tool's unit."""

    step: Literal["amount"] = Field(alias="as")
    unit: Literal["seconds", "minutes", "hours", "days"]
    hours_per_day: Annotated[float, Field(gt=0, le=24)] = 8.0
    decimals: Annotated[int, Field(ge=0, le=6)] = 0
    zero_is_empty: Annotated[bool, Field(description="The tool always shows an effort: 0 says nothing.")] = (
        False
    )


class People(Bound):
    """People: all of them, or the lead only."""

    step: Literal["people", "lead"] = Field(alias="as")
    by: Annotated[Literal["account", "mail"], Field(description="How the tool names a person.")]
    most: Annotated[
        int | None, Field(ge=1, description="How many it holds; more are not written, and reported.")
    ] = None


class Labels(Bound):
    """Free labels."""

    step: Literal["labels"] = Field(alias="as")
    spaces: Annotated[str | None, Field(max_length=1, description="Stands for a space.")] = None
    separator: Annotated[
        str | None, Field(min_length=1, max_length=1, description="They stand in one text, so separated.")
    ] = None
    limit: Annotated[
        int | None, Field(ge=1, description="Characters: of one label, or of the text of all.")
    ] = None
    only: Annotated[
        Literal["options"] | None, Field(description="The tool holds only labels that it has a name for.")
    ] = None


class Links(Bound):
    """Predecessors."""

    step: Literal["links"] = Field(alias="as")
    types: Annotated[list[LinkType], Field(min_length=1)]
    lags: bool = False


class Parent(Bound):
    """The item it belongs to."""

    step: Literal["parent"] = Field(alias="as")


class Hyperlinks(Bound):
    """Links to other places."""

    step: Literal["hyperlinks"] = Field(alias="as")
    most: Annotated[int | None, Field(ge=1)] = None


class Label(Strict):
    """A status's place in the canonical model."""

    category: Category
    label: Annotated[
        str | None, Field(description="The canonical label; the tool's own word where left out.")
    ] = None


class StatusPart(Bound):
    """The field that holds the status. Without `values` it is a text that holds the label only."""

    values: Annotated[
        dict[Option, Category | Label],
        Field(description="The first of each category is used for unknown labels."),
    ] = {}
    others: Annotated[
        Literal["by category"] | None, Field(description="Statuses not listed: the tool says their category.")
    ] = None
    never_empty: Annotated[
        bool, Field(description="The tool has no record without a status: the first of todo stands for none.")
    ] = False


class CategoryPart(Bound):
    """A number that says not started, in progress or completed, and no more."""

    step: Literal["bands"] = Field(alias="as")


class PercentPart(Bound):
    """Percent complete."""

    step: Literal["percent"] = Field(alias="as")
    full: Annotated[Literal[1, 100], Field(description="What stands for 100 %.")]


class DroppedPart(Bound):
    """A flag that says: dropped."""


class ProgressGroup(Strict):
    """Status, percent and actual dates: decided and written as one."""

    status: StatusPart | None = None
    category: CategoryPart | None = None
    percent: PercentPart | None = None
    actual_start: DayField | None = None
    actual_finish: DayField | None = None
    dropped: DroppedPart | None = None


class DurationPart(Bound):
    """A duration in minutes of working time; kept only where a date is missing."""

    step: Literal["duration"] = Field(alias="as")


class ScheduleGroup(Strict):
    """Planned start and finish: decided and written as one."""

    start: DayField | None = None
    finish: DayField | None = None
    duration: DurationPart | None = None


_TEXTS = Annotated[Line | Choice, Field(discriminator="step")]
_NUMBERS = Annotated[Integer | Bands | Choice, Field(discriminator="step")]
STEPS: dict[Type, Any] = {
    Type.LINE: _TEXTS,
    Type.BLOCKS: Prose,
    Type.KIND: Choice,
    Type.RAG: Choice,
    Type.INTEGER: _NUMBERS,
    Type.NUMBER: Number,
    Type.FLAG: Flag,
    Type.DAY: DayField,
    Type.DURATION: Amount,
    Type.ASSIGNEES: People,
    Type.LABELS: Labels,
    Type.DEPENDENCIES: Links,
    Type.PARENT: Parent,
    Type.LINKS: Hyperlinks,
    Type.PROGRESS: ProgressGroup,
    Type.SCHEDULE: ScheduleGroup,
}
"""By canonical type: the models a field of that type may be described with."""


def _fields() -> type[Strict]:
    members: dict[str, Any] = {
        spec.name: (STEPS[spec.type] | None, Field(default=None, description=spec.says))
        for spec in FIELDS.values()
    }
    model: type[Strict] = create_model("Fields", __base__=Strict, **members)
    return model


Fields = _fields()
"""A member a canonical field."""

_CUSTOM_NAME = r"^[a-z][a-z0-9_]{0,60}$"


class MappingFile(Strict):
    """A whole mapping file."""

    system: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", description="The connector that it is for.")]
    says: Annotated[str, Field(description="A note for people.")] = ""
    fields: Annotated[Fields, Field(description="By canonical field.")]  # type: ignore[valid-type]
    custom: Annotated[
        dict[Annotated[str, Field(pattern=_CUSTOM_NAME)], _TEXTS],
        Field(description="Further text fields, by a name of your own."),
    ] = {}

    def described(self) -> dict[str, Any]:
        """The models by canonical field name, custom ones with their prefix; fields not mentioned are left out."""
        found = {name: getattr(self.fields, name) for name in FIELDS}
        found |= {f"custom.{name}": model for name, model in self.custom.items()}
        return {name: model for name, model in found.items() if model is not None}
