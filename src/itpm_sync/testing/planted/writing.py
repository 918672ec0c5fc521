"""Planted bugs in the carrying out: intents, calls, what is known after a write, what an interrupted run left open.

In: nothing. Out: `WRITING`.
"""

from __future__ import annotations

from typing import Final

from itpm_sync.testing.planted.words import Bug

_CALLS, _AFTER, _OUTCOMES, _RECOVER = "push/calls.py", "push/after.py", "push/outcomes.py", "push/recover.py"
_WRITES = "reconcile/writes.py"
_C = "tests/scenarios/test_counterexamples_fields.py::"
_SHOWED = "tests/scenarios/test_what_planted_bugs_showed.py::"
_FOUND = "tests/scenarios/test_found_histories.py::"
_QUARANTINE = "tests/scenarios/test_quarantine.py::"

WRITING: Final = (
    # ── what is written ──
    Bug(
        name="a field that is held since an earlier run is overwritten",
        file="reconcile/draft.py",
        old="                if item in self.items:\n                    self.items[item].held.add(conflict.field)\n",
        new="                if item in self.items and conflict.also:\n"
        "                    self.items[item].held.add(conflict.field)\n",
        kills=("S3", "S26", "S4", "S9", "S10"),
        test=_SHOWED + "test_what_is_held_stays_as_each_tool_has_it",
    ),
    Bug(
        name="a value that could not be decided yet is overwritten",
        file=_WRITES,
        old="if lens.writable and name not in item.held and name not in one.undecided:",
        new="if lens.writable and name not in item.held:",
        kills=("S3", "S26"),
        test="tests/scenarios/test_found_histories.py::"
        "test_an_edit_waits_while_the_owners_own_record_is_hidden",
    ),
    Bug(
        name="what an item is out of scope for is written all the same",
        file=_WRITES,
        old="            if one.tie is Tie.TIED:\n                writes = writer.writes",
        new="            if one.tie in (Tie.TIED, Tie.OUT_OF_SCOPE):\n                writes = writer.writes",
        kills=("S27",),
        test=_SHOWED + "test_what_is_out_of_scope_is_written_no_more_and_again_once_it_is_back",
    ),
    Bug(
        name="a record is created without our key",
        file=_CALLS,
        old="Change(intent.id, operation, native, action.item, values, expected)",
        new='Change(intent.id, operation, native, action.item if native else "", values, expected)',
        kills=("S7", "S8"),
        quick=True,
    ),
    # ── calls ──
    Bug(
        name="intents after effects: the call goes out before its intent is durable",
        file=_CALLS,
        old="        called = desk.intend([call.intent for call in batch])\n"
        "        batch = [replace(call, intent=replace(call.intent, called=called)) for call in batch]\n"
        "        outcomes = await apply(desk, site, place, [call.change for call in batch])\n",
        new="        outcomes = await apply(desk, site, place, [call.change for call in batch])\n"
        "        called = desk.intend([call.intent for call in batch])\n"
        "        batch = [replace(call, intent=replace(call.intent, called=called)) for call in batch]\n",
        kills=("S14",),
        quick=True,
    ),
    Bug(
        name="an intent does not say that its call went out",
        file="push/desk.py",
        old="        called = [replace(intent, called=now) for intent in intents]\n",
        new="        called = list(intents)\n",
        kills=("S14", "S7"),
        quick=True,
    ),
    Bug(
        name="a call whose outcome is unknown is made once more",
        file=_CALLS,
        old="        settled: list[Settlement] = []\n",
        new="        again = [one.change for one in batch if outcomes[one.intent.id].status is Status.UNKNOWN]\n"
        "        outcomes |= await apply(desk, site, place, again)\n"
        "        settled: list[Settlement] = []\n",
        kills=("S7",),
    ),
    Bug(
        name="a change of which the answer says nothing is taken for not done",
        file="push/applying.py",
        old="    found |= _all(part, Status.UNKNOWN, silent)\n",
        new="    found |= _all(part, Status.RETRY, silent)\n",
        kills=("S7", "S16", "S9", "S3"),
        test="tests/scenarios/test_what_planted_bugs_showed.py::"
        "test_what_the_answer_does_not_mention_is_looked_up_and_not_repeated",
    ),
    Bug(
        name="an unknown outcome closes the intent: the next run repeats the call",
        file=_OUTCOMES,
        old="        case Status.UNKNOWN:\n            return None\n",
        new="        case Status.UNKNOWN:\n            return Settlement(written.intent.id, outcome.status)\n",
        kills=("S7", "S16", "S9", "S4", "S26", "S6"),
        test="tests/scenarios/test_what_planted_bugs_showed.py::"
        "test_what_the_answer_does_not_mention_is_looked_up_and_not_repeated",
    ),
    Bug(
        name="a batch that is refused as a whole is not halved: everybody in it is refused",
        file="push/applying.py",
        old="        if len(part) == 1:\n",
        new="        if part:\n",
        kills=("S23", "S1"),
        test=_QUARANTINE + "test_a_poisoned_batch_is_halved_until_only_the_poison_row_is_quarantined",
    ),
    Bug(
        name="records are not read again before they are written",
        file=_CALLS,
        old="    if not site.connector.capabilities.conditional:\n",
        new="    if site.connector.capabilities.conditional:\n",
        kills=("S3",),
        test="tests/scenarios/test_found_histories.py::"
        "test_a_record_moved_while_we_write_is_left_for_the_next_run",
    ),
    Bug(
        name="what a person typed since the plan is written over",
        file=_CALLS,
        old="        if stands not in (write.old, write.new):\n",
        new="        if stands is None and write.old is not None:\n",
        kills=("S3",),
        test="tests/scenarios/test_found_histories.py::"
        "test_an_edit_over_the_value_that_a_resolution_kept_is_no_new_conflict",
    ),
    Bug(
        name="a record that was edited since the plan is deleted",
        file=_CALLS,
        old="elif replica.seen is not None and expected.revision != replica.seen.revision:",
        new="elif replica.seen is None and expected.revision:",
        kills=("S10", "S12"),
        test="tests/scenarios/test_what_planted_bugs_showed.py::"
        "test_an_edit_between_the_plan_and_a_deletion_is_asked_about",
    ),
    # ── after a write ──
    Bug(
        name="seen does not take the write's answer: our own write reads as an edit",
        file=_AFTER,
        old="    return replace(replica, seen=record, reading=None, at=at, absence=None)\n",
        new="    return replace(replica, reading=record, at=at, absence=None)\n",
        kills=("S4", "S26", "S6", "S22", "S3"),
    ),
    Bug(
        name="an edit in the write's answer is taken for seen",
        file=_AFTER,
        old="    if strange:\n",
        new="    if strange and not record.values:\n",
        kills=("S1", "S3"),
    ),
    Bug(
        name="a refused field counts as written",
        file=_OUTCOMES,
        old="{name: value for name, value in written.sent.items() if name not in refused}",
        new="dict(written.sent)",
        kills=("S1", "S26", "S6", "S3"),
        test=_SHOWED + "test_a_field_that_was_refused_is_not_taken_back_elsewhere",
    ),
    Bug(
        name="a refusal is not remembered: the write is tried in every run",
        file=_OUTCOMES,
        old="        refusals=tuple(_refusals(desk, site, written, refused)),\n",
        new="",
        kills=("S23", "S22"),
        test=_FOUND + "test_a_write_that_a_tool_silently_ignored_is_a_refusal_and_no_edit",
    ),
    Bug(
        name="nobody looks what our write replaced",
        file=_OUTCOMES,
        old="        if outcome.replaced and replica.id in desk.replicas\n",
        new="        if outcome.replaced and replica.id not in desk.replicas\n",
        kills=("S3",),
        test="tests/scenarios/test_found_histories.py::"
        "test_an_edit_over_our_write_that_overwrote_another_closes_the_conflict",
    ),
    Bug(
        name="an edit that our write replaced is stored, and nobody is asked",
        file=_AFTER,
        old="        if edit.version == agreed.version:\n",
        new="        if edit.version <= agreed.version:\n",
        kills=("S3",),
        test=_C + "test_c15_an_edit_between_our_re_read_and_our_write_is_found",
    ),
    # ── recovery ──
    Bug(
        name="our creation is looked up through a list that lags: not found is believed at once",
        file=_RECOVER,
        old="        elif found.certain and elapsed(desk, intent) >= connector.horizon:\n",
        new="        elif elapsed(desk, intent) >= 0:\n",
        kills=("S7",),
        test="tests/scenarios/test_counterexamples_items.py::"
        "test_i3_created_anew_only_past_the_horizon_and_then_once",
    ),
    Bug(
        name="a write that is in the tool's history is not recognised as ours",
        file="push/traces.py",
        old="        if edit.ours == intent.id:\n            return edit\n        if edit.ours is not None and any(\n",
        new="        if edit.ours is None and any(\n",
        kills=("S4", "S26", "S3", "S6", "S16"),
        test="tests/scenarios/test_found_histories.py::"
        "test_what_our_lost_write_replaced_is_looked_up_when_a_hidden_record_is_back",
    ),
    Bug(
        name="what a lost write replaced is not looked up",
        file=_RECOVER,
        old="        replaced = {name: value for name, value in ours.before.items() if name in natives}\n",
        new="        replaced: dict[str, Any] = {}\n",
        kills=("S3",),
        test="tests/scenarios/test_found_histories.py::"
        "test_what_our_lost_write_replaced_is_looked_up_when_a_hidden_record_is_back",
    ),
    Bug(
        name="a value put back after our unrecorded write is no edit",
        file=_RECOVER,
        old="    unsure = {n for n in names if known.seen is None or _same_as_seen(site, known.seen, record, n)}\n",
        new="    unsure = {n for n in names if known.seen is None}\n",
        kills=("S3", "S26", "S16"),
        test=_C + "test_c14_a_value_put_back_after_our_unrecorded_write_is_an_edit",
    ),
    Bug(
        name="what a lost call brought to a record that is back is looked up by nobody",
        file="push/shown_again.py",
        old="    return next((one for one in newer if one.form == after), None)\n",
        new="    return None\n",
        kills=("S3", "S4"),
        test="tests/scenarios/test_what_nobody_saw.py::"
        "test_what_a_lost_call_of_ours_replaced_is_asked_about_once_the_record_is_restored",
    ),
)
