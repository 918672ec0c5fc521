"""The emulators that stand in for real systems, running for the length of a command.

In: a connector's name and the folder of its state. Out: what a connection's settings must say to reach it. A folder
that another process of this machine serves already is not served twice: its address is used, so that both see one
state. The lock that tells so goes with its process.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from itpm_sync.errors import Misconfigured, Unavailable
from itpm_sync.ports import Clock
from itpm_sync.registry.catalogue import Catalogue

if TYPE_CHECKING:
    from itpm_sync.emulation import Emulator

_HERE = re.compile(r"http://127\.0\.0\.1:\d{1,5}")
Serve = Callable[["Emulator", int], AbstractContextManager[str]]


class Emulators:
    """Running emulators, one a connector and folder. Use it as a context; at its end they stop."""

    def __init__(
        self, catalogue: Catalogue, clock: Clock, *, specs: Path | None = None, serve: Serve | None = None
    ) -> None:
        self._catalogue, self._clock, self._specs = catalogue, clock, specs
        self._serve = serve
        self._running = ExitStack()
        self._reached: dict[tuple[str, Path], Mapping[str, Any]] = {}
        self._bases: dict[tuple[str, Path], str] = {}
        self.mine: dict[tuple[str, Path], Emulator] = {}
        """Those that run in this process, for tests and the demo."""

    def __enter__(self) -> Emulators:
        return self

    def __exit__(self, *error: object) -> None:
        self._running.close()
        self._reached.clear()
        self._bases.clear()
        self.mine.clear()

    def reach(self, kind: str, folder: Path | None, *, port: int = 0) -> Mapping[str, Any]:
        """Settings that reach the emulator whose state is in `folder`, which is started if nobody serves it.

        Without a folder it begins empty and forgets. `port` 0 takes a free one. Raises Misconfigured where its state
        is broken, Unavailable where it does not start.
        """
        if folder is None:
            return self._start(kind, None, port)
        place = kind, folder.absolute()
        if place not in self._reached:
            self._reached[place] = self._locked(kind, place[1], port)
        return self._reached[place]

    def _locked(self, kind: str, folder: Path, port: int) -> Mapping[str, Any]:
        """Start it, or find who serves it already."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / f".{kind}.lock").open("a+b")
        except OSError as error:
            raise Misconfigured(
                f"The emulator of {kind} cannot keep its state in {folder} ({error.strerror}).",
                mend="Correct `emulator:` of the connection, or the folder's rights.",
            ) from None
        address = folder / f".{kind}.address"
        if not lock_now(lock):
            lock.close()
            return self._others(kind, folder, address)
        self._running.callback(lock.close)
        reached = self._start(kind, folder, port)
        half = address.with_suffix(".part")
        half.write_text(self._bases[kind, folder], encoding="ascii")
        half.replace(address)  # whoever finds it, finds all of it
        self._running.callback(address.unlink, missing_ok=True)
        return reached

    def _start(self, kind: str, folder: Path | None, port: int) -> Mapping[str, Any]:
        made = self._catalogue.emulator(kind)
        try:
            emulator = made(folder=folder, clock=self._clock, specs=self._specs)
            base = self._running.enter_context(self._served(emulator, port))
        except ValueError as error:
            raise Misconfigured(str(error)) from None
        except OSError as error:
            where = f" on port {port}" if port else ""
            raise Unavailable(
                f"The emulator of {kind} does not start{where} ({error.strerror or error}).",
                mend="Choose another port." if port else "",
            ) from None
        place = kind, folder or Path()
        self.mine[place], self._bases[place] = emulator, base
        return emulator.connection(base)

    def _served(self, emulator: Emulator, port: int) -> AbstractContextManager[str]:
        if self._serve is None:
            from itpm_sync.emulation.server import serve

            self._serve = serve
        return self._serve(emulator, port)

    def _others(self, kind: str, folder: Path, address: Path) -> Mapping[str, Any]:
        try:
            base = address.read_text(encoding="ascii").strip()
        except OSError:
            base = ""
        if not _HERE.fullmatch(base):  # a file that anybody may have written must not lead elsewhere
            raise Unavailable(
                f"Another itpm-sync is just starting or ending the emulator of {kind} in {folder.name}.",
                mend="Try again in a moment.",
            )
        return self._catalogue.emulator(kind)(folder=folder, clock=self._clock).connection(base)


def lock_now(file: IO[bytes]) -> bool:
    """Lock an open file for this process, or say that another one has it. The lock ends with the file's closing."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
