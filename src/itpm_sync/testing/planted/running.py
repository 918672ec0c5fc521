"""Planted bugs around the decision: reading and cursors, brakes and approvals, the ledger, runs that look at few items.

In: nothing. Out: `RUNNING`.
"""

from __future__ import annotations

from typing import Final

from itpm_sync.testing.planted.words import Bug

_PULL, _RUN, _NARROW, _BRAKES = "pull/container.py", "cycle/run.py", "cycle/narrow.py", "reconcile/brakes.py"
_GONE = "reconcile/gone.py"
_B = "tests/scenarios/test_brakes.py::"
_UNHEARD = "tests/scenarios/test_fields_nobody_can_hear.py::"

RUNNING: Final = (
    # ── reading ──
    Bug(
        name="rule 0 is ignored: a list that lags reverts our own write",
        file=_PULL,
        old="capabilities.ordered and record.revision <= seen.revision\n"
        "    lags = known.knows_newer(record, ordered=capabilities.ordered)\n",
        new="capabilities.ordered and record.revision == seen.revision\n    lags = False\n",
        kills=("S3", "S26", "S6", "S4"),
        test="tests/scenarios/test_what_planted_bugs_showed.py::"
        "test_a_list_that_lags_does_not_revert_our_own_write",
    ),
    Bug(
        name="the cursor moves early: before the readings up to it are stored",
        file="cycle/reading.py",
        old="        try:\n            ws.ledger.store_readings(lease, changed, container=container)\n",
        new="        try:\n            ws.ledger.store_containers(lease, [container] if container else [])\n"
        "            ws.ledger.store_readings(lease, changed)\n",
        kills=("S17", "S1", "S8"),
    ),
    Bug(
        name="a list of changes is taken for all that is there",
        file=_PULL,
        old="    if page.complete:\n        pulled.listed = frozenset(seen)\n    elif page.listed is not None:\n",
        new="    if page.last:\n        pulled.listed = frozenset(seen)\n    elif page.listed is not None:\n",
        kills=("S10", "S21", "S8", "S22"),
    ),
    Bug(
        name="a record that was away and is listed again is not looked at",
        file="pull/absent.py",
        old="return replica.item in claimed or replica.absence is not None or replica.current is None",
        new="return replica.item in claimed",
        kills=("S8", "S1", "S22"),
    ),
    Bug(
        name="an absence stays though the record is back",
        file=_PULL,
        old="        return known if buried else replace(known, absence=None)\n",
        new="        return known\n",
        kills=("S8", "S10", "S9", "S22", "S1"),
        test="tests/scenarios/test_counterexamples_items.py::"
        "test_i7_not_found_may_be_hidden_nothing_is_deleted",
    ),
    Bug(
        name="a list that lags revives what was deleted",
        file=_PULL,
        old="        return known if buried else replace(known, absence=None)\n",
        new="        return replace(known, absence=None, reading=record)\n",
        kills=("S9", "S10", "S3", "S26", "S22"),
    ),
    Bug(
        name="a field that its container has lost reads as empty",
        file=_PULL,
        old="    return record.completed(known.current, (one.name for one in pulled.info.fields))\n",
        new="    return record\n",
        kills=("S1", "S2", "S3", "S4", "S8"),
        test="tests/scenarios/test_fields_that_go_and_come_back.py::"
        "test_a_record_that_was_read_without_it_is_no_edit_of_it_when_it_is_back",
    ),
    Bug(
        name="what a record made without a field says of it is never asked for",
        file=_PULL,
        old="        pulled.returned = returned(pulled.info, before)\n",
        new="        pulled.returned = frozenset()\n",
        kills=("S1", "S3", "S8"),
        test="tests/scenarios/test_fields_that_go_and_come_back.py::"
        "test_a_record_made_without_it_says_it_once_it_is_back_though_nobody_touched_the_record",
    ),
    Bug(
        name="an edit of a field that nobody could hear is taken as decided",
        file="reconcile/items.py",
        old="        one.undecided = frozenset(unread | one.unheard | _lost(draft, item, one, view))\n",
        new="        one.undecided = frozenset(unread | one.unheard)\n",
        kills=("S1", "S3"),
        test=_UNHEARD + "test_an_edit_that_was_read_and_not_decided_when_it_went_away_is_no_decided_one",
    ),
    Bug(
        name="an owner that has lost the field is passed over",
        file="reconcile/owners.py",
        old="        and (name in view.lenses or name in view.lost)\n",
        new="        and name in view.lenses\n",
        kills=("S13", "S3"),
        test=_UNHEARD + "test_the_tool_with_the_last_word_is_waited_for",
    ),
    Bug(
        name="a deletion spreads to a record of which nobody can read a field",
        file=_GONE,
        old='            if weighed(name) not in one.at:\n                return f"its {name}',
        new='            if False:\n                return f"its {name}',
        kills=("S10",),
        test=_UNHEARD + "test_a_deletion_elsewhere_is_asked_about_while_nobody_can_say_what_stands_there",
    ),
    Bug(
        name="a direct read from a copy that lags is believed before a write",
        file="push/calls.py",
        old="        if expected is not None and _lags(site, replica, expected):\n",
        new="        if False:\n",
        kills=("S4", "S26", "S3"),
        test="tests/scenarios/test_stale_reads.py::test_an_update_waits_and_what_the_copy_says_is_nobodys_edit",
    ),
    Bug(
        name="a write of unknown outcome is settled by a copy from before it",
        file="push/recover.py",
        old="        elif known.knows_newer(sighting.record, ordered=site.connector.capabilities.ordered):\n",
        new="        elif False:\n",
        kills=("S4", "S26", "S3"),
        test="tests/scenarios/test_stale_reads.py::"
        "test_a_write_of_unknown_outcome_is_not_settled_by_a_copy_from_before_the_one_before_it",
    ),
    # ── brakes ──
    Bug(
        name="a brake stops nothing: the plan is carried out without approval",
        file=_RUN,
        old="        if not carry_out or stopped:\n",
        new="        if not carry_out:\n",
        kills=("S27",),
    ),
    Bug(
        name="an approval covers whatever came up since",
        file=_RUN,
        old="        if new:\n            self.ws.ledger.store_plan",
        new="        if new and not known:\n            self.ws.ledger.store_plan",
        kills=("S27", "S11"),
        test=_B + "test_an_approval_does_not_cover_what_came_up_since",
    ),
    Bug(
        name="a changed configuration stops nobody",
        file=_BRAKES,
        old="    if world.configuration_changed:\n",
        new="    if world.configuration_changed and not actions:\n",
        kills=("S27",),
    ),
    Bug(
        name="only the count limits deletions, not the share of a container",
        file=_BRAKES,
        old=" or (known >= limits.floor and count > limits.deletions_share * known)\n",
        new="\n",
        kills=("S11",),
        test="tests/scenarios/test_what_planted_bugs_showed.py::"
        "test_a_tenth_of_a_container_is_not_deleted_unasked",
    ),
    Bug(
        name="another container under the same name is read as the old one",
        file=_PULL,
        old="        pulled.strange = strange(before, pulled.info)\n",
        new='        pulled.strange = ""\n',
        kills=("S10",),
        test="tests/scenarios/test_container_brakes.py::"
        "test_another_container_under_the_name_is_neither_read_nor_taken_for_a_deletion",
    ),
    Bug(
        name="an emptied container is believed",
        file=_BRAKES,
        old="        if view.had > 0 and view.has == 0:\n",
        new="        if view.had == 0 and view.has > 0:\n",
        kills=("S10", "S11"),
        test=_B + "test_a_container_that_suddenly_lists_nothing_is_not_believed",
    ),
    Bug(
        name="a mass change goes out unseen",
        file=_BRAKES,
        old="if known[place] >= world.policy.limits.floor and changes[place] > share * known[place]:",
        new="if known[place] < world.policy.limits.floor and changes[place] > share * known[place]:",
        kills=("S27", "S11"),
        test=_B + "test_many_changes_in_one_container_stop_it_and_an_approval_lets_them_go",
    ),
    # ── the ledger ──
    Bug(
        name="the fence is not checked: a run whose lease was taken goes on writing",
        file="ledger/database.py",
        old="            if row.fence != lease.fence or row.holder != lease.holder:\n",
        new="            if row.fence < lease.fence:\n",
        kills=("S20", "S7", "S16", "S14", "S3"),
    ),
    Bug(
        name="a lost commit is done a second time",
        file="ledger/database.py",
        old="if again and done and _ARRIVED.scalar(connection, here) == commit:",
        new="if again and done and _ARRIVED.scalar(connection, here) is None:",
        kills=("S16", "S14"),
        test="tests/unit/ledger/test_ledger_commit.py::test_a_lost_commit_is_done_exactly_once",
    ),
    Bug(
        name="losers are told in the history and not kept in full",
        file="ledger/deciding.py",
        old="    insert_rows(transaction.connection, schema.losers, lost)\n",
        new="",
        kills=("S3",),
    ),
    Bug(
        name="what a write replaced is not kept in full",
        file="ledger/intents.py",
        old="    insert_rows(transaction.connection, schema.losers, lost)\n",
        new="",
        kills=("S3",),
        test="tests/scenarios/test_found_histories.py::"
        "test_what_putting_back_replaced_is_kept_and_no_conflict",
    ),
    Bug(
        name="conflict sides are dropped: an open conflict that changed is not stored",
        file="ledger/deciding.py",
        old="for one in batch for c in (*one.decision.opened, *one.decision.updated)]",
        new="for one in batch for c in one.decision.opened]",
        kills=("S3", "S1"),
        test="tests/scenarios/test_counterexamples_fields.py::test_c7_a_further_edit_replaces_its_own_side",
    ),
    Bug(
        name="an intent is closed and what it made is not stored",
        file="ledger/intents.py",
        old="    store_replicas(transaction, [one.replica for one in settlements if one.replica])\n",
        new="",
        kills=("S7", "S8", "S3", "S26", "S6", "S4"),
    ),
    # ── runs that look at few items ──
    Bug(
        name="a killed run keeps the mark of rest",
        file="ledger/leases.py",
        old="        rest=null(),\n",
        new="",
        kills=("S1", "S22", "S3"),
        test="tests/properties/test_kills.py::"
        "test_a_moved_record_that_only_a_plan_saw_is_looked_at_by_the_next_run",
    ),
    Bug(
        name="a creation that waits for its horizon is forgotten by a run at rest",
        file=_NARROW,
        old='    if sight.warnings or not _empty_but(plan, "conflicts"):\n',
        new='    if sight.warnings or not _empty_but(plan, "conflicts", "later"):\n',
        kills=("S1", "S22"),
        test="tests/scenarios/test_what_planted_bugs_showed.py::"
        "test_a_creation_that_waits_for_nothing_but_time_is_not_forgotten",
    ),
    Bug(
        name="a change of the project's shape is decided from a part of it",
        file=_NARROW,
        old="empty and not _shaping(plan, world) and all(one.operation is Operation.UPDATE for one",
        new="empty or not all(one.operation for one",
        kills=("S1", "S22", "S18"),
        test="tests/properties/test_kills.py::"
        "test_a_moved_record_that_only_a_plan_saw_is_looked_at_by_the_next_run",
    ),
    Bug(
        name="records that nobody paired yet are overlooked by a run that looks at few items",
        file=_NARROW,
        old="    if any(one.item is None and one.current is not None for one in waiting):\n        return None\n",
        new="",
        kills=("S8", "S1"),
    ),
    Bug(
        name="a plan that changes the project's shape leaves it at rest",
        file=_RUN,
        old="self.rest = self.lease.rest if not stopped and narrow.simple(found, world) else None",
        new="self.rest = self.lease.rest",
        kills=("S1", "S22", "S8"),
        test="tests/properties/test_kills.py::"
        "test_a_moved_record_that_only_a_plan_saw_is_looked_at_by_the_next_run",
    ),
)
