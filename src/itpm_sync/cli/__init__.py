"""The command line: one file a command, imported when it is called.

In: arguments. Out: results on stdout, everything else on stderr, an exit code of `exits`. A user never sees a stack
trace: what can be named is named with its mend, what nobody foresaw is one line and a place in the log.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and end the process with its exit code."""
    from itpm_sync.cli.running import code_of
    from itpm_sync.cli.show import utf8

    utf8()
    sys.exit(code_of(arguments))
