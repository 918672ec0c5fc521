"""People at work in several tools at once: creating, editing, moving, copying, hiding, deleting, restoring.

In: a bench of simulated tools, ghosts; deeds by name, each with a number that all its choices follow from. Out: what
happened in the tools, and what the ghosts know of it. Kept records are left alone, so that no container is ever
emptied; others may be put under them.
"""

from __future__ import annotations

import random
from typing import Any, Final

from itpm_sync.bases import LIFE, Conflict
from itpm_sync.cycle import decide_pair
from itpm_sync.errors import Misconfigured
from itpm_sync.memory import Row
from itpm_sync.memory.tool import PARENT
from itpm_sync.simulator.bench import PROJECT, Bench
from itpm_sync.simulator.ghosts import KEPT, TAILS, Deletion, Ghosts, mark
from itpm_sync.simulator.laws.resolution import settled
from itpm_sync.simulator.tools import SimTool, Watch

SITES = ("Nord", "Sued")
DEEDS: Final = {
    "create": 5,
    "twin": 3,
    "retitle": 18,
    "reprioritise": 8,
    "relabel": 8,
    "relocate": 6,
    "reparent": 10,
    "move": 8,
    "copy": 4,
    "hide": 7,
    "delete": 10,
    "restore": 6,
    "take_offer": 6,
    "compute": 4,
    "garble": 3,
    "go_back": 3,
}
"""What people do, and how often of a hundred or so."""


