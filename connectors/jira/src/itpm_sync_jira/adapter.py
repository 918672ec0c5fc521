"""The transport below the library's session: the whole body is read here, under caps.

In: a prepared request. Out: a response whose body is in memory and no larger than allowed. The library reads bodies
without any limit; by the time it does, this has done it.
"""

from __future__ import annotations

from typing import Any, Final

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from itpm_sync.kit.answer import Call
from itpm_sync.kit.caps import Caps, collect

_CHUNK: Final = 1 << 16


class Capped(HTTPAdapter):
    """Reads bodies under caps; raises NotTheVendor or UnknownOutcome beyond them."""

    def __init__(self, caps: Caps, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._limits = caps

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        kwargs["stream"] = True
        response = super().send(request, *args, **kwargs)
        call = Call("Jira", request.url or "", reads=_only_reads(request))
        with response:
            chunks = response.iter_content(_CHUNK)
            response._content = collect(chunks, call, caps=self._limits, wire=response.raw.tell)
        return response


def _only_reads(request: PreparedRequest) -> bool:
    """A search by POST is a read too; taken for a write it is only reported more carefully."""
    return request.method in ("GET", "HEAD")
