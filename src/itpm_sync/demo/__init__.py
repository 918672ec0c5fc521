"""`itpm-sync demo`: a project in four tools, on this machine, brought to one truth before your eyes.

In: a folder. Out: the story on stdout, and the folder to play with. It drives the very commands that users type.
"""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from itpm_sync.cli import show
from itpm_sync.demo import story, working_folder
from itpm_sync.demo.hands import Hands
from itpm_sync.demo.next_steps import next_steps
from itpm_sync.demo.tale import cast, whole
from itpm_sync.demo.tale.pieces import Calendar
from itpm_sync.demo.telling import Teller
from itpm_sync.ports import Clock, SystemClock


def run(folder: Path, *, browser: bool) -> int:
    """Tell the whole story in `folder`; 0 where all of it came out.

    Raises Misconfigured where the folder is somebody's own, Busy where a command works in it, Astray where a command
    of the story ended otherwise.
    """
    clock: Clock = SystemClock()
    place = folder.resolve()
    moved = working_folder.prepare(place, clock=clock)
    if moved is not None:
        show.line(f"The earlier demo was moved, as it was, to {moved}.")
    pieces = whole()
    calendar = Calendar(today(clock.now()))
    working_folder.fill(place, pieces, calendar)
    teller = Teller(place)
    story.tell(teller, Hands(place, calendar), pieces, place)
    next_steps(teller, place)
    if browser:
        open_pages(place)
    return 0


def today(now: datetime) -> date:
    """The day in the project's zone."""
    return now.astimezone(ZoneInfo(cast.ZONE)).date()


def open_pages(folder: Path) -> None:
    """Show the portfolio in the user's browser, if the machine has one."""
    page = (folder / "site" / "index.html").as_uri()
    try:
        opened = has_screen(sys.platform, os.environ) and webbrowser.open(page)
    except webbrowser.Error:
        opened = False
    if not opened:
        show.note(f"No browser could be opened. The pages are at {page}")


def has_screen(platform: str, environ: Mapping[str, str]) -> bool:
    """Whether a browser would open a window: without a screen, a text browser would take over the terminal."""
    return platform in ("win32", "darwin") or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))
