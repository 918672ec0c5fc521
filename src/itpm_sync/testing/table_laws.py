"""The laws of one field, stated on what goes in and what comes out: what must hold of every row of the table.

In: a setting, a case, the engine's answer. Out: the laws that are broken, in words. No law says how to decide; each
says what no decision may do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields

from itpm_sync.bases import Side
from itpm_sync.model import Progress, Schedule, Value
from itpm_sync.policy import Rule
from itpm_sync.testing.table import Answer, Case, Says, Setting, Teller

EMPTY: tuple[Value, ...] = (None, frozenset(), ())


class Row:
    """A case beside its answer, with the words in which the laws are stated."""

    def __init__(self, setting: Setting, case: Case, answer: Answer) -> None:
        self.setting, self.case, self.answer = setting, case, answer
        self.rows: list[tuple[Teller, Says]] = list(zip(setting.tellers, case.says, strict=True))
        self.by_tool = {teller.name: (teller, says) for teller, says in self.rows}
        self.owner = self._owner()

    def _owner(self) -> str | None:
        """Who has the last word: the schedule authority that computes the field, else the first owner there is."""
        there = [teller.name for teller, says in self.rows if not (teller.suspended and says.first)]
        held = [tool for tool in self.setting.authorities if tool in there]
        if held and self.by_tool[held[0]][1].computed:
            return held[0]
        if self.setting.policy.rule is not Rule.OWNER:
            return None
        return next((tool for tool in self.setting.policy.owners if tool in there), None)

    def edits(self) -> Iterator[tuple[Teller, Says]]:
        """What a person typed in a tool since it was last decided from. An offer taken is ours, not theirs."""
        for teller, says in self.rows:
            computed = says.computed and teller.name != self.owner
            taken = any(offer.form == says.now for offer in says.offers)
            if says.changed and not (taken or computed or teller.suspended):
                yield teller, says

    def firsts(self) -> Iterator[tuple[Teller, Says]]:
        """What stood there before the field was tied, and is not nothing."""
        for teller, says in self.rows:
            computed = says.computed and teller.name != self.owner
            if says.first and says.now not in EMPTY and not (computed or teller.suspended):
                yield teller, says

    def knew(self, teller: Teller, says: Says) -> bool:
        """Whether the author of what stands there had read the agreed value."""
        stood = not says.undecided and teller.form(self.case.value) == says.seen
        return says.at == self.case.version or stood

    def stands(self, teller: Teller, says: Says) -> Value:
        return says.seen if teller.suspended else says.now

    def form(self, tool: str | None, value: Value) -> Value:
        return self.by_tool[tool][0].form(value) if tool in self.by_tool else value


Law = Callable[[Row], Iterator[str]]


def nothing_said_nothing_moves(row: Row) -> Iterator[str]:
    if any(row.edits()) or any(row.firsts()):
        return
    case, answer = row.case, row.answer
    if answer.agreed != case.agreed or answer.losers or answer.closed:
        yield "nobody said anything, and the agreed value moved"
    if (answer.conflict is None) != (case.conflict is None):
        yield "nobody said anything, and a conflict opened or closed"
    elif answer.conflict is not None and case.conflict is not None:
        if answer.conflict.sides != case.conflict.sides:
            yield "nobody said anything, and the sides of a conflict moved"


def what_was_typed_is_kept(row: Row) -> Iterator[str]:
    """Agreed, covered by what stays, stored in full, or a side. Under merge: each part that was changed."""
    for teller, says in [*row.edits(), *row.firsts()]:
        tool, typed, answer = teller.name, says.now, row.answer
        if teller.form(answer.value) == typed:
            continue
        sides = answer.conflict.sides if answer.conflict else ()
        if any(side.tool == tool and side.form == typed for side in sides):
            continue
        mine = [loser for loser in answer.losers if loser.side.tool == tool and loser.side.form == typed]
        if any(loser.covered_by is None for loser in mine):
            continue
        if any(loser.side.agreed and teller.form(loser.side.value) == typed for loser in answer.losers):
            continue  # it was agreed, and the agreed value is stored
        if any(teller.form(side.value) == typed for loser in mine for side in sides):
            continue
        if isinstance(typed, frozenset | None) and _merged(row, says):
            continue
        if _parts_are_kept(row, teller, says):
            continue
        yield f"{typed!r}, typed in {tool}, is nowhere"


def _merged(row: Row, says: Says) -> bool:
    """Each element that was added or removed is, or somebody else said the contrary."""
    if row.setting.policy.rule is not Rule.MERGE:
        return False
    seen, now, agreed = (_set(value) for value in (says.seen, says.now, row.answer.value))
    others = [other for _, other in [*row.edits(), *row.firsts()] if other is not says]
    added = frozenset[str]().union(*(_set(other.now) - _set(other.seen) for other in others))
    removed = frozenset[str]().union(*(_set(other.seen) - _set(other.now) for other in others))
    return now - seen <= agreed | removed and not (seen - now) & agreed - added


def _parts_are_kept(row: Row, teller: Teller, says: Says) -> bool:
    """Of a group or a text of parts: each part that was changed is as it was typed, or somebody else changed it too."""
    changed = _changed_parts(says)
    others = [_changed_parts(other) for _, other in row.edits() if other is not says]
    others = [] if row.answer.conflict is not None else others
    agreed = _parts(teller.form(row.answer.value))
    kept = [agreed.get(name) == new or any(name in one for one in others) for name, new in changed.items()]
    return bool(kept) and all(kept)


def _changed_parts(says: Says) -> dict[object, object]:
    old, new = _parts(says.seen), _parts(says.now)
    return {name: new.get(name) for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


def _parts(value: Value) -> dict[object, object]:
    if isinstance(value, Progress | Schedule):
        return {part.name: held for part in fields(value) if (held := getattr(value, part.name)) is not None}
    return dict(enumerate(value)) if isinstance(value, str) else {}


def _set(value: Value) -> frozenset[str]:
    return frozenset(str(part) for part in value) if isinstance(value, frozenset) else frozenset()


def a_version_is_a_value(row: Row) -> Iterator[str]:
    """The version rises by one where the value changes, and stands where it stands."""
    case, answer = row.case, row.answer
    rise = answer.version - case.version
    if case.agreed is not None and answer.value == case.value and answer.agreed != case.agreed:
        # An edit and a first tie in one run may change it and change it back.
        if not (rise == 2 and any(row.edits()) and any(row.firsts())):
            yield "the value stands, and its version or origin moved"
    elif answer.value != case.value and rise != 1:
        if not (rise == 2 and any(row.edits()) and any(row.firsts())):
            yield f"the value changed, and its version rose by {rise}"
    if case.agreed is None and answer.agreed is not None and answer.value is None:
        if row.owner is None and not any(says.first for says in case.says):
            yield "nothing was agreed, and nothing became agreed"


def equal_edits_are_no_conflict(row: Row) -> Iterator[str]:
    edits = list(row.edits())
    if row.case.conflict is not None or any(row.firsts()) or not edits:
        return
    if row.answer.conflict is not None and not all(side.lawful for side in row.answer.conflict.sides):
        return  # what contradicts itself is held
    same = len({says.now for _, says in edits}) == 1 and len({id(teller.lens) for teller, _ in row.rows}) == 1
    known = any(row.knew(*edit) for edit in edits) or edits[0][1].now == row.case.value
    if same and known and row.answer.conflict is not None:
        yield "equal edits met in a conflict"


def the_owner_has_the_last_word(row: Row) -> Iterator[str]:
    if row.owner is None:
        return
    case, answer = row.case, row.answer
    spoken = {teller.name: says for teller, says in row.edits()}
    said = spoken.pop(row.owner, None)
    quiet = case.conflict is None and answer.conflict is None and not any(row.firsts())
    if quiet and said is not None and row.form(row.owner, answer.value) != said.now:
        yield "the owner's edit did not become the agreed value"
    if quiet and said is None and answer.value != case.value:
        yield "the owner said nothing, and the agreed value moved"
    for tool, says in spoken.items():
        stored = any(
            loser.side.tool == tool and loser.side.form == says.now and loser.covered_by is None
            for loser in answer.losers
        )
        if not stored:
            yield f"the edit of {tool}, which does not own the field, is not stored"
    if answer.agreed != case.agreed and answer.agreed is not None and answer.agreed.origin in spoken:
        if not row.by_tool[answer.agreed.origin][1].first:
            yield f"the edit of {answer.agreed.origin}, which does not own the field, became the agreed value"
    sides = answer.conflict.sides if answer.conflict and not case.conflict else ()
    if any(side.tool in spoken and not side.agreed for side in sides):
        yield "the edit of a tool that does not own the field is a side"


def sides_did_not_know_each_other(row: Row) -> Iterator[str]:
    """A conflict that opens has two or more sides, none the form of another, and the agreed value only if unknown."""
    case, answer = row.case, row.answer
    if answer.conflict is None:
        return
    sides = answer.conflict.sides
    lawful = all(side.lawful for side in sides)
    if case.conflict is None and len(sides) < 2 and lawful:
        yield f"a conflict with {len(sides)} sides"
    for number, side in enumerate(sides):
        for other in sides[number + 1 :]:
            if lawful and not _differ(row, side, other):
                yield f"{side.form!r} and {other.form!r} read the same in every tool"
    tools = [side.tool for side in sides if not side.agreed]
    if len(tools) != len(set(tools)):
        yield "one tool has two sides"
    knew = any(row.knew(*edit) for edit in row.edits())
    if case.conflict is None and knew and any(side.agreed for side in sides) and not any(row.firsts()):
        yield "the agreed value is a side, though an author knew it"


def _differ(row: Row, side: Side, other: Side) -> bool:
    return any(teller.form(side.value) != teller.form(other.value) for teller, _ in row.rows)


def only_an_edit_closes_a_conflict(row: Row) -> Iterator[str]:
    if row.answer.closed and not (any(row.edits()) or any(row.firsts())):
        yield "a conflict closed by itself"
    if row.case.conflict is None and row.answer.closed:
        yield "a conflict closed that was not open"
    if row.case.conflict is not None and row.answer.closed == (row.answer.conflict is not None):
        yield "a conflict neither stayed open nor closed"


def at_moves_where_it_stands(row: Row) -> Iterator[str]:
    """`at` is the agreed version wherever n(agreed) stands, an offer's where one was taken, else what it was."""
    for teller, says in row.rows:
        at = row.answer.at[teller.name]
        if teller.suspended and says.first:
            expected = says.at
        elif teller.form(row.answer.value) == row.stands(teller, says):
            expected = row.answer.version
        else:
            changed = says.changed and not teller.suspended
            offers = [offer.version for offer in reversed(says.offers) if offer.form == says.now and changed]
            expected = [*offers, says.at if says.at is not None else 0][0]
        if at != expected:
            yield f"{teller.name} is at {at}, not at {expected}"


