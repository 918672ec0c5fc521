"""People in Microsoft Entra ID: accounts by mail, and mails by object id.

In: mail addresses, or the ids that tasks are assigned to. Out: accounts. Nobody is guessed: an address that several
accounts carry gives several, one that none carries gives none, and the engine reports both. Permission:
User.ReadBasic.All is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from itpm_sync.connector import Account
from itpm_sync.errors import Denied, ItpmError, Refused

from .client import GraphClient
from .wire import Ask, Json, Reply

SELECT = "id,displayName,mail,userPrincipalName,accountEnabled"
MAILS = 7
"""Addresses of one $filter: two clauses each, and Graph takes fifteen."""
BY_IDS = 1000
SCOPE = "directory"


class Directory:
    """What is known of people, kept for the life of the connection."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client
        self._known: dict[str, Account] = {}
        self._missing: set[str] = set()

    async def by_mail(self, mails: Sequence[str]) -> dict[str, list[Account]]:
        """By mail as asked: the accounts that carry it, as mail or sign-in name, else as an alias.

        Raises Denied where the directory may not be read, and what else the client raises.
        """
        wanted = {mail: mail.strip().casefold() for mail in mails if mail.strip()}
        found = await self._search(sorted(set(wanted.values())), ("mail", "userPrincipalName"))
        others = sorted(mail for mail, accounts in found.items() if not accounts)
        if others:
            found |= await self._by_alias(others)
        return {mail: found.get(wanted.get(mail, ""), []) for mail in mails}

    async def _search(self, mails: Sequence[str], properties: Sequence[str]) -> dict[str, list[Account]]:
        groups = [mails[start : start + MAILS] for start in range(0, len(mails), MAILS)]
        asks = [_ask(" or ".join(_equals(p, mail) for mail in group for p in properties)) for group in groups]
        found: dict[str, dict[str, Account]] = {mail: {} for mail in mails}
        for group, result in zip(groups, await self._client.batch(asks), strict=True):
            for user in _users(result):
                carried = {str(user.get(p) or "").casefold() for p in properties}
                for mail in group:
                    if mail in carried:
                        found[mail][user["id"]] = self._account(user)
        return {mail: list(accounts.values()) for mail, accounts in found.items()}

    async def _by_alias(self, mails: Sequence[str]) -> dict[str, list[Account]]:
        """One request an address: the answer does not tell which alias was met, and basic rights hide them."""
        asks = [_ask(f"proxyAddresses/any(p:p eq 'smtp:{_quoted(mail)}')") for mail in mails]
        found: dict[str, list[Account]] = {}
        for mail, result in zip(mails, await self._client.batch(asks), strict=True):
            if isinstance(result, Denied | Refused):  # aliases may not be searched here: then nobody has it
                found[mail] = []
                continue
            found[mail] = [self._account(user) for user in _users(result)]
        return found

    def _account(self, user: Json) -> Account:
        mail = user.get("mail")
        account = Account(
            account=str(user["id"]),
            mail=str(mail).lower() if mail else None,
            name=str(user.get("displayName") or ""),
            active=user.get("accountEnabled") is not False,
        )
        self._known[account.account] = account
        return account

    async def by_id(self, ids: Iterable[str]) -> Mapping[str, Account]:
        """The accounts behind object ids; each is asked for once. Who is not in the directory is left out.

        Raises Denied where the directory may not be read: without mails everybody would look like somebody else, and
        that would look like an edit.
        """
        unknown = sorted(set(ids) - self._known.keys() - self._missing)
        for start in range(0, len(unknown), BY_IDS):
            part = unknown[start : start + BY_IDS]
            for user in await self._users_of(part):
                self._account(user)
            self._missing |= set(part) - self._known.keys()
        return self._known

    async def _users_of(self, ids: Sequence[str]) -> list[Json]:
        what = "the people that tasks are assigned to"
        body = {"ids": list(ids), "types": ["user"]}
        query = {"$select": SELECT}
        ask = Ask("POST", "/directoryObjects/getByIds", what, query=query, body=body, reads=True, scope=SCOPE)
        try:
            return _users(await self._client.send(ask))
        except Denied as error:
            raise Denied(error.message, mend="Grant the application User.ReadBasic.All.") from None


def _ask(condition: str) -> Ask:
    query = {"$filter": condition, "$select": SELECT, "$top": "100"}
    return Ask("GET", "/users", "people in Microsoft Entra ID", query=query, scope=SCOPE)


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _equals(name: str, mail: str) -> str:
    return f"{name} eq '{_quoted(mail)}'"


def _users(result: Reply | ItpmError) -> list[Json]:
    if isinstance(result, ItpmError):
        raise result
    rows = result.body.get("value")
    return [row for row in rows if isinstance(row, dict) and row.get("id")] if isinstance(rows, list) else []
