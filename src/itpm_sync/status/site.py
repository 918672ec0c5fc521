"""The way in for `publish` and `report`: a project's page, the portfolio's page.

In: subjects, the instant, limits, how the pages are issued. Out: `publisher.StatusPage`, and a project's line of the
portfolio. The same input gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from itpm_sync.publisher import StatusPage
from itpm_sync.status.blocks import Block
from itpm_sync.status.edition import Edition
from itpm_sync.status.figures import Figures, figures
from itpm_sync.status.limits import Limits
from itpm_sync.status.pages import page_of
from itpm_sync.status.portfolio_blocks import Line, line_of, portfolio_sheet
from itpm_sync.status.project_blocks import project_sheet
from itpm_sync.status.strip_chart import strip_chart
from itpm_sync.status.subject import Subject


@dataclass(frozen=True, slots=True)
class Forms:
    """Which forms of a page are wanted: each costs the drawing of its charts."""

    standalone: bool = True
    """One HTML document with SVG pictures, for folders."""
    sections: bool = True
    """The safe subset with PNG pictures, for SharePoint."""


@dataclass(frozen=True, slots=True)
class Site:
    """How all pages of one run are made. `now` is aware."""

    now: datetime
    limits: Limits = Limits()
    edition: Edition = Edition()
    forms: Forms = Forms()

    def figures(self, subject: Subject) -> Figures:
        """The figures of one project."""
        return figures(subject, self.now, limits=self.limits)

    def project(
        self, name: str, it: Figures, *, more: Sequence[Block] = (), note: str = ""
    ) -> tuple[StatusPage, Line]:
        """The page of one project at the address `name` (see `addresses`), and its line of the portfolio."""
        strip = strip_chart(it, name="plan")
        charts = [strip] if strip else []
        sheet = project_sheet(name, it, limits=self.limits, edition=self.edition, more=more, charts=charts)
        page = page_of(sheet, sections=self.forms.sections, standalone=self.forms.standalone)
        return page, line_of(name, it, note=note)

    def portfolio(
        self,
        lines: Sequence[Line],
        *,
        left_out: Sequence[str] = (),
        title: str = "Portfolio",
        zone: str = "UTC",
    ) -> StatusPage:
        """The page of all projects, at `index`. `left_out` are one-line reasons; `zone` is that of its times."""
        sheet = portfolio_sheet(
            lines,
            self.now,
            limits=self.limits,
            edition=self.edition,
            left_out=left_out,
            title=title,
            zone=zone,
        )
        return page_of(sheet, sections=self.forms.sections, standalone=self.forms.standalone)
