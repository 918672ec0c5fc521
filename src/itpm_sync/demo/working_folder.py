"""The demo's working folder: whether it may be used, what is put into it, how it is begun anew.

In: a folder, the first day to count from, the clock. Out: configuration, mappings, plan and emulators' states in it.
A folder that holds anything that the demo did not make is never touched. One that an earlier demo made is begun anew:
what is there is moved aside, whole, into `before-…`; nothing is deleted.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from string import Template
from typing import Final

from itpm_sync import resources
from itpm_sync.demo.seeds.jira_site import jira_seed
from itpm_sync.demo.seeds.plan_file import plan_seed
from itpm_sync.demo.seeds.sheets import sheets_seed
from itpm_sync.demo.seeds.tenant import tenant_seed
from itpm_sync.demo.tale import Piece, cast
from itpm_sync.demo.tale.pieces import Calendar
from itpm_sync.errors import Busy, Misconfigured, Unavailable
from itpm_sync.ports import Clock, SystemClock
from itpm_sync.registry import Catalogue

MARK: Final = ".itpm-sync-demo"
"""The file that says: this folder is the demo's."""
CONFIGURATION: Final = "itpm-sync.yaml"
PLANS, EMULATED = "plans", "emulated"
_MARK_TEXT = (
    "Made by `itpm-sync demo`. While this file is here, the next demo in this folder moves all of it aside.\n"
)
_IGNORED = "*\n"


class Earlier(SystemClock):
    """The machine's clock, some time ago: people have worked before the demo began."""

    def __init__(self, ago: timedelta) -> None:
        self._ago = ago

    def now(self) -> datetime:
        return super().now() - self._ago


def prepare(folder: Path, *, clock: Clock) -> Path | None:
    """Make the folder ready for a new demo; gives where an earlier one was moved to, if there was one.

    Raises Misconfigured where the folder is somebody's own, Unavailable where it cannot be written.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise _own(folder)
        there = list(folder.iterdir()) if folder.is_dir() else []
        moved = None
        if there:
            if not (folder / MARK).is_file():
                raise _own(folder)
            moved = _aside(folder, clock)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).write_text(_MARK_TEXT, encoding="utf-8", newline="\n")
        (folder / ".gitignore").write_text(_IGNORED, encoding="utf-8", newline="\n")
    except OSError as error:
        raise Unavailable(
            f"{folder} cannot be written ({error.strerror or error}).",
            mend="Close what is open in it, or choose another folder: itpm-sync demo --dir DIR.",
        ) from None
    return moved


def _own(folder: Path) -> Misconfigured:
    return Misconfigured(
        f"{folder} is there already, and no demo made it. Nothing in it was touched.",
        mend="Choose another folder: itpm-sync demo --dir DIR.",
    )


def _aside(folder: Path, clock: Clock) -> Path:
    """The whole folder under a name beside its own. Raises Busy where a command works in it just now."""
    if any((folder / EMULATED).glob(".*.address")):
        _refuse_running(folder)
    stamp = f"{clock.now():%Y%m%d-%H%M%S}"
    target = folder.with_name(f"{folder.name}-before-{stamp}")
    number = 1
    while target.exists():
        number += 1
        target = folder.with_name(f"{folder.name}-before-{stamp}-{number}")
    folder.rename(target)
    return target


def _refuse_running(folder: Path) -> None:
    """An emulator that runs there would go on writing into a folder that was moved."""
    from itpm_sync.registry.emulated import lock_now

    for lock in (folder / EMULATED).glob(".*.lock"):
        with lock.open("a+b") as file:
            if not lock_now(file):
                raise Busy(
                    f"An itpm-sync command works in {folder} just now.",
                    mend="Wait until it ends, or stop it, and run the demo again.",
                )


def fill(folder: Path, pieces: tuple[Piece, ...], calendar: Calendar) -> None:
    """Configuration, mappings, and the four tools as they stood before the first sync."""
    (folder / CONFIGURATION).write_text(configuration(), encoding="utf-8", newline="\n")
    mappings = folder / "mappings"
    for source in sorted(resources.mappings().rglob("*")):
        if source.is_file() and "__pycache__" not in source.parts:
            target = mappings / source.relative_to(resources.mappings())
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source.read_text(encoding="utf-8"), encoding="utf-8", newline="\n")
    catalogue = Catalogue()
    saved = f"{Earlier(timedelta(days=1)).now():%Y-%m-%dT%H:%M:%S}"
    seeds = (
        ("msproject", PLANS, timedelta(days=1), plan_seed(pieces, calendar, saved=saved)),
        ("jira", EMULATED, timedelta(hours=3), jira_seed(pieces, calendar)),
        ("smartsheet", EMULATED, timedelta(hours=20), sheets_seed(pieces, calendar)),
        ("m365", EMULATED, timedelta(days=2), tenant_seed(pieces, calendar)),
    )
    for kind, place, ago, seed in seeds:
        catalogue.emulator(kind)(folder=folder / place, clock=Earlier(ago)).seed(seed)


def configuration() -> str:
    """The demo's itpm-sync.yaml."""
    template = Template((Path(__file__).parent / "itpm-sync.yaml").read_text(encoding="utf-8"))
    return template.substitute(
        project=cast.PROJECT,
        title=cast.TITLE,
        zone=cast.ZONE,
        plan=cast.PLAN_FILE,
        jira=cast.JIRA_KEY,
        sites=cast.SITES_SHEET,
        vendors=cast.VENDORS_SHEET,
        planner=cast.PLANNER_PLAN,
        sharepoint=cast.SHAREPOINT,
        site_names=", ".join(cast.SITES),
        vendor_names=", ".join(cast.VENDORS),
    )
