"""The project that the demo tells: who takes part, what is to be done where, and how far it is.

In: the first day to count from. Out: pieces of work, each naming the tools that tell of it. Every word is invented.
"""

from __future__ import annotations

from itpm_sync.demo.tale.pieces import Piece, Tool
from itpm_sync.demo.tale.whole import whole

__all__ = ["Piece", "Tool", "whole"]