def writes_are_where_they_are_due(row: Row) -> Iterator[str]:
    answer = row.answer
    for teller, says in row.rows:
        tool, stands = teller.name, row.stands(teller, says)
        wanted = teller.form(answer.value)
        may = not (teller.read_only or teller.suspended or says.computed) and teller.lens.writable
        blank = answer.value is None and stands in EMPTY
        due = answer.agreed is not None and answer.conflict is None and wanted != stands and not blank
        policy = row.setting.policy
        left = policy.rule is Rule.OWNER and policy.leave and answer.at[tool] == answer.version
        write = (answer.offered if teller.by_hand else answer.writes).get(tool)
        if (write is not None) != (due and may and not left):
            yield f"{tool} is {'' if write else 'not '}written"
        elif write is not None and (write.old, write.new, write.version) != (stands, wanted, answer.version):
            yield f"{tool} is written {write}"
        if tool in (answer.writes if teller.by_hand else answer.offered):
            yield f"{tool} is written and offered in the wrong way"


def offers_are_remembered(row: Row) -> Iterator[str]:
    """Each version offered since the last changed reading, with the form it was offered in."""
    for teller, says in row.rows:
        heard = says.changed and not teller.suspended and (says.offers or not says.computed)
        before = () if heard else says.offers
        offered = row.answer.offered.get(teller.name)
        after = row.answer.offers.get(teller.name, ())
        known = {offer.version for offer in before}
        if offered is not None and offered.version not in known:
            if after[:-1] != before or (after[-1].version, after[-1].form) != (offered.version, offered.new):
                yield f"the offer to {teller.name} is not remembered"
        elif after != before:
            yield f"the offers to {teller.name} changed"
        if offered is not None and offered.version in known:
            if offered.since != next(one.since for one in before if one.version == offered.version):
                yield f"the offer to {teller.name} is not as old as it is"


