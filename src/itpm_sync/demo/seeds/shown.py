"""A piece as one tool tells of it.

In: a piece, the tool. Out: the piece with that tool's deviations; what several tools write the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from itpm_sync.demo.tale.pieces import Piece, Tool


def told_in(tool: Tool, pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The pieces that `tool` tells of, as it tells them."""
    for piece in pieces:
        if tool in piece.tools:
            yield replace(piece, **piece.differs.get(tool, {}))


def said(values: Mapping[str, Any]) -> dict[str, Any]:
    """Only what is said: nothing empty."""
    return {name: value for name, value in values.items() if value not in (None, "", (), [])}
