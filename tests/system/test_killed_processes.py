"""Real processes that sync, ended by SIGKILL at random points, on an SQLite file and on PostgreSQL: every law holds.

A share of `make torture`'s: tales by chance, each with its last run killed, and the next, and the next. On PostgreSQL
connections are also lost at a COMMIT. `ITPM_SEED` tells the same tales again.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from itpm_sync.testing.killed.__main__ import note, read
from itpm_sync.testing.killed.databases import Databases, Files, Server
from itpm_sync.testing.killed.hand import Hand, Where, hand
from itpm_sync.testing.killed.story import Story, Tally
from itpm_sync.testing.kills.aftermath import judged, tell
from itpm_sync.testing.kills.share import tale
from itpm_sync.testing.postgres import Postgres

KILLS = 80
SEED = int(os.environ["ITPM_SEED"])


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hand]:
    with hand(tmp_path_factory.mktemp("killed")) as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Databases]:
    if request.param == "sqlite":
        yield Files(tmp_path)
        return
    server: Postgres = request.getfixturevalue("postgres")
    made = Server(server)
    yield made
    made.close()


def test_processes_killed_anywhere_keep_every_law(
    databases: Databases, ours: Hand, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, tally = random.Random(SEED), Tally()
    while sum(tally.kills.values()) < KILLS and not tally.violations:
        drawn = chance.randrange(10**3, 10**9)
        Story(tale(drawn), ours, databases, random.Random(drawn)).into(tally)
    with capsys.disabled():
        print(f"\nkilled processes: ITPM_SEED={SEED} {tally}")
    assert tally.violations == [], f"ITPM_SEED={SEED}\n{tally.violations[0]}"
    assert {"call", "commit"} <= tally.kills.keys()
    assert sum(tally.cuts.values()) > 0 or databases.relay is None


@pytest.mark.parametrize(("phase", "made"), [("lost", 0), ("arrived", 1), ("answered", 1)])
def test_a_process_dies_at_the_call_it_was_told(phase: str, made: int, ours: Hand, tmp_path: Path) -> None:
    """A creation in the second tool, called by a process that dies at it: it takes effect or not, never twice."""
    story = Story(tale(0), ours, Files(tmp_path), random.Random(0))
    scene, created = story.scene, story.scene.tools["b"].created
    tell(scene)
    ours.serve(scene)
    before = len(created)
    for call in range(1, 20):
        found = story._run(Where(call=call, phase=phase), first=False)
        assert found.killed and found.calls == call and found.told == {}, "it tells nothing, and does no more"
        if ours.served.last == "apply":
            break
    assert len(created) == before + made
    assert judged(scene) == []
    assert len(created) == before + 1
    scene.bench.ledger.close()


def test_what_was_done_is_noted_and_read_again(tmp_path: Path) -> None:
    state = tmp_path / "killed.jsonl"
    one = Tally(tales=1)
    one.kills.update({"commit": 3})
    note(state, 7, one)
    note(state, 8, one)
    with state.open("a", encoding="utf-8") as stream:
        stream.write('{"seed": 9, "ta')  # killed while it wrote
    again = read(state)
    assert (again.tales, again.kills["commit"]) == (2, 6)
