"""The `requests` session inside a vendor's SDK: hardened, and one blocking exchange over it under caps.

In: the SDK's session, with its authentication and headers. Out: whole answers. `requests` is the SDK's own: nothing
here imports it before there is a session.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from itpm_sync.kit.answer import Answer, Call
from itpm_sync.kit.caps import ACCEPTED, Caps, check_encoding, collect
from itpm_sync.kit.wall import Wall, enclose

if TYPE_CHECKING:
    from requests import PreparedRequest, Session

CONNECT: Final = 10.0
"""Seconds to wait for a connection, where the time-out is no shorter."""
_CHUNK: Final = 1 << 18


def harden(session: Session, wall: Wall | None = None) -> None:
    """No proxy and no .netrc that the configuration does not name, no repeating below the kit's.

    `wall`: where the connection is only read, what keeps every write from being sent.
    """
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    session.trust_env = False
    session.headers["Accept"] = "application/json"
    session.headers["Accept-Encoding"] = ACCEPTED
    for adapter in session.adapters.values():
        if isinstance(adapter, HTTPAdapter):
            adapter.max_retries = Retry(0, read=False)
    if wall is not None:
        enclose(session, wall)


def exchange(
    session: Session,
    request: PreparedRequest,
    call: Call,
    *,
    timeout: float,
    caps: Caps,
    now: Callable[[], float] | None = None,
) -> Answer:
    """Send once, follow no redirect, and read the body under caps. For a worker thread. `timeout` is in seconds.

    `now` tells seconds, for the cap on how long a body may take.

    Raises requests' exceptions (see `kit.trouble`); NotTheVendor or UnknownOutcome beyond a cap.
    """
    wait = (min(CONNECT, timeout), timeout)
    with session.send(request, stream=True, timeout=wait, allow_redirects=False) as response:
        check_encoding(response.headers.get("content-encoding"), call)
        content = collect(response.iter_content(_CHUNK), call, caps=caps, wire=response.raw.tell, now=now)
        return Answer(response.status_code, dict(response.headers), content)
