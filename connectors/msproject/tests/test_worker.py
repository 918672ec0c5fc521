"""The worker process: what it survives, and what it says of files that it cannot read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from itpm_sync.errors import Misconfigured, Unreadable
from itpm_sync_msproject.mspdi import Mspdi
from itpm_sync_msproject.mspdi_rows import rows_of
from itpm_sync_msproject.rows import FileKind
from itpm_sync_msproject.sniff import OLE
from itpm_sync_msproject.worker import PlanWorker, WorkerLimits

MPX = """MPX,Microsoft Project for Windows,4.0,ANSI
10,$,0,2,",",.
12,1,1,480,/,:,,,9,1
61,1,3,40,50,51,90,98
"""


def mpx(tasks: int, name: str = "Task") -> bytes:
    rows = (f"70,{name} {n},1,2d,07/01/03,08/01/03,{n},{n}\n" for n in range(1, tasks + 1))
    return (MPX + "".join(rows)).replace("\n", "\r\n").encode("cp1252")


def test_an_mpx_file_is_read_with_its_umlauts(worker: PlanWorker) -> None:
    rows = worker.read("old.mpx", mpx(3, "Prüfung"), FileKind.MPX)
    assert [one.name for one in rows.tasks] == ["Prüfung 1", "Prüfung 2", "Prüfung 3"]
    assert str(rows.tasks[0].start) == "2003-01-07 00:00:00"


def test_both_readers_agree_on_a_plan(worker: PlanWorker, rollout: bytes) -> None:
    java, ours = worker.read("p", rollout, FileKind.MSPDI), rows_of(Mspdi("p", rollout))
    assert [one.name for one in java.tasks] == [one.name for one in ours.tasks]
    assert java.calendars == ours.calendars
    assert java.resources == ours.resources
    assert java.aliases == ours.aliases


@pytest.mark.parametrize(
    ("data", "kind", "reason"),
    [
        (OLE + b"\0" * 600, FileKind.MPP, "damaged or was cut short"),
        (OLE, FileKind.MPP, "damaged or was cut short"),
        (b"ERMHDR\tnothing more", FileKind.XER, "x.plan"),
        (b"MPX,", FileKind.MPX, "x.plan"),
        (b"<Project", FileKind.MSPDI, "damaged or was cut short"),
    ],
)
def test_a_broken_file_is_named_with_the_mend_and_the_worker_goes_on(
    worker: PlanWorker, data: bytes, kind: FileKind, reason: str
) -> None:
    with pytest.raises(Unreadable) as refused:
        worker.read("x.plan", data, kind)
    assert reason in str(refused.value)
    assert refused.value.mend
    assert "\n" not in str(refused.value)
    assert worker.read("good.mpx", mpx(1), FileKind.MPX).tasks


def test_a_file_that_takes_too_long_is_given_up_and_the_next_one_is_read() -> None:
    with PlanWorker(WorkerLimits(seconds=0.002)) as hurried:
        with pytest.raises(Unreadable, match=r"longer than 0\.002 s"):
            hurried.read("slow.mpx", mpx(3000), FileKind.MPX)
        assert hurried.pid is None  # killed


def test_a_worker_that_dies_is_replaced() -> None:
    with PlanWorker() as worker:
        worker.read("a.mpx", mpx(1), FileKind.MPX)
        pid = worker.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert len(worker.read("b.mpx", mpx(2), FileKind.MPX).tasks) == 2
        assert worker.pid != pid


def test_a_worker_is_replaced_after_its_number_of_files() -> None:
    with PlanWorker(WorkerLimits(files=1)) as worker:
        worker.read("a.mpx", mpx(1), FileKind.MPX)
        assert worker.pid is None
        assert worker.read("b.mpx", mpx(1), FileKind.MPX).tasks


def test_a_file_beyond_the_memory_is_refused_and_the_next_one_is_read() -> None:
    with PlanWorker(WorkerLimits(heap_mb=24)) as worker:
        with pytest.raises(Unreadable, match="more than the 24 MB"):
            worker.read("huge.mpx", b"MPX," + bytes(40_000_000), FileKind.MPX)
        assert worker.read("small.mpx", mpx(1), FileKind.MPX).tasks


def test_a_java_that_is_not_there_is_said_with_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    with PlanWorker(WorkerLimits(jvm="neither", start_seconds=20)) as worker:
        with pytest.raises(Misconfigured, match="jvm: bundled"):
            worker.read("a.mpx", mpx(1), FileKind.MPX)


def test_the_bundled_java_needs_none_on_the_machine() -> None:
    with PlanWorker(WorkerLimits(jvm="bundled")) as worker:
        assert worker.read("a.mpx", mpx(1), FileKind.MPX).tasks
        assert worker.jvm == "bundled"


def test_the_process_that_reads_plans_ends_with_its_parent(tmp_path: Path) -> None:
    """Killed outright, the parent can clean nothing up: the worker notices by itself."""
    script = tmp_path / "parent.py"
    script.write_text(
        "from itpm_sync_msproject.worker import PlanWorker\n"
        "from itpm_sync_msproject.rows import FileKind\n"
        "if __name__ == '__main__':\n"
        "    worker = PlanWorker()\n"
        f"    worker.read('a.mpx', {mpx(1)!r}, FileKind.MPX)\n"
        "    print(worker.pid, flush=True)\n"
        "    input()\n",
        encoding="utf-8",
    )
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
        handle = os.pidfd_open(pid) if hasattr(os, "pidfd_open") and Path(f"/proc/{pid}").exists() else None
        if handle is not None:
            import select

            poll = select.poll()
            poll.register(handle, select.POLLIN)
            assert poll.poll(10_000)  # readable: it has ended
            os.close(handle)
