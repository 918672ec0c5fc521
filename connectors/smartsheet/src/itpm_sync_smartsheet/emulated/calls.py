"""What all calls share: their sheet, their body, and errors as Smartsheet words them.

In: a call. Out: the sheet it names, the objects of its body, or the answer that an error is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from itpm_sync.emulation import Answer, Call, Refusal

from .world import Access, ApiError, Sheet, World

PREFIX = "/2.0"
SHEET = f"{PREFIX}/sheets/{{sheet}}"


def on_sheet(world: World, call: Call, work: Callable[[Sheet], Answer]) -> Answer:
    """Do something with the sheet that the path names; one that the caller may not see is not there."""
    sheet = world.sheets.get(path_id(call, "sheet"))
    try:
        if sheet is None or call.person not in sheet.access:
            raise ApiError(404, 1006, "Not Found")
        return work(sheet)
    except ApiError as error:
        return told(error)


def needs_editor(sheet: Sheet, call: Call) -> None:
    """Raises ApiError where the caller may only look."""
    if not sheet.access.get(call.person, Access.VIEWER).writes:
        raise ApiError(403, 1004, "You are not authorized to perform this action.")


def bodies(call: Call) -> list[dict[str, Any]]:
    """The objects of a body: one or a list of them."""
    try:
        body = call.json()
    except ValueError as error:
        raise ApiError(
            400, 1008, f"Unable to parse request. The following error occurred: {error}"
        ) from error
    listed: list[Any] = body if isinstance(body, list) else [body]
    if not all(isinstance(each, dict) for each in listed):
        raise ApiError(400, 1024, "The HTTP request body is required for this Method.")
    return listed


def path_id(call: Call, name: str) -> int:
    """An id out of the path; -1 where it is no number."""
    text = call.params.get(name, "")
    return int(text) if text.isdigit() else -1


def told(error: ApiError) -> Answer:
    """The error's answer."""
    body: dict[str, Any] = {"errorCode": error.code, "message": error.message, "refId": "emulated"}
    if error.detail:
        body["detail"] = error.detail
    return Answer(error.status, body)


def refusal(error: ApiError) -> Refusal:
    """The same, as an exception."""
    return Refusal(told(error))
