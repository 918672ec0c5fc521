"""The five verbs, once: pull, translate, reconcile, push, publish. The only package that names them all.

`run` plans a project and carries the plan out; `resolve` and `decide_pair` take a person's word.
"""

from itpm_sync.cycle.opening import open_ledger, open_workspace
from itpm_sync.cycle.publishing import publish_frozen, publish_live
from itpm_sync.cycle.resolve import choose, decide_pair, resolve
from itpm_sync.cycle.run import project_of, run
from itpm_sync.cycle.standing import standing
from itpm_sync.cycle.undo import undo
from itpm_sync.cycle.workspace import RunReport, Workspace
from itpm_sync.publish import Put

__all__ = [
    "Put",
    "RunReport",
    "Workspace",
    "choose",
    "decide_pair",
    "open_ledger",
    "open_workspace",
    "project_of",
    "publish_frozen",
    "publish_live",
    "resolve",
    "run",
    "standing",
    "undo",
]
