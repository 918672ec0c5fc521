"""Risks, issues and costs, where the tools hold them.

In: items (dropped and finished ones are closed), open conflicts, the status date, limits. Out: scored risks, aged
issues, added-up costs and their dimensions. Where a value is held by a conflict the worse side counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from itpm_sync.bases import Conflict
from itpm_sync.model import Assignees, Category, Day, Item, Kind, Rag
from itpm_sync.status.dimension import Dimension, Finding, judge, unmeasured
from itpm_sync.status.held import by_item, versions
from itpm_sync.status.limits import Limits
from itpm_sync.status.tasks import WORK, finished
from itpm_sync.status.wording import count, of, title_of


@dataclass(frozen=True, slots=True)
class Risk:
    """An open risk."""

    item: Item
    score: int | None
    """Probability x impact, 1-25; None where one of them is missing."""
    rag: Rag
    owners: tuple[str, ...]
    due: date | None


@dataclass(frozen=True, slots=True)
class Issue:
    """An open issue."""

    item: Item
    critical: bool
    owners: tuple[str, ...]
    due: date | None
    past_due: bool
    days_open: int | None
    """Calendar days since it was raised or begun, whichever was first; None where neither is known."""
    rag: Rag


@dataclass(frozen=True, slots=True)
class Money:
    """Costs added up over the project, in its currency. None: no item holds that figure."""

    budget: Decimal | None
    actual: Decimal | None
    commitment: Decimal | None
    forecast: Decimal | None
    """Estimate at completion: as entered, else what is spent and committed where that is more."""

    @property
    def over(self) -> Decimal | None:
        """(forecast - budget) / budget; None where there is no budget or no forecast."""
        if self.budget is None or self.budget <= 0 or self.forecast is None:
            return None
        return (self.forecast - self.budget) / self.budget


def risks_of(
    items: Sequence[Item], conflicts: Sequence[Conflict], today: date, *, limits: Limits
) -> tuple[Risk, ...]:
    """Open risks, the highest score first, unscored ones last."""
    held = by_item(conflicts)
    found = []
    for item in items:
        if item.kind is Kind.RISK and not _closed(item):
            scores = [_score(one) for one in versions(item, held.get(item.id, {}))]
            found.append(
                _risk(item, max((s for s in scores if s is not None), default=None), today, limits=limits)
            )
    return tuple(sorted(found, key=lambda risk: (-(risk.score or 0), risk.item.id)))


def _risk(item: Item, score: int | None, today: date, *, limits: Limits) -> Risk:
    owners, due = owners_of(item), due_of(item)
    if score is None:
        rag = Rag.GREY
    elif score >= limits.risk_high:
        rag = Rag.AMBER if owners and due is not None and due >= today else Rag.RED
    else:
        rag = Rag.AMBER if score >= limits.risk_medium else Rag.GREEN
    return Risk(item, score, rag, owners, due)


def _score(item: Item) -> int | None:
    probability, impact = item.values.get("probability"), item.values.get("impact")
    if not isinstance(probability, int) or not isinstance(impact, int):
        return None
    return min(max(probability, 0), 5) * min(max(impact, 0), 5)


def risk_dimension(risks: Sequence[Risk], limits: Limits) -> Dimension:
    """The colour of the risks together."""
    if not risks:
        return unmeasured("Risks", "no open risk is recorded", limits.risk_rule)
    findings: list[Finding] = []
    for risk in risks:
        if risk.score is not None and risk.score >= limits.risk_high:
            lacks = "its response has an owner and a date" if risk.rag is Rag.AMBER else _lacks(risk)
            name = title_of(risk.item, 80)
            findings.append(Finding(risk.rag, f"“{name}” scores {risk.score} and {lacks}", risk.score))
    medium = sum(1 for r in risks if r.score is not None and limits.risk_medium <= r.score < limits.risk_high)
    if medium > limits.medium_risks:
        verb = "is" if medium == 1 else "are"
        findings.append(Finding(Rag.AMBER, f"{count(medium, 'risk')} {verb} medium"))
    bare = sum(1 for risk in risks if risk.score is None)
    if bare:
        findings.append(Finding(Rag.GREY, f"{of(bare, len(risks), 'open risk')} no score"))
    high = sum(1 for r in risks if r.score is not None and r.score >= limits.risk_high)
    number = f"{len(risks)} open: {high} high, {medium} medium"
    fine = f"no risk scores {limits.risk_high} or more"
    return judge("Risks", findings, fine, number=number, rule=limits.risk_rule)


def _lacks(risk: Risk) -> str:
    if not risk.owners:
        return "has no owner"
    return "its response date has passed" if risk.due else "its response has no date"


def issues_of(
    items: Sequence[Item], conflicts: Sequence[Conflict], today: date, *, limits: Limits
) -> tuple[Issue, ...]:
    """Open issues, the worst and the oldest first."""
    held = by_item(conflicts)
    found = []
    for item in items:
        if item.kind is Kind.ISSUE and not _closed(item):
            sides = [_issue(one, today, limits=limits) for one in versions(item, held.get(item.id, {}))]
            found.append(max(sides, key=lambda issue: (_RANK[issue.rag], issue.critical)))
    return tuple(sorted(found, key=lambda i: (-_RANK[i.rag], -(i.days_open or 0), i.item.id)))


_RANK = {Rag.GREEN: 0, Rag.GREY: 1, Rag.AMBER: 2, Rag.RED: 3}


def _issue(item: Item, today: date, *, limits: Limits) -> Issue:
    impact, priority = item.values.get("impact"), item.values.get("priority")
    critical = (isinstance(impact, int) and impact >= limits.critical_impact) or (
        isinstance(priority, int) and priority >= limits.critical_priority
    )
    owners, due = owners_of(item), due_of(item)
    # An actual start may only be the day we first saw it in progress: it was open before.
    began = [start.date for start in (item.progress.actual_start, item.schedule.start) if start]
    days_open = max(0, (today - min(began)).days) if began else None
    past = due is not None and due < today
    unowned = not owners and days_open is not None and days_open > limits.issue_days
    if critical and (past or unowned):
        rag = Rag.RED
    else:
        rag = Rag.AMBER if critical or past else Rag.GREEN
    return Issue(item, critical, owners, due, past, days_open, rag)


def issue_dimension(issues: Sequence[Issue], limits: Limits) -> Dimension:
    """The colour of the issues together."""
    if not issues:
        return unmeasured("Issues", "no open issue is recorded", limits.issue_rule)
    findings = [
        Finding(issue.rag, f"“{title_of(issue.item, 80)}” {_issue_says(issue)}", issue.days_open or 0)
        for issue in issues
        if issue.rag is not Rag.GREEN
    ]
    critical = sum(1 for issue in issues if issue.critical)
    late = sum(1 for issue in issues if issue.past_due)
    number = f"{len(issues)} open: {critical} critical, {late} past due"
    fine = "no critical issue is open and none is past due"
    return judge("Issues", findings, fine, number=number, rule=limits.issue_rule)


def _issue_says(issue: Issue) -> str:
    words = ["is critical"] if issue.critical else []
    if issue.past_due:
        words.append("is past due")
    if not issue.owners:
        words.append("has no owner")
    return " and ".join(words)


def money_of(items: Sequence[Item]) -> Money:
    """Costs of the cost lines where there are any, else of the leaf tasks."""
    lines = [item for item in items if item.kind is Kind.COST_LINE and not _dropped(item)]
    if not lines:
        parents = {item.values.get("parent") for item in items}
        lines = [i for i in items if i.kind in WORK and i.id not in parents and not _dropped(i)]
    sums = {
        name: _sum(lines, name) for name in ("cost_budget", "cost_actual", "cost_commitment", "cost_forecast")
    }
    spent = [value for value in (sums["cost_actual"], sums["cost_commitment"]) if value is not None]
    known = [
        value
        for value in (sums["cost_forecast"], sum(spent, Decimal(0)) if spent else None)
        if value is not None
    ]
    forecast = max(known) if known else None
    return Money(sums["cost_budget"], sums["cost_actual"], sums["cost_commitment"], forecast)


def _sum(items: Sequence[Item], name: str) -> Decimal | None:
    found = list(_numbers(items, name))
    return sum(found, Decimal(0)) if found else None


def _numbers(items: Sequence[Item], name: str) -> Iterator[Decimal]:
    for item in items:
        value = item.values.get(name)
        if isinstance(value, Decimal) and value.is_finite():
            yield value


def cost_dimension(money: Money, currency: str, limits: Limits) -> Dimension:
    """The colour of the costs."""
    if money.budget is None or money.budget <= 0:
        return unmeasured("Cost", "no approved budget is recorded", limits.cost_rule)
    if money.over is None or money.forecast is None:
        return unmeasured("Cost", "no actual or forecast cost is recorded", limits.cost_rule)
    unit = f" {currency}" if currency else ""
    number = f"{money.forecast:,.0f} of {money.budget:,.0f}{unit}"
    if money.over <= 0:
        return judge(
            "Cost",
            [],
            f"the estimate is {-money.over:.0%} under budget",
            number=number,
            rule=limits.cost_rule,
        )
    rag = Rag.RED if money.over > Decimal(str(limits.red_cost)) else Rag.AMBER
    says = f"the estimate at completion is {money.over:.1%} over the approved budget"
    return judge("Cost", [Finding(rag, says)], "", number=number, rule=limits.cost_rule)


def owners_of(item: Item) -> tuple[str, ...]:
    """Who does it, the lead first."""
    value = item.values.get("assignees")
    if not isinstance(value, Assignees):
        return ()
    rest = sorted(value.people - {value.lead})
    return (value.lead, *rest) if value.lead in value.people and value.lead else tuple(rest)


def due_of(item: Item) -> date | None:
    """The day it is due: its finish, else its deadline, else when others need it."""
    for value in (item.schedule.finish, item.values.get("deadline"), item.values.get("need_by")):
        if isinstance(value, Day):
            return value.date
    return None


def _dropped(item: Item) -> bool:
    return item.progress.category is Category.DROPPED


def _closed(item: Item) -> bool:
    return _dropped(item) or finished(item.progress)
