"""The in-memory tool and its connector: the reference for connector authors, and the world of tests and simulator.

In: edits by people and calls by the engine. Out: records, outcomes, history, as any vendor's connector gives them.
"""

from __future__ import annotations

from itpm_sync.memory.connector import MemoryConnector, MemorySettings
from itpm_sync.memory.tool import MemoryTool, Row

__all__ = ["MemoryConnector", "MemorySettings", "MemoryTool", "Row"]
