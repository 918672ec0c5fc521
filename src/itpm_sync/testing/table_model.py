"""The rules for one field, 0 to 7, written once more from the design's text, to be compared with the engine.

In: a setting and a case of the decision table. Out: what the text says must come of it. Written as sets and plain
steps, not as the engine is; slow and short. It asks lenses for n(v), lift and apply, and nothing else of the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from itpm_sync.laws import lawful
from itpm_sync.lens import Overlap, Unliftable
from itpm_sync.model import Day, Schedule, Value
from itpm_sync.policy import Rule
from itpm_sync.testing.table import NOW, Case, Says, Setting, Teller

MARGIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Voice:
    """A value somebody stands for: a tool's edit, or the agreed value."""

    tool: str | None
    value: Value
    form: Value
    agreed: bool = False
    lawful: bool = True
    edited: datetime | None = field(default=None, compare=False)


@dataclass(slots=True)
class Foretold:
    """What the text says. `lost`: (tool, form, in full) of everything stored as loser or logged as covered."""

    value: Value
    version: int
    origin: str | None
    sides: frozenset[Voice] | None = None
    lost: set[tuple[str | None, Value, bool]] = field(default_factory=set)
    at: dict[str, int | None] = field(default_factory=dict)
    writes: dict[str, Value] = field(default_factory=dict)
    offered: dict[str, Value] = field(default_factory=dict)


