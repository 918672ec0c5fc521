"""SharePoint's libraries and the files in them, as Microsoft Graph v1.0 behaves.

In: a `Call`. Out: an `Answer`. Site Assets is a system library.
"""

from __future__ import annotations

import base64
import re
from urllib.parse import quote, unquote

from .wire import Answer, Call, GraphRefusal, Json, allow_query, bad, selected
from .world import World

UPLOAD_LIMIT = 250 * 1024 * 1024
_FILE_NAME = re.compile(r"[^\\:*?\"<>|#%]{1,400}")


def open_part(row: Json) -> Json:
    """What Graph shows of a row of the state."""
    return {name: value for name, value in row.items() if not name.startswith("_")}


def site_of(world: World, site_id: str) -> Json:
    """The site. Raises GraphRefusal where it is not there."""
    world.check_allowed(site_id)
    site: Json | None = world.table("sites").get(site_id)
    if site is None:
        raise GraphRefusal(404, "itemNotFound", "Requested site could not be found")
    return site


def list_drives(world: World, call: Call, site_id: str) -> Answer:
    """The document libraries. Site Assets is a system library: listed only where `$select` names `system`."""
    allow_query(call, "$select")
    site_of(world, site_id)
    system = "system" in call.query.get("$select", "").split(",")
    drives = [drive for drive in world.table("drives").values() if drive["_site"] == site_id]
    shown = [open_part(drive) for drive in drives if system or drive["name"] != "Site Assets"]
    return Answer(200, {"value": [selected(drive, call.query) for drive in shown]})


def _drive(world: World, drive_id: str) -> Json:
    drive: Json | None = world.table("drives").get(drive_id)
    if drive is None:
        raise GraphRefusal(404, "itemNotFound", "The resource could not be found.")
    world.check_allowed(drive["_site"], drive_id)
    return drive


def put_file(world: World, call: Call, drive_id: str, path: str) -> Answer:
    """Upload by path: 201 where it is new, 200 where it replaces."""
    drive = _drive(world, drive_id)
    if not isinstance(call.body, bytes) or not call.body or len(call.body) > UPLOAD_LIMIT:
        raise bad("The content of the file is missing or too large.", "invalidRequest")
    if not _FILE_NAME.fullmatch(path) or ".." in path.split("/"):
        raise bad("The name of the file is not allowed.", "invalidRequest")
    known = _file_at(world, drive_id, path)
    file_id = known["id"] if known else "01" + world.planner_id("file").upper()
    made = known or _new_file(world, drive, path, file_id)
    made.update(
        size=len(call.body), lastModifiedDateTime=world.stamp(), lastModifiedBy=world.identity(call.actor)
    )
    made.update(eTag=f'"{{{made["_unique"].upper()}}},{world.tick()}"')
    made["_content"] = base64.b64encode(call.body).decode()
    world.table("files")[file_id] = made
    return Answer(200 if known else 201, open_part(made))


def _new_file(world: World, drive: Json, path: str, file_id: str) -> Json:
    unique = world.guid("unique")
    _host, collection, web = drive["_site"].split(",")
    return {
        "id": file_id,
        "name": path.rpartition("/")[2],
        "webUrl": f"{drive['webUrl']}/{quote(path)}",
        "createdDateTime": world.stamp(),
        "createdBy": world.identity(""),
        "file": {"mimeType": "image/png" if path.endswith(".png") else "application/octet-stream"},
        "_drive": drive["id"],
        "_path": path,
        "_unique": unique,
        "_ids": {
            "listId": drive["_list"],
            "listItemId": str(world.tick()),
            "listItemUniqueId": unique,
            "siteId": collection,
            "siteUrl": world.table("sites")[drive["_site"]]["webUrl"],
            "webId": web,
        },
    }


def _file_at(world: World, drive_id: str, path: str) -> Json | None:
    files = world.table("files").values()
    return next((f for f in files if (f["_drive"], f["_path"].lower()) == (drive_id, path.lower())), None)


def get_file(world: World, call: Call, drive_id: str, path: str) -> Answer:
    """Metadata; `sharepointIds` only where `$select` asks for it."""
    allow_query(call, "$select")
    _drive(world, drive_id)
    found = _file_at(world, drive_id, path)
    if found is None:
        raise GraphRefusal(404, "itemNotFound", "The resource could not be found.")
    shown = open_part(found)
    if "sharepointIds" in call.query.get("$select", "").split(","):
        shown["sharepointIds"] = found["_ids"]
    return Answer(200, selected(shown, call.query))


def file_exists(world: World, site_id: str, unique: str) -> bool:
    """Whether a library of the site has a file with this unique id."""
    drives = {drive["id"] for drive in world.table("drives").values() if drive["_site"] == site_id}
    return any(f["_drive"] in drives and f["_unique"] == unique for f in world.table("files").values())


def reader_file(world: World, host: str, path: str) -> str | None:
    """The base 64 content of the file at `https://host/path`."""
    for found in world.table("files").values():
        if unquote(found["webUrl"]).lower() == f"https://{host}{path}".lower():
            return str(found["_content"])
    return None
