"""How the demo speaks, and how it runs commands: the very commands that a user types, in the working folder.

In: sentences, command lines. Out: text on stdout; each command's exit code and output. A command that ends otherwise
than the story expects ends the demo with what it said.
"""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itpm_sync.cli import show
from itpm_sync.cli.running import code_of
from itpm_sync.errors import ItpmError

_WIDTH = 110


class Astray(ItpmError):
    """A command did not do what the story is about."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended."""

    code: int
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def data(self) -> Any:
        """What it printed with `--json`."""
        return json.loads(self.text)


class Teller:
    """Tells a story in chapters and runs commands in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._chapter = 0

    def chapter(self, title: str) -> None:
        """The next heading."""
        self._chapter += 1
        show.line()
        show.line(f"── {self._chapter}. {title} ".ljust(_WIDTH, "─"))

    def say(self, text: str) -> None:
        """A paragraph."""
        for line in textwrap.wrap(
            " ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False
        ):
            show.line(line)

    def item(self, text: str) -> None:
        """One line of a list."""
        show.line(f"    {text}")

    def run(self, *arguments: str, ends: Sequence[int] = (0,), most: int = 8) -> Ended:
        """Show a command, run it, show the first `most` lines of what it prints. Raises Astray."""
        show.line()
        show.line(f"  $ {command(*arguments)}")
        done = self.quietly(*arguments, ends=ends)
        for line in cut(done.lines, most):
            for text in wrapped(line):
                show.line(f"    {text}")
        show.line()
        return done

    def quietly(self, *arguments: str, ends: Sequence[int] = (0,)) -> Ended:
        """Run a command without showing it. Raises Astray where it ends with another code than `ends`."""
        out, err = io.StringIO(), io.StringIO()
        watched = contextlib.nullcontext() if sys.stderr.isatty() else contextlib.redirect_stderr(err)
        with contextlib.chdir(self._folder), contextlib.redirect_stdout(out), watched:
            code = code_of(arguments)
        if code not in ends:
            said = "\n".join(cut([*out.getvalue().splitlines(), *err.getvalue().splitlines()][-20:], 20))
            raise Astray(
                f"`{command(*arguments)}` ended with {code} instead of {' or '.join(map(str, ends))}:\n{said}",
                mend=f"The folder is left as it is: {self._folder}. Run the command there to look closer.",
            )
        return Ended(code, out.getvalue())


def command(*arguments: str) -> str:
    """A command line as people type it."""
    return " ".join(["itpm-sync", *(shlex.quote(each) for each in arguments)])


def wrapped(line: str) -> list[str]:
    """A line of output, broken where it is longer than the page."""
    indent = " " * (len(line) - len(line.lstrip()))
    wide = _WIDTH + 10 - 4
    parts = textwrap.wrap(
        line,
        wide,
        subsequent_indent=f"{indent}        ",
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
    return parts or [""]


def cut(lines: Sequence[str], most: int) -> list[str]:
    """The first lines, and how many are left out."""
    if len(lines) <= most:
        return list(lines)
    return [*lines[:most], f"… {len(lines) - most} lines more"]