def readings_are_decided(row: Row) -> Iterator[str]:
    """Seen := reading, of winners, losers and dropped alike; a container that sits the run out keeps its own."""
    for teller, says in row.rows:
        kept = teller.suspended and (says.first or says.read or says.now != says.seen)
        if (teller.name in row.answer.unread) != kept:
            yield f"the reading of {teller.name} is {'not ' if not kept else ''}decided"
        if teller.name in row.answer.undecided and not (teller.suspended and says.undecided):
            yield f"{teller.name} is still undecided"


def losers_were_said(row: Row) -> Iterator[str]:
    """Nothing is stored as lost that nobody said, and nothing that stands."""
    case, answer = row.case, row.answer
    said = {(teller.name, says.now) for teller, says in [*row.edits(), *row.firsts()]}
    sides = case.conflict.sides if case.conflict else ()
    known = said | {(side.tool, side.form) for side in sides}
    origins = {case.agreed.origin if case.agreed else None, answer.agreed.origin if answer.agreed else None}
    for loser in answer.losers:
        side = loser.side
        values = {case.value, answer.value} | {one.value for one in sides}
        agreed = side.agreed and side.tool in {*origins, *row.by_tool}
        if (side.tool, side.form) not in known and not agreed and side.value not in values:
            yield f"{side.form!r} of {side.tool} is lost, and nobody said it"
        if loser.field != row.setting.field:
            yield "a loser of another field"
        if loser.covered_by is not None and answer.conflict is None and answer.agreed is not None:
            if row.form(side.tool, answer.value) != side.form:
                yield f"{side.form!r} of {side.tool} counts as covered, and does not read so"


