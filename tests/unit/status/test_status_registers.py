"""Risks, issues and costs: scores, ages, sums, and the worse of two held values."""

from __future__ import annotations

from decimal import Decimal

import pytest

from itpm_sync.model import Category, Item, Kind, Progress, Rag
from itpm_sync.status.figures import Figures, figures
from itpm_sync.testing.items import NOW, conflict, day, issue, risk, subject, task


def dimension(name: str, *items: Item) -> tuple[Rag, str, bool]:
    found = next(one for one in figures(subject(*items), NOW).dimensions if one.name == name)
    return found.rag, found.reason, found.measured


@pytest.mark.parametrize(
    ("item", "rag"),
    [
        (risk("r", 5, 5), Rag.RED),
        (risk("r", 3, 5, owner="ada@example.org"), Rag.RED),
        (risk("r", 3, 5, owner="ada@example.org", due="2026-11-23"), Rag.RED),
        (risk("r", 3, 5, owner="ada@example.org", due="2026-11-24"), Rag.AMBER),
        (risk("r", 2, 7), Rag.GREEN),  # an impact beyond the scale counts as 5: ten, medium
        (risk("r", 1, 5), Rag.GREEN),
        (risk("r", None, 5), Rag.GREY),
    ],
)
def test_one_risk_colours_the_dimension(item: Item, rag: Rag) -> None:
    assert dimension("Risks", item)[0] is rag


def test_more_than_three_medium_risks_are_amber() -> None:
    medium = [risk(f"r{number}", 2, 4) for number in range(4)]
    assert dimension("Risks", *medium[:3])[0] is Rag.GREEN
    assert dimension("Risks", *medium)[0] is Rag.AMBER


def test_closed_risks_and_issues_are_left_out() -> None:
    gone = [
        task("r", percent=100, kind=Kind.RISK, probability=5, impact=5),
        task("i", percent=100, kind=Kind.ISSUE),
    ]
    for name in ("Risks", "Issues"):
        assert dimension(name, *gone)[2] is False


def test_of_two_held_probabilities_the_worse_counts() -> None:
    held = conflict("r", "probability", 1, 5)
    (found,) = figures(subject(risk("r", 1, 5), conflicts=[held]), NOW).risks
    assert found.score == 25


@pytest.mark.parametrize(
    ("item", "rag"),
    [
        (issue("i", impact=5, due="2026-11-23", owner="ada@example.org"), Rag.RED),
        (issue("i", impact=5, since="2026-11-13"), Rag.RED),
        (issue("i", impact=5, since="2026-11-14"), Rag.AMBER),
        (issue("i", impact=5, since="2026-01-01", owner="ada@example.org"), Rag.AMBER),
        (issue("i", priority=900, due="2026-11-23"), Rag.RED),
        (issue("i", impact=2, due="2026-11-23"), Rag.AMBER),
        (issue("i", impact=2), Rag.GREEN),
    ],
)
def test_one_issue_colours_the_dimension(item: Item, rag: Rag) -> None:
    assert dimension("Issues", item)[0] is rag


@pytest.mark.parametrize(
    ("raised", "seen_begun", "days"),
    [
        ("2026-11-17", "2026-11-23", 7),  # begun is the day we first saw it in progress
        ("2026-12-01", "2026-11-20", 4),  # begun before its planned start
        (None, "2026-11-23", 1),
        (None, None, None),
    ],
)
def test_an_issue_is_open_since_it_was_raised_or_begun(
    raised: str | None, seen_begun: str | None, days: int | None
) -> None:
    doing = Progress(Category.DOING, None, 10, day(seen_begun))
    (found,) = figures(subject(issue("i", since=raised, progress=doing)), NOW).issues
    assert found.days_open == days


def money(*items: Item) -> Figures:
    return figures(subject(*items, currency="EUR"), NOW)


def line(name: str, budget: str | None, forecast: str | None, **more: str) -> Item:
    values = {"cost_budget": budget, "cost_forecast": forecast, **more}
    return Item(
        name, {"kind": Kind.COST_LINE, "title": name, **{k: Decimal(v) for k, v in values.items() if v}}
    )


def test_the_estimate_against_the_budget_colours_the_costs() -> None:
    assert money(line("a", "100", "100")).dimensions[1].rag is Rag.GREEN
    assert money(line("a", "60", "60"), line("b", "40", "50")).dimensions[1].rag is Rag.AMBER
    over = money(line("a", "100", "110.01")).dimensions[1]
    assert (over.rag, over.number) == (Rag.RED, "110 of 100 EUR")


def test_what_is_spent_and_committed_counts_where_the_estimate_is_lower() -> None:
    assert money(line("a", "100", "90", cost_actual="70", cost_commitment="60")).money.forecast == 130


@pytest.mark.parametrize("budget", [None, "0", "-5"])
def test_without_a_budget_nothing_is_divided(budget: str | None) -> None:
    found = money(line("a", budget, "10"))
    assert found.money.over is None
    assert not found.dimensions[1].measured
