"""A folder of plan files and the person who edits them: what stands in for Microsoft Project.

In: descriptions of plans, people's edits. Out: MSPDI files in a folder. There is no HTTP: a plan file is its own
state. `edit_as` names a task by the native id of its record, as the connector does.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from itpm_sync.emulation import Emulator, Route
from itpm_sync.ports import Clock, LocalFiles
from itpm_sync_msproject.emulated import building, person
from itpm_sync_msproject.mspdi_plan import MspdiPlan
from itpm_sync_msproject.records import SEPARATOR, Records


class MsProjectEmulator(Emulator):
    """One folder of plans. Without a folder it takes one of its own, gone with the process."""

    name: ClassVar[str] = "msproject"
    serves: ClassVar[bool] = False

    def __init__(
        self,
        *,
        folder: Path | None = None,
        clock: Clock | None = None,
        seed: int = 0,
        specs: Path | None = None,
    ) -> None:
        self.folder = folder if folder is not None else Path(tempfile.mkdtemp(prefix="itpm-plans-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        if folder is None:
            weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self._files = LocalFiles()
        super().__init__(folder=None, clock=clock, seed=seed, specs=specs)

    def routes(self) -> Iterable[Route]:
        """None: nothing is asked over HTTP."""
        return ()

    def connection(self, base: str) -> Mapping[str, Any]:
        """The folder instead of an address."""
        return {"folder": self.folder.resolve(), "horizon": 0.0}

    def fill(self, data: Mapping[str, Any]) -> None:
        """`data["plans"]`: by file name, a description (see `emulated/building.py`) or the bytes of a file."""
        for name, said in data.get("plans", {}).items():
            content = said if isinstance(said, bytes) else building.build(name, said)
            self._files.write(self.folder / name, content)

    def edit(self, person_: str, native_id: str | None, changes: Mapping[str, Any]) -> str:
        """One edit in Microsoft Project, by native names (`Name`, `PercentComplete`, `Start`, …).

        A new task needs `container`, and may name `Parent` by native id. `delete` and `move_to` (another plan of the
        folder) are known; Project has no recycle bin and hides nothing.
        """
        values = dict(changes)
        if {"restore", "hidden"} & set(values):
            raise ValueError("Microsoft Project has no recycle bin, and hides no task.")
        container = native_id.rpartition(SEPARATOR)[0] if native_id else str(values.pop("container"))
        plan = self._open(container)
        uids = Records(plan.rows, container).uids
        uid = uids[native_id] if native_id else None
        target = values.pop("move_to", None)
        if target is not None:
            assert uid is not None
            return self._move(container, plan, uid, str(target))
        if values.get("Parent") is not None:
            values["Parent"] = uids[str(values["Parent"])]
        if "Predecessors" in values:
            values["Predecessors"] = [self._link(one, uids) for one in values["Predecessors"]]
        uid = person.edit(plan, uid, values, now=self._now())
        self._save(container, plan)
        if values.get("delete"):
            return str(native_id)
        return Records(plan.rows, container).by_uid(uid).native_id

    def names(self) -> Iterable[tuple[str, Iterable[str]]]:
        for path in sorted(self.folder.glob("*.xml")):
            records = Records(self._open(path.name).rows, path.name)
            for record in records:
                yield record.native_id, (str(record.values["Name"]),)

    def recalculate(self, container: str) -> None:
        """A person opens a plan and saves it: Project recalculates every date."""
        plan = self._open(container)
        person.save(plan, self._now())
        self._save(container, plan)

    def _move(self, container: str, plan: MspdiPlan, uid: int, target: str) -> str:
        """Cut and paste into another plan: the same words and our key, another identity."""
        row = plan.tasks[uid]
        values: dict[str, Any] = {"Name": row.name, "Notes": row.notes, "Priority": row.priority}
        values |= {one.name: one.value for one in row.custom if isinstance(one.value, str)}
        if row.start and row.finish:
            values |= {"Start": row.start.isoformat(), "Finish": row.finish.isoformat()}
        person.edit(plan, uid, {"delete": True}, now=self._now())
        self._save(container, plan)
        other = self._open(target)
        new = person.edit(other, None, values, now=self._now())
        self._save(target, other)
        return Records(other.rows, target).by_uid(new).native_id

    @staticmethod
    def _link(said: Any, uids: Mapping[str, int]) -> dict[str, Any]:
        if isinstance(said, str):
            return {"uid": uids[said]}
        return {**said, "uid": uids[said["id"]]}

    def _now(self) -> Any:
        return self.clock.now().replace(tzinfo=None, microsecond=0)

    def _open(self, container: str) -> MspdiPlan:
        return MspdiPlan(container, self._files.read(self.folder / container))

    def _save(self, container: str, plan: MspdiPlan) -> None:
        self._files.write(self.folder / container, plan.to_bytes())
