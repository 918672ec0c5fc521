"""The simulator's bench, for stories and conformance: the real engine over tools in memory.

In: tools by connection name, their lenses, a policy. Out: `Bench`: run, edit, kill, run again.
"""

from __future__ import annotations

from itpm_sync.simulator.bench import PROJECT, Bench, Killed, Tool, tool, without

__all__ = ["PROJECT", "Bench", "Killed", "Tool", "tool", "without"]
