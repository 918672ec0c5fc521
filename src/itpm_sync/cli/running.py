"""Runs one command and turns whatever happens into an exit code and words for people.

In: arguments. Out: a code of `exits`. Errors that can be named are printed with their mend; any other goes into the
log, with one line on the terminal that says where.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from itpm_sync.cli.app import app
from itpm_sync.cli.exits import Exit, of_error
from itpm_sync.cli.show import note, trouble
from itpm_sync.errors import ItpmError


def code_of(arguments: Sequence[str] | None = None) -> int:
    """Run and say how it ended."""
    try:
        given = list(arguments) if arguments is not None else None
        ended = app.main(args=given, prog_name="itpm-sync", standalone_mode=False)
        sys.stdout.flush()
        return int(ended) if isinstance(ended, int) else Exit.DONE
    except click.exceptions.Exit as ended:
        return int(ended.exit_code)
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except ItpmError as error:
        trouble(error)
        return of_error(error)
    except (KeyboardInterrupt, click.Abort):
        note("Stopped. What was begun is finished or taken up by the next run.")
        return Exit.FAILED
    except BrokenPipeError:  # whoever read our output has gone
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for the interpreter's last flush
        return Exit.FAILED
    except Exception as error:  # noqa: BLE001 - the last line: no stack trace for users
        note(f"Something went wrong that nobody foresaw ({type(error).__name__}). {_logged()}")
        return Exit.FAILED


def _logged() -> str:
    """Put the running exception into the log, and say where it is."""
    from itpm_sync.cli import logs

    try:
        file = logs.current() or logs.configure(Path.home() / ".itpm-sync")
        logs.log().exception("unforeseen")
    except OSError as error:
        return f"It could not be logged either ({error.strerror})."
    return f"The details are in {file}; please send it along with a report."