def each_has_its_author(row: Row) -> Iterator[str]:
    """Who edited it where: kept with the agreed value, with sides and with losers. Records are edited by their tool."""
    case, answer = row.case, row.answer
    known = set(case.conflict.sides) if case.conflict else set()
    told = [*(answer.conflict.sides if answer.conflict else ()), *(one.side for one in answer.losers)]
    for side in told:
        if side not in known and not side.agreed and side.tool is not None and side.actor != side.tool:
            yield f"nobody is said to have typed {side.form!r} in {side.tool}"
    agreed = answer.agreed
    spoke = {teller.name for teller, _ in [*row.edits(), *row.firsts()]}
    if agreed is not None and agreed != case.agreed and agreed.origin in spoke and agreed.value is not None:
        if agreed.actor != agreed.origin and not any(side.tool == agreed.origin for side in known):
            yield f"nobody is said to have made it {agreed.value!r}"


def nothing_is_stored_twice(row: Row) -> Iterator[str]:
    told = [one.side for one in row.answer.losers if one.covered_by is None]
    if len(told) != len(set(told)):
        yield "a loser is stored twice"


def nothing_is_made_up(row: Row) -> Iterator[str]:
    """An agreed value that moved comes from somebody who spoke in this run, or from a side."""
    case, answer = row.case, row.answer
    if answer.agreed == case.agreed or answer.agreed is None:
        return
    spoke = {teller.name for teller, _ in [*row.edits(), *row.firsts()]}
    sides = {side.tool for side in case.conflict.sides} if case.conflict else set()
    owner = {row.owner} if case.agreed is None else set()
    agreed = {case.agreed.origin} if case.agreed is not None else set()
    if answer.agreed.origin not in spoke | sides | owner | agreed:
        yield f"{answer.agreed.origin} said nothing, and became the origin"


LAWS: tuple[Law, ...] = (
    nothing_said_nothing_moves,
    what_was_typed_is_kept,
    a_version_is_a_value,
    equal_edits_are_no_conflict,
    the_owner_has_the_last_word,
    sides_did_not_know_each_other,
    only_an_edit_closes_a_conflict,
    at_moves_where_it_stands,
    writes_are_where_they_are_due,
    offers_are_remembered,
    readings_are_decided,
    losers_were_said,
    each_has_its_author,
    nothing_is_stored_twice,
    nothing_is_made_up,
)


def broken(setting: Setting, case: Case, answer: Answer) -> list[str]:
    """Every law that the answer breaks."""
    row = Row(setting, case, answer)
    return [f"{law.__name__}: {says}" for law in LAWS for says in law(row)]