class People:
    """Everybody who works in the tools of one story."""

    def __init__(self, bench: Bench, ghosts: Ghosts, watch: Watch) -> None:
        self.bench, self.ghosts, self.watch = bench, ghosts, watch
        self.chance = random.Random(0)
        self.tools: dict[str, SimTool] = {
            name: one.memory for name, one in bench.tools.items() if isinstance(one.memory, SimTool)
        }
        self.names = sorted(self.tools)
        self.looked_at: dict[str, Conflict] = {}
        """By conflict: how it was when somebody last looked at it."""
        self.said: list[str] = []
        """The story so far, for whoever reads a failure."""

    def do(self, what: str, n: int) -> None:
        """One deed; all choices follow from `n`."""
        self.chance.seed(n)
        getattr(self, what)()
        self.bench.clock.move(seconds=self.chance.choice((1, 30, 1200)))

    def say(self, deed: str, tool: SimTool, native: str, *more: object) -> None:
        self.said.append(" ".join([deed, tool.name, native, *(str(one) for one in more)]))

    # ── choosing ──

    def tool(self) -> SimTool:
        return self.tools[self.chance.choice(self.names)]

    def row(self, tool: SimTool, *, free: bool = True) -> Row | None:
        """A record, but none of the kept ones where it must be free."""
        found = [
            row for row in self.rows(tool) if not (free and str(row.values.get("title")).startswith(KEPT))
        ]
        return self.chance.choice(found) if found else None

    @staticmethod
    def rows(tool: SimTool) -> list[Row]:
        """The records of a tool by title, whatever order they were made in."""
        return sorted(tool.rows.values(), key=lambda row: (str(row.values.get("title")), row.native_id))

    # ── deeds ──

    def create(self) -> None:
        tool = self.tool()
        container = self.chance.choice(sorted(tool.containers))
        values: dict[str, Any] = {"title": self.title(tool), "kind": "task", "site": self.site()}
        above = [row.native_id for row in self.rows(tool) if row.container == container]
        if above and self.chance.random() < 0.5:
            values[PARENT] = self.chance.choice(above)
        self.made(tool, container, values)

    def title(self, tool: SimTool, *stood: object) -> str:
        """A new title, as far as the tool takes it."""
        typed = self.ghosts.write(*stood, tail=self.chance.choice(TAILS))
        self.ghosts.typed[mark(typed)] = typed[: tool.cut]
        return typed

    def site(self) -> str | None:
        return self.chance.choice((*SITES, *SITES, None))

    def made(self, tool: SimTool, container: str, values: dict[str, Any]) -> str:
        native = tool.create_as("ann", container, **values)
        self.ghosts.made += 1
        self.ghosts.touch((tool.name, native))
        self.say("create", tool, native, container, values)
        return native

    def twin(self) -> None:
        """The same thing made in two tools: the same title, often under the same parent."""
        if len(self.tools) < 2:
            return
        token, site = self.ghosts.write(), self.site()
        self.ghosts.twice.add(mark(token))
        pair = [self.tools[name] for name in self.chance.sample(self.names, 2)]
        state = self.bench.ledger.load(PROJECT)
        common = [
            item
            for item in sorted(state.items)
            if all(
                any(
                    r.item == item and r.connection == tool.name and r.native_id in tool.rows
                    for r in state.replicas.values()
                )
                for tool in pair
            )
        ]
        item = self.chance.choice(common) if common and self.chance.random() < 0.7 else None
        spots = []
        for tool in pair:
            values: dict[str, Any] = {"title": token, "kind": "task", "site": site}
            container = sorted(tool.containers)[0]
            for replica in state.replicas.values():
                here = replica.connection == tool.name and replica.native_id in tool.rows
                if item is not None and replica.item == item and here:
                    values[PARENT], container = replica.native_id, tool.rows[replica.native_id].container
            spots.append((tool.name, self.made(tool, container, values)))
        for spot in spots:
            self.ghosts.touched[spot] = 0
        self.ghosts.twins.append((spots[0], spots[1]))

    def edit(self, tool: SimTool, row: Row, **values: Any) -> None:
        tool.edit_as("ann", row.native_id, **values)
        if row.hidden and PARENT in values:
            self.ghosts.moved_unseen.add((tool.name, row.native_id))
        if "title" in (tool.lost.get(row.container), tool.renamed.get(row.container)):
            self.ghosts.unheard.add(mark(row.values.get("title")))
        self.ghosts.touch((tool.name, row.native_id), shape=PARENT in values)
        self.say("edit", tool, row.native_id, values)

    def retitle(self) -> None:
        if row := self.row(tool := self.tool()):
            self.edit(tool, row, title=self.title(tool, row.values.get("title")))

    def reprioritise(self) -> None:
        if (row := self.row(tool := self.tool())) and "priority" not in row.computed:
            self.edit(tool, row, priority=self.chance.choice((0, 50, 100)))

    def garble(self) -> None:
        """Somebody types what is no number."""
        if (row := self.row(tool := self.tool())) and "priority" not in row.computed:
            self.edit(tool, row, priority="??")

    def go_back(self) -> None:
        """A value is changed and changed back: nothing happened, whatever the revision says."""
        if (row := self.row(tool := self.tool())) and "site" not in row.computed:
            stands = row.values.get("site")
            self.edit(tool, row, site="Ost")
            self.edit(tool, row, site=stands)

    def relabel(self) -> None:
        if row := self.row(tool := self.tool()):
            self.edit(tool, row, labels=self.chance.sample("xyz", self.chance.randint(0, 2)))

    def relocate(self) -> None:
        if row := self.row(tool := self.tool()):
            self.edit(tool, row, site=self.site())

    def reparent(self) -> None:
        if row := self.row(tool := self.tool()):
            fits = [
                above
                for above in [None, *(one.native_id for one in self.rows(tool))]
                if not tool.unfit(row.native_id, row.container, {PARENT: above})
            ]
            self.edit(tool, row, parent=self.chance.choice(fits))

    def move(self) -> None:
        if row := self.row(tool := self.tool()):
            others = sorted(tool.containers.keys() - {row.container})
            if others and not any(
                str(one.values.get("title")).startswith(KEPT) for one in tool._family(row.native_id)
            ):
                old = row.native_id
                before = {one.native_id: one for one in tool._family(old)}
                tool.move_as("ann", old, self.chance.choice(others))
                for native, one in before.items():
                    self.ghosts.touch((tool.name, native), shape=True)
                    self.ghosts.touch((tool.name, one.native_id), shape=True)
                    known = self.watch.item_of.get((tool.name, native))
                    if native != one.native_id and (one.key is None or one.key != known):
                        self._unknowable(tool, native, one)
                self.say("move", tool, old, "to", row.container, "as", row.native_id)

    def _unknowable(self, tool: SimTool, native: str, row: Row) -> None:
        """A record without its key (or with another's) that gets a new id is one gone and one made, for all we know."""
        self.ghosts.made += 1
        spot = (tool.name, native)
        self._cut(tool, row)
        item = self.watch.item_of.get(spot)
        self.ghosts.deletions.append(Deletion(spot, item, mark(row.values.get("title")), self.ghosts.moment))

    def copy(self) -> None:
        if row := self.row(tool := self.tool()):
            native = tool.copy_as("ann", row.native_id)
            self._cut(tool, row)
            self.ghosts.made += 1
            self.ghosts.touch((tool.name, native))
            if row.key:
                self.ghosts.copied.add((tool.name, row.key))
            self.say("copy", tool, row.native_id, "as", native)

    def _cut(self, tool: SimTool, row: Row) -> None:
        if tool.cut is not None:
            self.ghosts.cut.add(mark(row.values.get("title")))

    def hide(self) -> None:
        if row := self.row(tool := self.tool()):
            tool.hide(row.native_id, hidden=not row.hidden)
            self.ghosts.moved_unseen.discard((tool.name, row.native_id))
            if row.hidden and self._unread_place(tool, row):
                self.ghosts.moved_unseen.add((tool.name, row.native_id))
            self.ghosts.touch((tool.name, row.native_id))
            self._excuse(tool, row)
            if not row.hidden:
                self._back((tool.name, row.native_id))
            self.say("hide" if row.hidden else "show", tool, row.native_id)

    def _unread_place(self, tool: SimTool, row: Row) -> bool:
        """Whether a record lies under another that no reading of ours has it under."""
        return row.values.get(PARENT) is not None and not any(
            known.current is not None and known.current.values.get(PARENT) == row.values[PARENT]
            for known in self.bench.ledger.load(PROJECT).replicas.values()
            if (known.connection, known.native_id) == (tool.name, row.native_id)
        )

    def delete(self) -> None:
        row = self.row(tool := self.tool())
        if row is None:
            return
        family = tool._family(row.native_id) if tool.cascades else [row]
        if any(str(one.values.get("title")).startswith(KEPT) for one in family):
            return
        for one in tool._family(row.native_id):
            self.ghosts.touch((tool.name, one.native_id), shape=True)
        for one in family:
            spot = (tool.name, one.native_id)
            item = self.watch.item_of.get(spot) or one.key
            token = mark(one.values.get("title"))
            self.ghosts.deletions.append(Deletion(spot, item, token, self.ghosts.moment))
            self._excuse(tool, one)
        tool.delete_as("ann", row.native_id)
        self.say("delete", tool, row.native_id, [one.native_id for one in family])

    def _excuse(self, tool: SimTool, row: Row) -> None:
        spot = (tool.name, row.native_id)
        key = row.key or next((key for *made, key in self.ghosts.creations if tuple(made) == spot), None)
        if key and spot not in self.watch.item_of:
            self.ghosts.excused.add((tool.name, key))
            if tool.cut is not None:  # shown again, it is the copy of what was made in its place
                self.ghosts.cut.add(mark(row.values.get("title")))

    def restore(self) -> None:
        tool = self.tool()
        if tool.bin:
            native = self.chance.choice(sorted(tool.bin))
            tool.restore_as("ann", native)
            self.ghosts.touch((tool.name, native), shape=True)
            self.ghosts.restored[tool.name, native] = self.ghosts.moment
            self.ghosts.said_again.add(mark(tool.rows[native].values.get("title")))
            self._back((tool.name, native))
            self.say("restore", tool, native)

    def _back(self, spot: tuple[str, str]) -> None:
        """What a lost call of ours made was made anew while nobody could see it: now there are two."""
        ours = any(tuple(made) == spot for *made, _ in self.ghosts.creations)
        self.ghosts.made += ours and spot not in self.watch.item_of

    def take_offer(self) -> None:
        """The owner of a tool that takes changes by hand types what was offered."""
        hands = [tool for _, tool in sorted(self.tools.items()) if tool.capabilities.by_hand]
        for tool in hands:
            offered = [
                (replica, name, offer)
                for replica in self.bench.ledger.load(PROJECT).replicas.values()
                if replica.connection == tool.name and replica.native_id in tool.rows
                for name, offers in sorted(replica.offers.items())
                if name != PARENT
                for offer in offers
            ]
            if not offered:
                continue
            replica, name, offer = self.chance.choice(offered)
            row, lens = tool.rows[replica.native_id], self.bench.tools[tool.name].lenses[name]
            if name == "title":
                self.ghosts.over[mark(offer.form)].add(mark(row.values.get("title")))
            self.edit(tool, row, **lens.put(offer.form, row.values, None))  # type: ignore[arg-type]

    def compute(self) -> None:
        """The schedule authority begins to compute a record's priority, computes it anew, or leaves it."""
        tool = self.tools[self.names[0]]
        if row := self.row(tool):
            row.computed = self.chance.choice((frozenset(), frozenset({"priority"})))
            tool.edit_as("the tool", row.native_id, priority=self.chance.choice((10, 20)))
            self.ghosts.touch((tool.name, row.native_id))
            self.say("compute", tool, row.native_id, sorted(row.computed))

    # ── what people tell the engine ──

    def answer_to(self, n: int) -> None:
        """Somebody settles a conflict, or says which record is which item."""
        self.chance.seed(n)
        ws = self.bench.workspace()
        if self.bench.busy():  # a killed run's lease has not run out: the person comes back later
            return
        conflicts = sorted(self.bench.ledger.conflicts(PROJECT), key=lambda conflict: conflict.id)
        if conflicts and self.chance.random() < 0.7:
            conflict = self.chance.choice(conflicts)
            number = self.chance.randint(1, len(conflict.sides))
            seen = self.looked_at.get(conflict.id, conflict)
            self.looked_at[conflict.id] = conflict
            self.watch.settled |= {conflict.item, *conflict.also}
            try:
                self.ghosts.broken += settled(self.bench, conflict, number, seen=seen)
            except Misconfigured:
                return
            self.said.append(f"resolve {conflict.field} of {conflict.item} to {number}")
            if conflict.field == LIFE and not conflict.sides[number - 1].agreed:
                self.watch.ordered.add(conflict.item)
        pairs = self.bench.ledger.pairs(PROJECT)
        if pairs and self.chance.random() < 0.7:
            pair = self.chance.choice(sorted(pairs, key=lambda one: one.proposal.id)).proposal
            item = self.chance.choice((None, *pair.candidates))
            self.watch.settled |= {item} if item is not None else set()
            decide_pair(ws, PROJECT, pair.id, item=item, actor="bea")
            self.ghosts.answered((pair.connection, pair.native_id), item)
            if item is None:  # a person's word: they are two things
                self.ghosts.told_apart((pair.connection, pair.native_id))
            self.said.append(f"pair {pair} {item}")
