"""The directory: users and groups, as far as people are looked up by mail and shown by id.

In: a `Call`. Out: an `Answer`. `$filter` takes what we know Graph to take: `eq` on four properties, joined by `or`,
at most fifteen clauses; anything else is refused. Facts: user resource, "Advanced query capabilities".
"""

from __future__ import annotations

import re

from .wire import Answer, Call, GraphRefusal, Json, allow_query, bad, not_found, require_json, selected
from .world import World

DEFAULT_PROPERTIES = ("id", "displayName", "givenName", "surname", "mail", "userPrincipalName", "jobTitle")
CLAUSES = 15
BY_IDS = 1000

_VALUE = r"'((?:[^']|'')*)'"
_EQUALS = re.compile(rf"(mail|userPrincipalName|id)\s+eq\s+{_VALUE}")
_ANY = re.compile(rf"(proxyAddresses|otherMails)/any\((\w+):\2\s+eq\s+{_VALUE}\)")
_OR = re.compile(r"\s+or\s+", re.IGNORECASE)


def new_user(
    world: World, name: str, mail: str, *, upn: str = "", enabled: bool = True, aliases: tuple[str, ...] = ()
) -> str:
    """Add a person. `upn` is their sign-in name where it is not their mail. Returns their Entra object id."""
    user_id = world.guid("user")
    given, _, family = name.partition(" ")
    world.table("users")[user_id] = {
        "id": user_id,
        "displayName": name,
        "givenName": given,
        "surname": family or None,
        "mail": mail or None,
        "userPrincipalName": upn or mail,
        "jobTitle": None,
        "accountEnabled": enabled,
        "userType": "Guest" if "#EXT#" in upn else "Member",
        "otherMails": [],
        "proxyAddresses": [f"SMTP:{mail}"] * bool(mail) + [f"smtp:{alias}" for alias in aliases],
    }
    return user_id


def new_group(world: World, name: str, members: list[str]) -> str:
    """Add a Microsoft 365 group. Returns its id."""
    group_id = world.guid("group")
    world.table("groups")[group_id] = {"id": group_id, "displayName": name, "members": list(members)}
    return group_id


def _shown(user: Json, call: Call) -> Json:
    if "$select" in call.query:
        return selected(user, call.query)
    return {name: user.get(name) for name in DEFAULT_PROPERTIES}


def list_users(world: World, call: Call) -> Answer:
    allow_query(call, "$filter", "$select", "$top", "$count")
    users = list(world.table("users").values())
    if "$filter" in call.query:
        users = [user for user in users if _meets(user, call.query["$filter"])]
    top = call.query.get("$top", "100")
    if not top.isdigit() or not 1 <= int(top) <= 999:
        raise bad("Invalid page size specified: it must be from 1 to 999.", "Request_BadRequest")
    return Answer(200, {"value": [_shown(user, call) for user in users[: int(top)]]})


def _meets(user: Json, text: str) -> bool:
    clauses = _OR.split(text.strip())
    if len(clauses) > CLAUSES:
        raise bad(
            "Too many child clauses specified in search filter expression containing 'OR' operators: "
            f"{len(clauses)}. Max allowed: {CLAUSES}.",
            "Request_UnsupportedQuery",
        )
    met = [_meets_one(user, clause) for clause in clauses]  # every clause is looked at, also after a hit
    return any(met)


def _meets_one(user: Json, clause: str) -> bool:
    if found := _EQUALS.fullmatch(clause):
        return str(user.get(found[1]) or "").casefold() == found[2].replace("''", "'").casefold()
    if found := _ANY.fullmatch(clause):
        wanted = found[3].replace("''", "'").casefold()
        return any(wanted == value.casefold() for value in user.get(found[1], []))
    raise bad(f"Invalid filter clause: {clause}", "Request_UnsupportedQuery")


def get_user(world: World, call: Call, name: str) -> Answer:
    """By object id or by userPrincipalName."""
    allow_query(call, "$select")
    for user in world.table("users").values():
        if name in (user["id"], user["userPrincipalName"]):
            return Answer(200, _shown(user, call))
    raise GraphRefusal(404, "Request_ResourceNotFound", f"Resource '{name}' does not exist.")


def get_by_ids(world: World, call: Call) -> Answer:
    """What is not found is left out of the answer; nothing says so."""
    allow_query(call, "$select")
    body = require_json(call)
    ids = body.get("ids")
    if not isinstance(ids, list) or not ids or len(ids) > BY_IDS:
        raise bad(f"'ids' must hold from 1 to {BY_IDS} ids.", "Request_BadRequest")
    users = world.table("users")
    found = [
        {"@odata.type": "#microsoft.graph.user", **_shown(users[each], call)} for each in ids if each in users
    ]
    return Answer(200, {"value": found})


def group_members(world: World, call: Call, group_id: str) -> Answer:
    allow_query(call, "$select", "$top")
    world.check_allowed(group_id)
    group = world.table("groups").get(group_id)
    if group is None:
        raise not_found(f"Resource '{group_id}' does not exist.")
    users = world.table("users")
    found = [{"@odata.type": "#microsoft.graph.user", **_shown(users[m], call)} for m in group["members"]]
    return Answer(200, {"value": found})
