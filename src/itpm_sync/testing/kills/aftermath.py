"""A tale told, its last run killed at every point, each world that is left recovered and judged.

In: a tale. Out: `Found`: positions, worlds, pairs, stops, and what broke at which point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from itpm_sync.ledger.words import RunStatus
from itpm_sync.simulator.bench import PROJECT, Killed
from itpm_sync.simulator.laws.rest import Laws
from itpm_sync.testing.kills.camera import Camera, Photo
from itpm_sync.testing.kills.scene import Scene
from itpm_sync.testing.kills.tale import Tale


@dataclass(frozen=True, slots=True)
class Kills:
    """How a tale's run is killed."""

    singles: Callable[[int], bool] = lambda _point: True
    seconds: tuple[int, int] = (1, 0)
    """The second kills: at these points of the first run after the first one, from 1; nothing where empty."""
    stops: int = 0
    """Every so many-eth point is also one where an exception ends the run; 0 none."""


@dataclass(frozen=True, slots=True)
class Violation:
    """What broke, and where the process died."""

    points: tuple[str, ...]
    laws: tuple[str, ...]


@dataclass(slots=True)
class Found:
    """What a tale's kills came to."""

    positions: int = 0
    worlds: int = 0
    """Different worlds that these positions left, each recovered."""
    pairs: int = 0
    pair_worlds: int = 0
    stops: int = 0
    runs: int = 0
    violations: list[Violation] = field(default_factory=list)


def kill(tale: Tale, kills: Kills) -> Found:
    """Tell the tale and kill its run everywhere. Raises what telling it undisturbed breaks, as an AssertionError."""
    scene = Scene(tale)
    camera = Camera(scene)
    try:
        return _Killing(tale, scene, camera, kills).all()
    finally:
        camera.close()


class _Killing:
    def __init__(self, tale: Tale, scene: Scene, camera: Camera, kills: Kills) -> None:
        self.tale, self.scene, self.camera, self.kills = tale, scene, camera, kills
        self.found = Found()

    def all(self) -> Found:
        scene, camera, found = self.scene, self.camera, self.found
        tell(scene)
        base = camera.still()
        with camera.taking(self.kills.singles, self.tale.during):
            scene.last()
        photos, points = camera.photos, camera.points
        undisturbed = judged(self.scene)
        assert undisturbed == [], f"without any kill: {undisturbed}\n{self.tale.told()}"
        found.positions = len(photos)
        self._singles(photos)
        if self.kills.stops:
            for point in range(1, points + 1, self.kills.stops):
                self._stop(base, point)
        found.runs = scene.bench.ids._count
        return found

    def _singles(self, photos: list[Photo]) -> None:
        first, last = self.kills.seconds
        known: dict[tuple[int, bytes], tuple[list[str], list[Photo]]] = {}
        judged: dict[tuple[int, int], list[str]] = {}
        for photo in photos:
            if photo.world not in known:
                laws, seconds = self._once(photo, first, last)
                known[photo.world] = laws, seconds
                self._seconds(photo, seconds)
                judged[photo.number, 0] = laws
                if laws:
                    self._violated(laws, photo.what, number=photo.number)
            self.found.pairs += len(known[photo.world][1])
        self.found.worlds += len(known)

    def _once(self, photo: Photo, first: int, last: int) -> tuple[list[str], list[Photo]]:
        """The process died once; the next one goes on to the end. And photographs of its first run."""
        self.camera.put_back(photo, lives=1)
        try:
            if last < first:
                self._restart()
                return judged(self.scene), []
            with self.camera.taking(lambda point: first <= point <= last):
                self._restart()
            photos = self.camera.photos
            return judged(self.scene), photos
        except Exception as error:  # noqa: BLE001 - whatever a restart trips over is what we look for
            return [f"{type(error).__name__}: {error}"], []

    def _seconds(self, before: Photo, photos: list[Photo]) -> None:
        known: set[tuple[int, bytes]] = set()
        for photo in photos:
            if photo.world in known:
                continue
            known.add(photo.world)
            self.camera.put_back(photo, lives=2)
            laws = self._on()
            if laws:
                self._violated(laws, before.what, photo.what, number=before.number)
        self.found.pair_worlds += len(known)

    def _stop(self, base: Photo, point: int) -> None:
        """An exception ends the run; the engine may still tidy up."""
        self.camera.put_back(base, lives=1)
        try:
            with self.camera.stopping(point, self.tale.during):
                self.scene.last()
        except Killed:
            pass
        else:
            return  # ids differ, but not the points: only a run that ended before this one comes here
        self.found.stops += 1
        photo = self.camera.still()
        self.camera.put_back(photo, lives=2)
        laws = self._on()
        if laws:
            self._violated(laws, f"stopped at point {point}", number=point)

    def _violated(self, laws: list[str], *points: str, number: int) -> None:
        where = (f"point {number}: {points[0]}", *points[1:])
        self.found.violations.append(Violation(where, tuple(laws)))

    # ── a process starts anew ──

    def _on(self) -> list[str]:
        try:
            self._restart()
            return judged(self.scene)
        except Exception as error:  # noqa: BLE001 - whatever a restart trips over is what we look for
            return [f"{type(error).__name__}: {error}"]

    def _restart(self) -> None:
        """People do what they do meanwhile, time passes, and the next process runs once."""
        scene = self.scene
        scene.watch.remember()
        for deed in self.tale.after:
            scene.do(deed)
        scene.clock.move(self.tale.wait)
        scene.run()


def tell(scene: Scene) -> None:
    """Everything up to the run that is killed. Raises AssertionError where it does not come to rest before."""
    tale = scene.tale
    for deed in tale.before:
        scene.do(deed)
    if not tale.first:
        scene.run()
        assert scene.rest(), f"it does not rest before the run\n{tale.told()}"
        scene.clock.move(3600)
    scene.watch.remember()
    for deed in tale.deeds:
        scene.do(deed)


def judged(scene: Scene) -> list[str]:
    """Everybody goes home, everything answers, a day passes, and it comes to rest. Then: what is broken."""
    for tool in scene.tools.values():
        tool.down.clear()
        tool.refuses.clear()
    if not scene.rest():
        return ["S22: it does not come to rest"]
    scene.clock.move(30 * 3600)
    writes = scene.calls()
    if scene.rest() != 1 or scene.calls() != writes:
        writes = scene.calls()
        if scene.rest() != 1 or scene.calls() != writes:
            return ["S2, S22: a run without any change outside did something"]
    never_closed = [
        f"run {run.id} is never closed"
        for run in scene.bench.ledger.runs(PROJECT, 100)
        if run.status is RunStatus.RUNNING
    ]
    return [*scene.ghosts.broken, *Laws(scene).broken(), *never_closed]
