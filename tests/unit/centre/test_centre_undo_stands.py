"""How a record stands, seen from the run that wrote it: as it was left, put back, touched, away or out of reach."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from itpm_sync.bases import Replica, Tie
from itpm_sync.connector import Presence
from itpm_sync.lens import Env, Untranslatable, Values
from itpm_sync.model import Value
from itpm_sync.reconcile import ContainerView
from itpm_sync.reconcile.draft import Draft
from itpm_sync.reconcile.past import Wrote
from itpm_sync.reconcile.undo_stands import How, Stand, stand, unwritable
from itpm_sync.simulator.lenses import PlainLens
from itpm_sync.testing.small_undo import (
    BASE,
    LENSES,
    WROTE,
    read,
    says,
    there,
)
from itpm_sync.testing.small_world import absent, record, view, world

# ── how a record stands ──


def standing(
    one: Replica | None, wrote: Wrote = WROTE, *, here: ContainerView | None = None, **more: Any
) -> Stand:
    draft = Draft(
        world(here or view("b", lenses=LENSES), items=[BASE], replicas=[] if one is None else [one], **more)
    )
    return stand(draft, wrote)


def how(one: Replica | None, wrote: Wrote = WROTE, **more: Any) -> tuple[str, str, str]:
    found = standing(one, wrote, **more)
    return found.how.name, found.why, found.mend


def test_what_the_run_left_and_what_was_put_back_is_seen() -> None:
    found = standing(there())
    assert (found.how, found.why) == (How.LEFT, "")
    assert (found.one is not None, found.view is not None, found.lens is not None) == (True, True, True)
    assert found.before == {"title": "Rack 1", "priority": 1}
    back = standing(says(there(), priority=1))
    assert (back.how, back.why, back.mend) == (How.BACK, "", "")
    assert (back.one is not None, back.view is not None) == (True, True)
    emptied = replace(WROTE, natives={"priority": (1, None)})
    assert how(replace(there(), seen=record("1", title="Rack 1")), emptied) == ("LEFT", "", "")
    assert how(read(there(), priority=2, title="New")) == ("LEFT", "", "")
    beside = replace(WROTE, beside={"site": "x"})
    assert standing(there(), beside).before == {"title": "Rack 1", "priority": 1, "site": "x"}


def test_what_was_touched_since_is_told_with_who_did() -> None:
    assert how(says(there(), priority=3)) == ("TOUCHED", "something else stands in b since", "")
    assert how(read(there(), "eve", priority=3)) == ("TOUCHED", "it was edited in b by eve since", "")
    assert how(read(there(), priority=1)) == ("TOUCHED", "it was edited in b since", "")
    assert how(replace(there(), seen=None, reading=record("1", priority=2)))[0] == "LEFT"


class Words(PlainLens):
    """Writes the same in other letters."""

    def get(self, values: Values, env: Env) -> Value:
        said = values.get(self.name)
        if said == "?":
            raise Untranslatable("It is odd.")
        return str(said).casefold() if said is not None else None


class Odd(PlainLens):
    """Cannot be read at all."""

    def get(self, values: Values, env: Env) -> Value:
        raise Untranslatable("It is odd.")


def test_the_same_in_other_letters_is_the_same() -> None:
    lenses = view("b", lenses=(*LENSES[:3], Words("priority")))
    wrote = replace(WROTE, natives={"priority": ("low", "high")})
    assert how(says(there(), priority="HIGH"), wrote, here=lenses)[0] == "LEFT"
    assert how(says(there(), priority="Low"), wrote, here=lenses)[0] == "BACK"
    assert how(says(there(), priority="?"), wrote, here=lenses)[0] == "TOUCHED"
    odd = replace(WROTE, natives={"priority": ("?", "high")})
    assert how(says(there(), priority="?"), odd, here=lenses)[0] == "BACK"
    other_odd = replace(WROTE, natives={"priority": ("??", "high")})
    lenses = view("b", lenses=(*LENSES[:3], Odd("priority")))
    assert how(says(there(), priority="?"), other_odd, here=lenses)[0] == "TOUCHED"
    unmapped = view("b", lenses=LENSES[:3])
    assert how(says(there(), priority="HIGH"), wrote, here=unmapped)[0] == "TOUCHED"
    two = replace(WROTE, natives={"priority": (1, 2), "title": ("Rack 0", "Rack 1")})
    assert how(there(), two, here=unmapped)[0] == "LEFT"
    assert how(says(there(), title="Rack 9"), two, here=unmapped)[0] == "TOUCHED"
    assert how(says(there(), priority="high"), wrote, here=unmapped)[0] == "LEFT"


AWAY: list[tuple[Replica | None, str]] = [
    (None, "its record in b is no longer tied to it"),
    (there(item="2"), "its record in b is no longer tied to it"),
    (there(seen=None), "its record in b is no longer tied to it"),
    (replace(there(), container="other"), "its record in b was moved to other since"),
    (there(tie=Tie.TOMBSTONE), "its record in b was deleted since"),
    (there(tie=Tie.HIDDEN), "its record in b is hidden from us now"),
    (there(tie=Tie.OUT_OF_SCOPE), "b does not take it any more"),
    (absent(there(), Presence.HIDDEN), "its record in b is hidden from us now"),
    (absent(there(), Presence.GONE), "its record in b was deleted since"),
    (absent(there(), Presence.BINNED), "its record in b was deleted since"),
    (absent(there(), Presence.GONE_OR_HIDDEN), "its record in b is not to be found there now"),
]


@pytest.mark.parametrize(("one", "why"), AWAY, ids=lambda each: each if isinstance(each, str) else "")
def test_a_record_that_is_not_there_any_more_is_told_as_that(one: Replica | None, why: str) -> None:
    assert how(one) == ("AWAY", why, "")


def test_where_nothing_can_be_put_back_now_the_reason_is_told() -> None:
    again = "Undo the run again when that is over."
    assert how(there(), here=view("c")) == ("SHUT", "main in b is no longer part of the project", "")
    closed = view("b", lenses=LENSES, suspended="It does not answer.")
    assert how(there(), here=closed) == ("SHUT", "main in b sits this run out: It does not answer.", again)
    assert how(there(), pending=frozenset({"b:1"})) == (
        "SHUT",
        "what became of a write in b is not known yet",
        again,
    )
    bare = replace(WROTE, natives={})
    assert how(there(), bare) == ("SHUT", "what stood in b is not kept any more", "Put it right by hand.")
    lost = replace(WROTE, natives={"old": (1, 2)})
    unmapped = view("b", lenses=LENSES[:3])
    assert how(there(), lost, here=unmapped) == (
        "SHUT",
        "b is not asked for it any more",
        "Map the field again, then undo.",
    )
    assert how(there(), here=unmapped)[0] == "LEFT"
    only_read = view("b", lenses=(*LENSES[:3], PlainLens("priority", writable=False)))
    assert how(there(), here=only_read) == ("SHUT", "the mapping of b does not let it be written", "")
    one = there()
    assert one.seen is not None
    computed = replace(one, seen=replace(one.seen, computed=frozenset({"priority"})))
    assert how(computed) == ("SHUT", "b computes it now", "")
    other = replace(one, seen=replace(one.seen, computed=frozenset({"site"})))
    assert how(other)[0] == "LEFT"


def test_why_nothing_may_be_written_in_a_container() -> None:
    assert unwritable(view("b")) == ""
    assert unwritable(view("b", paused="Ann paused it.")) == "main in b sits this run out: Ann paused it."
    assert unwritable(view("b", by_hand=True)) == "main in b takes changes by hand only"
    assert unwritable(view("b", policy={"read_only": True})) == "nothing is written in main in b"
