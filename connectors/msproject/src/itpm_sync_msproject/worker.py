"""One worker process that reads plan files with MPXJ, so that a hostile file can harm nothing but that process.

In: the bytes of a file and its kind. Out: PlanRows, or Unreadable. The process is spawned (never forked: Java's
threads do not survive it), holds the Java machine, is killed when it takes too long, ends with its parent, and is
replaced after a number of files. Blocking: asynchronous callers use a thread.
"""

from __future__ import annotations

import multiprocessing
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from itpm_sync.errors import Misconfigured
from itpm_sync_msproject.answers import Answer, Trouble
from itpm_sync_msproject.rows import FileKind, PlanRows
from itpm_sync_msproject.worker_child import serve


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """What the worker may use. `jvm` is auto, system or bundled."""

    jvm: str = "auto"
    seconds: float = 30.0
    """For one file."""
    start_seconds: float = 60.0
    heap_mb: int = 512
    files: int = 200
    """After so many the process is replaced."""


class PlanWorker:
    """The handle on the process. One file at a time; callers in other threads wait their turn."""

    def __init__(self, limits: WorkerLimits | None = None, *, target: Callable[..., None] = serve) -> None:
        self._limits = limits or WorkerLimits()
        self._target = target
        self._choices = ["system", "bundled"] if self._limits.jvm == "auto" else [self._limits.jvm]
        """The Javas to try; the first that works is kept."""
        self._lock = threading.Lock()
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._tidy: Callable[[], object] | None = None
        self._done = 0
        self.jvm = ""
        """Which Java runs: system or bundled; empty before the first file."""

    def read(self, name: str, data: bytes, kind: FileKind) -> PlanRows:
        """Read `data`, called `name` in messages. Raises Unreadable, and Misconfigured where no Java can run."""
        with self._lock:
            self._ensure()
            answer = self._ask(kind, data)
            if answer.trouble is Trouble.CRASHED:  # perhaps it was dead before: once more, with a fresh one
                self._ensure()
                answer = self._ask(kind, data)
            self._done += 1
            if self._done >= self._limits.files:
                self._stop()
        if answer.rows is None:
            raise answer.refusal(name)
        return answer.rows

    def close(self) -> None:
        """End the process; the next read starts another."""
        with self._lock:
            self._stop()

    def __enter__(self) -> PlanWorker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The process's number while it runs."""
        return self._process.pid if self._process else None

    def _ask(self, kind: FileKind, data: bytes) -> Answer:
        assert self._pipe is not None
        try:
            self._pipe.send((kind, data))
            answer = self._receive(self._limits.seconds)
        except TimeoutError:
            self._stop()
            return Answer(trouble=Trouble.SLOW, detail=f"{self._limits.seconds:g}")
        except (OSError, EOFError):
            self._stop()
            return Answer(trouble=Trouble.CRASHED)
        if answer.trouble is Trouble.MEMORY:  # what is left of that machine is not to be trusted
            self._stop()
            return Answer(trouble=Trouble.MEMORY, detail=str(self._limits.heap_mb))
        return answer

    def _receive(self, seconds: float) -> Answer:
        assert self._pipe is not None
        if not self._pipe.poll(seconds):
            raise TimeoutError
        answer = self._pipe.recv()
        return answer if isinstance(answer, Answer) else Answer(trouble=Trouble.CRASHED)

    def _ensure(self) -> None:
        if self._process is not None and self._process.is_alive():
            return
        self._stop()
        reasons = []
        for choice in self._choices:
            reason = self._start(choice)
            if not reason:
                self._choices = [choice]
                return
            reasons.append(reason)
        raise Misconfigured(
            f"Plan files cannot be read: {'; '.join(reasons)}.",
            mend="Set `jvm: bundled`, or install Java 17 or later, or give the reader more memory (`heap_mb`).",
        )

    def _start(self, choice: str) -> str:
        """Start the process on that Java; gives the reason where it did not, else nothing."""
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        scratch = tempfile.mkdtemp(prefix="itpm-plan-")
        self._tidy = weakref.finalize(self, shutil.rmtree, scratch, ignore_errors=True)
        arguments = (there, choice, scratch, self._limits.heap_mb)
        self._process = context.Process(
            target=self._target, args=arguments, daemon=True, name="itpm plan reader"
        )
        self._pipe, self._done = here, 0
        self._process.start()
        there.close()
        try:
            greeting = self._receive(self._limits.start_seconds)
        except TimeoutError:
            greeting = Answer(trouble=Trouble.SLOW, detail=f"the {choice} Java did not start in time")
        except (OSError, EOFError):
            greeting = Answer(
                trouble=Trouble.CRASHED, detail=f"the reader with the {choice} Java ended at once"
            )
        if greeting.trouble is None:
            self.jvm = greeting.detail
            return ""
        self._stop()
        return greeting.detail

    def _stop(self) -> None:
        process, pipe, tidy = self._process, self._pipe, self._tidy
        self._process = self._pipe = self._tidy = None
        if pipe is not None:
            pipe.close()
        if process is not None:
            process.kill()  # it holds nothing worth saving
            process.join()
            process.close()
        if tidy is not None:
            tidy()
