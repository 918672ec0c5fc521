"""The wall around a connection in `mode: read`: whatever would change something in the vendor's system is not sent.

In: method, address and body of a request, just before it leaves; the POSTs that the connector names as mere questions.
Out: nothing, or Denied. It stands in the transport below the SDK, so that a faulty connector cannot write either. For a
folder of files it is `ReadOnlyFiles`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from itpm_sync.errors import Denied
from itpm_sync.ports import Files

if TYPE_CHECKING:
    from requests import Session

READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing by their definition (RFC 9110, 9.2.1)."""
_OVERRIDES: Final = frozenset({"x-http-method-override", "x-http-method", "x-method-override"})
"""Headers by which some systems let a GET be another method."""

Question = Callable[[bytes], bool]
"""Whether a body only asks."""


def asks(_body: bytes) -> bool:
    """A POST whose address alone says that it only asks (a search, a bulk read)."""
    return True


def denied(name: str, what: str) -> Denied:
    """The refusal; `what` is a method and a path, or a file's name."""
    return Denied(
        f"{what} was not sent: the connection {name} is in `mode: read`, nothing is written there.",
        mend="Take `mode: read` away from the connection in the configuration, if it shall be written.",
    )


class Wall:
    """One connection's. `questions`: by path below `base`, the POSTs that only ask."""

    def __init__(self, name: str, base: str, questions: Mapping[str, Question]) -> None:
        above = urlsplit(base).path.rstrip("/")
        self._name = name
        self._questions = {f"{above}{path}": question for path, question in questions.items()}

    def check(self, method: str, url: str, body: object, headers: Iterable[str] = ()) -> None:
        """Raises Denied where the request is no mere question."""
        path = urlsplit(url).path
        overridden = not _OVERRIDES.isdisjoint(name.lower() for name in headers)
        if method.upper() in READS and not overridden:
            return
        question = self._questions.get(path) if method.upper() == "POST" and not overridden else None
        if question is None or not question(_bytes(body)):
            raise denied(self._name, f"{method.upper()} {path}")


def _bytes(body: object) -> bytes:
    """A body as bytes; one that cannot be looked at without being used up reads as none."""
    if isinstance(body, str):
        return body.encode()
    return bytes(body) if isinstance(body, bytes | bytearray) else b""


def enclose(session: Session, wall: Wall) -> None:
    """Let a `requests` session send through the wall only, whoever uses it (the SDK that it belongs to, too)."""
    send = session.send

    def checked(request: Any, **options: Any) -> Any:
        wall.check(request.method or "", request.url or "", request.body, request.headers)
        return send(request, **options)

    session.send = checked  # type: ignore[method-assign] # below everything that the SDK calls


class ReadOnlyFiles:
    """The file system of a connection in `mode: read`."""

    def __init__(self, name: str, inner: Files) -> None:
        self._name, self._inner = name, inner

    def read(self, path: Path) -> bytes:
        return self._inner.read(path)

    def write(self, path: Path, data: bytes) -> None:
        """Raises Denied."""
        raise denied(self._name, f"A change of the file {path.name}")
