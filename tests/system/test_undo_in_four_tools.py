"""A wrong mapping in four tools: its run is undone, to the last cell, and does not come back."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from itpm_sync import resources
from itpm_sync.cycle import RunReport, undo
from itpm_sync.testing.four_tools import ANN, SHEETS, FourTools, configuration, four_tools, opened

WRONG = {"      Task: task\n": "      Task: risk\n", "      Risk: risk\n": "      Risk: task\n"}


def undone(world: FourTools, run: str, approve: str | None = None) -> RunReport:
    """The undo of a run as a fresh process makes it."""

    async def whole() -> RunReport:
        with opened(world.folder, world.clock) as (workspace, registry):
            try:
                return await undo(workspace, run, actor=ANN, approve=approve)
            finally:
                await registry.close()

    report = asyncio.run(whole())
    world.clock.move(minutes=1)
    return report


def kinds(world: FourTools) -> dict[str, str | None]:
    """By title: what stands under Type in the sheet."""
    (sheet,) = world.tools[SHEETS].world.sheets.values()
    titles = {column.title: column.id for column in sheet.columns}
    return {
        str(world.shown_of(SHEETS, str(native)).title): row.cells[titles["Type"]].value
        for native, row in sheet.rows.items()
    }


def test_a_wrong_word_in_a_mapping_is_taken_back(tmp_path: Path) -> None:
    shutil.copytree(resources.mappings(), tmp_path / "mapped")
    file = tmp_path / "mapped" / "smartsheet.yaml"
    right = file.read_text(encoding="utf-8")
    with four_tools(tmp_path, text="mappings: mapped\n" + configuration("create")) as world:
        world.approve()
        world.settle()
        before = kinds(world)
        wrong = right
        for good, bad in WRONG.items():
            assert good in wrong
            wrong = wrong.replace(good, bad)
        file.write_text(wrong, encoding="utf-8")
        bad_run = world.approve()
        assert kinds(world) != before
        world.edit(SHEETS, "Spare parts", ANN, Site="Store")  # another field of a record that was written

        file.write_text(right, encoding="utf-8")
        preview = undone(world, bad_run.run)
        assert {action.connection for action in preview.plan.actions} == {SHEETS}
        done = undone(world, bad_run.run, approve=preview.run)
        assert {carried.outcome for carried in done.carried} == {"applied"}
        assert kinds(world) == before

        world.sync()  # takes up the edit
        world.settle()
        assert kinds(world) == before
        assert world.conflicts() == []
