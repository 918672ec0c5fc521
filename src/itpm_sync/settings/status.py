"""The section `status` of a project: every limit of the status page's rules, a member each.

In: `status.limits.Limits`, which says names, types and defaults. Out: the pydantic model of the section, and the
limits that it says. Shares are 0-1, spans are written as `24 h`.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from itpm_sync.settings.words import Span
from itpm_sync.status.limits import Limits


def _members() -> dict[str, Any]:
    members: dict[str, Any] = {}
    for each in fields(Limits):
        if isinstance(each.default, timedelta):
            members[each.name] = (Span | None, None)
        elif isinstance(each.default, float):
            members[each.name] = (float | None, Field(default=None, ge=0, le=1, description="A share, 0-1."))
        else:
            members[each.name] = (int | None, Field(default=None, ge=0))
    return members


class _Base(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def limits(self) -> Limits:
        """The limits, as said here or by default."""
        return Limits(**{name: value for name, value in self if value is not None})


StatusLimits: type[_Base] = create_model(
    "StatusLimits",
    __base__=_Base,
    __doc__="Limits of the status page; what is left out has its default.",
    **_members(),
)
