"""A part of the decision table, decided by the real engine and looked at row by row.

In: a part. Out: the number of rows, or the first row that breaks a law, is not what the text's own model says, leaves
the next run something to do, or, where tools are alike, becomes another story under other names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from itpm_sync.model import Value
from itpm_sync.plan import Action, Decision
from itpm_sync.policy import Rule
from itpm_sync.testing.table import Answer, Case, Setting, Table, batches
from itpm_sync.testing.table_laws import broken
from itpm_sync.testing.table_model import Field, Voice
from itpm_sync.testing.table_parts import Part


def check(part: Part, stride: int = 1) -> int:
    """Decide every `stride`-th row of a part. Returns how many. Raises AssertionError with the first story."""
    count = 0
    for setting in part.settings:
        for batch in batches(islice(part.rows(), None, None, stride)):
            count += len(batch)
            table = Table(setting, batch)
            answers = table.answers()
            for case, answer in zip(batch, answers, strict=True):
                wrong = [*broken(setting, case, answer), *_differs(setting, case, answer)]
                assert not wrong, _story(part, setting, case, answer, wrong)
            again = table.again()
            assert not again.decisions, _again(part, setting, batch, again.decisions[0])
            assert not again.actions, _again(part, setting, batch, again.actions[0])
            if part.alike and setting.policy.rule is not Rule.OWNER:
                _told_under_other_names(part, setting, batch, answers)
    return count


def _differs(setting: Setting, case: Case, answer: Answer) -> list[str]:
    """Where the engine's answer is not what the text's own model says."""
    text = Field(setting, case).tell()
    open_ = answer.conflict
    sides = None
    if open_ is not None:
        sides = frozenset(Voice(one.tool, one.value, one.form, one.agreed, one.lawful) for one in open_.sides)
    pairs = {
        "agreed": ((answer.value, answer.version), (text.value, text.version)),
        "origin": (answer.agreed.origin if answer.agreed else None, text.origin),
        "sides": (sides, text.sides),
        "losers": (
            {(one.side.tool, one.side.form, one.covered_by is None) for one in answer.losers},
            text.lost,
        ),
        "at": (answer.at, text.at),
        "writes": ({tool: write.new for tool, write in answer.writes.items()}, text.writes),
        "offers": ({tool: offer.new for tool, offer in answer.offered.items()}, text.offered),
    }
    return [f"{name}: {is_}, the text says {says}" for name, (is_, says) in pairs.items() if is_ != says]


def _told_under_other_names(part: Part, setting: Setting, cases: list[Case], answers: list[Answer]) -> None:
    """The same story with the names of the tools turned round. Who of equal ones gives the origin may differ."""
    names = [teller.name for teller in setting.tellers]
    for turn in {tuple(reversed(range(len(names)))), (*range(1, len(names)), 0)}:
        new_name = {names[old]: names[new] for new, old in enumerate(turn)}
        others = [
            replace(
                case,
                agreed=replace(case.agreed, origin=new_name.get(case.agreed.origin or "", case.agreed.origin))
                if case.agreed
                else None,
                says=tuple(case.says[old] for old in turn),
            )
            for case in cases
        ]
        for case, one, other in zip(cases, answers, Table(setting, others).answers(), strict=True):
            same = (
                (one.value, one.version, _values(one), {new_name[tool]: at for tool, at in one.at.items()})
                == (other.value, other.version, _values(other), other.at)
            ) and {new_name[tool] for tool in one.writes} == set(other.writes)
            assert same, _story(part, setting, case, one, [f"under other names: {other}"])


def _values(answer: Answer) -> frozenset[Value] | None:
    return frozenset(side.value for side in answer.conflict.sides) if answer.conflict else None


def _story(part: Part, setting: Setting, case: Case, answer: Answer, wrong: Sequence[str]) -> str:
    lines = [f"{part.name}: {setting.policy} {setting.authorities} {setting.seed}", f"agreed {case.agreed}"]
    lines += [f"{teller.name} says {says}" for teller, says in zip(setting.tellers, case.says, strict=True)]
    return "\n".join([*lines, f"open {case.conflict}", f"answer {answer}", *wrong])


def _again(part: Part, setting: Setting, cases: list[Case], what: Decision | Action) -> str:
    case = cases[int(what.item)]
    return f"{part.name}: {setting.policy}: {case}\nthe next run still has something to do: {what}"
