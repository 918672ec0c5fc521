"""The suite that every connector inherits: what the port promises, tried on a real connector over its emulator.

In: a `Harness` that a connector's own short test file makes. Out: tests. What a connector declares must work; what it
does not declare must refuse.

    class TestConformance(ConnectorConformance):
        @pytest.fixture
        def harness(self) -> Iterator[Harness]: ...
"""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from itpm_sync.connector import (
    Change,
    Connector,
    Operation,
    Outcome,
    Page,
    Presence,
    Record,
    Sighting,
    Status,
)
from itpm_sync.errors import Denied, Gone, ItpmError, Unreadable, Unsupported
from itpm_sync.kit.wall import ReadOnlyFiles
from itpm_sync.testing.clocks import ManualClock

T = TypeVar("T")
KEY = "i-000000000000000000000001"


class Harness(ABC):
    """One connector over one emulated tool, and people working in it."""

    connector: Connector
    """Not yet open. Its tools hold `clock`."""
    clock: ManualClock
    container: str
    other_container: str | None = None
    """A second container of the same connection, if the tool can have one."""
    title: str
    """The native name of the title."""

    @abstractmethod
    def make_as(self, person: str, title: str) -> str:
        """A person makes a record in the tool's own window. Returns its native id."""

    @abstractmethod
    def rename_as(self, person: str, native_id: str, title: str) -> None:
        """A person changes its title."""

    @abstractmethod
    def delete_as(self, person: str, native_id: str) -> None:
        """A person deletes it."""

    def creation(self, title: str) -> dict[str, Any]:
        """The native values of a new record."""
        return {**self.connector.created_values(self.container, kind="task", under=None), self.title: title}

    def wrong_credentials(self) -> Connector | None:
        """The same connection with a credential that is not accepted; None where there is none (a folder)."""
        return None

    def lose_next_answer(self) -> None:
        """The next write is carried out and its answer lost. Raises NotImplementedError where nothing can be lost."""
        raise NotImplementedError

    def web_page_next(self) -> None:
        """The next answers are a web page with status 200. Raises NotImplementedError where there is no HTTP."""
        raise NotImplementedError

    def settle(self) -> None:
        """Let pass what the tool's index needs to know of the last change."""
        self.clock.move(seconds=self.connector.horizon + 1)


def used(
    harness: Harness, work: Callable[[Connector], Awaitable[T]], connector: Connector | None = None
) -> T:
    """Open the connector, do the work, close it."""

    async def whole() -> T:
        one = connector or harness.connector
        await one.open()
        try:
            return await work(one)
        finally:
            await one.close()

    return asyncio.run(whole())


async def pulled(
    connector: Connector, container: str, cursor: str | None = None
) -> tuple[dict[str, Record], Page]:
    """Every record of a pull by native id, and its last page."""
    records: dict[str, Record] = {}
    last: Page | None = None
    async for page in connector.pull(container, cursor):
        assert last is None, "a page came after the last one"
        records.update({record.native_id: record for record in page.records})
        last = page if page.last else None
    assert last is not None, "the pull never said that it was at its end"
    return records, last


async def seen(connector: Connector, container: str, native_id: str) -> Sighting:
    """One direct read."""
    (sighting,) = await connector.read(container, [native_id])
    assert sighting.native_id == native_id
    return sighting


def creation(harness: Harness, title: str, *, intent: str = "intent-1", key: str = KEY) -> Change:
    return Change(intent, Operation.CREATE, None, key, harness.creation(title))


def update(record: Record, values: Mapping[str, Any], *, intent: str = "intent-2", key: str = KEY) -> Change:
    return Change(intent, Operation.UPDATE, record.native_id, key, values, record)


async def applied(connector: Connector, container: str, change: Change) -> Outcome:
    (outcome,) = await connector.apply(container, [change])
    assert outcome.intent == change.intent
    return outcome


