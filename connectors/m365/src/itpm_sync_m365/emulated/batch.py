"""`$batch`: up to twenty requests in one, each with its own answer.

In: the body of a batch, and a function that answers one inner request. Out: the answers, in another order than asked,
as Graph may. The outer status says nothing of the inner ones. Source: json-batching in the Graph reference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .wire import Answer, Json, bad

LIMIT = 20
NAMES = frozenset({"id", "method", "url", "headers", "body", "dependsOn"})
METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})

Inner = Callable[[str, str, dict[str, str], Any], Answer]
"""Method, url with query (`/planner/tasks/x`), headers in lower case, body -> the answer."""


def answer_batch(body: Json, inner: Inner) -> Answer:
    """Answer every inner request, those that depend on others after them."""
    requests = body.get("requests")
    if set(body) != {"requests"} or not isinstance(requests, list) or not requests:
        raise bad("Invalid batch payload format.")
    if len(requests) > LIMIT:
        raise bad(f"Number of batch request steps exceeds the maximum value of {LIMIT}.")
    for request in requests:
        _check(request)
    ids = [str(request["id"]).casefold() for request in requests]
    if len(set(ids)) != len(ids):
        raise bad("Batch request steps must have ids that differ.")
    done: dict[str, Answer] = {}
    for request in requests:
        done[request["id"]] = _one(request, done, inner)
    return Answer(200, {"responses": [_shown(each, answer) for each, answer in reversed(done.items())]})


def _check(request: Any) -> None:
    if not isinstance(request, dict) or not isinstance(request.get("id"), str) or not request["id"]:
        raise bad("Every batch request step needs an 'id' that is text.")
    if extra := sorted(set(request) - NAMES):
        raise bad(f"A batch request step has no property '{extra[0]}'.")
    if request.get("method") not in METHODS:
        raise bad("A batch request step needs a 'method' in capitals.")
    url = request.get("url")
    if not isinstance(url, str) or not url.startswith("/") or url.startswith(("/v1.0/", "/beta/", "//")):
        raise bad("The 'url' of a batch request step must be relative, without version.")
    headers = request.get("headers", {})
    if not isinstance(headers, dict) or not all(isinstance(v, str) for v in headers.values()):
        raise bad("The 'headers' of a batch request step must be an object of texts.")
    if "body" in request and not any(name.lower() == "content-type" for name in headers):
        raise bad("A batch request step with a body needs a Content-Type header.")


def _one(request: Json, done: dict[str, Answer], inner: Inner) -> Answer:
    for other in request.get("dependsOn", []):
        if other not in done:
            raise bad("A batch request step depends on one that does not come before it.")
        if done[other].status >= 400:
            error = {"code": "FailedDependency", "message": "Request failed because a dependency failed."}
            return Answer(424, {"error": error})
    headers = {name.lower(): value for name, value in request.get("headers", {}).items()}
    return inner(request["method"], request["url"], headers, request.get("body"))


def _shown(each: str, answer: Answer) -> Json:
    shown: Json = {"id": each, "status": answer.status, "headers": dict(answer.headers)}
    if answer.body is not None:
        shown["headers"]["Content-Type"] = "application/json"
        shown["body"] = answer.body
    return shown
