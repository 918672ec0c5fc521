"""Limits on what an answer may be: bytes, unpacking ratio, depth of JSON (F16).

In: the chunks of a body as they arrive, or the whole body. Out: the bytes, or the JSON value. Anything beyond a cap
aborts that call as `NotTheVendor` (a read) or `UnknownOutcome` (a write), never the process.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from itpm_sync.errors import ItpmError, NotTheVendor, UnknownOutcome
from itpm_sync.kit.answer import Call

_RATIO_FROM: Final = 1 << 20  # below this size an unpacking ratio says nothing


@dataclass(frozen=True, slots=True)
class Caps:
    """The most an answer may be."""

    most_bytes: int = 256 << 20
    """Bytes after unpacking."""
    most_ratio: float = 200.0
    """Bytes after unpacking for each byte on the wire."""
    most_depth: int = 64
    """Nested arrays and objects."""
    most_seconds: float = 900.0
    """From the first byte of a body to its last: one that trickles in for ever ends, too."""


ENCODINGS: Final = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
"""What a body may be packed in, once. Each layer more multiplies what one packet can unpack to."""
ACCEPTED: Final = "gzip, deflate"
"""What the header Accept-Encoding says, whatever else a library could unpack."""


def check_encoding(encoding: str | None, call: Call) -> None:
    """Look at Content-Encoding before anything is unpacked. Raises NotTheVendor or UnknownOutcome."""
    if (encoding or "").strip().lower() not in ENCODINGS:
        raise _broken(call, "an answer packed in a way that was not asked for")


class Meter:
    """Counts a body while it arrives."""

    __slots__ = ("_began", "_call", "_caps", "_now", "_total")

    def __init__(self, call: Call, caps: Caps, now: Callable[[], float] | None = None) -> None:
        self._call, self._caps, self._total, self._now = call, caps, 0, now
        self._began = now() if now else 0.0

    def add(self, size: int, wire: int | None = None) -> None:
        """Count `size` bytes more; `wire` is how many came over the network so far, if known. Raises beyond a cap."""
        self._total += size
        if self._total > self._caps.most_bytes:
            raise _broken(self._call, f"an answer of more than {self._caps.most_bytes >> 20} MB")
        if self._now is not None and self._now() - self._began > self._caps.most_seconds:
            raise _broken(self._call, "an answer that does not come to its end")
        if (
            wire is not None
            and self._total > _RATIO_FROM
            and self._total > self._caps.most_ratio * max(wire, 1)
        ):
            raise _broken(self._call, "an answer that unpacks to a multiple no honest answer has")


def collect(
    chunks: Iterable[bytes],
    call: Call,
    *,
    caps: Caps = Caps(),
    wire: Callable[[], int] | None = None,
    now: Callable[[], float] | None = None,
) -> bytes:
    """The whole body from its unpacked chunks. `wire` tells the bytes read from the network so far, `now` seconds."""
    meter, parts = Meter(call, caps, now), []
    for chunk in chunks:
        meter.add(len(chunk), wire() if wire else None)
        parts.append(chunk)
    return b"".join(parts)


async def collect_async(
    chunks: AsyncIterable[bytes],
    call: Call,
    *,
    caps: Caps = Caps(),
    wire: Callable[[], int] | None = None,
    now: Callable[[], float] | None = None,
) -> bytes:
    """As `collect`, for an asynchronous client."""
    meter, parts = Meter(call, caps, now), []
    async for chunk in chunks:
        meter.add(len(chunk), wire() if wire else None)
        parts.append(chunk)
    return b"".join(parts)


def parse_json(body: bytes, call: Call, *, caps: Caps = Caps()) -> Any:
    """The JSON value of a body. Refuses what is cut short, too deep, not UTF-8, or holds NaN."""
    if _too_deep(body, caps.most_depth):
        raise _broken(call, f"JSON nested more than {caps.most_depth} deep")
    try:
        return json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise _broken(call, "JSON that cannot be read to its end") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _broken(call: Call, came: str) -> ItpmError:
    text = f"{call.what}: {came} came back"
    if call.reads:
        return NotTheVendor(f"{text}.", mend="Check the proxy; if it stays so, report it to the vendor.")
    return UnknownOutcome(f"{text}; whether the change was made is read back first.")


_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)
_DROP: Final = bytes(set(range(256)) - set(b"[]{}"))
_FOLD: Final = bytes.maketrans(b"{}", b"[]")


def _too_deep(body: bytes, most: int) -> bool:
    """Whether brackets nest deeper than `most`; strings are cut out only where brackets inside them disturb."""
    if not _peel(body, most):
        return False
    rest = _peel(_STRING.sub(b"", body), most)
    # Else what is left are brackets without a partner: the body was cut off, and the parser says so.
    return b"[]" in rest or rest.count(b"[") > most


def _peel(body: bytes, most: int) -> bytes:
    """The brackets left after `most` passes, each of which takes the innermost pairs away at the speed of C."""
    rest = body.translate(_FOLD, _DROP)
    for _ in range(most):
        peeled = rest.replace(b"[]", b"")
        if len(peeled) == len(rest):
            break
        rest = peeled
    return rest
