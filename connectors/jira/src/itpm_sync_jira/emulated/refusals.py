"""Jira's ways to say no, each in the shape and, where known, the words of the real service.

In: what is wrong. Out: a `Refusal` to raise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from itpm_sync.emulation import Answer, Refusal

NO_ISSUE = "Issue does not exist or you do not have permission to see it."


def refusal(status: int, messages: Sequence[str] = (), errors: Mapping[str, str] | None = None) -> Refusal:
    """Jira's error collection."""
    return Refusal(Answer(status, {"errorMessages": list(messages), "errors": dict(errors or {})}))


def bad(*messages: str) -> Refusal:
    """400 with messages that belong to no field."""
    return refusal(400, messages)


def bad_field(field: str, message: str) -> Refusal:
    """400 with a message that belongs to a field."""
    return refusal(400, (), {field: message})


def no_issue() -> Refusal:
    """404: deleted and hidden look the same."""
    return refusal(404, [NO_ISSUE])


def no_project(key: str) -> Refusal:
    return refusal(404, [f"No project could be found with key '{key}'."])


def not_settable(field: str) -> str:
    """What Jira says of a field that is unknown or not on the screen."""
    return f"Field '{field}' cannot be set. It is not on the appropriate screen, or unknown."
