"""The check against Graph's own metadata finds what it should find."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from itpm_sync.emulation import Call
from itpm_sync_m365.emulated.csdl import Metadata
from itpm_sync_m365.emulator import TOKEN, M365Emulator


@pytest.fixture(scope="session")
def metadata(shared: Path) -> Metadata:
    return Metadata(shared / "specs")


@pytest.mark.parametrize(
    ("value", "kind", "says"),
    [
        ({"title": 5}, "graph.plannerTask", "title is no Edm.String"),
        ({"title": None}, "graph.plannerTask", "may not be null"),
        ({"due_date_time": None}, "graph.plannerTask", "no property 'due_date_time'"),
        ({"priority": 2**31}, "graph.plannerTask", "priority is no Edm.Int32"),
        ({"dueDateTime": "2026-03-01T10:00:00"}, "graph.plannerTask", "Edm.DateTimeOffset"),
        ({"previewType": "big"}, "graph.plannerTask", "plannerPreviewType"),
        ([{"id": "1"}, {"id": 2}], "Collection(graph.plannerTask)", "[1]/id"),
        ({"id": "1"}, "Collection(graph.plannerTask)", "not a collection"),
        (
            {"assignments": {"x": {"@odata.type": "#microsoft.graph.plannerAssignment", "hint": ""}}},
            "graph.plannerTask",
            "hint",
        ),
        (
            {"canvasLayout": {"horizontalSections": [{"layout": "wide"}]}},
            "graph.sitePage",
            "horizontalSectionLayoutType",
        ),
    ],
)
def test_what_is_wrong_is_named(metadata: Metadata, value: Any, kind: str, says: str) -> None:
    assert says in " ".join(metadata.faults(value, kind))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (
            {"@odata.etag": "x", "id": "1", "title": "a", "appliedCategories": {"category1": True}},
            "graph.plannerTask",
        ),
        ({"id": "1", "name": "a.aspx", "publishingState": {"level": "published"}}, "graph.baseSitePage"),
        ({"id": "1", "mail": None, "anything": 1}, "graph.user"),
    ],
)
def test_what_is_right_passes(metadata: Metadata, value: Any, kind: str) -> None:
    assert metadata.faults(value, kind) == []


def test_an_answer_against_the_metadata_is_a_violation(shared: Path) -> None:
    emulator = M365Emulator(specs=shared / "specs")
    emulator.seed({"plans": [{"id": "P", "title": "Refresh"}]})
    emulator.state["plans"]["P"]["title"] = 7
    path = "/v1.0/planner/plans/P"
    answer = emulator.handle(Call("GET", path, headers={"authorization": f"Bearer {TOKEN}"}, raw_path=path))
    assert answer.status == 500
    assert "title is no Edm.String" in emulator.violations[0]
