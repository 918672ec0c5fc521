"""The live status pages and their frozen copies, from the ledger.

In: projects as configured, the ledger, the instant, publishers. Out: pages put at their addresses, and a record of
what stands where. A page says when it was checked; what could not be read in this run stands on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from itpm_sync.bases import Life, Replica, Tie
from itpm_sync.codec import encode
from itpm_sync.ledger import ContainerState, Ledger, LivePage, State
from itpm_sync.model import Item, Link, ProjectFacts
from itpm_sync.policy import ProjectPolicy
from itpm_sync.publisher import Published, Publisher, StatusPage
from itpm_sync.status.addresses import addresses
from itpm_sync.status.edition import Edition, Manner
from itpm_sync.status.limits import Limits
from itpm_sync.status.portfolio_blocks import Line
from itpm_sync.status.site import Site
from itpm_sync.status.subject import Source, Subject, zone_of

LIVE = Edition()


@dataclass(frozen=True, slots=True)
class Showing:
    """One project to show."""

    facts: ProjectFacts
    policy: ProjectPolicy
    limits: Limits = Limits()
    left_out: Sequence[str] = ()
    """What the last run could not read or map, a line each."""


@dataclass(slots=True)
class Put:
    """What was put where. `pages` by project, `index` the portfolio."""

    published: list[tuple[str, Published]] = field(default_factory=list)
    """(publisher's name, page)."""
    live: dict[str, list[LivePage]] = field(default_factory=dict)
    """By project: what stands at fixed addresses now."""


def subject_of(showing: Showing, state: State) -> Subject:
    """A project as its page tells of it: live items as agreed, with links to their records."""
    places = _positions(showing.policy, state.replicas)
    items = [
        Item(item.id, {name: agreed.value for name, agreed in item.agreed.items()})
        for item in sorted(state.items.values(), key=lambda item: (places.get(item.id, _LAST), item.id))
        if item.life is Life.LIVE
    ]
    notes = [f"{item.value('title') or item.id}: {item.note}" for item in state.items.values() if item.note]
    return Subject(
        facts=showing.facts,
        items=items,
        sources=_sources(showing, state),
        conflicts=tuple(state.conflicts.values()),
        left_out=(*_paused(showing, state), *showing.left_out, *notes),
        places=_places(state.replicas),
    )


def _paused(showing: Showing, state: State) -> list[str]:
    """What a person paused: the tools do not follow meanwhile."""
    used = {container.connection for container in showing.policy.containers}
    return [f"{one.says}." for one in state.pauses if one.connection is None or one.connection in used]


_LAST = (1_000_000, 0)


def _positions(policy: ProjectPolicy, replicas: Mapping[str, Replica]) -> dict[str, tuple[int, int]]:
    """By item: where people see it first, containers in the configuration's order, records as they are listed."""
    order = {(one.connection, one.container): number for number, one in enumerate(policy.containers)}
    found: dict[str, tuple[int, int]] = {}
    for replica in replicas.values():
        record, container = replica.current, order.get((replica.connection, replica.container))
        if replica.item is not None and record is not None and container is not None:
            found[replica.item] = min(found.get(replica.item, _LAST), (container, record.position))
    return found


def _sources(showing: Showing, state: State) -> list[Source]:
    found = []
    for container in showing.policy.containers:
        known = state.containers.get((container.connection, container.container))
        document: Mapping[str, Any] = (known.document if known else None) or {}
        name = f"{document.get('title') or container.container} ({container.connection})"
        found.append(
            Source(
                name,
                read=known.last_read if known else None,
                edited=_edited(known, showing.facts) if known else None,
                url=document.get("url", ""),
                note="" if known else "never read",
            )
        )
    return found


def _edited(known: ContainerState, facts: ProjectFacts) -> datetime | None:
    """The newest edit of its records, else what the container says of itself; civil times are of the project's zone.

    What was read was edited before: a plan saved by the clock of another zone is not shown in the future.
    """
    said = (known.document or {}).get("edited")
    edited = known.last_edit or (datetime.fromisoformat(said) if said else None)
    if edited is None:
        return None
    aware = edited if edited.tzinfo else edited.replace(tzinfo=zone_of(facts.zone))
    return min(aware, known.last_read or aware)


def _places(replicas: Mapping[str, Replica]) -> dict[str, list[Link]]:
    """Links to an item's records, by item."""
    found: dict[str, list[Link]] = {}
    for replica in replicas.values():
        record = replica.current
        if (
            replica.item is not None
            and replica.tie is not Tie.TOMBSTONE
            and record is not None
            and record.url
        ):
            found.setdefault(replica.item, []).append(Link(record.url, record.name or replica.connection))
    return found


def pages(
    ledger: Ledger, showings: Sequence[Showing], *, now: datetime, edition: Edition = LIVE
) -> dict[str, StatusPage]:
    """Every project's page by project id, and the portfolio's under `index`."""
    made: dict[str, StatusPage] = {}
    lines: list[Line] = []
    zone = showings[0].facts.zone if showings else "UTC"
    for showing, address in zip(showings, addresses([one.facts.id for one in showings]), strict=True):
        site = Site(now, showing.limits, edition)
        figures = site.figures(subject_of(showing, ledger.load(showing.facts.id)))
        page, line = site.project(address, figures)
        made[showing.facts.id] = page
        lines.append(line)
    made["index"] = Site(now, edition=edition).portfolio(lines, zone=zone)
    return made


async def put_live(
    made: Mapping[str, StatusPage],
    publishers: Mapping[str, Publisher],
    known: Sequence[LivePage],
    *,
    now: datetime,
    limits: Limits,
) -> Put:
    """Put pages at their fixed addresses. One that says nothing new is rewritten only once half its validity passed."""
    done = Put()
    last = {(page.publisher, page.name): page for page in known}
    for name, publisher in publishers.items():
        for project, page in made.items():
            before = last.get((name, page.name))
            same = before is not None and before.digest == page.digest
            if same and before is not None and now - before.at < limits.valid_for / 2:
                continue
            for published in await publisher.publish([page], refresh=same):
                done.published.append((name, published))
                if published.written:
                    live = LivePage(name, published.name, page.digest, published.url, now)
                    done.live.setdefault(project, []).append(live)
    return done


async def put_frozen(made: Mapping[str, StatusPage], publishers: Mapping[str, Publisher], number: int) -> Put:
    """Put a numbered copy that never changes."""
    done = Put()
    for name, publisher in publishers.items():
        done.published += [(name, one) for one in await publisher.freeze(list(made.values()), number)]
    return done


def snapshot(subject: Subject) -> dict[str, Any]:
    """What a frozen copy rests on, so that later reports can be compared with it: items by id, as agreed."""
    return {item.id: {name: encode(value) for name, value in item.values.items()} for item in subject.items}


def frozen(number: int) -> Edition:
    """The edition of a numbered copy."""
    return Edition(Manner.FROZEN, number)
