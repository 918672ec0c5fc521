"""`mappings check`: the form and meaning of mapping files, and the lens laws for every field in them.

In: mapping files. Out: problems with file, line and column; none means that every field obeyed every law for all the
values that were made up. The same file is checked with the same values each time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from collections.abc import Mapping as Map
from typing import Any, Final
from zoneinfo import ZoneInfo

from itpm_sync.connector import ContainerInfo
from itpm_sync.errors import Problem
from itpm_sync.lens import Lens, Untranslatable
from itpm_sync.mapping import build, generate_native
from itpm_sync.mapping.binding import Binder, Missing
from itpm_sync.mapping.generate import ZONES, Generator, MadeUpEnv
from itpm_sync.mapping.load import Mapping
from itpm_sync.mapping.proofs import Broken, check_lift, check_record, check_value
from itpm_sync.model import CUSTOM

CASES: Final = 60
"""Made-up cases a field."""


def check_laws(
    mapping: Mapping, info: ContainerInfo | None = None, *, cases: int = CASES
) -> Iterator[Problem]:
    """The fields of a mapping that break a law, each with the value that breaks it."""
    for name, described in mapping.model.described().items():
        path = ["custom", name.removeprefix(CUSTOM)] if name.startswith(CUSTOM) else ["fields", name]
        binder = Binder(info)
        try:
            lens = build.lens(name, described, binder)
        except Missing as error:
            yield mapping.document.problem(path, f"{name}: {error}", key=True)
            continue
        if lens is None:
            continue
        broken = prove(lens, described, binder, random.Random(f"{mapping.system} {name}"), cases=cases)
        if broken is not None:
            yield mapping.document.problem(path, f"{name}: {broken}.", "Report it with this line.", key=True)


def prove(lens: Lens, described: Any, binder: Binder, chance: random.Random, *, cases: int) -> Broken | None:
    """The first law that the lens breaks, over so many made-up cases."""
    made = Generator(chance)
    for number in range(cases):
        env = MadeUpEnv(zone=ZoneInfo(ZONES[number % len(ZONES)]))
        if broken := prove_case(lens, described, binder, made, env):
            return broken
    return None


def prove_case(lens: Lens, described: Any, binder: Binder, made: Generator, env: MadeUpEnv) -> Broken | None:
    """All laws for one made-up record, one other record's reading, and one agreed value."""
    record = generate_native.record(described, binder, made, env.zone)
    other = generate_native.record(described, binder, made, env.zone)
    agreed = made.value(lens.name)
    if broken := check_record(lens, env, record):
        return broken
    values = [agreed]
    if check_record(lens, env, other) is None and (reading := _reading(lens, other, env)) is not None:
        values.append(reading)
    for value in values:
        if broken := check_value(lens, env, value, record):
            return broken
    return check_lift(lens, env, record, agreed, made.day())


def _reading(lens: Lens, record: Map[str, Any], env: MadeUpEnv) -> Any:
    try:
        return lens.get(record, env)
    except Untranslatable:
        return None
