"""`itpm-sync demo`: a project in four tools, on this machine, brought to one truth before your eyes.

In: a folder. Out: the story as it happens, and the folder to play with: every command works in it afterwards.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import click


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("itpm-sync-demo"),
    show_default=True,
    help="The folder to work in, left for you to play with.",
)
@click.option("--no-browser", is_flag=True, help="Do not open the status pages in a browser at the end.")
def command(folder: Path, *, no_browser: bool) -> int:
    """Make a project in four tools, on this machine, and bring it to one truth before your eyes."""
    demo = importlib.import_module("itpm_sync.demo")
    return int(demo.run(folder, browser=not no_browser) or 0)
