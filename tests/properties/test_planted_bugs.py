"""Tests of the tests: mistakes a person could make, planted into the engine; what must see each of them does.

Every build checks that each bug of the catalogue still fits the engine, and plants a few, drawn from a fresh seed,
which a failure names (`ITPM_SEED` draws the same again); the stories told of each are the same in every build, as in
`make planted`, which plants all of them.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from itpm_sync.simulator.laws import CHECKED
from itpm_sync.testing.planted import runner
from itpm_sync.testing.planted.__main__ import Kept
from itpm_sync.testing.planted.catalogue import BUGS, faults
from itpm_sync.testing.planted.runner import ROOT, Controls, fresh, try_stories, try_test
from itpm_sync.testing.planted.table import markdown
from itpm_sync.testing.planted.words import CRASH, Outdated, seen_by

SEED = int(os.environ.get("ITPM_SEED") or random.randrange(10**6))
SHARE, SEEDS = 6, 60
QUICK = [bug for bug in BUGS if bug.quick or bug.test]
_DRAWN = random.Random(SEED).sample(QUICK, SHARE)
ONE = BUGS[0]


# ── the catalogue ─────────────────────────────────────────────────────────────────────────────────────────


def test_every_planted_bug_fits_the_engine_as_it_is() -> None:
    told = faults()
    assert not told, "\n\n".join(told)


def test_there_are_enough_and_each_names_what_must_see_it() -> None:
    assert len(BUGS) >= 60
    assert [bug.name for bug in BUGS if not bug.kills or not set(bug.kills) <= CHECKED.keys()] == []


def test_the_tests_that_see_what_stories_do_not_are_there() -> None:
    absent = []
    for bug in BUGS:
        file, _, function = bug.test.partition("::")
        if bug.test and f"def {function}(" not in (ROOT / file).read_text(encoding="utf-8"):
            absent.append(f"{bug.name}: there is no {bug.test}")
    assert absent == []


@pytest.mark.parametrize("text", ["a line that nobody wrote", "\n"], ids=["gone", "many times"])
def test_an_entry_that_the_engine_no_longer_has_is_named_with_the_mend(text: str) -> None:
    with pytest.raises(Outdated) as found:
        replace(ONE, old=text).plant(ONE.source())
    says = str(found.value)
    assert ONE.name in says and ONE.file in says and "Write into the catalogue" in says


def test_an_entry_that_does_not_compile_or_whose_file_is_gone_is_named() -> None:
    with pytest.raises(Outdated, match="does not compile"):
        replace(ONE, new="(").plant(ONE.source())
    with pytest.raises(Outdated, match="there is no src/itpm_sync/reconcile/nowhere"):
        replace(ONE, file="reconcile/nowhere.py").source()
    assert fresh(replace(ONE, old="no such text"), "").wrong


# ── what counts as seen ───────────────────────────────────────────────────────────────────────────────────


def test_only_the_invariants_of_its_entry_see_a_bug_and_a_crash() -> None:
    one = replace(ONE, kills=("S3",))
    assert seen_by(one, ["S2: a run wrote something", "S3: t00028 is lost"]) == "S3"
    assert seen_by(one, ["S2: a run wrote something", "S30: c-1 is still open"]) == ""
    assert seen_by(one, ["a run ended with AssertionError: …"]) == CRASH
    assert seen_by(one, []) == ""


def test_a_seed_that_breaks_a_law_without_any_bug_sees_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeds 2 and 4 break S3 with the bug; seed 2 breaks it without, too."""

    def child(name: str, _what: str, *seeds: str) -> Iterator[dict[str, Any]]:
        for seed in map(int, seeds):
            broken = ["S3: t00028 is lost"] if seed == 2 or (seed == 4 and name) else []
            seen = "S3" if broken and name else ""
            yield {"seed": seed, "runs": 20, "broken": broken, "seen": seen, "applied": True}
            if seen:
                return

    monkeypatch.setattr(runner, "_child", child)
    controls = Controls()
    result = try_stories(ONE, fresh(ONE, ""), controls, first=1, most=SEEDS)
    assert (result.seed, result.by, result.seeds, result.runs) == (4, "S3", 4, 80)
    assert controls.dirty == {2}
    assert "[2]" in markdown([result], controls, "")
    unseen = try_stories(ONE, fresh(ONE, ""), Controls({4: ["S2: …"]}), first=1, most=6)
    assert not unseen.killed and unseen.seeds == 6


def test_results_are_kept_and_an_entry_that_changed_begins_anew(tmp_path: Path) -> None:
    kept = Kept(tmp_path, first=1)
    result = kept.of(ONE)
    result.seed, result.by, result.seeds = 4, "S3", 4
    kept.controls.known[4] = []
    kept.keep(result)
    again = Kept(tmp_path, first=1)
    assert again.of(ONE).says == "simulator, seed 4: S3"
    assert again.controls.known == {4: []}
    assert again.of(replace(ONE, new=ONE.new + " ")).seed is None
    assert Kept(tmp_path, first=2).of(ONE).seed is None, "other seeds tell other stories"


# ── planted ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("place", range(SHARE))
def test_a_planted_bug_is_seen(place: int) -> None:
    bug = _DRAWN[place]
    result = fresh(bug, "")
    if bug.test:
        seen = try_test(bug)
        assert not seen.startswith("!"), f"ITPM_SEED={SEED}\n{bug.name}: {seen[1:]}"
        return
    try_stories(bug, result, Controls(), first=1, most=SEEDS)
    assert result.killed, f"ITPM_SEED={SEED}\n{bug.name}: {result.says}, and it must be seen by {bug.kills}"
