"""Smartsheet's answers by how to recover, from status and error code.

In: what was asked and what came back. Out: None, or the error to raise; a refusal of one row of a request is a
`Rejected` that names the row. Rules: the official list of error codes, and class A, B, C of the fault catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Final

from itpm_sync.errors import ItpmError, Refused, Retry, Unavailable
from itpm_sync.kit.answer import Answer, Call, Outage, classify, doubtful, is_json
from itpm_sync.kit.caps import parse_json
from itpm_sync.kit.retry_after import retry_after
from itpm_sync.kit.text import cut, one_line

RATE_LIMIT: Final = 4003
MAINTENANCE: Final = 4001
BUSY_SHEET: Final = 4004
RETIRED: Final = 4005
LEAST_WAIT: Final = 60.0
"""Seconds that Smartsheet asks to wait after 4003."""
BUSY_WAIT: Final = 2.0
_MOST_WORDS: Final = 300
_ROW_REFUSALS: Final = frozenset({1039, 1045, 1050, 1092, 1212})
"""403 that speak of a row, a column or a cell, not of the whole sheet: locked, read-only, validated."""


class Rejected(Refused):
    """A request was refused as a whole because of one of its rows, and nothing was done.

    `index` is that row's place in the request, or None where Smartsheet named none.
    """

    def __init__(self, message: str, *, code: int, index: int | None, mend: str = "") -> None:
        super().__init__(message, mend=mend)
        self.code = code
        self.index = index


MENDS: Final[Mapping[int, str]] = {
    1004: "Share the sheet with the token's account as Editor, or as Admin where a column is to be added.",
    1006: "Check the sheet's id (File > Properties) and that it is shared with the token's account.",
    1039: "Unlock the column, or make the token's account an admin of the sheet.",
    1042: "Correct the value, or the type of the column.",
    1050: "Unlock the row, or make the token's account an admin of the sheet.",
    1080: "Map the finish to the duration, or leave it to Smartsheet.",
    1185: "Give the parent row a text first.",
    1302: "The column holds a formula; do not map it for writing.",
}


def judge(
    call: Call, answer: Answer, *, now: datetime, again: Collection[int], clean: Callable[[str], str]
) -> ItpmError | None:
    """The error that this answer is, or None where it may be used.

    `again` is the SDK's own list of codes that speak of Smartsheet's health, whatever status they come with; `clean`
    takes secrets out of the words of the answer.
    """
    if 200 <= answer.status < 300:
        return classify(call, answer, now=now)
    said = _body(call, answer)
    given = said.get("errorCode")
    code = given if isinstance(given, int) else 0
    message = cut(one_line(clean(str(said.get("message") or ""))), _MOST_WORDS)
    detail = f"{message} [{code}]" if code else message
    special = _by_code(call, answer, code, message, now=now)
    if special is not None:
        return special
    if code in again and answer.status < 500:
        return doubtful(call, f"answered {answer.status} ({detail})")
    error = classify(call, answer, now=now, detail=detail)
    if code and answer.status < 500 and (isinstance(error, Refused) or code in _ROW_REFUSALS):
        return Rejected(f"{call.what}: {detail}", code=code, index=_index(said), mend=MENDS.get(code, ""))
    if error is not None and code in MENDS:
        error.mend = MENDS[code]
    return error


def _by_code(call: Call, answer: Answer, code: int, message: str, *, now: datetime) -> ItpmError | None:
    after = retry_after(answer.header("retry-after"), now=now)
    if code == RATE_LIMIT or answer.status == 429:
        return Retry(f"{call.what}: too many calls for the moment.", after=after or LEAST_WAIT)
    if code == MAINTENANCE:  # offline for maintenance: refused before processing
        return Outage(f"{call.what}: Smartsheet is down for maintenance.", after=after or LEAST_WAIT)
    if code == RETIRED:
        return Unavailable(
            f"{call.what}: this version of Smartsheet's API has been retired.",
            mend="Update itpm-sync-smartsheet.",
        )
    if code == BUSY_SHEET and "currently being updated" in message:  # F08: nothing was done
        return Retry(
            f"{call.what}: another request is writing to the sheet.",
            after=after or BUSY_WAIT,
            scope=call.scope,
        )
    return None


def _body(call: Call, answer: Answer) -> dict[str, Any]:
    if not is_json(answer):
        return {}
    try:
        value = parse_json(answer.body, call)
    except ItpmError:
        return {}
    return value if isinstance(value, dict) else {}


def _index(said: Mapping[str, Any]) -> int | None:
    detail = said.get("detail")
    if isinstance(detail, list) and detail:
        detail = detail[0]
    index = detail.get("index") if isinstance(detail, Mapping) else None
    return index if isinstance(index, int) and index >= 0 else None
