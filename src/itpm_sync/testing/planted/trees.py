"""Planted bugs in what lies under what: cycles, parents that are not there, what a deletion takes along.

In: nothing. Out: `TREES`.
"""

from __future__ import annotations

from typing import Final

from itpm_sync.testing.planted.words import Bug

_WRITES, _CALLS = "reconcile/writes.py", "push/calls.py"
_I = "tests/scenarios/test_counterexamples_items.py::"
_TREES = "tests/scenarios/test_found_trees.py::"

TREES: Final = (
    Bug(
        name="two moves that close a cycle are both agreed",
        file="reconcile/structure.py",
        old="        if edges:\n            _hold(draft, edges)\n",
        new="        if len(edges) > 2:\n            _hold(draft, edges)\n",
        kills=("S19", "S18", "S1", "S22"),
        test="tests/scenarios/test_counterexamples_items.py::"
        "test_i13_two_moves_that_close_a_cycle_are_one_conflict",
    ),
    Bug(
        name="a parent is written though an edge that is held makes it a cycle there",
        file="reconcile/forest.py",
        old="            if at in visited:\n                return False\n",
        new="            if at in visited:\n                break\n",
        kills=("S18", "S19"),
        test="tests/scenarios/test_what_planted_bugs_showed.py::"
        "test_nothing_is_put_where_an_edge_that_is_held_would_make_a_cycle",
    ),
    Bug(
        name="children before parents",
        file="push/__init__.py",
        old="    for _, level in _by_depth(creations):\n",
        new="    for _, level in reversed(_by_depth(creations)):\n",
        kills=("S18", "S22"),
        test="tests/scenarios/test_what_planted_bugs_showed.py::test_a_tree_is_made_in_one_run_parents_first",
    ),
    Bug(
        name="a record is put under one that is hidden or may be gone",
        file=_WRITES,
        old='if name == "parent" and isinstance(form, str) and form != stands and self._absent(form, view):',
        new='if name == "parent" and form is stands and self._absent(str(form), view):',
        kills=("S18",),
    ),
    Bug(
        name="a record is created under one that is hidden or may be gone",
        file=_WRITES,
        old="        if above is not None and self._absent(above, view):\n",
        new="        if above is None and self._absent(item.base.id, view):\n",
        kills=("S18",),
    ),
    Bug(
        name="children that stay are not moved out before their parent is deleted",
        file="reconcile/leaving.py",
        old="            draft.envs[view.place].leaving.add(name)\n",
        new="",
        kills=("S18", "S9"),
        test=_I + "test_i5_children_that_stay_are_moved_out_before_their_parent_is_deleted",
    ),
    Bug(
        name="a parent goes though its child has no other place yet",
        file="reconcile/leaving.py",
        old="        if all(child.base.id in left | moved for child in children):\n",
        new="        if len(children) < 99:\n",
        kills=("S18", "S9"),
        test=_TREES + "test_a_parent_is_not_deleted_while_its_child_has_no_other_place",
    ),
    Bug(
        name="nobody looks, just before a deletion, whether a record still lies under it",
        file=_CALLS,
        old="        elif replica.native_id in under:\n",
        new="        elif replica.native_id in parents and replica.seen is None:\n",
        kills=("S18",),
        test="tests/scenarios/test_what_planted_bugs_showed.py::"
        "test_a_record_is_not_deleted_while_one_under_it_could_not_be_moved_out",
    ),
    Bug(
        name="children that fell to the top because their parent went count as moved",
        file="reconcile/items.py",
        old='    if name == "parent" and not first and _fallen(draft, one, view, now):\n',
        new='    if name == "parent" and first and _fallen(draft, one, view, now):\n',
        kills=("S26", "S9", "S10", "S1", "S6"),
        test=_I + "test_i11_a_parent_gone_but_not_yet_believed_gone",
    ),
    Bug(
        name="a parent that waits for a pairing reads as no parent",
        file="reconcile/items.py",
        old="        return parent.base.reading is not None\n",
        new="        return False\n",
        kills=("S1", "S22", "S6"),
        test=_TREES + "test_a_record_under_one_that_waits_for_a_pairing_is_taken_from_nowhere_meanwhile",
    ),
    Bug(
        name="a child out of scope stays under what is deleted",
        file=_WRITES,
        old="            elif one.tie is Tie.OUT_OF_SCOPE and draft.envs[here.place].leaving:\n",
        new="            elif one.tie is Tie.OUT_OF_SCOPE and not draft.envs[here.place].leaving:\n",
        kills=("S9", "S18"),
        test=_TREES + "test_a_child_out_of_scope_is_moved_out_from_under_what_is_deleted",
    ),
)
