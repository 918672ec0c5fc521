"""Redaction outside of the history: every other table, one by one.

In: an item's field, what of its values stands. Out: the rows without the others, their hashes made anew. `TABLES` says
of each table what is done there, or why nothing need be; a test holds that none is forgotten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import Table, and_, select, update

from itpm_sync.bases import Agreed
from itpm_sync.codec import Json, canonical, decode, encode, show
from itpm_sync.ledger import schema
from itpm_sync.ledger.database import Transaction
from itpm_sync.ledger.documents import pack, seal, unpack, unseal
from itpm_sync.ledger.needles import GONE, Needles

TABLES: Mapping[str, str] = {
    "meta": "the ledger's id and its key's check: nothing of an item",
    "projects": "the project's own title, the chain's end",
    "leases": "who holds what",
    "containers": "what a container says of itself: title, fields, options, who has which account there",
    "items": "the agreed value stays as long as it stands anywhere, else it is emptied; the note is searched",
    "replicas": "what a tool shows stays; offers of past values go; of a record that is no more, the field goes",
    "history": "digests only, each with a salt of its own; never changed",
    "history_values": "every past value, the reasons beside it; words of other entries that quote one",
    "intents": "old and new values of writes that are over",
    "conflicts": "sides of closed conflicts; an open one is to be settled first",
    "losers": "values that did not become the agreed one",
    "runs": "what a summary says in words is searched",
    "plans": "old and new values of actions, offers and conflicts; words are searched",
    "pairs": "the title by which a record was proposed, where it is the item's; words are searched",
    "refusals": "the reason of one of this field; words of others are searched",
    "config_bases": "what the configuration rests on: nothing of an item",
    "replaced_bases": "what it rested on before: nothing of an item",
    "publications": "the field of the item in every numbered copy's figures",
    "live_pages": "addresses, and digests of whole pages",
    "rate_limits": "seconds",
    "pauses": "a person's reason is searched",
}
"""By table: what is done there, or why nothing."""

_SEARCHED: Mapping[str, tuple[str, ...]] = {
    "items": ("note",),
    "conflicts": ("reason",),
    "losers": ("why",),
    "runs": ("summary",),
    "plans": ("document",),
    "pairs": ("title", "document"),
    "refusals": ("reason",),
    "pauses": ("reason",),
}
"""By table: columns of words, of the whole project."""
_JSON = frozenset({("runs", "summary"), ("plans", "document"), ("pairs", "document")})

_FETCH = 200
"""Rows in memory at a time: plans are long."""

Row = dict[str, Any]
Key = tuple[Any, ...]


class Places:
    """The rows of one project that tell of one field of one item, while they are emptied."""

    def __init__(
        self,
        transaction: Transaction,
        item: str,
        field: str,
        *,
        stands: tuple[Json, ...],
        gone: Mapping[str, frozenset[str]],
    ) -> None:
        self.transaction, self.item, self.field, self.gone = transaction, item, field, gone
        self._stands = {canonical(value) for value in stands}
        self._shown = {show(decode(value)) for value in stands}
        self.removed: list[Json] = []
        self.counts: Counter[str] = Counter()
        self._changed: dict[tuple[str, Key], Row] = {}

    def past(self, value: Json) -> bool:
        """Whether a value is there and does not stand anywhere any more."""
        return value is not None and canonical(value) not in self._stands

    # ── by place ──

    def collect(self) -> None:
        """Empty every place that is the field's own."""
        self._replicas()
        self._intents()
        self._conflicts()
        self._losers()
        self._plans()
        self._pairs()
        self._refusals()
        self._publications()

    def clear(self, agreed: Agreed) -> None:
        """Empty the agreed value, which stands nowhere any more."""
        for row in self._rows(schema.items, schema.items.c.id == self.item):
            document = unseal(row["document"], row["hash"], f"item {self.item}")
            old = document.get(self.field)
            edited = agreed.edited.isoformat() if agreed.edited else None
            document[self.field] = [
                encode(agreed.value),
                agreed.version,
                agreed.origin,
                agreed.actor,
                edited,
            ]
            if old is not None:
                self.removed.append(old[0])
            self._sealed(schema.items, row, document)

    def _replicas(self) -> None:
        table = schema.replicas
        for row in self._rows(table, table.c.item == self.item):
            document = unseal(row["document"], row["hash"], f"record {row['native_id']}")
            before = canonical(document)
            offers: list[Any] = document.get("offers", {}).get(self.field, [])
            kept = [offer for offer in offers if not self._takes(offer[1])]
            if offers:
                document["offers"][self.field] = kept
            for part in ("seen", "reading") if row["id"] in self.gone else ():
                self._emptied(document.get(part), self.gone[row["id"]])
            if canonical(document) != before:
                self._sealed(table, row, document)

    def _emptied(self, record: dict[str, Any] | None, natives: frozenset[str]) -> None:
        """A record that is no more, without the field; its name is what people called it, the title in it."""
        if record is None:
            return
        for name in natives & record["values"].keys():
            self.removed += [value for value in [record["values"].pop(name)] if isinstance(value, str)]
        if self.field == "title" and record.get("name"):
            record["name"] = record["id"]

    def _intents(self) -> None:
        table = schema.intents
        for row in self._rows(table, and_(table.c.item == self.item, table.c.closed.is_not(None))):
            document = unpack(row["document"])
            found = False
            for part in ("old", "new"):
                if self._takes(document[part].get(self.field)):
                    document[part][self.field] = None
                    found = True
            if found:
                self._natives(document.get("natives", {}).pop(self.field, {}))
                self._put(table, row, document=pack(document))

    def _natives(self, pairs: Mapping[str, list[Any]]) -> None:
        """The native values of a write whose old or new value goes: an undo cannot put them back any more."""
        self.removed += [value for pair in pairs.values() for value in pair if isinstance(value, str)]

    def _conflicts(self) -> None:
        table = schema.conflicts
        its = and_(table.c.item == self.item, table.c.field == self.field, table.c.closed.is_not(None))
        for row in self._rows(table, its):
            document = unpack(row["document"])
            found = [self._side(side) for side in document["sides"]]
            if any(found):
                # the digest would tell whether a guess is right
                self._put(table, row, document=pack(document), digest="", reason=GONE)

    def _side(self, side: dict[str, Any]) -> bool:
        found = False
        for part in ("value", "form"):
            if self._takes(side[part]):
                side[part], found = None, True
        return found

    def _losers(self) -> None:
        table = schema.losers
        for row in self._rows(table, and_(table.c.item == self.item, table.c.field == self.field)):
            if row["document"] is not None and self._side(unpack(row["document"])):
                self._put(table, row, document=None)

    def _plans(self) -> None:
        for row in self._rows(schema.plans):
            document = unpack(row["document"])
            found = [self._action(one) for part in ("actions", "held") for one in document.get(part, ())]
            found += [self._offer(one) for part in ("offers", "agreed") for one in document.get(part, ())]
            found += [self._told_conflict(one) for one in document.get("conflicts", ())]
            found += [
                self._title(one, "title")
                for one in document.get("skipped", ())
                if one.get("item") == self.item
            ]
            if any(found):
                self._put(schema.plans, row, document=pack(document))

    def _action(self, action: dict[str, Any]) -> bool:
        if action["item"] != self.item:
            return False
        found = self._title(action, "title")
        for one in action["fields"]:
            if one["field"] == self.field and any([self._told(one, "old"), self._told(one, "new")]):
                one["reason"], found = GONE, True
        if found:
            # its id would tell whether a guess is right
            action["id"] = GONE
        return found

    def _offer(self, offer: dict[str, Any]) -> bool:
        if offer["item"] != self.item:
            return False
        its = offer["field"] == self.field
        return any(
            [self._title(offer, "title"), *(self._told(offer, part) for part in ("old", "new") if its)]
        )

    def _told_conflict(self, conflict: dict[str, Any]) -> bool:
        if (conflict["item"], conflict["field"]) != (self.item, self.field):
            return False
        found = [self._told_value(side) for side in conflict["sides"]]
        if any(found):
            conflict["reason"] = GONE
        return any(found)

    def _told(self, document: dict[str, Any], part: str) -> bool:
        return self._told_value(document[part])

    def _told_value(self, one: dict[str, Any]) -> bool:
        """A value of a plan, with the text it is shown by."""
        if not self._takes(one["value"]):
            return False
        one["value"], one["text"] = None, GONE
        return True

    def _title(self, document: dict[str, Any], part: str) -> bool:
        """A title by which something is called, where titles are what is redacted."""
        title = document.get(part)
        if self.field != "title" or not title or title in self._shown or title in (GONE, "(untitled)"):
            return False
        self.removed.append(title)
        document[part] = GONE
        return True

    def _pairs(self) -> None:
        table, replicas = schema.pairs, schema.replicas
        if self.field != "title":
            return
        tied = {
            (row["connection"], row["native_id"])
            for row in self._rows(replicas, replicas.c.item == self.item)
        }
        for row in self._rows(table):
            if row["item"] == self.item or (row["connection"], row["native_id"]) in tied:
                named = {"title": row["title"]}
                if self._title(named, "title"):
                    self._put(table, row, title=named["title"])

    def _refusals(self) -> None:
        """A refusal of an agreed value that is past; one of the present value quotes what stands."""
        table, items = schema.refusals, schema.items
        present = [
            unseal(row["document"], row["hash"], f"item {self.item}").get(self.field)
            for row in self._rows(items, items.c.id == self.item)
        ]
        versions = {one[1] for one in present if one is not None}
        for row in self._rows(table, and_(table.c.item == self.item, table.c.field == self.field)):
            if row["reason"] != GONE and row["version"] not in versions:
                self._put(table, row, reason=GONE)

    def _publications(self) -> None:
        for row in self._rows(schema.publications):
            document = unpack(row["document"])
            shown = document.get(self.item, {}) if isinstance(document, dict) else {}
            if self._takes(shown.get(self.field)):
                del shown[self.field]
                self._put(schema.publications, row, document=pack(document))

    def _takes(self, value: Json) -> bool:
        if not self.past(value):
            return False
        self.removed.append(value)
        return True

    # ── by word ──

    def scrub(self, needles: Needles) -> None:
        """Take what quotes a removed value out of everything that is said in words."""
        for name, columns in _SEARCHED.items():
            table = schema.metadata.tables[name]
            for row in self._rows(table):
                changes = {
                    column: new
                    for column in columns
                    if row[column] and (new := _scrubbed(name, column, row[column], needles)) != row[column]
                }
                if changes:
                    self._put(table, row, **changes)
        table = schema.replicas
        for row in self._rows(table, table.c.item == self.item) if self.gone else ():
            if row["id"] in self.gone:
                document = unseal(row["document"], row["hash"], f"record {row['native_id']}")
                searched = {
                    part: needles.document(inner) if part in ("seen", "reading") else inner
                    for part, inner in document.items()
                }
                if searched != document:
                    self._sealed(table, row, searched)

    # ── rows ──

    def _rows(self, table: Table, only: Any = None) -> Iterator[Row]:
        """The project's rows, with what was changed in them so far."""
        wanted = select(table).where(table.c.project == self.transaction.project)
        wanted = (wanted if only is None else wanted.where(only)).execution_options(yield_per=_FETCH)
        for row in self.transaction.connection.execute(wanted).mappings():
            plain = {str(name): value for name, value in row.items()}
            yield {**plain, **self._changed.get((table.name, _key(table, plain)), {})}

    def _sealed(self, table: Table, row: Row, document: Json) -> None:
        text = pack(document)
        self._put(table, row, document=text, hash=seal(text))

    def _put(self, table: Table, row: Row, **changes: Any) -> None:
        self._changed.setdefault((table.name, _key(table, row)), {}).update(changes)
        self.counts[table.name] += 1

    def store(self) -> None:
        """Write every changed row."""
        for (name, key), changes in self._changed.items():
            table = schema.metadata.tables[name]
            its = [column == value for column, value in zip(table.primary_key.columns, key, strict=True)]
            self.transaction.connection.execute(update(table).where(*its).values(**changes))


def _key(table: Table, row: Row) -> Key:
    return tuple(row[column.name] for column in table.primary_key.columns)


def _scrubbed(table: str, column: str, text: str, needles: Needles) -> str:
    if (table, column) in _JSON:
        return _changed_json(text, needles.document)
    return needles.text(text)


def _changed_json(text: str, change: Callable[[Json], Json]) -> str:
    before = unpack(text)
    after = change(before)
    return text if after == before else pack(after)
