"""The daemon's schedule and health answer, over tools in memory."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
from starlette.applications import Starlette

from itpm_sync.daemon.health import health_app
from itpm_sync.daemon.schedule import LATE_AFTER, Schedule
from itpm_sync.errors import Unavailable
from itpm_sync.testing.bench import PROJECT, Bench, tool
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.lenses import PlainLens

EVERY = timedelta(minutes=15)


def bench() -> Bench:
    clock = ManualClock()
    made = {name: tool(clock, name, PlainLens("priority")) for name in ("a", "b")}
    one = Bench.of(clock, made)
    made["a"].memory.create_as("ann", "main", kind="task", title="Rack", priority=1)
    return one


def get(app: Starlette, path: str) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get(path)

    return asyncio.run(asked())


def test_a_first_sync_waits_for_approval_and_says_so() -> None:
    schedule = Schedule(bench().workspace(), {PROJECT: EVERY})
    asyncio.run(schedule.run_one(PROJECT))
    assert "waits for approval of run" in schedule.states[PROJECT].says
    assert schedule.states[PROJECT].ok


def test_an_approved_project_is_kept_in_step() -> None:
    one = bench()
    one.approve()
    schedule = Schedule(one.workspace(), {PROJECT: EVERY})
    asyncio.run(schedule.run_one(PROJECT))
    one.clock.move(minutes=15)
    one.tools["a"].memory.edit_as("ann", "000001", priority=2)
    asyncio.run(schedule.run_one(PROJECT))
    assert [row.values["priority"] for row in one.tools["b"].memory.rows.values()] == [2]


def test_a_project_whose_tools_fail_in_an_unforeseen_way_does_not_end_the_daemon() -> None:
    one = bench()
    one.approve()

    def broken(_call: str, _phase: str) -> None:
        raise ZeroDivisionError

    one.tools["a"].memory.on_call = broken
    schedule = Schedule(one.workspace(), {PROJECT: EVERY})
    asyncio.run(schedule.run_one(PROJECT))
    state = schedule.states[PROJECT]
    assert not state.ok
    assert "ZeroDivisionError" in state.says
    one.tools["a"].memory.on_call = lambda _call, _phase: None
    asyncio.run(schedule.run_one(PROJECT))
    assert schedule.states[PROJECT].ok


def test_a_tool_that_does_not_answer_is_an_outage_of_that_tool_only() -> None:
    one = bench()
    one.approve()

    def silent(_call: str, _phase: str) -> None:
        raise Unavailable("a does not answer.")

    one.tools["a"].memory.on_call = silent
    schedule = Schedule(one.workspace(), {PROJECT: EVERY})
    asyncio.run(schedule.run_one(PROJECT))
    assert schedule.states[PROJECT].ok


def test_it_stops_when_asked_to_and_not_before_the_run_ends() -> None:
    one = bench()
    one.approve()
    schedule = Schedule(one.workspace(), {PROJECT: EVERY})

    async def story() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(schedule.run(stop))
        await asyncio.sleep(0)
        stop.set()
        await asyncio.wait_for(task, timeout=5)

    asyncio.run(story())
    assert schedule.states[PROJECT].runs == 1
    assert one.ledger.holder(PROJECT) is None


def test_the_health_answer_turns_when_runs_no_longer_end() -> None:
    one = bench()
    schedule = Schedule(one.workspace(), {PROJECT: EVERY})
    app = health_app(schedule)
    asyncio.run(schedule.run_one(PROJECT))
    well = get(app, "/health")
    assert well.status_code == 200
    assert well.json()["projects"][PROJECT]["runs"] == 1
    one.clock.move(minutes=15 * LATE_AFTER + 1)
    late = get(app, "/health")
    assert late.status_code == 503
    assert late.json()["projects"][PROJECT]["late"] is True
    assert get(app, "/anything-else").status_code == 404


def test_a_paused_project_is_well_and_its_health_answer_says_since_when() -> None:
    one = bench()
    one.approve()
    pause = one.ledger.pause(PROJECT, None, reason="Migration weekend", actor="ann")
    schedule = Schedule(one.workspace(), {PROJECT: EVERY})
    one.tools["a"].memory.edit_as("ann", "000001", priority=2)
    asyncio.run(schedule.run_one(PROJECT))
    state = schedule.states[PROJECT]
    assert state.ok and "Migration weekend" in state.says and "approval" not in state.says
    assert [row.values["priority"] for row in one.tools["b"].memory.rows.values()] == [1]
    answer = get(health_app(schedule), "/health")
    assert answer.status_code == 200
    assert answer.json()["projects"][PROJECT]["paused"] == pause.since.isoformat()
    assert "Migration" not in answer.text  # the reason is for those who may see the project
    one.ledger.resume(PROJECT, None, actor="ann")
    assert get(health_app(schedule), "/health").json()["projects"][PROJECT]["paused"] is None
    asyncio.run(schedule.run_one(PROJECT))
    assert [row.values["priority"] for row in one.tools["b"].memory.rows.values()] == [2]
