"""A project seen from the ledger alone: its lenses, compiled against what each container last said of itself.

In: a project, its state. Out: a `Sight` as a run has it after reading, without any tool being asked.
"""

from __future__ import annotations

from itpm_sync.cycle.reading import Sight, compile_all, shown_accounts
from itpm_sync.ledger import State
from itpm_sync.ties import Directory
from itpm_sync.translate import Project

_PEOPLE = "people"


def recall(project: Project, state: State) -> Sight:
    """What the ledger knows of every container. Raises Misconfigured where a mapping does not fit."""
    sight = Sight(dict(state.items), dict(state.replicas), dict(state.containers))
    compile_all(project, sight)
    sight.directory = directory(project, sight)
    return sight


def directory(project: Project, sight: Sight) -> Directory:
    """Everyone whose account is remembered, or shown by a record; nobody is looked up."""
    known = {
        (place[0], mail): account
        for place, state in sight.containers.items()
        for mail, account in ((state.document or {}).get(_PEOPLE) or {}).items()
        if account
    }
    return Directory({**known, **shown_accounts(sight)}, project.aliases)
