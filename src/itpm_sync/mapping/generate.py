"""Made-up values for proving the lens laws: canonical ones, and native ones as a tool might hold them.

In: a source of chance, a field's description. Out: values. The product's own generator: `mappings check` runs where no
test library is installed. What breaks lenses in practice is over-represented: edges of days, days without a noon or
with two, empty next to zero, Unicode, limits, texts that look like structure.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from itpm_sync.kit.blocks import tidy
from itpm_sync.laws import not_after
from itpm_sync.model import (
    Assignees,
    Block,
    BlockKind,
    Blocks,
    Category,
    Day,
    Dependency,
    Duration,
    Kind,
    Link,
    LinkType,
    Progress,
    Rag,
    Schedule,
    Type,
    spec_of,
)

TOOL: Final = "tool"
_ITEMS: Final = [f"i-{number}" for number in range(8)]
_PIECES: Final = [
    "Install rack", "site B", "- item", "  - deeper", "1. first", "# heading", "\\# no heading", "a_b*c",
    "é", "e\u0301",
    "\U0001f469\u200d\U0001f467", "中文", "Größe", "\u202egnirts", "x" * 90, "=1+1", "tool:7", ",", ";",
    "\\\\server\\share",
    "two  spaces", "tab\there", "\xa0", "<b>", "|", "0", "100%", "(untitled)", "…",
]  # fmt: skip
_DAYS: Final = [
    date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1), date(2024, 2, 29), date(2026, 1, 1),
    date(2011, 12, 30), date(2026, 9, 6), date(2026, 4, 5),
]  # fmt: skip
_TIMES: Final = [
    None,
    None,
    None,
    time(8),
    time(17),
    time(16, 59, 59),
    time(12),
    time(13),
    time(2, 30),
    time(23, 59),
]
_LABELS: Final = ["To Do", "In Progress", "In Review", "Blocked", "Done", "Complete", "In Arbeit", None]
PEOPLE: Final = [
    "ann@example.org",
    "bob@example.org",
    "dan@example.org",
    f"{TOOL}:u7",
    "other:u9",
    "eve@example.org",
]
KNOWN: Final = 4
"""So many of PEOPLE the tool knows; only they stand in its records."""
ZONES: Final = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Pacific/Apia",
)


@dataclass(frozen=True)
class MadeUpEnv:
    """A container in which some items are tied, and whose tool knows some people. Items stand under one another."""

    zone: ZoneInfo = ZoneInfo("UTC")
    tool: str = TOOL
    tied: frozenset[str] = frozenset(_ITEMS[:5])
    known: frozenset[str] = frozenset(PEOPLE[: KNOWN - 1])
    parents: dict[str, str | None] = field(
        default_factory=lambda: dict(zip(_ITEMS[1:], _ITEMS, strict=False)) | {_ITEMS[0]: None}
    )

    def item_of(self, native_id: str) -> str | None:
        item = native_id.replace("n-", "i-", 1)
        return item if native_id.startswith("n-") and item in self.tied else None

    def native_of(self, item_id: str) -> str | None:
        return item_id.replace("i-", "n-", 1) if item_id in self.tied else None

    def parent_here(self, item_id: str | None) -> str | None:
        while item_id is not None and item_id not in self.tied:
            item_id = self.parents.get(item_id)
        return item_id

    def person_of(self, account: str, mail: str | None) -> str:
        return mail.strip().lower() if mail else f"{self.tool}:{account}"

    def account_of(self, person: str) -> str | None:
        own, _, account = person.partition(":")
        if account:
            return account if own == self.tool else None
        return person if person in self.known else None


class Generator:
    """Values from a source of chance; the same source gives the same values."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def value(self, name: str) -> Any:
        """A canonical value of a field, lawful where it is a group; None now and then."""
        if self.chance.random() < 0.1:
            return None
        return self._makers[spec_of(name).type](self)

    # ── canonical values ──

    def line(self) -> str | None:
        words = self.chance.choices(_PIECES, k=self.chance.randint(1, 4))
        text = " ".join(" ".join(words).split())
        return text or None

    def text(self) -> str:
        pieces = self.chance.choices(_PIECES, k=self.chance.randint(0, 6))
        return "".join(piece + self.chance.choice(["\n", "\n\n", " ", "\r\n"]) for piece in pieces)

    def blocks(self) -> Blocks:
        return tidy(self._block() for _ in range(self.chance.randint(0, 5)))

    def _block(self) -> Block:
        kind = self.chance.choice(list(BlockKind))
        if kind is BlockKind.OPAQUE:
            payload = self.chance.choice(['{"type":"rule"}', '{"attrs":{"layout":"default"},"type":"table"}'])
            return Block(kind, tool=self.chance.choice([TOOL, "other"]), payload=payload)
        return Block(kind, self.text(), self.chance.randint(0, 3), self.chance.random() < 0.5)

    def date(self) -> date:
        if self.chance.random() < 0.3:
            return self.chance.choice(_DAYS)
        return date(2025, 1, 1) + timedelta(days=self.chance.randint(0, 900))

    def day(self) -> Day:
        return Day(self.date(), self.chance.choice(_TIMES))

    def span(self) -> tuple[Day, Day]:
        first, second = self.day(), self.day()
        if self.chance.random() < 0.3:
            second = Day(first.date, second.time)
        if not_after(first, second):
            return first, second
        return (second, first) if not_after(second, first) else (Day(first.date), Day(first.date))

    def progress(self) -> Progress:
        label = self.chance.choice(_LABELS)
        start, finish = self.span()
        match self.chance.choice(list(Category)):
            case Category.TODO:
                return Progress(Category.TODO, label, self.chance.choice([0, 0, None]))
            case Category.DOING:
                return Progress(Category.DOING, label, self.chance.choice([0, 1, 50, 63, 99]), start)
            case Category.DONE:
                return Progress(Category.DONE, label, 100, start, finish)
            case _:
                began = self.chance.choice([None, start])
                return Progress(Category.DROPPED, label, self.chance.choice([None, 0, 30, 100]), began)

    def schedule(self) -> Schedule:
        start, finish = self.span()
        length = self.chance.choice([None, Duration(2400), Duration(0), Duration(1440, elapsed=True)])
        return self.chance.choice(
            [
                Schedule(start, finish),
                Schedule(start, None, length),
                Schedule(None, finish, length),
                Schedule(None, None, length),
            ]
        )

    def duration(self) -> Duration:
        return Duration(self.chance.choice([0, 1, 29, 30, 60, 61, 480, 2400, 12345]))

    def number(self) -> Decimal:
        return Decimal(self.chance.choice(["0", "12.5", "-3", "1250.005", "0.01", "99999999.99", "1"]))

    def assignees(self) -> Assignees | None:
        people = frozenset(self.chance.sample(PEOPLE, k=self.chance.randint(0, 4)))
        lead = self.chance.choice([None, *sorted(people)])
        return Assignees(people, lead) if people else None

    def labels(self) -> frozenset[str] | None:
        found = {self.line() for _ in range(self.chance.randint(0, 3))} | {
            self.chance.choice(["bug", "defect", "Bug"])
        }
        return frozenset(label for label in found if label) or None

    def dependencies(self) -> frozenset[Dependency] | None:
        items = self.chance.sample([*_ITEMS, f"{TOOL}:n-77", "other:5"], k=self.chance.randint(0, 3))
        return frozenset(self._dependency(item) for item in items) or None

    def _dependency(self, item: str) -> Dependency:
        lag = self.chance.choice([None, None, Duration(480), Duration(-60), Duration(1440, elapsed=True)])
        opaque = self.chance.choice([None, None, f"{TOOL}:50%", "other:25%"])
        return Dependency(item, self.chance.choice(list(LinkType)), None if opaque else lag, opaque)

    def parent(self) -> str:
        return self.chance.choice(_ITEMS)

    def links(self) -> frozenset[Link] | None:
        url = self.chance.choice(["https://example.org/a", "https://example.org/b#c"])
        return frozenset({Link(url, self.chance.choice(["", "a page"]))})

    _makers: Final[dict[Type, Callable[[Generator], Any]]] = {
        Type.LINE: line,
        Type.BLOCKS: lambda self: self.blocks() or None,
        Type.KIND: lambda self: self.chance.choice(list(Kind)),
        Type.RAG: lambda self: self.chance.choice(list(Rag)),
        Type.INTEGER: lambda self: self.chance.choice([0, 1, 3, 5, 199, 200, 500, 700, 800, 1000]),
        Type.NUMBER: number,
        Type.FLAG: lambda self: self.chance.random() < 0.5,
        Type.DAY: day,
        Type.DURATION: duration,
        Type.ASSIGNEES: assignees,
        Type.LABELS: labels,
        Type.DEPENDENCIES: dependencies,
        Type.PARENT: parent,
        Type.LINKS: links,
        Type.PROGRESS: progress,
        Type.SCHEDULE: schedule,
    }

    def pick(self, *options: Any) -> Any:
        """One of these."""
        return self.chance.choice(options)

    def some(self, options: Sequence[Any]) -> list[Any]:
        """Some of these, none perhaps, in any order."""
        return self.chance.sample(list(options), k=self.chance.randint(0, min(3, len(options))))
