"""The judgement of one dimension (schedule, cost, risks, issues): a colour, the number, the reason, the rule.

In: findings, each a colour with its reason. Out: the worst of them. Colours are never averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from itpm_sync.model import Rag

_ORDER = (Rag.GREEN, Rag.GREY, Rag.AMBER, Rag.RED)


def severity(rag: Rag) -> int:
    """0 for green, then grey (it may hide anything), amber, red."""
    return _ORDER.index(rag)


def worst(rags: Sequence[Rag]) -> Rag:
    """The worst of these; grey of none."""
    return max(rags, key=severity, default=Rag.GREY)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule found. `says` is a clause without a full stop: `“Go-live” is forecast …`."""

    rag: Rag
    says: str
    weight: int = 0
    """Orders findings of one colour: the largest first."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension as it stands on the page."""

    name: str
    rag: Rag
    number: str
    """The figure that it rests on, in words."""
    reasons: tuple[str, ...]
    rule: str
    measured: bool = True
    """False where the tools hold nothing of this kind: shown as such, left out of the verdict."""

    @property
    def reason(self) -> str:
        return self.reasons[0] if self.reasons else ""


def judge(name: str, findings: Sequence[Finding], fine: str, *, number: str, rule: str) -> Dimension:
    """The dimension by its findings; green with the reason `fine` where there is none."""
    if not findings:
        return Dimension(name, Rag.GREEN, number, (fine,), rule)
    rag = worst([finding.rag for finding in findings])
    ranked = sorted(findings, key=lambda f: (-severity(f.rag), -f.weight))
    return Dimension(name, rag, number, tuple(finding.says for finding in ranked), rule)


def unmeasured(name: str, why: str, rule: str) -> Dimension:
    """A dimension that the tools hold nothing of."""
    return Dimension(name, Rag.GREY, "–", (why,), rule, measured=False)
