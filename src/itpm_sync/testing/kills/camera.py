"""What outlives a process, photographed at every point of a run, and put back.

In: a scene. Out: photographs. A point lies before or after a call of a connector, and before, inside (all statements
sent, COMMIT not) or after (COMMIT done, its answer not heard) each writing transaction of the ledger. The database in
a photograph is that of the last COMMIT: an open transaction dies with its process.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from sqlalchemy import Connection, event

from itpm_sync.ledger.address import WRITES
from itpm_sync.ledger.in_memory import connection_of, engine_of
from itpm_sync.simulator.bench import Killed
from itpm_sync.simulator.ghosts import Ghosts
from itpm_sync.simulator.tools import SimTool
from itpm_sync.testing.kills.scene import Scene
from itpm_sync.testing.kills.tale import Deed

_OF_A_TOOL = (
    *("containers", "rows", "bin", "refuses", "down", "calls"),
    *("created", "applied", "_lagging", "lagged_at", "_count"),
)
_LIFETIME = 100_000
"""Ids of one process; those of the next begin above them, so that the same world is the same whenever it was left."""


@dataclass(frozen=True, slots=True)
class Photo:
    """All that is left at a point when the process dies there."""

    number: int
    """The point's, first 1."""
    what: str
    ledger: bytes
    rest: bytes
    reports: int

    @property
    def world(self) -> tuple[int, bytes]:
        """Equal for points that leave the same world; bytes of one ledger are one object."""
        return id(self.ledger), self.rest


class Camera:
    """Stands beside a scene. Off, it does nothing."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.photos: list[Photo] = []
        self.points = 0
        self._take: Callable[[int], bool] | None = None
        self._deadly = 0
        self._during: dict[int, Deed] = {}
        self._calls = 0
        self._commits = 0
        self._tables: list[str] = []
        self._engine = engine_of(scene.bench.ledger)
        self._raw = connection_of(scene.bench.ledger)
        self._ledger = self._raw.serialize()
        self._whole = self._engine.dialect.do_commit
        self._hears = ("begin", self._begins), ("commit", self._inside), ("after_cursor_execute", self._said)
        for tool in scene.tools.values():
            tool.on_call = partial(self._called, tool)

    # ── points ──

    @contextmanager
    def taking(
        self, which: Callable[[int], bool], during: tuple[tuple[int, Deed], ...] = ()
    ) -> Iterator[None]:
        """Photograph the points for which `which` says so, by number."""
        self.photos, self._take = [], which
        with self._on(during):
            yield

    @contextmanager
    def stopping(self, deadly: int, during: tuple[tuple[int, Deed], ...] = ()) -> Iterator[None]:
        """Raise Killed at a point."""
        self._deadly = deadly
        with self._on(during):
            yield

    @contextmanager
    def _on(self, during: tuple[tuple[int, Deed], ...]) -> Iterator[None]:
        self.points = self._calls = self._commits = 0
        self._ledger, self._during = self._raw.serialize(), dict(during)
        for what, does in self._hears:
            event.listen(self._engine, what, does)
        self._engine.dialect.do_commit = self._commit  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            self._engine.dialect.do_commit = self._whole  # type: ignore[method-assign]
            for what, does in self._hears:  # heard at every statement otherwise, and nobody looks
                event.remove(self._engine, what, does)
            self._take, self._deadly, self._during = None, 0, {}

    def _point(self, what: str) -> None:
        if self._take is None and not self._deadly:
            return
        self.points += 1
        if self.points == self._deadly:
            raise Killed
        if self._take is not None and self._take(self.points):
            self.photos.append(self.photo(what))

    def _called(self, tool: SimTool, call: str, phase: str) -> None:
        if (call, phase) == ("read", "before"):
            self.scene.ghosts.read[tool.name] = self.scene.ghosts.tick()
        self._calls += 1
        if self._calls in self._during:
            deed = self._during.pop(self._calls)
            self.scene.do(deed)
        self._point(f"{phase} {call} of {tool.name}")

    def _begins(self, connection: Connection) -> None:
        self._tables = []
        if connection.get_execution_options().get(WRITES, False):
            self._commits += 1
            self._point(f"before transaction {self._commits}")

    def _said(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        words = statement.split(None, 3)
        if words[0] in ("INSERT", "UPDATE", "DELETE"):
            table = words[1] if words[0] == "UPDATE" else words[2]
            if table not in self._tables:
                self._tables.append(table)

    def _inside(self, connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES, False):
            self._point(f"inside {self._transaction()}")

    def _commit(self, raw: Any) -> None:
        self._whole(raw)
        if self._tables:  # one that wrote something
            if self._take is not None:
                self._ledger = self._raw.serialize()
            self._point(f"after {self._transaction()}")

    def _transaction(self) -> str:
        return f"transaction {self._commits} ({', '.join(self._tables)})"

    # ── photographs ──

    def photo(self, what: str) -> Photo:
        """What is there now."""
        scene = self.scene
        tools = {name: {one: getattr(tool, one) for one in _OF_A_TOOL} for name, tool in scene.tools.items()}
        for one in tools.values():
            one["calls"] = []
        rest = (
            tools,
            {one.name: getattr(scene.ghosts, one.name) for one in fields(Ghosts)},
            scene.watch.item_of,
            scene.watch.ordered,
            scene.watch.settled,
            scene.things,
            scene.approved,
            scene.clock.now(),
            scene.bench.policy,
        )
        return Photo(
            self.points, what, self._ledger, pickle.dumps(rest, protocol=5), len(scene.bench.reports)
        )

    def still(self) -> Photo:
        """A photograph of a scene where nothing is under way."""
        self._ledger = self._raw.serialize()
        return self.photo("at rest")

    def put_back(self, photo: Photo, *, lives: int) -> None:
        """The world as it was; what starts there is the so many-eth process."""
        scene = self.scene
        if self._raw.in_transaction:
            self._raw.rollback()
        self._raw.deserialize(photo.ledger)
        rest = pickle.loads(photo.rest)
        tools, ghosts, item_of, ordered, settled, scene.things, scene.approved, now, scene.bench.policy = rest
        for name, kept in tools.items():
            tool = scene.tools[name]
            for one, value in kept.items():
                setattr(tool, one, value)
        for name, value in ghosts.items():
            setattr(scene.ghosts, name, value)
        scene.watch.item_of, scene.watch.ordered, scene.watch.settled = item_of, ordered, settled
        scene.clock._now = now
        scene.bench.ids._count = lives * _LIFETIME
        del scene.bench.reports[photo.reports :]
        scene.hands.said.clear()
        scene.bench.ledger = scene.bench.ledger.again()

    def close(self) -> None:
        """The scene is over."""
        self.scene.bench.ledger.close()
