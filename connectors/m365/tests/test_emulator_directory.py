"""The emulated directory finds people as Graph does, and refuses what it does not understand."""

from __future__ import annotations

from typing import Any

import pytest


def found(tenant: Any, condition: str) -> list[str]:
    answer = tenant.ask("GET", f"/users?$filter={condition}")
    assert answer.status == 200
    return [user["displayName"] for user in answer.body["value"]]


def test_by_mail_by_name_and_by_alias(tenant: Any) -> None:
    assert found(tenant, "mail eq 'ANN@example.org' or userPrincipalName eq 'ben@example.org'") == [
        "Ann Ames",
        "Ben Bolt",
    ]
    assert found(tenant, "proxyAddresses/any(p:p eq 'smtp:benjamin@example.org')") == ["Ben Bolt"]
    assert found(tenant, "mail eq 'o''neil@example.org'") == []


@pytest.mark.parametrize(
    "condition",
    [
        "startswith(mail,'ann')",
        "mail eq 'a' and mail eq 'b'",
        "mail eq ann@example.org",
        "telephone eq '1'",
        " or ".join(f"mail eq '{n}@example.org'" for n in range(16)),
    ],
)
def test_other_conditions_are_refused(tenant: Any, condition: str) -> None:
    answer = tenant.ask("GET", f"/users?$filter={condition}")
    assert tenant.code(answer) == (400, "Request_UnsupportedQuery")


def test_one_person_by_id_or_sign_in_name(tenant: Any) -> None:
    ann = tenant.user("ann@example.org")
    assert tenant.ask("GET", f"/users/{ann}").body["mail"] == "ann@example.org"
    assert tenant.ask("GET", "/users/ann@example.org?$select=id").body == {"id": ann}
    assert tenant.ask("GET", "/users/nobody@example.org").status == 404


def test_by_ids_leaves_out_who_is_not_there(tenant: Any) -> None:
    body = {"ids": [tenant.user("ann@example.org"), "none"], "types": ["user"]}
    answer = tenant.ask("POST", "/directoryObjects/getByIds", body)
    assert [user["mail"] for user in answer.body["value"]] == ["ann@example.org"]
    assert tenant.ask("POST", "/directoryObjects/getByIds", {"ids": []}).status == 400
