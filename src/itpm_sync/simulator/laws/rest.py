"""The invariants of items, checked when everything is at rest.

In: a stage at rest. Out: what is broken, in words; nothing where all is well.
"""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from itpm_sync.bases import LIFE, Conflict, Life, Replica, Tie
from itpm_sync.ledger import State
from itpm_sync.lens import Untranslatable
from itpm_sync.model import Value
from itpm_sync.policy import ContainerPolicy, Creation, Scope
from itpm_sync.policy import Deletion as Spread
from itpm_sync.simulator.bench import PROJECT
from itpm_sync.simulator.ghosts import mark
from itpm_sync.simulator.laws.cursors import cursors
from itpm_sync.simulator.laws.history import chain, intents
from itpm_sync.simulator.laws.stage import Stage
from itpm_sync.simulator.laws.texts import whole
from itpm_sync.ties import ContainerEnv, Directory

FIELDS = ("title", "priority", "labels", "site", "parent")
_HERE = (Tie.TIED, Tie.OUT_OF_SCOPE, Tie.HIDDEN)


class Laws:
    def __init__(self, stage: Stage) -> None:
        self.stage, self.bench, self.ghosts, self.watch = stage, stage.bench, stage.ghosts, stage.watch
        bench = self.bench
        self.state: State = bench.ledger.load(PROJECT)
        self.entries = bench.ledger.history(PROJECT, limit=None)[::-1]
        """The whole history, from the first entry on."""
        self.conflicts = list(self.state.conflicts.values())
        self.held = {(item, c.field) for c in self.conflicts for item in (c.item, *c.also)}
        parents = {name: self._parent(name) for name in self.state.items}
        self.envs = {
            (policy.connection, policy.container): ContainerEnv(
                ZoneInfo("UTC"), policy.connection, Directory(), parents
            )
            for policy in bench.policy.containers
        }
        for replica in self.state.replicas.values():
            if replica.item is not None and replica.tie in _HERE:
                self.envs[replica.connection, replica.container].tie(replica.item, replica.native_id)

    def _parent(self, item: str) -> str | None:
        value = self.state.items[item].value("parent")
        return value if isinstance(value, str) else None

    def broken(self) -> list[str]:
        """Every law that does not hold."""
        checks = (
            *(self.ties(), self.fields(), self.copies(), self.places()),
            *(self.tokens(), self.conflicts_true(), self.flips(), self.twins()),
            *(whole(self.stage, self.state), cursors(self.stage, self.state)),
            *(chain(self.stage, self.state, self.entries), intents(self.state)),
        )
        return [law for check in checks for law in check]

    def row(self, replica: Replica):  # type: ignore[no-untyped-def]
        return self.bench.tools[replica.connection].memory.rows.get(replica.native_id)

    # ── S8 ──

    def ties(self) -> Iterator[str]:
        tied: dict[tuple[str, str], Replica] = {}
        waiting = {(p.connection, p.native_id) for p in self.state.proposals.values()}
        asked = {(item, p.connection) for p in self.state.proposals.values() for item in p.candidates}
        by_native = {(r.connection, r.native_id): r for r in self.state.replicas.values()}
        # where it is asked which of several records a lost call made (a tool without keys), the others wait
        unsure = {
            one.connection for one in self.bench.ledger.open_intents(PROJECT) if one.operation == "create"
        }
        for replica in self.state.replicas.values():
            if replica.item is None or replica.tie not in _HERE:
                continue
            other = tied.setdefault((replica.item, replica.connection), replica)
            if other is not replica:
                yield f"S8: {replica.item} is tied to {other.native_id} and {replica.native_id} of {replica.connection}"
            row = self.row(replica)
            if (
                row is None
                and replica.tie is not Tie.HIDDEN
                and (replica.item, replica.connection) not in asked
            ):
                yield f"S8: {replica.item} is tied to {replica.native_id} of {replica.connection}, which is gone"
            elif row is not None and row.container != replica.container and not row.hidden:
                yield f"S8: {replica.native_id} of {replica.connection} is not in {replica.container}"
        for name, one in self.bench.tools.items():
            for native, row in one.memory.rows.items():
                known = by_native.get((name, native))
                if row.hidden or (name, native) in waiting:
                    continue
                if name in unsure and not one.memory.capabilities.keys and known is not None:
                    continue
                if known is None or known.tie not in (Tie.TIED, Tie.OUT_OF_SCOPE):
                    yield f"S8: {native} of {name} is there and is {known.tie if known else 'not known'}"
        if len(self.state.items) > self.ghosts.made:
            yield f"S7: {len(self.state.items)} items of {self.ghosts.made} records that people made"

    # ── S1 ──

    def fields(self) -> Iterator[str]:
        for replica in self.state.replicas.values():
            policy = self._policy(replica)
            row = self.row(replica)
            if replica.tie is not Tie.TIED or replica.item is None or row is None or row.hidden:
                continue
            by_hand = self.bench.tools[replica.connection].memory.capabilities.by_hand
            item = self.state.items[replica.item]
            env = self.envs[replica.connection, replica.container]
            for name in FIELDS:
                lens = self.bench.tools[replica.connection].lenses[name]
                try:
                    stands, agreed = lens.get(row.values, env), item.value(name)
                except Untranslatable:
                    continue  # shown with its exact text; nothing is guessed
                if (item.id, name) in self.held or stands == lens.form(agreed, env):
                    continue
                if policy.read_only or by_hand or lens.computed(row.computed):
                    continue
                if item.life is Life.DELETED and self._stuck(replica):
                    continue  # it is to be deleted, once what lies under it is out of the way
                if name in replica.undecided and self._unheard(item.id, name):
                    continue
                if name == "parent" and self._missing(lens.form(agreed, env), replica):
                    continue
                if name == "parent" and stands == self._moved_out(agreed, env):
                    continue
                if name == "parent" and self._circular(item.id, lens.form(agreed, env), replica):
                    continue
                yield f"S1: {name} of {item.id} in {replica.connection} {row.native_id} is {stands}, agreed {agreed}"

    def _unheard(self, item: str, name: str) -> bool:
        """Whether anybody who holds the item cannot be heard on a field, so that edits of it wait (decisions 015, 016):
        a hidden or missing record, a write of unknown outcome, a value that nobody can translate, a parent that is
        no item.
        """
        open_ = {one.item for one in self.bench.ledger.open_intents(PROJECT)}
        mine = [r for r in self.state.replicas.values() if r.item == item and r.tie is not Tie.TOMBSTONE]
        return (
            name == "parent"
            or item in open_
            or any(r.tie is Tie.HIDDEN or r.absence is not None or self._garbled(r, name) for r in mine)
        )

    def _garbled(self, replica: Replica, name: str) -> bool:
        lens, env = (
            self.bench.tools[replica.connection].lenses[name],
            self.envs[replica.connection, replica.container],
        )
        try:
            lens.get(replica.current.values if replica.current else {}, env)
        except Untranslatable:
            return True
        return False

    def _moved_out(self, parent: Value, env: ContainerEnv) -> Value:
        """Where a record belongs whose parent was deleted, under propagate: nothing is left under that one's record,
        also where it has to stay for now (another record under it is held in a conflict).
        """
        if self.bench.policy.deletion is Spread.PROPAGATE:
            env.leaving |= {item.id for item in self.state.items.values() if item.life is Life.DELETED}
        found = env.parent_here(parent if isinstance(parent, str) else None)
        env.leaving.clear()
        return found

    def _policy(self, replica: Replica) -> ContainerPolicy:
        return next(
            policy
            for policy in self.bench.policy.containers
            if (policy.connection, policy.container) == (replica.connection, replica.container)
        )

    # ── existence ──

    def copies(self) -> Iterator[str]:
        """Every live item has a record wherever one is to be created; a deleted one, under propagate, nowhere else."""
        waiting = {(item, p.connection) for p in self.state.proposals.values() for item in p.candidates}
        for item in self.state.items.values():
            mine = [r for r in self.state.replicas.values() if r.item == item.id]
            live = [r for r in mine if r.tie in (Tie.TIED, Tie.OUT_OF_SCOPE)]
            asked = all(r.absence is not None for r in live) and item.id in {name for name, _ in waiting}
            if (item.id, LIFE) in self.held or not live or asked:  # "creation of every side elsewhere waits"
                continue
            if item.life is Life.DELETED:
                yield from self._spread(item.id, live)
                continue
            for name in self.bench.tools:
                if any(r.connection == name for r in mine) or (item.id, name) in waiting:
                    continue
                taker = self._taker(name, item.id)
                if (
                    taker is None or (item.id, "title") in self.held
                ):  # made once it is known what it is called
                    continue
                env = self.envs[name, taker.container]
                if not self._missing(env.parent_here(self._parent(item.id)), taker):
                    yield f"S1: {item.id} has no record in {name}"

    def _spread(self, item: str, live: list[Replica]) -> Iterator[str]:
        """Under propagate, what a person deleted, or said is deleted, is nowhere where we may delete it."""
        held = any(name == item for name, _ in self.held)
        meant = self.watch.deleted(item) or item in self.watch.ordered
        if held or self.bench.policy.deletion is not Spread.PROPAGATE or not meant:
            return
        for replica in live:
            able = self.bench.tools[replica.connection].memory.capabilities
            if self._stuck(replica) or replica.absence is not None:
                continue
            if replica.tie is Tie.TIED and able.deletes and not self._policy(replica).read_only:
                yield f"S9: {item} was deleted and is still {replica.native_id} of {replica.connection}"

    def _stuck(self, above: Replica) -> bool:
        """Whether, for all we know, a record lies under this one that is not ours to move, or has no other place, or
        whose own place is not decided (it was put there while its owner could not be heard, decision 015) or is held:
        an open conflict is not touched, and no deletion takes its record along. A record that is hidden from us may
        have gone along with this one to another container.
        """
        env = self.envs[above.connection, above.container]
        env.leaving.add(above.item or "")
        below = [
            r
            for r in self.state.replicas.values()
            if r.connection == above.connection
            and (r.container == above.container or r.absence is not None)
            and r.tie is not Tie.TOMBSTONE
            and r.current is not None
            and r.current.values.get("parent") == above.native_id
        ]
        targets = {env.parent_here(self._parent(r.item)) for r in below if r.item is not None}
        env.leaving.clear()
        unfit = any(
            r.tie not in (Tie.TIED, Tie.OUT_OF_SCOPE)
            or "parent" in r.undecided
            or (r.item, "parent") in self.held
            for r in below
        )
        return unfit or any(self._missing(target, above) for target in targets)

    def _circular(self, item: str, parent: object, here: Replica) -> bool:
        """Whether an edge that is held, and still stands there, would make the agreed parent a cycle."""
        env, at = self.envs[here.connection, here.container], parent
        rows = self.bench.tools[here.connection].memory.rows
        for _ in range(len(rows) + 1):
            native = env.native_of(at) if isinstance(at, str) else None
            if at == item or native is None or native not in rows:
                return at == item
            at = env.item_of(rows[native].values.get("parent") or "")
        return False

    def _missing(self, above: object, here: Replica | ContainerPolicy) -> bool:
        """Whether an item's record in a container is hidden or may be gone: nothing is put under it meanwhile."""
        return any(
            r.item == above and (r.connection, r.container) == (here.connection, here.container) and r.absence
            for r in self.state.replicas.values()
        )

    def _taker(self, name: str, item: str) -> ContainerPolicy | None:
        """The container of a connection that creates the item, if any does."""
        policies = [policy for policy in self.bench.policy.containers if policy.connection == name]
        taker = next((policy for policy in policies if self._takes(policy.scope, item)), None)
        able = self.bench.tools[name].memory.capabilities
        if taker is None or taker.read_only or able.by_hand or not able.creates:
            return None
        return taker if taker.creation is not Creation.MATCH_ONLY else None

    def _takes(self, scope: Scope, item: str) -> bool:
        return all(str(self.state.items[item].value(name)) in wanted for name, wanted in scope.where.items())

    # ── S18, S19 ──

    def places(self) -> Iterator[str]:
        for name, one in self.bench.tools.items():
            for native, row in one.memory.rows.items():
                why = one.memory.unfit(native, row.container, row.values)
                if why:
                    yield f"S18: {name}: {why}"

    # ── S7, the same thing made in two tools ──

    def twins(self) -> Iterator[str]:
        """Made within one horizon where everybody waits for one: one item, or a question; unless somebody meddled.

        Whoever renames a record of one of the two while the question is open, a copy of ours too, says that they are
        two things: what is known by its title alone (counterexample I2: "or a review") is known by it no longer.
        """
        if any(policy.creation is Creation.CREATE for policy in self.bench.policy.containers):
            return
        item_of = {(r.connection, r.native_id): r.item for r in self.state.replicas.values()}
        waiting = {(p.connection, p.native_id) for p in self.state.proposals.values()}
        made = {(tool, key) for tool, _, key in self.ghosts.creations}
        meddled = {item_of.get(spot) for spot, moment in self.ghosts.touched.items() if moment > 0} - {None}
        for one, other in self.ghosts.twins:
            touched = any(self.ghosts.touched[spot] > 0 for spot in (one, other))
            if {one, other} & waiting or touched or {item_of.get(one), item_of.get(other)} & meddled:
                continue
            for mine, theirs in ((one, other), (other, one)):
                if (theirs[0], item_of.get(mine)) in made:
                    yield f"S7: {mine} and {theirs} are the same thing, and it was made again"

    # ── S3 ──

    def tokens(self) -> Iterator[str]:
        stored = {token for item in self.state.items for token in self.watch.stored(item)}
        sides = {mark(side.form) for conflict in self.conflicts for side in conflict.sides}
        agreed = {mark(item.value("title")) for item in self.state.items.values()}
        stands = {
            mark(row.values.get("title"))
            for one in self.bench.tools.values()
            for row in [*one.memory.rows.values(), *one.memory.bin.values()]
        }
        deleted = {one.token for one in self.ghosts.deletions} | self.ghosts.taken | self.ghosts.raced
        waits = {(one.connection, one.native_id) for one in self.bench.ledger.open_intents(PROJECT)}
        deleted |= {
            mark(edit.before.get("title"))
            for name, one in self.bench.tools.items()
            for row in one.memory.rows.values()
            if (name, row.native_id)
            in waits  # looked up in the tool's history when the record is shown again
            for edit in row.history
        }
        for token in sorted(
            set(self.ghosts.over) - self.ghosts.known(stored | sides | agreed | stands | deleted)
        ):
            yield f"S3: {token} is lost"

    # ── S4 ──

    def conflicts_true(self) -> Iterator[str]:
        """No conflict between a token and one its author had read.

        What was typed in two tools at once says nothing of which of the two somebody had read. What stood in a record
        that was restored in the tool that has the last word was said again then (decision 015), by nobody who had
        read what was typed meanwhile, nor by an author of that. What was typed while its container had lost the title
        is asked about once it is back, also against a side that a person chose meanwhile and that stood there before.
        """
        owners = self.bench.policy.of_field("title").owners
        seen: dict[str, Conflict] = {}
        for report in self.bench.reports:
            seen.update({c.id: c for c in report.plan.conflicts if c.field == "title"})
        for conflict in seen.values():
            if not self._surely(conflict):
                continue
            tokens = [mark(side.form) for side in conflict.sides]
            again = {mark(side.form) for side in conflict.sides if side.tool in owners}
            anew = self.ghosts.twice | (again & self.ghosts.said_again)
            for token in (one for one in tokens if one not in self.ghosts.unheard):
                met = ((self.ghosts.known({token}) - {token}) & set(tokens)) - anew
                if met:
                    yield f"S4: {conflict.id} sets {token} against {sorted(met)}, which its author had read"

    # ── S26 ──

    def flips(self) -> Iterator[str]:
        """No title comes back, unless a person settled it, or restored a record with it in the tool that has the last
        word: nobody ever types the same token twice.
        """
        if any(one.memory.capabilities.by_hand for one in self.bench.tools.values()):
            return
        told: dict[str, list[str]] = {item: [] for item in self.state.items if not self._copied(item)}
        for entry in self.entries:
            title = entry.document.get("fields", {}).get("title")
            if title is None or entry.item not in told:
                continue
            before = told[entry.item]
            tied = "first tie" in str(title["why"])  # a person, or a rule, said that two records are one
            again = tied or mark(title["new"]) in self.ghosts.said_again
            if title["new"] in before[:-1] and title["origin"] is not None and not again:
                yield f"S26: the title of {entry.item} came back to {title['new']}"
            before.append(title["new"])

    def _copied(self, item: str) -> bool:
        """A copy taken for the moved record brings back what stood when it was made."""
        return any(key == item for _, key in self.ghosts.copied)

    def _surely(self, conflict: Conflict) -> bool:
        """Whether each side's tool can tell what our writes replaced: where one cannot, a doubt is a conflict."""
        if self._copied(conflict.item):
            return False
        tools = {side.tool for side in conflict.sides if side.tool is not None}
        ables = [self.bench.tools[tool].memory.capabilities for tool in tools]
        return all(able.history and not able.by_hand for able in ables)
