"""The tool that tests the tests: what it plants, how it finds it again, and that no mutant gets away unseen."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest

from itpm_sync.testing.mutants import CENTRE, Case, equivalents, files_of
from itpm_sync.testing.mutations import mutants, plant
from itpm_sync.testing.planting import ROOT, compiled, exchanged, in_child

SOURCE = '''"""A module."""

from __future__ import annotations


def latest(found: list[int], most: int = 3) -> int | None:
    """The latest."""
    for one in sorted(found, reverse=True):
        if one < most and one != 0:
            return one
        continue
    return None
'''


def told(source: str = SOURCE) -> list[str]:
    return [mutant.what for mutant in mutants(source)]


@pytest.mark.parametrize(
    "what",
    [
        "3 → 4",
        "sorted(found, reverse=True) → list(found)",
        "sorted(found, reverse=True) → sorted(found)",
        "True → False",
        "one < most → one <= most",
        "one < most → one >= most",
        "one < most and one != 0 → one < most or one != 0",
        "one < most and one != 0 → one != 0",
        "one != 0 → one == 0",
        "return one → return None",
        "continue → break",
        "continue → pass",
    ],
)
def test_a_tired_person_might_have_written(what: str) -> None:
    assert what in told()


def test_what_only_people_or_types_read_is_left_as_it_is() -> None:
    assert not any("The latest" in what or "annotations" in what or "int |" in what for what in told())
    assert "return None → return None" not in told()
    assert told('def f(x):\n    raise ValueError(f"no {x}")\n') == ["raise ValueError(f'no {x}') → pass"]


def test_each_mutant_is_one_change_and_none_is_the_source() -> None:
    found = mutants(SOURCE)
    codes = {compile(plant(SOURCE, mutant.number), "m", "exec") for mutant in found}
    assert len(codes) == len(found)
    assert compile(SOURCE, "m", "exec") not in codes
    with pytest.raises(ValueError, match="mutants"):
        plant(SOURCE, len(found))


def test_every_mutant_of_the_centre_is_a_module() -> None:
    for file in files_of(CENTRE):
        source = (ROOT / "src" / "itpm_sync" / file).read_text("utf-8")
        for mutant in mutants(source)[::97]:
            compiled(file, plant(source, mutant.number))


def test_a_planted_module_is_what_a_child_imports() -> None:
    source = (ROOT / "src" / "itpm_sync" / "laws.py").read_text("utf-8")
    tree = plant(source, next(one.number for one in mutants(source) if one.what == "100 → 101"))

    def work() -> str:
        import sys

        sys.modules.pop("itpm_sync.laws", None)
        sys.meta_path.insert(0, compiled("laws.py", tree))
        from itpm_sync.laws import progress_law
        from itpm_sync.model import Category, Day, Progress

        begun = Day(date(2026, 5, 1))
        return str(progress_law(Progress(Category.DOING, None, 100, begun)))

    assert in_child(work, 60.0) == "True"


def test_a_planted_function_is_exchanged_where_it_is_imported_already() -> None:
    source = (ROOT / "src" / "itpm_sync" / "laws.py").read_text("utf-8")

    def work(what: str) -> str:
        from itpm_sync.laws import progress_law
        from itpm_sync.model import Category, Day, Progress

        number = next(one.number for one in mutants(source) if one.what == what)
        done = exchanged("laws.py", source, plant(source, number))
        return f"{done} {progress_law(Progress(Category.DOING, None, 100, Day(date(2026, 5, 1))))}"

    assert in_child(lambda: work("100 → 101"), 60.0) == "True True"
    assert in_child(lambda: work("0 → 1"), 60.0) == "True False"


def test_what_stands_in_no_function_is_not_exchanged() -> None:
    source = (ROOT / "src" / "itpm_sync" / "codec.py").read_text("utf-8")
    outside = next(one.number for one in mutants(source) if not one.function)
    assert in_child(lambda: str(exchanged("codec.py", source, plant(source, outside))), 60.0) == "False"


def test_a_child_that_does_not_end_is_ended() -> None:
    began = time.monotonic()
    assert in_child(lambda: str(time.sleep(600)), 0.0) == "time"
    assert time.monotonic() - began < 60


def test_equivalents_have_a_reason_and_exist() -> None:
    known = equivalents(ROOT / "tests" / "equivalent_mutants.txt")
    names = {
        Case(file, "", mutant).name
        for file in files_of(CENTRE)
        for mutant in mutants((ROOT / "src" / "itpm_sync" / file).read_text("utf-8"))
    }
    assert known and set(known) <= names, sorted(set(known) - names)
    assert all(known.values())


def test_a_list_that_is_not_there_names_none(tmp_path: Path) -> None:
    assert equivalents(tmp_path / "none.txt") == {}
