"""The worker process: starts Java, then reads one file after another until its parent is gone.

In: a pipe with (kind, bytes). Out: an Answer for each, through the same pipe. Nothing of Java or MPXJ crosses it.
The process's own output is closed: what Java prints must not reach a command's output.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from itpm_sync_msproject.answers import Answer, Trouble
from itpm_sync_msproject.rows import FileKind, PlanRows


def serve(pipe: Connection, choice: str, scratch: str, heap_mb: int) -> None:
    """Greet, then answer. Returns when the parent closed the pipe."""
    _be_quiet()
    try:
        # Only here: the parent must never load Java.
        from itpm_sync_msproject import jvm
        from itpm_sync_msproject.read_mpxj import read
    except ImportError as error:
        pipe.send(Answer(trouble=Trouble.JAVA, detail=f"a package is missing ({error.name})"))
        return
    try:
        name = jvm.start(jvm.JvmChoice(choice), Path(scratch), heap_mb=heap_mb)
    except jvm.JvmUnfit as error:
        pipe.send(Answer(trouble=Trouble.JAVA, detail=str(error)))
        return
    pipe.send(Answer(detail=name))
    while True:
        try:
            kind, data = pipe.recv()
        except (EOFError, OSError):
            return
        pipe.send(_answer(read, FileKind(kind), data))


def _answer(read: Callable[[FileKind, bytes], PlanRows | None], kind: FileKind, data: bytes) -> Answer:
    from itpm_sync_msproject.read_mpxj import trouble_of

    try:
        rows = read(kind, data)
    except Exception as error:  # noqa: BLE001  # Java's own too; whatever it was, the file is at fault
        return Answer(trouble=trouble_of(error), detail=type(error).__name__)
    return Answer(trouble=Trouble.NOTHING) if rows is None else Answer(rows=rows)


def _be_quiet() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
