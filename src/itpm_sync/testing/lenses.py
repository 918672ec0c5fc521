"""The plain lenses of the simulator, for stories and tests of connectors.

In: nothing. Out: lenses that hold a value as it is, on a coarse scale, or in part.
"""

from __future__ import annotations

from itpm_sync.simulator.lenses import KindLens, ParentLens, PlainLens, ScaleLens, SetLens

__all__ = ["KindLens", "ParentLens", "PlainLens", "ScaleLens", "SetLens"]
