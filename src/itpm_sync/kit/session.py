"""The `requests` session inside a vendor's SDK: hardened, and one blocking exchange over it under caps.

In: the SDK's session, with its authentication and headers. Out: whole answers. `requests` is the SDK's own: nothing
here imports it before there is a session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from itpm_sync.kit.answer import Answer, Call
from itpm_sync.kit.caps import Caps, collect

if TYPE_CHECKING:
    from requests import PreparedRequest, Session
    from requests.adapters import HTTPAdapter

CONNECT: Final = 10.0
"""Seconds to wait for a connection, where the time-out is no shorter."""
_CHUNK: Final = 1 << 18


def harden(session: Session) -> None:
    """No proxy and no .netrc that the configuration does not name, no repeating below the kit's."""
    from urllib3.util import Retry

    session.trust_env = False
    session.headers["Accept"] = "application/json"
    adapter: HTTPAdapter
    for adapter in session.adapters.values():
        adapter.max_retries = Retry(0, read=False)


def exchange(session: Session, request: PreparedRequest, call: Call, *, timeout: float, caps: Caps) -> Answer:
    """Send once, follow no redirect, and read the body under caps. For a worker thread. `timeout` is in seconds.

    Raises requests' exceptions (see `kit.trouble`); NotTheVendor or UnknownOutcome beyond a cap.
    """
    wait = (min(CONNECT, timeout), timeout)
    with session.send(request, stream=True, timeout=wait, allow_redirects=False) as response:
        content = collect(response.iter_content(_CHUNK), call, caps=caps, wire=response.raw.tell)
        return Answer(response.status_code, dict(response.headers), content)