class Field:
    """One case, told by the text."""

    def __init__(self, setting: Setting, case: Case) -> None:
        self.setting, self.case = setting, case
        self.tools: dict[str, tuple[Teller, Says]] = {
            teller.name: (teller, says) for teller, says in zip(setting.tellers, case.says, strict=True)
        }
        self.rule, self.owner = self._rule()
        origin = case.agreed.origin if case.agreed else None
        self.out = Foretold(case.value, case.version, origin)
        self.edited = case.agreed.edited if case.agreed else None
        self.decided = case.agreed is not None

    def _rule(self) -> tuple[Rule, str | None]:
        """The schedule authority that computes the field owns it; else the first listed owner that holds the item."""
        first = next((tool for tool in self.setting.authorities if not self.unheard(tool)), None)
        if first is not None and self.tools[first][1].computed:
            return Rule.OWNER, first
        rule = self.setting.policy.rule
        if rule is not Rule.OWNER:
            return rule, None
        owner = next((tool for tool in self.setting.policy.owners if not self.unheard(tool)), None)
        return (Rule.OWNER, owner) if owner else (Rule.HOLD, None)

    def unheard(self, tool: str) -> bool:
        """Whether the field has no base there, and its container sits this run out: it does not hold it yet."""
        return tool not in self.tools or (self.tools[tool][0].suspended and self.tools[tool][1].first)

    # ── who says what ──

    def n(self, tool: str | None, value: Value) -> Value:
        return self.tools[tool][0].form(value) if tool in self.tools else value

    def taken(self, tool: str) -> int | None:
        """The version of the offer that a changed reading is, if it is one."""
        teller, says = self.tools[tool]
        if teller.suspended or not says.changed:
            return None
        return next((one.version for one in reversed(says.offers) if one.form == says.now), None)

    def speaks(self, tool: str) -> bool:
        return not self.tools[tool][1].computed or tool == self.owner

    def edits(self) -> list[str]:
        return [
            tool
            for tool, (teller, says) in self.tools.items()
            if not teller.suspended and says.changed and self.speaks(tool) and self.taken(tool) is None
        ]

    def knew(self, tool: str) -> bool:
        """Its author knew the agreed value: brought there, or it stood there in that tool's form."""
        says = self.tools[tool][1]
        stood = not says.undecided and self.n(tool, self.case.value) == says.seen
        return stood or says.at == self.case.version

    def voice(self, tool: str) -> Voice:
        teller, says = self.tools[tool]
        time = self.time(tool)
        try:
            day = Day((time or NOW).date())
            value = teller.lens.lift(says.now, self.out.value, teller.env, edited=day)
        except Unliftable:
            return Voice(tool, says.now, says.now, lawful=False, edited=time)
        if says.first and value is None and not self.decided:
            value = (
                says.now
            )  # what its tool would also show for nothing is a value, where nothing was ever agreed
        return Voice(tool, value, says.now, edited=time)

    def agreed_voice(self) -> Voice:
        out = self.out
        form = self.n(out.origin, out.value)
        return Voice(out.origin, out.value, form, agreed=True, edited=self.edited)

    # ── rule 4 ──

    def cover(self, voices: Sequence[Voice]) -> tuple[list[Voice], list[tuple[Voice, Voice]]]:
        """Those that stay, and who is dropped into whom. Of equal or mutual ones the first name stays.

        What stays is the least set in which each one's coverers are all dropped into one that stays.
        """
        ranked = sorted(voices, key=lambda one: (one.tool is None, one.tool or ""))

        def repeats(low: Voice, high: Voice) -> bool:
            return self.n(low.tool, high.value) == low.form

        over = {
            low: [
                high
                for high in ranked
                if high is not low
                and repeats(low, high)
                and not (repeats(high, low) and ranked.index(low) < ranked.index(high))
            ]
            for low in ranked
        }
        stays: list[Voice] = []
        while True:
            sure = [one for one in ranked if all(any(top in stays for top in over[mid]) for mid in over[one])]
            if len(sure) == len(stays):
                break
            stays = sure
        dropped = [(low, next(top for top in over[low] if top in stays)) for low in ranked if any(
            top in stays for top in over[low]
        )]  # fmt: skip
        fallen = [low for low, _ in dropped]
        rest = [one for one in ranked if one not in fallen]
        for low, top in dropped:
            times = [one for one in (rest[rest.index(top)].edited, low.edited) if one is not None]
            rest[rest.index(top)] = replace(top, edited=max(times, default=None))
        return rest, dropped

    # ── the rules ──

    def tell(self) -> Foretold:
        edits = self.edits()
        if self.owner is not None:
            overruled = [tool for tool in edits if tool != self.owner]
            self.out.lost |= {(tool, self.tools[tool][1].now, True) for tool in overruled}
            edits = [tool for tool in edits if tool == self.owner]
        else:
            overruled = []
        if self.case.conflict is not None:
            self.further([*edits, *self.firsts()])
        elif edits and self.rule is Rule.MERGE and not any(self.quiet_edit(tool) for tool in edits):
            self.merge(edits)
        elif edits:
            self.settle(edits)
        if overruled and not self.decided:
            self.out.version, self.out.origin, self.decided = self.out.version + 1, self.owner, True
        if self.case.conflict is None:
            self.first_tie(edits)
        self.store()
        self.move_at()
        self.write()
        return self.out

    def quiet_edit(self, tool: str) -> bool:
        """An undecided value that equals what was seen: nobody can say what of it changed."""
        return self.tools[tool][1].now == self.tools[tool][1].seen

    def settle(self, edits: list[str]) -> None:
        voices = [self.voice(tool) for tool in edits]
        if self.case.agreed is not None and not any(self.knew(tool) for tool in edits):
            if self.owner is None:
                voices.append(self.agreed_voice())
            elif self.n(self.owner, self.case.value) != self.tools[self.owner][1].now:
                self.lose(self.agreed_voice())
        if not all(one.lawful for one in voices):
            self.hold(voices)
            return
        stays, dropped = self.cover(voices)
        joined = self.joined(edits) if len(stays) > 1 else None
        if joined is not None:
            latest = max(edits, key=lambda tool: (self.time(tool) is not None, self.time(tool), tool))
            self.win(replace(self.voice(latest), value=joined), [])
            return
        winner = stays[0] if len(stays) == 1 else self.newest(stays)
        if winner is None:
            self.hold(stays)
            self.out.lost |= {(low.tool, low.form, False) for low, _ in dropped}
            return
        for other in stays:
            if other is not winner:
                self.lose(other)
        self.win(winner, dropped)

    def time(self, tool: str) -> datetime | None:
        teller, says = self.tools[tool]
        return says.edited if teller.times else None

    def joined(self, edits: list[str]) -> Schedule | None:
        """A group, field by field: every member as whoever changed it left it. None where two changed one, or where
        it moved meanwhile, or where the law would break.
        """
        group = self.case.value if isinstance(self.case.value, Schedule) else Schedule()
        left: dict[str, set[object]] = {"start": set(), "finish": set(), "duration": set()}
        for tool in edits:
            teller, says = self.tools[tool]
            try:
                before = teller.lens.lift(says.seen, self.case.value, teller.env)
            except Unliftable:
                return None
            after = self.voice(tool).value
            if not isinstance(after, Schedule | None) or not isinstance(before, Schedule | None):
                return None
            for name, values in left.items():
                old, new = getattr(before, name, None), getattr(after, name, None)
                if old != new:
                    values.add(new)
                    if getattr(group, name) not in (old, new):
                        return None
        if all(self.voice(tool).value is None for tool in edits) or any(
            len(one) > 1 for one in left.values()
        ):
            return None
        merged = replace(group, **{name: values.pop() for name, values in left.items() if values})  # type: ignore[arg-type]
        return merged if lawful(merged) else None

    def newest(self, stays: list[Voice]) -> Voice | None:
        if self.rule is not Rule.NEWEST:
            return None
        times = sorted((one.edited for one in stays if one.edited is not None), reverse=True)
        if len(times) < len(stays) or times[0] - times[1] <= MARGIN:
            return None
        return next(one for one in stays if one.edited == times[0])

    def merge(self, edits: list[str]) -> None:
        value = self.case.value
        for tool in sorted(edits):
            teller, says = self.tools[tool]
            try:
                value = teller.lens.apply(value, says.seen, says.now, teller.env)
            except (Overlap, Unliftable):
                self.settle(edits)
                return
        self.win(replace(self.voice(max(edits)), value=value), [])

    def further(self, edits: list[str]) -> None:
        assert self.case.conflict is not None
        sides = [
            Voice(one.tool, one.value, one.form, one.agreed, one.lawful, one.edited)
            for one in self.case.conflict.sides
        ]
        edits = self.beside(sides, edits)
        for tool in sorted(edits):
            for side in list(sides):
                first = self.tools[tool][1].first
                if (side.tool == tool and not (first and side.agreed)) or (
                    side.agreed and not first and self.knew(tool)
                ):
                    sides.remove(side)
                    self.lose(side)
            sides.append(self.voice(tool))
        if not edits:
            self.hold(sides)
            return
        stays, dropped = self.cover(sides)
        if len(stays) == 1 and stays[0].lawful:
            self.win(stays[0], dropped)
            return
        self.hold(stays)
        self.out.lost |= {(low.tool, low.form, False) for low, _ in dropped}

    def beside(self, sides: Iterable[Voice], tools: Iterable[str]) -> list[str]:
        """Those that add to these sides: a first tie that says what is agreed does not, where that is none of them."""
        known, found = self.decided and not any(side.agreed for side in sides), []
        for tool in tools:
            says = self.tools[tool][1]
            if known and says.first and self.n(tool, self.out.value) == says.now:
                self.lose(self.voice(tool))
            else:
                found.append(tool)
        return found

    def firsts(self) -> list[str]:
        return [
            tool
            for tool, (teller, says) in self.tools.items()
            if says.first
            and not teller.suspended
            and self.speaks(tool)
            and says.now not in (None, frozenset())
        ]

    def first_tie(self, edits: list[str]) -> None:
        firsts = self.firsts()
        if not firsts:
            return
        if self.out.sides is not None:
            firsts = self.beside(self.out.sides, firsts)
            stays, dropped = self.cover([*self.out.sides, *(self.voice(tool) for tool in firsts)])
            if len(stays) == 1 and stays[0].lawful:
                self.out.sides = None
                self.win(stays[0], dropped)
            else:
                self.hold(stays)
                self.out.lost |= {(low.tool, low.form, False) for low, _ in dropped}
            return
        voices = [self.voice(tool) for tool in firsts]
        if self.out.value is not None:
            voices.append(self.agreed_voice())
        stays, dropped = self.cover(voices)
        winner = stays[0] if len(stays) == 1 else self.preferred(stays)
        if winner is None or not winner.lawful:
            self.hold(stays)
            self.out.lost |= {(low.tool, low.form, False) for low, _ in dropped}
            return
        for other in stays:
            if other is not winner:
                self.lose(other)
        cleared = [
            tool
            for tool in edits
            if self.out.value is None
            and self.tools[tool][1].now == self.n(tool, None) != self.n(tool, winner.value)
        ]
        self.win(winner, dropped)
        self.out.lost |= {(tool, self.n(tool, None), True) for tool in cleared}

    def preferred(self, stays: list[Voice]) -> Voice | None:
        """The owner's; what is agreed, where the owner is no new one; else the first by seed order."""
        if self.owner is not None:
            for one in stays:
                if one.tool == self.owner:
                    return one
            for one in stays:
                if one.agreed and not self.tools[self.owner][1].first:
                    return one
        return next((one for tool in self.setting.seed for one in stays if one.tool == tool), None)

    # ── what is remembered ──

    def lose(self, voice: Voice) -> None:
        self.out.lost.add((voice.tool, voice.form, True))

    def hold(self, voices: list[Voice]) -> None:
        self.out.sides = frozenset(voices)

    def win(self, winner: Voice, dropped: list[tuple[Voice, Voice]]) -> None:
        if winner.value != self.out.value or (not self.decided and winner.value is not None):
            self.out.value, self.out.version = winner.value, self.out.version + 1
            self.out.origin, self.edited, self.decided = winner.tool, winner.edited, True
        self.out.lost |= {(low.tool, low.form, False) for low, _ in dropped}

    def store(self) -> None:
        """A dropped one is a loser in full where the final value is not, in its tool, what was typed there."""
        if self.out.sides is None:
            self.out.lost = {
                (tool, form, full or self.n(tool, self.out.value) != form)
                for tool, form, full in self.out.lost
            }

    def move_at(self) -> None:
        for tool, (teller, says) in self.tools.items():
            taken = self.taken(tool)
            at = says.at if taken is None else taken
            if at is None and not teller.suspended:
                at = 0
            stands = says.seen if teller.suspended else says.now
            if self.n(tool, self.out.value) == stands and not (says.first and teller.suspended):
                at = self.out.version
            self.out.at[tool] = at

    def write(self) -> None:
        for tool, (teller, says) in self.tools.items():
            form, stands = self.n(tool, self.out.value), says.now
            empty = self.out.value is None and stands in (None, frozenset())
            if not self.decided or self.out.sides is not None or form == stands or empty:
                continue
            if teller.suspended or teller.read_only or not teller.lens.writable or says.computed:
                continue
            left = self.setting.policy.rule is Rule.OWNER and self.setting.policy.leave
            if left and self.out.at[tool] == self.out.version:
                continue
            (self.out.offered if teller.by_hand else self.out.writes)[tool] = form
