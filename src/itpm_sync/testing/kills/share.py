"""A share of all tales: each killed everywhere, its figures appended to a file, so that it can be taken up again.

In: which share, how much, the file. Out: figures, and what broke, with the tale cut short.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from itpm_sync.testing.kills import chance, picked
from itpm_sync.testing.kills.aftermath import Found, Kills, Violation, kill
from itpm_sync.testing.kills.shrink import shorter
from itpm_sync.testing.kills.tale import Tale

WINDOW = 8
"""Points of the first run after a death at which the next process dies too."""
WINDOWS = 4
"""The windows begin at point 1, 9, 17 and 25, one a tale."""
PAIRED = 3
"""Every so many-eth tale is also killed twice."""
STOPS = 5


@dataclass(frozen=True, slots=True)
class Share:
    """Tale number i, i + n, i + 2n … from the first on."""

    number: int = 1
    of: int = 1
    first: int = 0
    """The number of the first tale; those below the count of picked ones are picked, the others told by chance."""
    window: int = WINDOW
    thinned: int = 1
    """One in so many points, in threes: a transaction is left in three ways that look alike afterwards."""

    def tales(self) -> Iterator[tuple[int, Tale]]:
        for number in count(self.first):
            if number % self.of == self.number % self.of:
                yield number, tale(number)

    def kills(self, number: int) -> Kills:
        """How tale `number` is killed."""
        turn = number // self.of
        start = 1 + (turn // PAIRED % WINDOWS) * WINDOW
        paired = turn % PAIRED == 0
        return Kills(
            singles=lambda point: (point // 3 + number) % self.thinned == 0,
            seconds=(start, start + self.window - 1) if paired else (1, 0),
            stops=STOPS * self.thinned,
        )


def tale(number: int) -> Tale:
    """A tale by its number."""
    return picked.TALES[number] if number < len(picked.TALES) else chance.tale(number)


@dataclass(slots=True)
class Figures:
    """What was tried, in all."""

    tales: int = 0
    positions: int = 0
    worlds: int = 0
    pairs: int = 0
    pair_worlds: int = 0
    stops: int = 0
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list)

    def add(self, told: dict[str, Any]) -> None:
        self.tales += 1
        for name in ("positions", "worlds", "pairs", "pair_worlds", "stops", "seconds"):
            setattr(self, name, getattr(self, name) + told[name])
        self.violations += told["violations"]

    def __str__(self) -> str:
        return (
            f"{self.tales} tales, {self.positions} positions ({self.worlds} worlds), {self.pairs} pairs "
            f"({self.pair_worlds} worlds), {self.stops} stops, {self.seconds:.0f} s, "
            f"{len(self.violations)} violations"
        )


class Kept:
    """Figures by tale in a file, one line each; without a file they are forgotten."""

    def __init__(self, path: Path | None) -> None:
        self.path, self.figures = path, Figures()
        self.done: set[int] = set()
        if path is not None and path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    told = json.loads(line)
                except ValueError:
                    continue  # the line at which it was killed
                self._count(told)

    def _count(self, told: dict[str, Any]) -> None:
        if told["tale"] not in self.done:
            self.done.add(told["tale"])
            self.figures.add(told)

    def add(self, told: dict[str, Any]) -> None:
        self._count(told)
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(told) + "\n")


def go_on(
    share: Share,
    kept: Kept,
    *,
    enough: Callable[[Figures], bool],
    progress: Callable[[str], None] = lambda _says: None,
) -> Figures:
    """Tell tales until there are enough, or something broke."""
    for number, one in share.tales():
        if enough(kept.figures) or kept.figures.violations:
            break
        if number not in kept.done:
            kept.add(_one(share, number, one))
            progress(f"{one.name}: {kept.figures}")
    return kept.figures


def _one(share: Share, number: int, one: Tale) -> dict[str, Any]:
    began = time.monotonic()
    kills = share.kills(number)
    try:
        found = kill(one, kills)
    except AssertionError as error:  # a law breaks without any kill
        found = Found(violations=[Violation(("no kill",), (str(error),))])
    told = {name: value for name, value in asdict(found).items() if name != "violations"}
    told["violations"] = [_told(number, one, found, kills)] if found.violations else []
    return {"tale": number, "name": one.name, **told, "seconds": round(time.monotonic() - began, 2)}


def _told(number: int, one: Tale, found: Found, kills: Kills) -> str:
    """A violation for whoever is to mend it: the tale as short as it can be told, the point, the laws."""
    wanted = {_code(law) for violation in found.violations for law in violation.laws}
    last = found.violations[0]

    def breaks(candidate: Tale) -> bool:
        nonlocal last
        try:
            again = kill(candidate, kills).violations
        except Exception:  # noqa: BLE001 - a tale that cannot be told any more is no shorter one
            return False
        same = [one for one in again if {_code(law) for law in one.laws} & wanted]
        last = same[0] if same else last
        return bool(same)

    short = shorter(one, breaks)
    laws = "\n  ".join(last.laws)
    return f"tale {number}, killed at {', then '.join(last.points)}:\n  {laws}\n{short.told()}"


def _code(law: str) -> str:
    return law.partition(":")[0]
