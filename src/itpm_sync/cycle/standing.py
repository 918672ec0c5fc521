"""How a project stands, from the ledger alone: the figures of its page, without a page.

In: the workspace, a project's id. Out: `status.figures.Figures`. No tool is asked.
"""

from __future__ import annotations

from itpm_sync.cycle.workspace import Workspace
from itpm_sync.publish import Showing, subject_of
from itpm_sync.status.figures import Figures, figures
from itpm_sync.status.limits import Limits


def standing(ws: Workspace, project: str) -> Figures:
    """The figures of one project now."""
    one = ws.projects[project]
    limits = ws.limits.get(project, Limits())
    showing = Showing(one.facts, one.policy, limits)
    return figures(subject_of(showing, ws.ledger.load(project)), ws.clock.now(), limits=limits)
