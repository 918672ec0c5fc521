"""Faults × places in a run × kinds of tools: what was exercised, what never was, and what is no matter of the engine.

In: how often each fault struck where. Out: the cells that must be exercised and were not; a table for people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from itpm_sync.connector import Capabilities
from itpm_sync.simulator.faults import FAULTS
from itpm_sync.simulator.kinds import KINDS

Cell = tuple[str, str, str]
"""(fault, place, kind of tool)."""

COMPLETE_FROM: Final = 200_000
"""From so many runs on, a cell that was never exercised counts as a failure."""

KILLED: Final = "F59"
PLACES: Final = (
    *(
        f"{call} {phase}"
        for call in ("describe", "pull", "read", "find", "history")
        for phase in ("before", "after")
    ),
    "pull page",
    *(f"apply {what} {phase}" for what in ("create", "update", "delete") for phase in ("before", "after")),
    "commit before",
    "commit after",
)

DEEDS: Final = {
    "F27": "people.go_back",
    "F30": "people.hide",
    "F33": "people.hide",
    "F35": "people.garble",
    "F36": "world.configure: an option is renamed",
    "F40": "people.copy",
    "F41": "people.move",
    "F46": "tools.cut",
    "F47": "lenses.ScaleLens",
    "F48": "lenses.ScaleLens",
    "F52": "people.compute",
    "F53": "people between a call and its answer",
    "F55": "people.reparent",
    "F58": "people.relabel, relocate: to nothing",
    "F70": "ghosts.TAILS",
    "F72": "ghosts.TAILS",
    "F19": "kinds: times of edit to the minute",
}
"""Faults that are deeds of people or ways of tools: always on, told by no cell."""

ELSEWHERE: Final = {
    "F08": "one vendor's (Smartsheet 4004): connectors/smartsheet",
    "F09": "one vendor's (SharePoint): connectors/m365",
    "F12": "one vendor's ($batch): connectors/m365",
    "F13": "one vendor's (Jira bulk jobs): not used",
    "F15": "transport: kit.host and its tests",
    "F22": "one vendor's (listItem delta): connectors/m365",
    "F25": "webhooks: a later capability",
    "F26": "webhooks: a later capability",
    "F28": "credentials: kit.session and its tests",
    "F29": "credentials: kit.session and its tests",
    "F32": "one vendor's (Planner limits): connectors/m365",
    "F37": "one vendor's (Jira transitions): connectors/jira",
    "F39": "people: cycle.reading and its tests; titles, numbers, labels and parents know none",
    "F43": "two projects, one record: the ledger's claims and their tests",
    "F44": "values: the lens laws (mappings check)",
    "F45": "values: the lens laws (mappings check)",
    "F49": "values: the lens laws (mappings check)",
    "F50": "values: the lens laws (mappings check)",
    "F51": "values: the lens laws (mappings check)",
    "F54": "order is written at creation only: tests/scenarios",
    "F56": "dependencies: reconcile.structure and its tests",
    "F57": "comments and attachments: not synced",
    "F63": "power loss: synchronous FULL, tests of ledger.opening",
    "F66": "a restored ledger: telling.restore",
    "F67": "mappings: world.configure",
    "F68": "memory: the soak of many.py (flat), benchmarks",
    "F69": "host: no part of the engine knows its zone or locale",
    "F71": "pages: status and its tests",
    "F73": "query languages: connectors",
    "F74": "logs: cli.logs and its tests",
    "F75": "files: connectors/msproject",
    "F76": "files: connectors/msproject",
    "F77": "files: connectors/msproject",
    "F78": "addresses: kit.address and its tests",
    "F79": "webhooks: a later capability",
    "F80": "webhooks: a later capability",
    "F81": "webhooks: a later capability",
    "F82": "secrets: kit.secret and its tests (S29)",
    "F83": "brakes: limits of worlds, tests/scenarios/test_brakes.py",
}
"""Faults that are no matter of the engine over tools in memory: who holds them."""


def reaches(able: Capabilities, place: str) -> bool:
    """Whether a run ever comes to this place with a tool that can do so much."""
    call = place.rpartition(" ")[0]
    return {
        "apply create": able.creates,
        "apply update": able.updates,
        "apply delete": able.deletes,
        "find": able.keys and able.creates,
        "history": able.history and able.updates,
    }.get(call, True)


def wanted() -> Iterator[Cell]:
    """Every cell that stories must exercise."""
    for kind in KINDS.values():
        for fault in FAULTS.values():
            for place in fault.at:
                if place.startswith("commit"):
                    continue
                if reaches(kind.able, place) and not (fault.number == "F20" and not kind.follows):
                    yield fault.number, place, kind.name
        for place in PLACES:
            if not place.startswith("commit") and reaches(kind.able, place):
                yield KILLED, place, kind.name


def missing(cells: Counter[Cell]) -> list[Cell]:
    """The cells that were never exercised, and those of the database, which know no kind."""
    at_commit = {
        (fault.number, place) for fault in FAULTS.values() for place in fault.at if place.startswith("commit")
    }
    at_commit |= {(KILLED, "commit before"), (KILLED, "commit after")}
    struck = {(number, place) for number, place, _ in cells}
    return [
        *sorted({cell for cell in wanted() if not cells[cell]}),
        *sorted((number, place, "") for number, place in at_commit - struck),
    ]


def lines(cells: Counter[Cell]) -> list[str]:
    """The table: a line a fault and place, a column a kind."""
    kinds = sorted(KINDS)
    known = sorted({(number, place) for number, place, _ in [*cells, *wanted()]})
    must = set(wanted())
    head = f"{'':<22}" + "".join(f"{kind:>14}" for kind in kinds)
    rows = [head]
    for number, place in known:
        row = f"{number} {place:<18}"
        if place.startswith("commit"):
            row += f"{sum(cells[number, place, kind] for kind in (*kinds, '')):>14}"
        else:
            row += "".join(
                _shown(cells[number, place, kind], (number, place, kind) in must) for kind in kinds
            )
        rows.append(row)
    return rows


def _shown(count: int, must: bool) -> str:
    return f"{count or ('never' if must else '·'):>14}"
