"""Planted bugs in what exists: pairing, creation, deletion, hidden and moved records, scope, parents.

In: nothing. Out: `EXISTENCE`.
"""

from __future__ import annotations

from typing import Final

from itpm_sync.testing.planted.words import Bug

_PAIRING, _GONE, _SCOPE = "reconcile/pairing.py", "reconcile/gone.py", "reconcile/scope.py"
_I = "tests/scenarios/test_counterexamples_items.py::"
_SHOWED = "tests/scenarios/test_what_planted_bugs_showed.py::"
_FOUND = "tests/scenarios/test_found_histories.py::"

EXISTENCE: Final = (
    # ── created ──
    Bug(
        name="an item is created anew while the call that made it is still looked up",
        file=_SCOPE,
        old="if draft.holders(identity, connection) or (identity, connection) in draft.world.creating:",
        new="if draft.holders(identity, connection):",
        kills=("S7", "S8", "S9"),
        test="tests/scenarios/test_counterexamples_items.py::"
        "test_i3_created_anew_only_past_the_horizon_and_then_once",
    ),
    Bug(
        name="no tombstone: a tool that holds an item only as deleted or hidden gets it again",
        file=_SCOPE,
        old="if draft.holders(identity, connection) or (",
        new="if any(one.tie is Tie.TIED for one in draft.holders(identity, connection)) or (",
        kills=("S9", "S7", "S8"),
        quick=True,
    ),
    Bug(
        name="an item is created although a container of the tool could not be listed",
        file=_SCOPE,
        old="if any(not sibling.listed or sibling.suspended for sibling in siblings):",
        new="if view.suspended:",
        kills=("S7", "S8"),
        test=_SHOWED + "test_nothing_is_created_while_a_container_of_the_tool_does_not_answer",
    ),
    Bug(
        name="nobody waits whether the same thing was made in the other tool too",
        file=_SCOPE,
        old="        if draft.world.now < item.base.made + view.horizon:\n",
        new="        if draft.world.now < item.base.made:\n",
        kills=("S7",),
        test=_I + "test_i2_the_same_thing_made_in_two_tools_within_a_horizon",
    ),
    Bug(
        name="an item is created while a person is asked which record it is",
        file=_SCOPE,
        old="if (identity, connection) in draft.waiting or not _still_there(draft, identity):",
        new="if not _still_there(draft, identity):",
        kills=("S7", "S8"),
        test="tests/scenarios/test_counterexamples_items.py::"
        "test_i2_the_same_thing_made_in_two_tools_within_a_horizon",
    ),
    Bug(
        name="a deleted item is created where it was not",
        file=_SCOPE,
        old="if (item.life or item.base.life) is Life.DELETED or LIFE in item.held:",
        new="if LIFE in item.held:",
        kills=("S9", "S7"),
        test=_SHOWED + "test_a_deleted_item_is_not_created_in_a_tool_that_could_not_be_reached_before",
    ),
    Bug(
        name="an item whose only record may be gone is created elsewhere",
        file=_SCOPE,
        old="if (identity, connection) in draft.waiting or not _still_there(draft, identity):",
        new="if (identity, connection) in draft.waiting:",
        kills=("S9", "S7"),
        test=_I + "test_i4_created_nowhere_once_its_source_is_deleted",
    ),
    Bug(
        name="scope is ignored: every container takes every item",
        file=_SCOPE,
        old="    return all(_words(item, name) & wanted for name, wanted in scope.where.items())\n",
        new="    return True\n",
        kills=("S27", "S1"),
        test=_I + "test_i1_no_second_row_when_an_edit_moves_the_scope",
    ),
    Bug(
        name="a tie that left the scope never comes back into it",
        file=_SCOPE,
        old="one.item is None or one.tie not in (Tie.TIED, Tie.OUT_OF_SCOPE) or one.item",
        new="one.item is None or one.tie is not Tie.TIED or one.item",
        kills=("S1", "S8"),
        test=_SHOWED + "test_what_is_out_of_scope_is_written_no_more_and_again_once_it_is_back",
    ),
    # ── paired ──
    Bug(
        name="a copy that carries our key is tied to the same item",
        file=_PAIRING,
        old="    if not holders:\n        if not sure:",
        new="    if not holders or not view.capabilities.moves_keep_id:\n        if not sure:",
        kills=("S8",),
        test="tests/scenarios/test_counterexamples_items.py::"
        "test_i6_a_moved_row_whose_new_place_cannot_be_listed_yet",
    ),
    Bug(
        name="of several records with the same key one is taken, nobody is asked",
        file=_PAIRING,
        old="    sure = spot in draft.world.accepted_pairs or len(_claims(draft, one, key)) == 1\n",
        new="    sure = True\n",
        kills=("S8", "S26", "S3"),
        test=_FOUND + "test_a_person_says_which_of_two_copies_the_moved_record_is",
    ),
    Bug(
        name="a copy keeps the key of the record it was made of",
        file="reconcile/writes.py",
        old="not view.by_hand and record.key != item.base.id\n",
        new="not view.by_hand and not record.key\n",
        kills=("S8", "S7", "S3"),
        test="tests/scenarios/test_restored_ledger.py::"
        "test_keys_of_another_project_of_this_ledger_are_no_sign",
    ),
    Bug(
        name="a moved record loses what it was last brought to",
        file=_PAIRING,
        old="one.at, one.offers, one.undecided = unweighed(old.at), old.offers, old.undecided",
        new="one.at, one.offers, one.undecided = {}, old.offers, old.undecided",
        kills=("S3", "S4", "S26"),
        test="tests/scenarios/test_what_planted_bugs_showed.py::"
        "test_an_edit_of_a_record_that_moved_at_the_same_time_is_an_edit",
    ),
    Bug(
        name="a copy of what we deleted is taken for the moved record",
        file=_PAIRING,
        old="        gone = old.base.absence is not None and old.base.absence.presence in _ELSEWHERE\n"
        "        if gone and not old.base.ours and not view",
        new="        absent = old.base.absence is not None and old.base.absence.presence in _ELSEWHERE\n"
        "        if (absent or old.tie is Tie.TOMBSTONE) and not view",
        kills=("S9", "S10", "S8"),
        test=_I + "test_i12_a_copy_of_what_we_deleted_is_a_new_item",
    ),
    Bug(
        name="a moved record is taken for a copy while its old place cannot be looked at",
        file=_PAIRING,
        old="    return not view.capabilities.moves_keep_id and any(_unread(draft, old) for old in holders)\n",
        new="    return False\n",
        kills=("S8", "S7", "S9"),
        test=_FOUND + "test_a_move_is_no_copy_though_its_old_place_does_not_answer",
    ),
    Bug(
        name="several records match an item: the first is taken",
        file=_PAIRING,
        old="        elif len(sure) == 1 and claimed[sure[0]] == 1:\n",
        new="        elif sure:\n",
        kills=("S8",),
        test="tests/scenarios/test_what_planted_bugs_showed.py::"
        "test_of_two_records_that_match_one_item_none_is_taken_unasked",
    ),
    Bug(
        name="the title alone makes two records one",
        file=_PAIRING,
        old="    return True if same_parent or same_day else None\n",
        new="    return True\n",
        kills=("S8", "S3", "S7"),
        test=_FOUND + "test_a_first_plan_shows_what_waits_for_a_pairing",
    ),
    # ── deleted, hidden, moved ──
    Bug(
        name="a deletion is believed at first sight",
        file=_GONE,
        old="            absence.confirmed\n            and absence.presence in (Presence.GONE, Presence.BINNED)\n",
        new="            absence.presence in (Presence.GONE, Presence.BINNED)\n",
        kills=("S10", "S9", "S8"),
        test="tests/scenarios/test_found_histories.py::test_a_deletion_that_a_kill_cut_short_is_carried_on",
    ),
    Bug(
        name="a deletion is confirmed without waiting a horizon",
        file="pull/absent.py",
        old="confirmed=complete and late and known.absence is not None)",
        new="confirmed=complete)",
        kills=("S10", "S9", "S8", "S3"),
        test="tests/scenarios/test_found_histories.py::test_a_deletion_that_a_kill_cut_short_is_carried_on",
    ),
    Bug(
        name="absence is believed though another container of the tool was not listed whole",
        file="pull/absent.py",
        old="    complete = all(pulled.listed is not None for pulled in pulls)\n",
        new="    complete = any(pulled.listed is not None for pulled in pulls)\n",
        kills=("S10", "S8", "S9"),
        test=_SHOWED + "test_gone_is_not_believed_while_another_container_of_the_tool_does_not_answer",
    ),
    Bug(
        name="what may be hidden is taken for deleted",
        file=_GONE,
        old='_hide(draft, one, "deleted or hidden, the tool does not tell which")',
        new="_gone(draft, item, one)",
        kills=("S10", "S9"),
        test="tests/scenarios/test_counterexamples_items.py::"
        "test_i7_not_found_may_be_hidden_nothing_is_deleted",
    ),
    Bug(
        name="gone is taken for deleted where moved records get new ids",
        file=_GONE,
        old="    return spreads and not keeps and absence is not None and absence.presence is Presence.GONE\n",
        new="    return False\n",
        kills=("S10", "S9"),
        test="tests/scenarios/test_found_histories.py::"
        "test_what_is_gone_where_moved_records_get_new_ids_is_asked_about",
    ),
    Bug(
        name="deletions are spread though they are only to be marked",
        file=_GONE,
        old="if life is not Life.DELETED or draft.world.policy.deletion is not Deletion.PROPAGATE or LIFE in",
        new="if life is not Life.DELETED or LIFE in",
        kills=("S10",),
    ),
    Bug(
        name="cleaning up a copy that is out of scope deletes the item",
        file=_GONE,
        old="    scoped, hidden = one.tie is not Tie.OUT_OF_SCOPE, one.tie is Tie.HIDDEN\n",
        new="    scoped, hidden = True, one.tie is Tie.HIDDEN\n",
        kills=("S10", "S9", "S1"),
        test=_SHOWED + "test_a_copy_that_its_own_tool_took_out_of_scope_is_cleaned_up_there_only",
    ),
    Bug(
        name="an agreed edit that the deleter did not know is deleted with the record",
        file=_GONE,
        old="        if agreed.version > max(one.at[name], one.at.get(weighed(name), NEVER)):\n",
        new="        if agreed.version > item.base.agreed.get(name, agreed).version:\n",
        kills=("S10", "S12", "S3"),
        test=_I + "test_i9_an_edit_the_deleter_did_not_know_survives",
    ),
    Bug(
        name="an edit that is not decided yet is deleted with the record",
        file=_GONE,
        old="        edited = _edited_natives(other.base)\n        if edited:\n",
        new="        edited = _edited_natives(other.base)\n        if not other.base and edited:\n",
        kills=("S10", "S12", "S3"),
    ),
    Bug(
        name="an item that a person restored stays deleted",
        file=_GONE,
        old="    draft.note_tie(one)\n    draft.revive(item)\n",
        new="    draft.note_tie(one)\n",
        kills=("S9", "S10", "S1"),
        test="tests/scenarios/test_undo_of_edits.py::test_what_the_run_deleted_is_for_people_to_restore",
    ),
    Bug(
        name="nobody is asked about the copies we deleted when the original is restored",
        file=_GONE,
        old="        if ours:\n            places",
        new="        if not ours:\n            places",
        kills=("S9", "S1"),
        test=_I + "test_i10_a_restored_original_asks_about_the_copies_we_deleted",
    ),
    Bug(
        name="what we deleted counts as deleted by a person",
        file="push/outcomes.py",
        old="tie=Tie.TOMBSTONE, ours=True, reading=None)",
        new="tie=Tie.TOMBSTONE, reading=None)",
        kills=("S9", "S10"),
        test=_I + "test_i10_a_restored_original_asks_about_the_copies_we_deleted",
    ),
    Bug(
        name="a hidden record that is shown again stays hidden",
        file=_GONE,
        old="    if one.tie is Tie.HIDDEN:\n        one.tie = Tie.TIED\n    elif",
        new="    if one.tie is Tie.HIDDEN:\n        pass\n    elif",
        kills=("S8", "S1"),
        test="tests/scenarios/test_counterexamples_items.py::"
        "test_i7_not_found_may_be_hidden_nothing_is_deleted",
    ),
)
