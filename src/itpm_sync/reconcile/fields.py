"""One field of one item, one run: rules 1 to 6 of the design, to the letter.

In: what is agreed, what each tool says now and said before, the policy, the open conflict. Out: a Verdict: the agreed
value afterwards, the losers, the conflict that opens, changes or closes. Pure; commits nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from itpm_sync.bases import NEVER, Agreed, Conflict, Side
from itpm_sync.codec import digest, encode
from itpm_sync.lens import Overlap, Unliftable
from itpm_sync.model import Day, Value
from itpm_sync.plan import Loser
from itpm_sync.policy import Rule
from itpm_sync.reconcile.merge import merge_group
from itpm_sync.reconcile.sides import cover
from itpm_sync.reconcile.verdict import Entry, Rules, Verdict


def decide(
    agreed: Agreed | None, entries: Sequence[Entry], rules: Rules, conflict: Conflict | None
) -> Verdict:
    """Decide one field. `entries`: the replicas that hold it; hidden and untranslatable ones are left out."""
    return _Field(agreed, entries, rules).decide(conflict)


class _Field:
    """The surroundings of one decision. Nothing in it changes."""

    def __init__(self, agreed: Agreed | None, entries: Sequence[Entry], rules: Rules) -> None:
        self.agreed, self.rules = agreed, rules
        self.entries = sorted(entries, key=lambda entry: (entry.tool, entry.replica))
        self.by_tool = {entry.tool: entry for entry in reversed(self.entries)}
        self.value = agreed.value if agreed else None
        self.version = agreed.version if agreed else NEVER
        owners = rules.policy.owners if rules.policy.rule is Rule.OWNER else ()
        self.owner = next((tool for tool in owners if tool in self.by_tool), None)

    def decide(self, conflict: Conflict | None) -> Verdict:
        speaking = [entry for entry in self.entries if not entry.computed or entry.tool == self.owner]
        news = [entry for entry in speaking if entry.changed and entry.taken is None]
        overruled: list[Loser] = []
        if self.owner is not None:
            overruled = [
                self._lost(self._raw(entry), self._last_word) for entry in news if entry.tool != self.owner
            ]
            news = [entry for entry in news if entry.tool == self.owner]
        firsts = [entry for entry in speaking if entry.first and not entry.empty]
        verdict = self._decide([*news, *firsts] if conflict is not None else news, conflict)
        if overruled and verdict.agreed is None:
            # The owner holds the item and says nothing: that is put back.
            verdict = replace(verdict, agreed=Agreed(None, NEVER + 1, self.owner))
        if firsts and conflict is None:
            verdict = self._first_tie(firsts, verdict, news)
        if overruled:
            verdict = replace(verdict, losers=(*overruled, *verdict.losers))
        return self._stored(verdict)

    def _decide(self, news: list[Entry], conflict: Conflict | None) -> Verdict:
        if conflict is not None:
            return self._further(conflict, news) if news else Verdict(self.agreed, conflict=conflict)
        if not news:
            return Verdict(self.agreed)
        if self.rules.policy.rule is Rule.MERGE and all(e.before != e.now for e in news):
            return self._merge(news)
        return self._settle(news)

    # ── the rules ──

    def _settle(self, news: list[Entry]) -> Verdict:
        """Rules 3 to 5, where no conflict is open."""
        sides = [self._side(entry) for entry in news]
        stale = self.agreed is not None and all(entry.at != self.version for entry in news)
        losers: list[Loser] = []
        if stale and self.owner is None:
            sides.append(self._agreed_side())
        elif stale and self._form_in(self.owner, self.value) != news[0].now:
            losers.append(self._lost(self._agreed_side(), self._last_word))
        if not all(side.lawful for side in sides):
            return self._hold(sides, losers, "what stands there contradicts itself")
        covered = cover(sides, self._form_in)
        if len(covered.stays) == 1:
            return self._win(covered.stays[0], losers, covered.dropped)
        merged = self._merged_group(news, sides)
        if merged is not None:
            newest = max(news, key=lambda entry: (entry.edited is not None, entry.edited, entry.tool))
            return self._win(
                replace(self._raw(newest), value=merged), losers, (), "edits of different parts joined"
            )
        newest_side = self._newest(covered.stays) if self.rules.policy.rule is Rule.NEWEST else None
        if newest_side is not None:
            others = [side for side in covered.stays if side is not newest_side]
            losers += [self._lost(side, f"newer in {newest_side.tool}") for side in others]
            return self._win(newest_side, losers, covered.dropped, "newest")
        dropped = [self._dropped(low, high) for low, high in covered.dropped]
        return self._hold(
            covered.stays, [*losers, *dropped], "edited in two places without knowing of each other"
        )

    def _merge(self, news: list[Entry]) -> Verdict:
        """Policy merge: each tool's own change, applied to the agreed value."""
        value = self.value
        try:
            for entry in news:
                value = entry.lens.apply(value, entry.before, entry.now, entry.env)
        except (Overlap, Unliftable) as meeting:
            sides = [self._side(entry) for entry in news]
            if self.agreed is not None and all(entry.at != self.version for entry in news):
                sides.append(self._agreed_side())
            covered = cover(sides, self._form_in)
            if len(covered.stays) == 1 and covered.stays[0].lawful:
                return self._win(covered.stays[0], [], covered.dropped)
            return self._hold(
                covered.stays, [self._dropped(*pair) for pair in covered.dropped], meeting.message
            )
        last = news[-1]
        return self._win(replace(self._raw(last), value=value), [], (), "merged" if len(news) > 1 else "")

    def _further(self, conflict: Conflict, news: list[Entry]) -> Verdict:
        """Rule 5, edits while a conflict is open: they replace sides, and may close it. A first tie adds a side, unless
        it says what is agreed and that is none of the sides: their authors knew it. Then it is kept, no more.
        """
        sides = list(conflict.sides)
        old = [e for e in news if e.first and self._says_agreed(e) and not any(side.agreed for side in sides)]
        losers = [
            self._lost(self._first_side(entry), "first tie, as agreed before the conflict") for entry in old
        ]
        news = [entry for entry in news if entry not in old]
        if not news:
            return Verdict(self.agreed, tuple(losers), conflict)
        for entry in news:
            new = self._first_side(entry) if entry.first else self._side(entry)
            # Its author knew what stood there before; and the agreed value, where we had brought it there.
            # What stood there before a first tie knew nothing.
            known = [
                s
                for s in sides
                if (s.tool == entry.tool and not (s.agreed and entry.first))
                or (s.agreed and entry.at == self.version)
            ]
            losers += [self._lost(old, f"replaced by a further edit in {entry.tool}") for old in known]
            sides = [*(side for side in sides if side not in known), new]
        covered = cover(sides, self._form_in)
        if len(covered.stays) == 1 and covered.stays[0].lawful:
            return self._win(covered.stays[0], losers, covered.dropped, "the sides came together")
        losers += [self._dropped(low, high) for low, high in covered.dropped]
        return Verdict(self.agreed, tuple(losers), replace(conflict, sides=covered.stays))

    def _first_tie(self, firsts: list[Entry], before: Verdict, news: list[Entry]) -> Verdict:
        """No base: one value fills the others; the finest stays; else the owner's, else by seed order, else hold.

        Where edits of this run are held, each is one more side. What an edit of this run cleared and a first tie
        fills is stored.
        """
        if before.conflict is not None:
            beside = self._further(before.conflict, firsts)
            return replace(beside, losers=(*before.losers, *beside.losers))
        agreed = before.agreed
        here = _Field(agreed, self.entries, self.rules)
        sides = [here._first_side(entry) for entry in firsts]
        if agreed is not None and agreed.value is not None:
            sides.append(here._agreed_side())
        covered = cover(sides, here._form_in)
        losers = list(before.losers)
        winner = covered.stays[0] if len(covered.stays) == 1 else here._preferred(covered.stays)
        if winner is None or not winner.lawful:
            why = (
                "different values at the first tie"
                if winner is None
                else "what stands there contradicts itself"
            )
            return here._hold(covered.stays, [*losers, *(here._dropped(*p) for p in covered.dropped)], why)
        losers += [here._lost(side, "first tie") for side in covered.stays if side is not winner]
        if here.value is None:
            told = {(loser.side.tool, loser.side.form) for loser in losers}
            empty = {e.tool: here._form_in(e.tool, None) for e in news}
            cleared = [e for e in news if e.now == empty[e.tool] != here._form_in(e.tool, winner.value)]
            losers += [here._lost(here._raw(e), "first tie") for e in cleared if (e.tool, e.now) not in told]
        return here._win(winner, losers, covered.dropped, "first tie")

    def _preferred(self, stays: Sequence[Side]) -> Side | None:
        """The owner's side, else the first by seed order."""
        if self.owner is not None:
            spoken = next((side for side in stays if side.tool == self.owner), None)
            held = next((side for side in stays if side.agreed), None)
            if spoken or (held and not self.by_tool[self.owner].first):
                return spoken or held
        ranked = [side for tool in self.rules.seed for side in stays if side.tool == tool]
        return ranked[0] if ranked else None

    def _newest(self, stays: Sequence[Side]) -> Side | None:
        """The newest side, if each tool tells its time of edit and the second is older by more than the margin."""
        timed = [(side.edited, side) for side in stays if side.edited is not None]
        if len(timed) < len(stays):
            return None
        timed.sort(key=lambda pair: pair[0], reverse=True)
        return timed[0][1] if timed[0][0] - timed[1][0] > self.rules.margin else None

    def _merged_group(self, news: list[Entry], sides: Sequence[Side]) -> Value:
        try:
            befores = [entry.lens.lift(entry.before, self.value, entry.env) for entry in news]
        except Unliftable:
            return None
        return merge_group(self.value, list(zip(befores, (side.value for side in sides), strict=False)))

    # ── sides, winners, losers ──

    @property
    def _last_word(self) -> str:
        return f"{self.owner} has the last word"

    def _form_in(self, tool: str | None, value: Value) -> Value:
        entry = self.by_tool.get(tool) if tool else None
        return entry.lens.form(value, entry.env) if entry else value

    def _says_agreed(self, entry: Entry) -> bool:
        return self.agreed is not None and self._form_in(entry.tool, self.value) == entry.now

    def _raw(self, entry: Entry) -> Side:
        return Side(entry.tool, entry.now, entry.now, entry.at, actor=entry.actor, edited=entry.edited)

    def _side(self, entry: Entry) -> Side:
        """A tool's reading, lifted over the agreed value; not lawful where no agreed value has that form."""
        moment = entry.edited or self.rules.now
        day = Day(moment.astimezone(self.rules.zone).date())
        try:
            value = entry.lens.lift(entry.now, self.value, entry.env, edited=day)
        except Unliftable:
            return replace(self._raw(entry), lawful=False)
        return replace(self._raw(entry), value=value)

    def _first_side(self, entry: Entry) -> Side:
        """As `_side`; but where nothing was ever agreed, what its tool would also show for nothing (0 %) is a value:
        else the first tool that is given the item and shows a status would be the one to say it.
        """
        side = self._side(entry)
        if self.agreed is None and side.lawful and side.value is None:
            said = [
                *entry.lens.keeps(entry.now, None, entry.env, None),
                *([entry.now] if entry.lens.whole else []),
            ]
            value = next((one for one in said if entry.lens.form(one, entry.env) == entry.now), None)
            return replace(side, value=value)
        return side

    def _agreed_side(self) -> Side:
        """The agreed value as a side: its own tool is its origin, its time the origin's time of edit."""
        assert self.agreed is not None
        origin = self.agreed.origin
        form = self._form_in(origin, self.value)
        edited, actor = self.agreed.edited, self.agreed.actor
        return Side(origin, self.value, form, self.version, agreed=True, actor=actor, edited=edited)

    def _win(
        self, winner: Side, losers: Sequence[Loser], dropped: Sequence[tuple[Side, Side]], reason: str = ""
    ) -> Verdict:
        agreed = self.agreed
        if winner.value != self.value:
            agreed = Agreed(winner.value, self.version + 1, winner.tool, winner.actor, winner.edited)
        final = [self._dropped(low, high) for low, high in dropped]
        return Verdict(agreed, (*losers, *final), reason=reason or f"edited in {winner.tool}")

    def _hold(self, sides: Sequence[Side], losers: Sequence[Loser], why: str) -> Verdict:
        named = [
            self.rules.item,
            self.rules.name,
            self.version,
            [[s.tool, encode(s.form), s.version] for s in sides],
        ]
        conflict = Conflict(
            f"c-{digest(named)[:12]}", self.rules.item, self.rules.name, tuple(sides), self.rules.now, why
        )
        return Verdict(self.agreed, tuple(losers), conflict)

    def _lost(self, side: Side, why: str) -> Loser:
        return Loser(self.rules.name, side, why)

    def _dropped(self, low: Side, high: Side) -> Loser:
        """A covered side: logged with what covered it."""
        return Loser(self.rules.name, low, f"the same, coarser, as in {high.tool}", high.tool)

    def _stored(self, verdict: Verdict) -> Verdict:
        """A covered side is a true loser where the final value does not read as was typed there; told once."""
        if verdict.conflict is not None or all(loser.covered_by is None for loser in verdict.losers):
            return verdict
        final = verdict.agreed.value if verdict.agreed else None
        told = {loser.side for loser in verdict.losers if loser.covered_by is None}
        losers = []
        for loser in verdict.losers:
            if loser.covered_by is None or self._form_in(loser.side.tool, final) == loser.side.form:
                losers.append(loser)
            elif loser.side not in told:
                losers.append(replace(loser, covered_by=None))
        return replace(verdict, losers=tuple(losers))
