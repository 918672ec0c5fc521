"""Tales picked by hand: one for each thing a run can be killed at.

In: nothing. Out: `TALES`, told in one sentence each.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from itpm_sync.connector import Capabilities
from itpm_sync.policy import Creation, Deletion, FieldPolicy, Rule
from itpm_sync.testing.kills.tale import Deed, Ends, Tale, ToolOf, Verb

SURE = Capabilities(history=True, edit_times=True, bin=True, tells_hidden=True)
CONDITIONAL = Capabilities(conditional=True, tells_hidden=True)
BARE = Capabilities()
"""No history, no bin, gone and hidden look alike."""
NEW_IDS = replace(SURE, moves_keep_id=False)
SINGLE = replace(SURE, batch=1)
UNORDERED = replace(SURE, ordered=False)
BY_HAND = Capabilities(creates=False, updates=False, deletes=False, by_hand=True, tells_hidden=True)
NEWEST, OWNER = FieldPolicy(Rule.NEWEST), FieldPolicy(Rule.OWNER, ("a",))
SHEETS = ("s1", "s2")
SOON, LATER = 0.0, 3600.0


def tools(*able: Capabilities, **more: Any) -> tuple[ToolOf, ...]:
    """Tools a, b, … that are able to do so much; all else is alike."""
    return tuple(ToolOf(name, one, **more) for name, one in zip("abcdefgh", able, strict=False))


def made(
    thing: int, tool: str = "a", under: int | None = None, site: str | None = "Nord", place: int = 0
) -> Deed:
    return Deed(Verb.CREATE, tool, thing, (place, under, site))


def did(verb: Verb, tool: str, thing: int = 0, value: Any = None) -> Deed:
    return Deed(verb, tool, thing, value)


ONE, TWO = (made(1),), (made(1), made(2, "a", 1))
THREE = (made(1), made(2, "a", 1), made(3, "b"))

_CREATION = (
    Tale("one record made in one tool, two tools", tools(SURE, SURE), deeds=ONE),
    Tale("one made, three tools", tools(SURE, SURE, SURE), deeds=ONE),
    Tale("one made, eight tools", tools(*[SURE] * 8), deeds=ONE),
    Tale("one made, a horizon passes before the restart", tools(SURE, SURE, SURE), deeds=ONE, wait=LATER),
    Tale("a tree of three made, one call each", tools(SINGLE, SINGLE), deeds=(*TWO, made(3, "a", 2))),
    Tale("a tree made across two tools", tools(SURE, CONDITIONAL), deeds=THREE),
    Tale("made in every tool at once", tools(SURE, BARE, CONDITIONAL), deeds=(made(1), made(2, "b"), made(3, "c"))),
    Tale("made, and found through an index that lags", tools(SURE, SURE), deeds=(*ONE, did(Verb.LAG, "b"))),
    Tale("the index lags, restarted past the horizon", tools(SURE, SURE), deeds=(*ONE, did(Verb.LAG, "b")), wait=LATER),
    Tale("the same thing made in two tools", tools(SURE, SURE, SURE), deeds=(did(Verb.TWIN, "a", 1, "b"),)),
    Tale("the same thing in two tools, where everybody waits for a twin",
         tools(SURE, SURE, SURE, creation=Creation.MATCH_THEN_CREATE), deeds=(did(Verb.TWIN, "a", 1, "b"),)),
    Tale("made where only matches are tied", tools(SURE, SURE, creation=Creation.MATCH_ONLY), deeds=THREE),
    Tale("made, then its author deletes it before the restart", tools(SURE, SURE), deeds=ONE,
         after=(did(Verb.DELETE, "a", 1),)),
    Tale("made, then retitled before the restart", tools(SURE, SURE, SURE), deeds=ONE,
         after=(did(Verb.TITLE, "a", 1),)),
    Tale("the copy is hidden before it is found", tools(SURE, SURE), deeds=ONE, after=(did(Verb.HIDE, "b", 1),)),
)  # fmt: skip
_FIRST = (
    Tale("the first sync", tools(SURE, SURE), THREE, first=True, ends=Ends.APPROVE),
    Tale("the first sync of three tools that hold the same", tools(SURE, BARE, SURE),
         (did(Verb.TWIN, "a", 1, "b"), did(Verb.TWIN, "a", 2, "c")), first=True, ends=Ends.APPROVE),
    Tale("the first sync, approved again a horizon later", tools(SURE, SURE), THREE, first=True, ends=Ends.APPROVE,
         wait=LATER),
)  # fmt: skip
_FIELDS = (
    Tale("a title changed", tools(SURE, SURE, SURE), TWO, (did(Verb.TITLE, "a", 1),)),
    Tale("changed in a tool without history", tools(BARE, BARE), TWO, (did(Verb.TITLE, "b", 1),)),
    Tale("changed where writes are conditional", tools(CONDITIONAL, CONDITIONAL), TWO, (did(Verb.TITLE, "a", 2),)),
    Tale("changed where revisions have no order", tools(UNORDERED, UNORDERED), TWO, (did(Verb.TITLE, "a", 2),)),
    Tale("several fields of several records", tools(SURE, SURE, SURE), THREE,
         (did(Verb.TITLE, "a", 1), did(Verb.LABELS, "b", 1, "xy"), did(Verb.PRIORITY, "c", 2, 50),
          did(Verb.SITE, "b", 3, "Sued"))),
    Tale("labels merged from two tools", tools(SURE, BARE, SURE), ONE,
         (did(Verb.LABELS, "a", 1, "x"), did(Verb.LABELS, "b", 1, "y"))),
    Tale("a coarse tool is told a fine value",
         (ToolOf("a", SURE), ToolOf("b", SURE, coarse=True)), ONE, (did(Verb.PRIORITY, "a", 1, 20),)),
    Tale("our write is overwritten before the restart", tools(SURE, SURE), ONE, (did(Verb.TITLE, "a", 1),),
         after=(did(Verb.TITLE, "b", 1),)),
    Tale("overwritten where there is no history", tools(BARE, BARE), ONE, (did(Verb.TITLE, "a", 1),),
         after=(did(Verb.TITLE, "b", 1),)),
    Tale("edited again at its origin before the restart", tools(SURE, CONDITIONAL), ONE, (did(Verb.TITLE, "a", 1),),
         after=(did(Verb.TITLE, "a", 1),)),
    Tale("edited at the other end while it is written", tools(SURE, SURE), ONE, (did(Verb.TITLE, "a", 1),),
         during=((7, did(Verb.TITLE, "b", 1)),)),
    Tale("a read-only tool is edited", (ToolOf("a", SURE), ToolOf("b", SURE, read_only=True)), TWO,
         (did(Verb.TITLE, "b", 1), did(Verb.TITLE, "a", 2))),
    Tale("a computed value", tools(SURE, SURE), ONE, (did(Verb.COMPUTE, "a", 1), did(Verb.PRIORITY, "b", 1, 100)),
         authorities=("a",)),
)  # fmt: skip
_CONFLICTS = (
    Tale("two titles at once, held", tools(SURE, SURE, SURE), ONE, (did(Verb.TITLE, "a", 1), did(Verb.TITLE, "b", 1))),
    Tale("two titles at once, the newest stays", tools(SURE, SURE, SURE), ONE,
         (did(Verb.TITLE, "a", 1), did(Verb.WAIT, "", 0, 2000), did(Verb.TITLE, "b", 1)), title=NEWEST),
    Tale("two titles at once, the owner's stays", tools(SURE, SURE, SURE), ONE,
         (did(Verb.TITLE, "a", 1), did(Verb.TITLE, "b", 1)), title=OWNER),
    Tale("a conflict resolved", tools(SURE, SURE, SURE), (*ONE, did(Verb.SYNC, ""), did(Verb.TITLE, "a", 1),
         did(Verb.TITLE, "b", 1)), (), Ends.ANSWER),
    Tale("a conflict resolved while a side moves", tools(SURE, SURE),
         (*ONE, did(Verb.SYNC, ""), did(Verb.TITLE, "a", 1), did(Verb.TITLE, "b", 1)), (did(Verb.TITLE, "b", 1),),
         Ends.ANSWER, after=(did(Verb.TITLE, "a", 1),)),
)  # fmt: skip
_PLACES = (
    Tale("put under another", tools(SURE, SURE), THREE, (did(Verb.PARENT, "a", 2, None),)),
    Tale("put under one that was just made", tools(SURE, SINGLE), TWO, (made(3), did(Verb.PARENT, "a", 2, 3))),
    Tale("two put under each other in two tools", tools(SURE, SURE), (made(1), made(2)),
         (did(Verb.PARENT, "a", 1, 2), did(Verb.PARENT, "b", 2, 1))),
    Tale("moved to another sheet", tools(SURE, SURE, containers=SHEETS), TWO, (did(Verb.MOVE, "a", 2),)),
    Tale("moved, and it gets a new id", tools(NEW_IDS, SURE, containers=SHEETS), TWO, (did(Verb.MOVE, "a", 1),)),
    Tale("moved before the restart", tools(NEW_IDS, SURE, containers=SHEETS), TWO, (did(Verb.TITLE, "b", 1),),
         after=(did(Verb.MOVE, "a", 1),)),
    Tale("out of the scope of its sheet", tools(SURE, SURE, containers=SHEETS, scoped=True), TWO,
         (did(Verb.SITE, "a", 1, "Sued"),)),
    Tale("copied with our key", tools(SURE, SURE), ONE, (did(Verb.COPY, "b", 1),)),
)  # fmt: skip
_GONE = (
    Tale("deleted, the others are marked", tools(SURE, SURE), TWO, (did(Verb.DELETE, "a", 2),), deletion=Deletion.MARK),
    Tale("deleted, and everywhere", tools(SURE, SURE, SURE), TWO, (did(Verb.DELETE, "a", 2),)),
    Tale("the second look at a deletion", tools(SURE, CONDITIONAL, BARE), TWO,
         (did(Verb.DELETE, "a", 2), did(Verb.SYNC, ""), did(Verb.WAIT, "", 0, 700))),
    Tale("a parent deleted", tools(SURE, SURE, cascades=True), THREE,
         (did(Verb.DELETE, "a", 1), did(Verb.SYNC, ""), did(Verb.WAIT, "", 0, 700))),
    Tale("a parent deleted where children fall", tools(SURE, SURE), THREE,
         (did(Verb.DELETE, "a", 1), did(Verb.SYNC, ""), did(Verb.WAIT, "", 0, 700))),
    Tale("deleted here, edited there", tools(SURE, SURE), TWO,
         (did(Verb.DELETE, "a", 2), did(Verb.TITLE, "b", 2), did(Verb.SYNC, ""), did(Verb.WAIT, "", 0, 700))),
    Tale("restored from the bin", tools(SURE, SURE), TWO,
         (did(Verb.DELETE, "a", 2), did(Verb.SYNC, ""), did(Verb.WAIT, "", 0, 700), did(Verb.SYNC, ""),
          did(Verb.RESTORE, "a"))),
    Tale("restored before the restart", tools(SURE, SURE), TWO,
         (did(Verb.DELETE, "a", 2), did(Verb.SYNC, ""), did(Verb.WAIT, "", 0, 700)), after=(did(Verb.RESTORE, "a"),)),
    Tale("hidden, and edited elsewhere", tools(SURE, SURE), TWO, (did(Verb.HIDE, "b", 2), did(Verb.TITLE, "a", 2))),
    Tale("shown again", tools(SURE, BARE), (*TWO, did(Verb.SYNC, ""), did(Verb.HIDE, "b", 2)),
         (did(Verb.TITLE, "a", 2), did(Verb.HIDE, "b", 2))),
    Tale("a deletion confirmed", tools(SURE, SURE),
         (*TWO, did(Verb.SYNC, ""), did(Verb.DELETE, "a", 2), did(Verb.TITLE, "b", 2), did(Verb.SYNC, ""),
          did(Verb.WAIT, "", 0, 700)), (), Ends.ANSWER),
)  # fmt: skip
_TROUBLE = (
    Tale("a field that is refused", tools(SURE, SURE), TWO,
         (did(Verb.REFUSE, "b", 0, "title"), did(Verb.TITLE, "a", 1))),
    Tale("what is quarantined is tried again", tools(SURE, SURE), TWO,
         (did(Verb.REFUSE, "b", 0, "title"), did(Verb.TITLE, "a", 1), did(Verb.SYNC, ""), did(Verb.WAIT, "", 0, 7200))),
    Tale("a container that does not answer", tools(SURE, SURE, SURE), TWO,
         (did(Verb.DOWN, "b"), did(Verb.TITLE, "a", 1))),
    Tale("it does not answer any more at the restart", tools(SURE, SURE, SURE), TWO, (did(Verb.TITLE, "a", 1), made(3)),
         after=(did(Verb.DOWN, "b"),)),
    Tale("an offer", tools(SURE, SURE, BY_HAND), TWO, (did(Verb.TITLE, "a", 1),)),
    Tale("an offer taken", tools(SURE, SURE, BY_HAND), (*TWO, made(3, "c")),
         (did(Verb.TITLE, "a", 3), did(Verb.SYNC, ""), did(Verb.OFFER, "c"))),
    Tale("a question of pairing answered", tools(SURE, SURE, creation=Creation.MATCH_THEN_CREATE),
         (did(Verb.TWIN, "a", 1, "b"), did(Verb.SYNC, "")), (did(Verb.PAIR, "", value=True),)),
    Tale("a pairing refused", tools(SURE, SURE, creation=Creation.MATCH_THEN_CREATE),
         (did(Verb.TWIN, "a", 1, "b"), did(Verb.SYNC, "")), (did(Verb.PAIR, "", value=False),)),
    Tale("the scope changed, approved", tools(SURE, SURE, containers=SHEETS), TWO,
         (did(Verb.POLICY, "b", 0, "sites"), did(Verb.TITLE, "a", 1)), Ends.APPROVE),
    Tale("creation switched on, approved", tools(SURE, SURE, creation=Creation.MATCH_ONLY), TWO,
         (did(Verb.POLICY, "b", 0, "create"),), Ends.APPROVE),
    Tale("made read-only, approved", tools(SURE, SURE), TWO,
         (did(Verb.POLICY, "b", 0, "read only"), did(Verb.TITLE, "a", 1)), Ends.APPROVE),
)  # fmt: skip

TALES = (*_CREATION, *_FIRST, *_FIELDS, *_CONFLICTS, *_PLACES, *_GONE, *_TROUBLE)
