"""Finds the installed connectors and makes connections, publishers and readers of them.

In: entry points, settings, the tools that reach the outside. Out: connectors ready to be opened. `catalogue` knows
what is installed, `connections` makes what a configuration names, `emulated` runs the emulators that stand in,
`guarded` keeps answers of a wrong form from ending a run.
"""

from __future__ import annotations

from itpm_sync.registry.catalogue import Catalogue
from itpm_sync.registry.connections import Registry, folder_publisher
from itpm_sync.registry.emulated import Emulators
from itpm_sync.registry.guarded import GuardedConnector, GuardedPublisher
from itpm_sync.registry.holder import is_gone, new_holder

__all__ = [
    "Catalogue",
    "Emulators",
    "GuardedConnector",
    "GuardedPublisher",
    "Registry",
    "folder_publisher",
    "is_gone",
    "new_holder",
]