class ConnectorConformance:
    """Inherit it, and give it a `harness` fixture."""

    @pytest.fixture
    def harness(self) -> Any:
        raise NotImplementedError("a connector's test file makes its harness")

    # ── reading ──

    def test_a_pull_shows_every_record_that_people_made(self, harness: Harness) -> None:
        made = {harness.make_as("ann", title): title for title in ("Rack 1", "Rack 2", "Größe 尺寸")}
        harness.settle()
        records, last = used(harness, lambda c: pulled(c, harness.container))
        assert {native: records[native].values[harness.title] for native in made} == made
        assert last.complete or last.listed is not None

    def test_records_are_plain_json_with_ids_and_revisions(self, harness: Harness) -> None:
        native = harness.make_as("ann", "Rack")
        harness.settle()
        records, _ = used(harness, lambda c: pulled(c, harness.container))
        record = records[native]
        assert json.loads(json.dumps(dict(record.values))) == dict(record.values)
        assert record.revision
        assert all(isinstance(name, str) for name in record.computed)

    def test_a_pull_after_the_cursor_brings_what_was_edited_since(self, harness: Harness) -> None:
        native = harness.make_as("ann", "Rack")
        harness.settle()

        async def two_pulls(connector: Connector) -> tuple[Record, Record]:
            before, last = await pulled(connector, harness.container)
            harness.clock.move(minutes=1)
            harness.rename_as("bea", native, "Rack A")
            harness.settle()
            after, _ = await pulled(connector, harness.container, last.cursor)
            return before[native], after[native]

        before, after = used(harness, two_pulls)
        assert after.values[harness.title] == "Rack A"
        assert after.revision != before.revision
        if harness.connector.capabilities.ordered:
            assert after.revision > before.revision

    def test_a_direct_read_shows_what_stands_there_now(self, harness: Harness) -> None:
        native = harness.make_as("ann", "Rack")
        harness.rename_as("bea", native, "Rack A")
        sighting = used(harness, lambda c: seen(c, harness.container, native))
        assert sighting.presence is Presence.PRESENT
        assert sighting.record is not None
        assert sighting.record.values[harness.title] == "Rack A"

    def test_edit_times_are_told_where_declared_and_only_there(self, harness: Harness) -> None:
        native = harness.make_as("ann", "Rack")
        sighting = used(harness, lambda c: seen(c, harness.container, native))
        assert sighting.record is not None
        if harness.connector.capabilities.edit_times:
            assert sighting.record.edited_at is not None
            assert sighting.record.edited_at.tzinfo is not None
        else:
            assert sighting.record.edited_at is None

    def test_what_a_person_deleted_is_not_present_and_never_a_record(self, harness: Harness) -> None:
        native = harness.make_as("ann", "Rack")
        kept = harness.make_as("ann", "Other")
        harness.delete_as("ann", native)
        harness.settle()

        async def look(connector: Connector) -> tuple[Sighting, dict[str, Record]]:
            records, _ = await pulled(connector, harness.container)
            return await seen(connector, harness.container, native), records

        sighting, records = used(harness, look)
        expected = {Presence.GONE, Presence.BINNED}
        if not harness.connector.capabilities.tells_hidden:
            expected.add(Presence.GONE_OR_HIDDEN)
        assert sighting.presence in expected
        assert native not in records
        assert kept in records

    def test_a_description_names_the_title_and_keeps_its_fingerprint(self, harness: Harness) -> None:
        harness.make_as("ann", "Rack")

        async def twice(connector: Connector) -> tuple[Any, Any]:
            return await connector.describe(harness.container), await connector.describe(harness.container)

        one, other = used(harness, twice)
        assert harness.title in {field.name for field in one.fields}
        assert one.fingerprint == other.fingerprint

    def test_an_unknown_container_is_an_error_that_names_it(self, harness: Harness) -> None:
        with pytest.raises((Gone, Denied, Unreadable)):
            used(harness, lambda c: pulled(c, "no-such-container"))

    # ── writing ──

    def test_a_creation_answers_with_the_record_and_our_key(self, harness: Harness) -> None:
        if not harness.connector.capabilities.creates:
            outcome = used(harness, lambda c: applied(c, harness.container, creation(harness, "New")))
            assert outcome.status is Status.REFUSED
            return

        async def make(connector: Connector) -> tuple[Outcome, Sighting]:
            outcome = await applied(connector, harness.container, creation(harness, "New"))
            assert outcome.status is Status.APPLIED, outcome
            assert outcome.record is not None
            return outcome, await seen(connector, harness.container, outcome.record.native_id)

        outcome, sighting = used(harness, make)
        assert outcome.record is not None
        assert sighting.record is not None
        assert sighting.record.values[harness.title] == "New"
        if harness.connector.capabilities.keys:
            assert outcome.record.key == KEY
            assert sighting.record.key == KEY

    def test_what_we_created_is_found_by_its_key(self, harness: Harness) -> None:
        able = harness.connector.capabilities
        since = harness.clock.now() - timedelta(minutes=5)
        if not able.keys:
            with pytest.raises(Unsupported):
                used(harness, lambda c: c.find([harness.container], [KEY], since))
            return
        if not able.creates:
            return

        async def make_and_find(connector: Connector) -> Any:
            outcome = await applied(connector, harness.container, creation(harness, "New"))
            assert outcome.record is not None
            harness.settle()
            return outcome.record, await connector.find([harness.container], [KEY, "i-none"], since)

        record, found = used(harness, make_and_find)
        assert [(place, one.native_id) for place, one in found.records[KEY]] == [
            (harness.container, record.native_id)
        ]
        assert not found.records.get("i-none")
        assert found.certain

    def test_an_update_writes_what_it_says_and_nothing_else(self, harness: Harness) -> None:
        native = harness.make_as("ann", "Rack")

        async def change(connector: Connector) -> tuple[Outcome, Record, Record]:
            before = (await seen(connector, harness.container, native)).record
            assert before is not None
            outcome = await applied(connector, harness.container, update(before, {harness.title: "Rack A"}))
            after = (await seen(connector, harness.container, native)).record
            assert after is not None
            return outcome, before, after

        if not harness.connector.capabilities.updates:
            outcome, before, after = used(harness, change)
            assert outcome.status is Status.REFUSED
            assert after.values == before.values
            return
        outcome, before, after = used(harness, change)
        assert outcome.status is Status.APPLIED, outcome
        assert after.values[harness.title] == "Rack A"
        changed = {name for name in after.values if after.values[name] != before.values.get(name)}
        assert harness.title in changed
        assert after.revision != before.revision

    def test_one_bad_change_leaves_the_others_alone(self, harness: Harness) -> None:
        if not harness.connector.capabilities.updates:
            return
        first, second = harness.make_as("ann", "One"), harness.make_as("ann", "Two")
        gone = harness.make_as("ann", "Three")

        async def mixed(connector: Connector) -> list[Outcome]:
            records = [
                (await seen(connector, harness.container, native)).record for native in (first, gone, second)
            ]
            harness.delete_as("ann", gone)
            changes = [
                update(record, {harness.title: "Changed"}, intent=f"intent-{number}", key=f"i-{number:024d}")
                for number, record in enumerate(records)
                if record is not None
            ]
            return list(await connector.apply(harness.container, changes))

        outcomes = {outcome.intent: outcome.status for outcome in used(harness, mixed)}
        assert outcomes["intent-0"] is Status.APPLIED
        assert outcomes["intent-1"] in (Status.REFUSED, Status.STALE)
        assert outcomes["intent-2"] is Status.APPLIED

    def test_a_deletion_takes_the_record_away_or_refuses(self, harness: Harness) -> None:
        native = harness.make_as("ann", "Rack")
        harness.make_as("ann", "Other")

        async def remove(connector: Connector) -> tuple[Outcome, Sighting]:
            record = (await seen(connector, harness.container, native)).record
            outcome = await applied(
                connector, harness.container, Change("intent-3", Operation.DELETE, native, KEY, {}, record)
            )
            return outcome, await seen(connector, harness.container, native)

        outcome, sighting = used(harness, remove)
        if harness.connector.capabilities.deletes:
            assert outcome.status is Status.APPLIED
            assert sighting.presence is not Presence.PRESENT
        else:
            assert outcome.status is Status.REFUSED
            assert sighting.presence is Presence.PRESENT

    def test_a_conditional_write_meets_a_newer_revision(self, harness: Harness) -> None:
        able = harness.connector.capabilities
        if not able.conditional or not able.updates:
            return
        native = harness.make_as("ann", "Rack")

        async def late(connector: Connector) -> tuple[Outcome, Record | None]:
            record = (await seen(connector, harness.container, native)).record
            assert record is not None
            harness.rename_as("bea", native, "Rack B")
            outcome = await applied(connector, harness.container, update(record, {harness.title: "Rack A"}))
            return outcome, (await seen(connector, harness.container, native)).record

        outcome, after = used(harness, late)
        assert outcome.status is Status.STALE
        assert after is not None
        assert after.values[harness.title] == "Rack B"

    def test_the_history_tells_our_writes_from_a_persons(self, harness: Harness) -> None:
        since = harness.clock.now() - timedelta(minutes=1)
        native = harness.make_as("ann", "Rack")

        async def edits(connector: Connector) -> Any:
            record = (await seen(connector, harness.container, native)).record
            assert record is not None
            if not connector.capabilities.history:
                with pytest.raises(Unsupported):
                    await connector.history(harness.container, [native], since)
                return None
            harness.clock.move(seconds=5)
            await applied(connector, harness.container, update(record, {harness.title: "Ours"}))
            harness.clock.move(seconds=5)
            harness.rename_as("bea", native, "Theirs")
            return (await connector.history(harness.container, [native], since))[native]

        found = used(harness, edits)
        if found is not None:
            marked = [(edit.ours is not None, edit.after.get(harness.title)) for edit in found]
            assert (True, "Ours") in marked
            assert (False, "Theirs") in marked

    def test_in_read_mode_it_answers_every_question_and_nothing_is_written(self, harness: Harness) -> None:
        """`mode: read` holds in the transport: also where whoever calls the connector forgot about it."""
        native, tools = harness.make_as("ann", "Rack"), harness.connector.tools
        harness.settle()
        files = ReadOnlyFiles(harness.connector.name, tools.files)
        only_reads = replace(tools, reads_only=True, files=files)
        reader = type(harness.connector)(harness.connector.name, harness.connector.options, only_reads)

        async def tried(connector: Connector) -> tuple[list[Status], dict[str, Record], dict[str, Record]]:
            before, _ = await pulled(connector, harness.container)
            statuses = []
            made = Change("int-create", Operation.CREATE, None, KEY, harness.creation("Cable"))
            gone = Change("int-delete", Operation.DELETE, native, KEY, expected=before[native])
            for change in (made, update(before[native], {harness.title: "Rack A"}), gone):
                try:
                    statuses.append((await applied(connector, harness.container, change)).status)
                except ItpmError:
                    continue
            after, _ = await pulled(connector, harness.container)
            return statuses, before, after

        statuses, before, after = used(harness, tried, reader)
        assert not {Status.APPLIED, Status.PARTLY, Status.UNKNOWN} & set(statuses)
        assert before.keys() == after.keys() and before[native].values == after[native].values

    # ── when things go wrong ──

    def test_a_creation_whose_answer_is_lost_is_unknown_and_found_once(self, harness: Harness) -> None:
        if not (harness.connector.capabilities.creates and harness.connector.capabilities.keys):
            return
        try:
            harness.lose_next_answer()
        except NotImplementedError:
            return
        since = harness.clock.now() - timedelta(minutes=5)

        async def make(connector: Connector) -> Any:
            outcome = await applied(connector, harness.container, creation(harness, "New"))
            assert outcome.status is Status.UNKNOWN
            harness.settle()
            return await connector.find([harness.container], [KEY], since)

        assert len(used(harness, make).records[KEY]) == 1

    def test_a_web_page_is_an_outage_and_never_an_empty_container(self, harness: Harness) -> None:
        harness.make_as("ann", "Rack")
        try:
            harness.web_page_next()
        except NotImplementedError:
            return
        with pytest.raises(ItpmError):
            used(harness, lambda c: pulled(c, harness.container))

    def test_a_wrong_credential_is_named_by_check_and_denied_by_reading(self, harness: Harness) -> None:
        wrong = harness.wrong_credentials()
        if wrong is None:
            return
        findings = used(harness, lambda c: c.check(), wrong)
        bad = [finding for finding in findings if not finding.ok]
        assert bad
        assert all(finding.mend for finding in bad)
        with pytest.raises(Denied):
            used(harness, lambda c: pulled(c, harness.container), wrong)

    def test_check_says_what_is_fine(self, harness: Harness) -> None:
        harness.make_as("ann", "Rack")
        findings = used(harness, lambda c: c.check())
        assert findings
        assert all(finding.ok for finding in findings), [f.says for f in findings if not f.ok]
