"""What `itpm-sync check` says of a Microsoft 365 connection.

In: the client and its settings. Out: findings, each with the mend. Nothing is written: whether pages can be published
shows when the first one is.
"""

from __future__ import annotations

from itpm_sync.connector import Finding
from itpm_sync.errors import Denied, ItpmError

from .client import GraphClient
from .settings import M365Settings
from .sites import assets_drive, site_of
from .wire import Ask, seg


async def findings(client: GraphClient, settings: M365Settings) -> list[Finding]:
    """One finding a thing that was tried; never raises for what it can name."""
    found = [await _directory(client)]
    if settings.group_id:
        found.append(await _plans(client, settings.group_id))
    if settings.site:
        found += await _site(client, settings)
    return found


async def _directory(client: GraphClient) -> Finding:
    ask = Ask(
        "GET",
        "/users",
        "people in Microsoft Entra ID",
        query={"$top": "1", "$select": "id"},
        scope="directory",
    )
    try:
        await client.send(ask)
    except Denied as error:
        return Finding(
            ok=False, says=error.message, mend="Grant User.ReadBasic.All, or check the credential."
        )
    except ItpmError as error:
        return Finding(ok=False, says=error.message, mend=error.mend)
    return Finding(ok=True, says="People can be looked up in Microsoft Entra ID.")


async def _plans(client: GraphClient, group_id: str) -> Finding:
    what = f"plans of group {group_id}"
    try:
        plans = await client.listing(
            Ask("GET", f"/groups/{seg(group_id)}/planner/plans", what, scope="planner")
        )
    except Denied as error:
        return Finding(
            ok=False, says=error.message, mend="Grant Tasks.Read.All, and Group.Read.All for this list."
        )
    except ItpmError as error:
        return Finding(ok=False, says=error.message, mend=error.mend)
    names = ", ".join(f"{plan.get('title')} ({plan['id']})" for plan in plans[:20]) or "none"
    return Finding(ok=True, says=f"Plans of the group: {names}.")


async def _site(client: GraphClient, settings: M365Settings) -> list[Finding]:
    try:
        site = await site_of(client, settings.site)
        await client.send(
            Ask(
                "GET",
                f"/sites/{site.id}/pages",
                f"pages of {site.url}",
                query={"$select": "id"},
                scope="sharepoint",
            )
        )
        await assets_drive(client, site, settings.assets_drive)
    except Denied as error:
        mend = "Grant Sites.Selected and let an admin give this application the role write on the site."
        return [Finding(ok=False, says=error.message, mend=mend)]
    except ItpmError as error:
        return [Finding(ok=False, says=error.message, mend=error.mend)]
    return [
        Finding(ok=True, says=f"Status pages can be read on {site.url}; writing shows with the first one.")
    ]
