"""The story of the demo, chapter by chapter, told by the commands themselves.

In: the prepared folder, a teller, the people's hands. Out: the text on stdout; a folder in which nothing is left to do.
Raises Astray where a command does not do what the story says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from itpm_sync.demo.hands import CUT_OVER, Hands
from itpm_sync.demo.tale import Piece, Tool, cast
from itpm_sync.demo.telling import Astray, Ended, Teller

DONE, STOPPED, CONFLICTS = 0, 3, 4
_PLACES = {
    Tool.PLAN: "MS Project   the plan, a file in plans/",
    Tool.JIRA: "Jira         project NET: network work, risks, issues, decisions",
    Tool.SITES: "Smartsheet   the sheet of the sites",
    Tool.VENDORS: "Smartsheet   the sheet of the vendors, with the costs",
    Tool.PLANNER: "Planner      what concerns people",
}


def tell(teller: Teller, hands: Hands, pieces: Sequence[Piece], folder: Path) -> None:
    """All of it."""
    _before(teller, pieces, folder)
    _first_sync(teller, sum(len(piece.tools) for piece in pieces))
    _pairing(teller)
    _people(teller, hands)
    _conflict(teller, hands)
    _empty(teller)
    _pages(teller, folder)


def _before(teller: Teller, pieces: Sequence[Piece], folder: Path) -> None:
    teller.chapter("Six sites, two vendors, four tools")
    told = Counter(tool for piece in pieces for tool in piece.tools)
    teller.say(
        f"Alder Vale Health renews its network: {len(cast.SITES)} sites, two vendors ({' and '.join(cast.VENDORS)}). "
        f"The project is {len(pieces)} things, told {sum(told.values())} times: the same task often stands in several "
        "tools, under the same title, and nobody keeps them in step. This was put there just now:"
    )
    for tool, place in _PLACES.items():
        teller.item(f"{told[tool]:>4}  {place}")
    teller.say(
        "The tools are stand-ins on this machine that behave like the real ones; everything else is real. All of it "
        f"is in {folder}, and the commands below are those that you type there."
    )
    teller.run("check", most=4)
    teller.say("Configuration, mappings, accounts and permissions will do. Nothing was written anywhere.")


def _first_sync(teller: Teller, records: int) -> None:
    teller.chapter("The first plan is always previewed")
    planned = teller.run("plan", ends=(STOPPED,), most=6)
    run = run_of(planned)
    document = teller.quietly("runs", "show", run, "--json").data["plan"]
    work = Counter(action["operation"] for action in (*document["actions"], *document["held"]))
    teller.say(
        "What exists was paired first: same title and parent, or same title and date. Then it was decided what each "
        f"tool takes and lacks: {work['create']} records would be created, {work['update']} would be given what other "
        "tools know, or only our key, by which they are known again when they are renamed. Exit code 3: it waits for "
        "a person's word."
    )
    done = teller.run("sync", "--approve", run, most=6)
    _applied(teller, done)
    now = teller.quietly("status", "--json").data[0]
    teller.say(
        f"All of it is done, in all four tools, and the status pages stand. The {records} records are "
        f"{now['items']} items now: {records - now['items'] - now['pairs']} told of something that another tool tells "
        "of too, and were tied to it."
    )


def _pairing(teller: Teller) -> None:
    teller.chapter("What looks alike is asked, never guessed")
    waiting = teller.quietly("pair", "list", "--json").data
    if len(waiting) != 1:
        raise Astray(
            f"{len(waiting)} records wait for a pairing instead of one.", mend="See `itpm-sync pair list`."
        )
    teller.run("pair", "list")
    teller.say(
        "Planner has a task with the title of one in the plan, but due on another day. It may be another one, so it "
        "was not touched. It is the same: we say so, and the next sync ties it, the plan's date standing."
    )
    teller.run("pair", "accept", waiting[0]["id"], "--as", cast.PEOPLE[cast.INES])
    _applied(teller, teller.run("sync", most=4))


def _people(teller: Teller, hands: Hands) -> None:
    teller.chapter("People work, each in their own tool")
    for sentence in hands.everywhere():
        teller.item(sentence)
    teller.run("plan", ends=(CONFLICTS,), most=40)
    teller.say(
        "Each edit goes to the other tools that take the item, field by field. “Champions named at each site” is "
        "still at 63 %: Planner knows only “in progress”, and says nothing against it. One field was "
        "changed by two people who did not know of each other: it is held, the rest goes on (exit code 4: done, with "
        "an open conflict)."
    )
    _applied(teller, teller.run("sync", ends=(CONFLICTS,), most=2))


def _conflict(teller: Teller, hands: Hands) -> None:
    teller.chapter("Two people, one field: a person decides")
    teller.run("conflicts", "list")
    found = teller.quietly("conflicts", "list", "--json").data
    if [each["title"] for each in found] != [CUT_OVER]:
        raise Astray(
            f"{len(found)} conflicts are open instead of one.", mend="See `itpm-sync conflicts list`."
        )
    conflict = found[0]
    teller.run("conflicts", "show", conflict["id"])
    side = 1 + [each["tool"] for each in conflict["sides"]].index("sheets")
    teller.say(
        "Until then both days stand where they were typed, and the status page shows both. Ines calls Dana: the ward "
        "is full that week, Dana's day it is. `--seen` makes sure that nobody moved it meanwhile."
    )
    resolve = ["conflicts", "resolve", conflict["id"], str(side), "--seen", conflict["seen"]]
    teller.run(*resolve, "--as", cast.PEOPLE[cast.INES])
    _applied(teller, teller.run("sync", most=10))
    hands.recalculate()
    teller.say(
        "Ines opens the plan in Microsoft Project, which computes the days after the cut-over anew. What Project "
        "computes is the plan's; the other tools follow:"
    )
    _applied(teller, teller.run("sync", most=14))


def _empty(teller: Teller) -> None:
    teller.chapter("Nothing is left to do")
    teller.run("plan")
    left = teller.quietly("plan", "--json").data
    for name in ("actions", "held", "offers", "conflicts", "proposals", "brakes"):
        if left[name]:
            raise Astray(
                f"The plan after the last sync holds {len(left[name])} {name}; it should hold none.",
                mend="See `itpm-sync plan`.",
            )


def _pages(teller: Teller, folder: Path) -> None:
    teller.chapter("What the steering committee reads")
    teller.run("status", most=12)
    teller.say(
        "Every sync refreshed the status pages, in a folder and as SharePoint pages. `publish` freezes a numbered "
        "copy that never changes:"
    )
    teller.run("publish")
    for page in ("index.html", f"{cast.PROJECT}.html", f"reports/001/{cast.PROJECT}.html"):
        if not (folder / "site" / page).is_file():
            raise Astray(f"The page {page} was not published.", mend="See `itpm-sync publish`.")


def run_of(ended: Ended) -> str:
    """The run id that `plan` and `sync` print first."""
    return ended.lines[0].rpartition(" ")[2]


def _applied(teller: Teller, ended: Ended) -> None:
    """Raises Astray where an action of that sync was not applied."""
    plan: dict[str, Any] = teller.quietly("runs", "show", run_of(ended), "--json").data["plan"]
    astray = [action for action in plan["actions"] if action["outcome"] != "applied"]
    if astray:
        first = astray[0]
        raise Astray(
            f"{len(astray)} actions were not applied; the first, {first['title']} in {first['connection']}: "
            f"{first['outcome']} {first['outcome_reason']}",
            mend=f"See `itpm-sync runs show {run_of(ended)}`.",
        )
