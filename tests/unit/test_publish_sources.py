"""When a source was last edited, as its page tells: by its records, else by the container itself, else not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from itpm_sync.bases import Agreed, ItemBase, Replica, Tie
from itpm_sync.connector import ContainerInfo, Record
from itpm_sync.ledger import ContainerState
from itpm_sync.ledger.state import State
from itpm_sync.policy import ContainerPolicy, ProjectPolicy
from itpm_sync.publish import Showing, subject_of
from itpm_sync.status.subject import Source
from itpm_sync.testing.items import FACTS, NOW
from itpm_sync.translate import remembered

PLACE = ("plans", "net.xml")
SHOWING = Showing(FACTS, ProjectPolicy((ContainerPolicy(*PLACE),)))


def source(state: ContainerState | None) -> Source:
    (found,) = subject_of(SHOWING, State("net", containers={PLACE: state} if state else {})).sources
    return found


def read(edited: datetime | None, last_edit: datetime | None = None) -> ContainerState:
    info = ContainerInfo("net.xml", "Network refresh", (), "", edited=edited)
    return ContainerState(
        *PLACE, last_read=NOW, last_edit=last_edit, document=remembered(info, ContainerState(*PLACE))
    )


@pytest.mark.parametrize(
    ("edited", "shown"),
    [
        (datetime(2026, 11, 20, 9, 30), datetime(2026, 11, 20, 8, 30, tzinfo=UTC)),  # noqa: DTZ001 - civil, of the plan
        (datetime(2026, 11, 20, 9, 30, tzinfo=UTC), datetime(2026, 11, 20, 9, 30, tzinfo=UTC)),
        (datetime(2026, 11, 24, 14, 30), NOW),  # noqa: DTZ001 - 13:30 there: saved by the clock of another zone
        (None, None),
    ],
)
def test_a_plan_file_tells_when_it_was_saved_in_the_projects_zone(
    edited: datetime | None, shown: datetime | None
) -> None:
    assert source(read(edited)).edited == shown


def test_the_newest_edit_of_a_record_says_more_than_the_container() -> None:
    newest = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert source(read(datetime(2026, 11, 1, tzinfo=UTC), last_edit=newest)).edited == newest


def test_what_an_older_version_stored_tells_no_time() -> None:
    old = read(None)
    bare = {name: value for name, value in old.document.items() if name != "edited"}
    assert source(replace(old, document=bare)).edited is None
    assert source(None).edited is None


def test_items_stand_as_people_list_them_and_not_by_their_ids() -> None:
    names = ["Survey", "Cabling", "Go-live"]
    items = {
        f"i-{n}": ItemBase(f"i-{n}", {"title": Agreed(title, 1)})
        for n, title in zip("cab", names, strict=True)
    }
    replicas = {
        f"r-{at}": Replica(
            f"r-{at}", *PLACE, f"n{at}", item, Tie.TIED, Record(f"n{at}", "1", {}, position=at)
        )
        for at, item in enumerate(items)
    }
    state = State("net", items=dict(sorted(items.items())), replicas=replicas)
    assert [item.title for item in subject_of(SHOWING, state).items] == names
