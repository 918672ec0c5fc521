"""Runs killed at every point, in memory: a share that turns with each build; `make torture` runs the long one.

The tales are those of `itpm_sync.testing.kills`. Which ones a build tells is drawn from a fresh seed, which is in the
tests' names; `ITPM_SEED` tells the same again. What they find becomes a named test.
"""

from __future__ import annotations

import os
import random
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from itpm_sync.connector import Found
from itpm_sync.memory import MemoryConnector
from itpm_sync.push import recover
from itpm_sync.testing.kills.aftermath import Kills, kill
from itpm_sync.testing.kills.camera import Camera
from itpm_sync.testing.kills.picked import SURE, TALES, tools
from itpm_sync.testing.kills.scene import Scene
from itpm_sync.testing.kills.share import Kept, Share, go_on, tale
from itpm_sync.testing.kills.shrink import shorter
from itpm_sync.testing.kills.tale import Deed, Ends, Tale, ToolOf, Verb

SEED = int(os.environ.get("ITPM_SEED") or random.randrange(10**6))
PICKED, BY_CHANCE, WINDOW = 6, 4, 2
_DRAWN = random.Random(SEED)
SHARE = [
    *_DRAWN.sample(range(len(TALES)), PICKED),
    *(_DRAWN.randrange(10**3, 10**9) for _ in range(BY_CHANCE)),
]


@pytest.mark.parametrize("place", range(len(SHARE)))
def test_a_run_killed_at_every_point_keeps_every_law(place: int) -> None:
    number = SHARE[place]
    # of a tale by chance, which may be long, a third of the points
    share = Share(first=number, window=WINDOW, thinned=3 if place >= PICKED else 1)
    found = go_on(share, Kept(None), enough=lambda figures: figures.tales > 0)
    assert found.violations == [], f"ITPM_SEED={SEED}\n{found.violations[0]}"
    assert found.positions > 0


# ── the kills themselves ──────────────────────────────────────────────────────────────────────────────────

MADE = Tale("one made", tools(SURE, SURE), deeds=(Deed(Verb.CREATE, "a", 1, (0, None, "Nord")),))


def test_every_call_and_every_transaction_is_a_point() -> None:
    found = kill(MADE, Kills())
    assert found.violations == []
    assert found.positions > 30, "before and after each call; before, inside and after each transaction"
    assert 1 < found.worlds < found.positions


def test_pairs_and_stops_are_tried_where_they_are_asked_for() -> None:
    found = kill(MADE, Kills(singles=lambda point: point % 9 == 0, seconds=(4, 6), stops=9))
    assert found.violations == []
    assert found.pairs == 3 * found.positions
    assert found.stops > 3


def test_a_creation_looked_up_in_an_index_that_lags_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    async def forgets(
        self: MemoryConnector, containers: list[str], keys: list[str], since: datetime
    ) -> Found:
        return Found({}, certain=True)

    monkeypatch.setattr(MemoryConnector, "find", forgets)
    monkeypatch.setattr(recover, "elapsed", lambda *_: 10**6)  # and nobody waits for the horizon
    lags = replace(MADE, deeds=(*MADE.deeds, Deed(Verb.LAG, "b", value=0)))
    found = kill(lags, Kills())
    laws = " ".join(law for one in found.violations for law in one.laws)
    assert "S7" in laws and "is created again" in laws


def test_an_update_taken_for_done_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recovery that believes every write to have arrived loses the one that did not."""

    def believes(self: Any, *args: Any) -> Any:
        return None

    monkeypatch.setattr(recover, "_update", believes)
    edited = replace(MADE, name="one edited", before=MADE.deeds, deeds=(Deed(Verb.TITLE, "a", 1),))
    assert kill(edited, Kills()).violations


def test_a_world_put_back_knows_since_when_its_lists_lag() -> None:
    """Laws ask what a list that lags could show; in another world of the tale they lag since later."""
    scene = Scene(MADE)
    camera, tool, lags = Camera(scene), scene.tools["b"], Deed(Verb.LAG, "b", value=0)
    scene.do(lags)
    photo, since = camera.still(), tool.lagged_at
    scene.clock.move(24 * 3600)
    scene.do(MADE.deeds[0])
    scene.do(lags)
    assert tool.lagged_at > since
    camera.put_back(photo, lives=1)
    assert tool.lags and tool.lagged_at == since
    camera.close()


def test_a_tale_is_cut_down_to_what_the_break_needs() -> None:
    told = replace(
        TALES[6], name="long", after=(Deed(Verb.TITLE, "a", 1), Deed(Verb.HIDE, "b", 2)), wait=60.0
    )
    short = shorter(told, lambda one: any(deed.verb is Verb.HIDE for deed in one.after))
    assert [deed.verb for deed in short.after] == [Verb.HIDE]
    assert short.deeds == short.before == () and short.wait == 0.0
    assert len(short.tools) == 2


def test_a_share_goes_on_where_it_was(tmp_path: Path) -> None:
    state = tmp_path / "kills.jsonl"
    share = Share(1, 2, first=24, window=1, thinned=3)
    go_on(share, Kept(state), enough=lambda figures: figures.tales >= 1)
    with state.open("a", encoding="utf-8") as stream:
        stream.write('{"tale": 27, "posit')  # killed while it wrote
    again = Kept(state)
    assert again.figures.tales == 1 and again.done == {25}
    go_on(share, again, enough=lambda figures: figures.tales >= 2)
    assert again.done == {25, 27}


def test_a_tale_by_chance_is_the_same_each_time() -> None:
    assert tale(4711).told() == tale(4711).told()
    assert tale(4711).told() != tale(4712).told()


# ── what they found ───────────────────────────────────────────────────────────────────────────────────────


def test_a_moved_record_that_only_a_plan_saw_is_looked_at_by_the_next_run() -> None:
    """The plan kept the mark of rest, though it had seen a record leave its sheet's scope: the sync after it, made by
    a process that knew nothing of that plan, looked at the changed values only, and there were none.
    """
    unordered = replace(SURE, ordered=False)
    sheets = ToolOf("b", unordered, ("s1", "s2"), scoped=True)
    moved = Tale(
        "moved out of scope, planned, killed",
        (ToolOf("a", SURE), sheets),
        (Deed(Verb.CREATE, "a", 1, (0, None, "Sued")),),
        (Deed(Verb.MOVE, "b", 1),),
        Ends.APPROVE,
    )
    assert kill(moved, Kills()).violations == []


def test_a_creation_that_the_pull_shows_before_it_is_looked_up_is_found() -> None:
    """The pull had brought the record that a killed run made, untied. The look-up passed over it and closed the intent
    as not applied; a second death before the record was paired by its key, and the next run took it for the work of
    another ledger and stopped the project.
    """
    later = replace(MADE, name="made, restarted past the horizon", wait=3600.0)
    assert kill(later, Kills(seconds=(1, 40))).violations == []
