"""Planted bugs in the decision of one field: what an edit is, who knew what, which value stays, what is kept.

In: nothing. Out: `FIELDS`.
"""

from __future__ import annotations

from typing import Final

from itpm_sync.testing.planted.words import Bug

_ITEMS, _FIELDS, _SIDES = "reconcile/items.py", "reconcile/fields.py", "reconcile/sides.py"
_C = "tests/scenarios/test_counterexamples_fields.py::"
_SHOWED = "tests/scenarios/test_what_planted_bugs_showed.py::"
_FOUND = "tests/scenarios/test_found_histories.py::"

FIELDS: Final = (
    Bug(
        name="a tool is compared with the agreed value instead of with what it said last",
        file=_ITEMS,
        old="False) if first else _before(draft, one, view, name)",
        new="False) if first else (_form(item, name, lens, env), True)",
        kills=("S3", "S26", "S4", "S6"),
    ),
    Bug(
        name="one base for all: what was last seen is taken from the item's first record",
        file=_ITEMS,
        old="    place = one.seen_from or view.place\n",
        new='    one = draft.of_item[one.item or ""][0]\n    place = one.seen_from or one.place\n',
        kills=("S3", "S26", "S4", "S1"),
    ),
    Bug(
        name="one version for all: every edit is taken to have known the agreed value",
        file=_ITEMS,
        old="return max(one.at.get(name, NEVER), _version(item, name)) if in_step else one.at.get(name, NEVER)",
        new="return _version(item, name)",
        kills=("S3",),
        test=_C + "test_c7_a_further_edit_replaces_its_own_side",
    ),
    Bug(
        name="only the winner is marked seen",
        file=_ITEMS,
        old="        one.accept = True\n",
        new="        moved = {a.origin for n, a in item.agreed.items() if a != item.base.agreed.get(n)}\n"
        "        one.accept = not (item.losers or item.opened) or one.base.connection in moved\n",
        kills=("S26", "S22", "S4", "S3", "S1", "S2"),
        test="tests/scenarios/test_counterexamples_fields.py::"
        "test_c8_a_conflict_closes_when_its_sides_come_together",
    ),
    Bug(
        name="`at` moves early: wherever a value is decided, whether the tool says it or not",
        file=_ITEMS,
        old="    if _form(item, name, entry.lens, entry.env) == entry.now:\n",
        new="    if agreed is not None:\n",
        kills=("S3",),
        test=_C + "test_c7_a_further_edit_replaces_its_own_side",
    ),
    Bug(
        name="`at` never moves: what a decision says of it is not stored",
        file="decided.py",
        old="at=replica.at if change.at is None else change.at,",
        new="at=replica.at,",
        kills=("S4", "S22", "S2", "S3", "S26"),
        quick=True,
    ),
    Bug(
        name="what a person settled is not known to the tool that said so already",
        file=_ITEMS,
        old="return max(one.at.get(name, NEVER), _version(item, name)) if in_step else one.at.get(name, NEVER)",
        new="return one.at.get(name, NEVER)",
        kills=("S4",),
        test=_FOUND + "test_an_edit_over_the_value_that_a_resolution_kept_is_no_new_conflict",
    ),
    Bug(
        name="edits are forgotten while a conflict over the field is open",
        file=_FIELDS,
        old="return self._further(conflict, news) if news else Verdict(self.agreed, conflict=conflict)",
        new="return Verdict(self.agreed, conflict=conflict)",
        kills=("S3", "S1"),
        test=_C + "test_c7_a_further_edit_replaces_its_own_side",
    ),
    Bug(
        name="a further edit settles an open conflict, whatever the other sides say",
        file=_FIELDS,
        old="        if len(covered.stays) == 1 and covered.stays[0].lawful:\n            return self._win("
        'covered.stays[0], losers, covered.dropped, "the sides came together")\n',
        new="        if covered.stays[-1].lawful:\n            return self._win("
        'covered.stays[-1], losers, covered.dropped, "the sides came together")\n',
        kills=("S3",),
    ),
    Bug(
        name="of three sides of a conflict two are kept",
        file=_FIELDS,
        old="self.rules.item, self.rules.name, tuple(sides), self.rules.now, why",
        new="self.rules.item, self.rules.name, tuple(sides[:2]), self.rules.now, why",
        kills=("S3",),
        test=_SHOWED + "test_of_three_tools_that_differ_none_is_forgotten",
    ),
    Bug(
        name="the agreed value is no side: an edit that did not know it wins over it",
        file=_FIELDS,
        old="        stale = self.agreed is not None and all(entry.at != self.version for entry in news)\n",
        new="        stale = False\n",
        kills=("S3",),
        test=_C + "test_c7_a_further_edit_replaces_its_own_side",
    ),
    Bug(
        name="the agreed value is a side though one of the edits knew it",
        file=_FIELDS,
        old="        stale = self.agreed is not None and all(entry.at",
        new="        stale = self.agreed is not None and any(entry.at",
        kills=("S4",),
        test="tests/scenarios/test_counterexamples_fields.py::test_c6_two_tools_come_to_the_same_value",
    ),
    Bug(
        name="what the owner overrules is not stored",
        file=_FIELDS,
        old="verdict = replace(verdict, losers=(*overruled, *verdict.losers))",
        new="verdict = replace(verdict, losers=verdict.losers)",
        kills=("S3",),
    ),
    Bug(
        name="what the newest edit beats is not stored",
        file=_FIELDS,
        old='            losers += [self._lost(side, f"newer in {newest_side.tool}") for side in others]\n',
        new="            losers += [self._lost(side, '') for side in others if side.agreed]\n",
        kills=("S3",),
        test="tests/scenarios/test_what_planted_bugs_showed.py::test_what_is_older_is_kept_in_full",
    ),
    Bug(
        name="what loses at a first tie is not stored",
        file=_FIELDS,
        old='losers += [here._lost(side, "first tie") for side in covered.stays if side is not winner]',
        new="losers += []",
        kills=("S3", "S28"),
        test="tests/scenarios/test_restored_ledger.py::"
        "test_the_seed_order_settles_an_accepted_rebuilding_and_the_loser_is_kept",
    ),
    Bug(
        name="the side that a further edit replaces is not stored",
        file=_FIELDS,
        old='            losers += [self._lost(old, f"replaced by a further edit in {entry.tool}") for old in known]\n',
        new="",
        kills=("S3",),
        test=_C + "test_c7_a_further_edit_replaces_its_own_side",
    ),
    Bug(
        name="the owner's word is one among others: a differing value elsewhere is a candidate",
        file=_FIELDS,
        old="            news = [entry for entry in news if entry.tool == self.owner]\n",
        new="",
        kills=("S13", "S3", "S4", "S26"),
        test=_C + "test_c1_the_owner_has_the_last_word",
    ),
    Bug(
        name="where an owner holds the item and says nothing, another tool's value stands",
        file=_FIELDS,
        old="verdict = replace(verdict, agreed=Agreed(None, NEVER + 1, self.owner))",
        new="verdict = replace(verdict, agreed=None)",
        kills=("S1", "S13"),
        test=_FOUND + "test_an_owner_that_says_nothing_puts_an_edit_back_to_nothing",
    ),
    Bug(
        name="a computed value is taken for an edit",
        file=_FIELDS,
        old="[entry for entry in self.entries if not entry.computed or entry.tool == self.owner]",
        new="list(self.entries)",
        kills=("S13", "S6", "S1"),
        test=_FOUND + "test_a_value_that_its_tool_no_longer_computes_and_nobody_agreed_is_a_first_one",
    ),
    Bug(
        name="the schedule authority does not own what it computes",
        file="reconcile/owners.py",
        old="        if tool in heard and heard[tool].computed:\n            return FieldPolicy(Rule.OWNER, (tool,))\n",
        new="",
        kills=("S13", "S1"),
        test=_C + "test_c9_a_schedule_authority_that_computes_the_field_owns_it",
    ),
    Bug(
        name="a coarse edit is taken as it is: the finer value it stands for is lost",
        file=_FIELDS,
        old="value = entry.lens.lift(entry.now, self.value, entry.env, edited=day)",
        new="value = entry.now",
        kills=("S5", "S6", "S1", "S18"),
        test="tests/properties/test_lenses_together.py::test_a_single_edit_reaches_every_tool_and_comes_to_rest",
    ),
    Bug(
        name="a side that was dropped still covers others",
        file=_SIDES,
        old="            if any(high in stays for high in coverers):\n"
        "                into[low] = min(high for high in coverers if high in stays)\n",
        new="            if coverers:\n                into[low] = min(coverers)\n",
        kills=("S3", "S1"),
        test=_C + "test_c3_a_dropped_side_covers_nothing",
    ),
    Bug(
        name="a finer value does not take the time of the coarser edit dropped into it",
        file=_SIDES,
        old="        kept[high] = replace(kept[high], edited=_later(kept[high].edited, rest[low].edited))\n",
        new="        pass\n",
        kills=("S26",),
        test=_C + "test_c5_the_finest_form_of_what_was_said_last",
    ),
    Bug(
        name="newest wins by a second, whatever the clocks of two tools are worth",
        file=_FIELDS,
        old="if timed[0][0] - timed[1][0] > self.rules.margin else None",
        new="if timed[0][0] > timed[1][0] else None",
        kills=("S26", "S4"),
        test=_C + "test_the_margin_of_newest_is_a_quarter_of_an_hour",
    ),
    Bug(
        name="the version does not rise with the value",
        file=_FIELDS,
        old="Agreed(winner.value, self.version + 1, winner.tool",
        new="Agreed(winner.value, max(self.version, 1), winner.tool",
        kills=("S16",),
        quick=True,
    ),
    Bug(
        name="merge takes a tool's whole set instead of what it changed in it",
        file=_FIELDS,
        old="value = entry.lens.apply(value, entry.before, entry.now, entry.env)",
        new="value = entry.now",
        kills=("S3", "S5"),
        test=_C + "test_c12_each_tools_own_change_of_a_set",
    ),
    Bug(
        name="merge compares a tool's set with the agreed one: what it never held counts as taken away",
        file=_FIELDS,
        old="value = entry.lens.apply(value, entry.before, entry.now, entry.env)",
        new="value = entry.lens.apply(value, self.value, entry.now, entry.env)",
        kills=("S3", "S5"),
        test=_C + "test_c13_what_a_tool_cannot_hold_is_not_removed",
    ),
    Bug(
        name="an offer is forgotten once a newer one is made",
        file="reconcile/writes.py",
        old="one.offers = {**one.offers, write.name: (*known, same)}",
        new="one.offers = {**one.offers, write.name: (same,)}",
        kills=("S4",),
        test=_C + "test_c10_an_earlier_offer_is_taken_by_hand",
    ),
    Bug(
        name="an offer that was taken counts as an edit",
        file=_ITEMS,
        old="taken=offer.version if offer else None,",
        new="taken=None,",
        kills=("S4", "S6"),
        test=_C + "test_c11_an_old_offer_taken_is_no_edit",
    ),
)
