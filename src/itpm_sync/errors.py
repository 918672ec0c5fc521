"""What can go wrong, classed by how to recover from it, never by where it happened.

In: nothing. Out: the exceptions every layer raises. A message names the thing and the mend, for a PMO analyst;
it never holds a secret. Classes A, B and C are those of the fault catalogue: refused before processing, outcome
unknown, refused for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ItpmError(Exception):
    """Base of all errors that a user may read. `mend` says what to do about it, or is empty."""

    def __init__(self, message: str, *, mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.message} {self.mend}".strip() if self.mend else self.message


class Retry(ItpmError):
    """Class A: refused before it was processed (429, 503 with Retry-After, connection refused). Safe to repeat.

    `after` is the least wait in seconds, or None where the vendor named none; `scope` names what must wait
    (an endpoint, one issue, the whole connection).
    """

    def __init__(self, message: str, *, after: float | None = None, scope: str = "", mend: str = "") -> None:
        super().__init__(message, mend=mend)
        self.after = after
        self.scope = scope


class UnknownOutcome(ItpmError):
    """Class B: sent, and nobody knows whether it was done (time-out, reset, 500, 502, 504). Read before repeating."""


class Refused(ItpmError):
    """Class C: refused for good (400, 409, 422). Decide again from a fresh read; repeating changes nothing."""


class Stale(Refused):
    """A conditional write met a newer revision (412, Planner's 409). Re-read, decide again."""


class Denied(ItpmError):
    """401 or 403: the credential or its permission. The container or item is suspended; nothing is inferred from it."""


class Gone(ItpmError):
    """404 or 410 of one thing, read directly. Whether it is deleted or hidden is for the connector to say."""


class NotTheVendor(ItpmError):
    """An answer that cannot be the vendor's: HTML with status 200, cut JSON, another host. An outage."""


class Unavailable(ItpmError):
    """The system cannot be used now: DNS, TLS, circuit open, waits beyond the limit. It sits this run out.

    `after` is the wait in seconds that the vendor asked for, where that was too long; `scope` what must wait.
    """

    def __init__(self, message: str, *, after: float | None = None, scope: str = "", mend: str = "") -> None:
        super().__init__(message, mend=mend)
        self.after = after
        self.scope = scope


class Unsupported(ItpmError):
    """The connector does not do this; it says so in its capabilities."""


class Unreadable(ItpmError):
    """A file or payload that cannot be read: broken, password-protected, of another kind."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in a configuration or mapping file: where it is, what is wrong, what would be right."""

    file: str
    line: int
    """1-based; 0 where the whole file is meant."""
    column: int
    message: str
    mend: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.message}" + (f" {self.mend}" if self.mend else "")


class Misconfigured(ItpmError):
    """Configuration, mapping or usage is wrong (exit code 2). Carries every problem found, not only the first."""

    def __init__(self, message: str, *, problems: Sequence[Problem] = (), mend: str = "") -> None:
        super().__init__("\n".join([message, *map(str, problems)]) if problems else message, mend=mend)
        self.problems = tuple(problems)


class Stopped(ItpmError):
    """A brake holds the run until a person approves (exit code 3)."""


class Paused(Stopped):
    """A person paused the project or the connection: nothing is written before they let it go on (exit code 3)."""


class Busy(ItpmError):
    """Another run holds the project's lease (exit code 6)."""


class Fenced(ItpmError):
    """The lease was lost while the run went on: a newer holder has a higher fencing number. Nothing more is written."""


class Moved(ItpmError):
    """A conflict's side changed after the person looked at it: shown anew, nothing resolved (exit code 1)."""
