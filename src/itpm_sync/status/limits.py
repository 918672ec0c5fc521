"""Every limit of the status rules, and the rule in words as it stands beside the word it produced.

In: settings, or nothing. Out: `Limits` with the defaults of the design, and its rule texts. The slip limits of 5 and
20 working days are the product's own; 10 % and 20 % over, 10 % of cost and the 15 and 8 of risk scores are those of
public PMOs (Denmark, California).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from itpm_sync.status.wording import count, working_days


@dataclass(frozen=True, slots=True)
class Limits:
    """Days are working days by the project's calendar unless said otherwise; shares are 0-1."""

    red_slip: int = 20
    red_slip_share: float = 0.10
    """Of a milestone's baseline lead time: from the first baseline start to its baseline finish."""
    amber_slip: int = 5
    red_over: float = 0.20
    amber_over: float = 0.10
    float_days: int = 5
    """Between the forecast and the deadline."""
    unbaselined_share: float = 0.20
    """Of open tasks without a baseline, above which green is not said."""
    read_age: timedelta = timedelta(hours=24)
    report_period: timedelta = timedelta(days=14)
    edit_periods: int = 2
    """Report periods without an edit in a source, after which green is not said."""
    valid_for: timedelta = timedelta(hours=4)
    """How long a live page may be relied on."""
    near: int = 10
    far: int = 20
    """The two look-ahead windows end so many working days after the status date."""
    milestone_window: int = 90
    """Calendar days ahead in which milestones are always listed."""
    risk_high: int = 15
    risk_medium: int = 8
    medium_risks: int = 3
    issue_days: int = 10
    """Calendar days that a critical issue may stay open without an owner."""
    critical_impact: int = 5
    critical_priority: int = 800
    red_cost: float = 0.10
    rows: int = 15
    """Rows of a list before the rest is only counted."""

    @property
    def edit_age(self) -> timedelta:
        """The age of the last edit above which data counts as stale."""
        return self.report_period * self.edit_periods

    @property
    def read_hours(self) -> str:
        """`read_age` in words: `24 hours`."""
        hours = self.read_age.total_seconds() / 3600
        return f"{hours:g} hour{'' if hours == 1 else 's'}"

    @property
    def schedule_rule(self) -> str:
        return (
            f"Off track if a key milestone slips more than {working_days(self.red_slip)} or more than "
            f"{self.red_slip_share:.0%} of its baseline lead time, misses its deadline, or the plan takes "
            f"{self.red_over:.0%} longer than its baseline. At risk if one slips more than "
            f"{working_days(self.amber_slip)}, is within {working_days(self.float_days)} of its deadline, the plan "
            f"takes {self.amber_over:.0%} longer, or unfinished work is dated in the past. Not known without a "
            f"baseline, or with one for less than {1 - self.unbaselined_share:.0%} of the open tasks."
        )

    @property
    def age_rule(self) -> str:
        periods = count(self.edit_periods, "report period")
        return (
            f"Never on track if a source was last read more than {self.read_hours} ago or last edited more than "
            f"{count(self.edit_age.days, 'day')} ago ({periods}), or the plan's status date is as old."
        )

    @property
    def risk_rule(self) -> str:
        return (
            f"Score = probability × impact. Off track if a risk of {self.risk_high} or more has no owner or its "
            f"response date has passed. At risk if one of {self.risk_high} or more has both, or more than "
            f"{_risks(self.medium_risks)} {self.risk_medium} to {self.risk_high - 1}. Not known if an open risk "
            f"has no score."
        )

    @property
    def issue_rule(self) -> str:
        return (
            f"Off track if a critical issue (impact {self.critical_impact} or priority {self.critical_priority} and "
            f"more) is past due or open without an owner for more than {count(self.issue_days, 'day')}. At risk if a "
            f"critical issue is open or any issue is past due."
        )

    @property
    def cost_rule(self) -> str:
        return (
            f"Estimate at completion against the approved budget: on track up to the budget, at risk up to "
            f"{self.red_cost:.0%} over, off track beyond."
        )


def _risks(number: int) -> str:
    return "1 risk scores" if number == 1 else f"{number} risks score"
