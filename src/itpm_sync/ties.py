"""What is tied where: the surroundings a lens may ask about, for one container.

In: ties between items and native ids, the agreed parents, the known people. Out: `ContainerEnv`, the `lens.Env` of
the engine. The same object serves reading, deciding and writing; push adds the records it creates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Directory:
    """Who is who. Mail addresses in lower case; aliases map a mail or `tool:account` to a person's mail."""

    accounts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(connection, mail) -> the one active account with that mail there."""
    aliases: Mapping[str, str] = field(default_factory=dict)

    def person_of(self, tool: str, account: str, mail: str | None) -> str:
        """The person behind an account: by mail, then by alias, else opaque. Never guessed by name."""
        name = mail.strip().lower() if mail and mail.strip() else f"{tool}:{account}"
        return self.aliases.get(name, name)

    def account_of(self, tool: str, person: str) -> str | None:
        """The account of a person in a tool; an opaque person is known to their own tool only."""
        own, _, account = person.partition(":")
        if account and own == tool:
            return account
        found = self.accounts.get((tool, person))
        if found:
            return found
        for alias, mail in self.aliases.items():
            if mail == person:
                own, _, account = alias.partition(":")
                if account and own == tool:
                    return account
                if (tool, alias) in self.accounts:
                    return self.accounts[tool, alias]
        return None


class Beyond(Exception):
    """Asked for what surroundings that hold a part of a project do not know."""


@dataclass(slots=True)
class ContainerEnv:
    """The surroundings of one container. Mutable only by `tie` and `untie`."""

    zone: ZoneInfo
    tool: str
    directory: Directory
    parents: Mapping[str, str | None]
    """Agreed parent by item, of the whole project."""
    natives: dict[str, str] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    leaving: set[str] = field(default_factory=set)
    """Items whose record here is about to be deleted: no longer a parent, though records may still name them."""
    whole: bool = True
    """Whether these are all the ties and parents there are. If not, a question about another one raises Beyond."""
    strangers: set[str] = field(default_factory=set)
    """Native ids that are known and are no item's."""

    def tie(self, item: str, native_id: str) -> None:
        """From now on `item` is that record here."""
        self.natives[item] = native_id
        self.items[native_id] = item

    def untie(self, item: str) -> None:
        """From now on `item` has no record here."""
        native = self.natives.pop(item, None)
        if native is not None and self.items.get(native) == item:
            del self.items[native]

    def item_of(self, native_id: str) -> str | None:
        found = self.items.get(native_id)
        if found is None and not self.whole and native_id not in self.strangers:
            raise Beyond
        return found

    def native_of(self, item_id: str) -> str | None:
        found = self.natives.get(item_id)
        if found is None and not self.whole and item_id not in self.parents:
            raise Beyond
        return found

    def parent_here(self, item_id: str | None) -> str | None:
        visited: set[str] = set()
        while item_id is not None and (item_id not in self.natives or item_id in self.leaving):
            if item_id in visited:
                return None  # a cycle among agreed parents is held elsewhere; here it only must not hang
            visited.add(item_id)
            if not self.whole and item_id not in self.parents:
                raise Beyond
            item_id = self.parents.get(item_id)
        return item_id

    def person_of(self, account: str, mail: str | None) -> str:
        return self.directory.person_of(self.tool, account, mail)

    def account_of(self, person: str) -> str | None:
        return self.directory.account_of(self.tool, person)
