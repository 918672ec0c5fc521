"""The Publisher: pages appear for readers, are written when they say something new, and people are not overwritten."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from itpm_sync.emulation import Call, Fault, Harm, When
from itpm_sync.errors import Denied, Misconfigured, Refused, UnknownOutcome
from itpm_sync.publisher import Picture, Published, Section, StatusPage
from itpm_sync_m365.emulator import M365Emulator

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
CHART = Picture("slip", PNG, "Two milestones slip by more than 10 days", 600, 300)
PAGE = StatusPage(
    name="network-refresh",
    title="Network refresh",
    sections=(
        Section(html="<h2>Verdict</h2><p>Off track &amp; late <script>alert(1)</script></p>"),
        Section(picture=CHART),
        Section(
            html='<table><tr><th scope="col">Milestone</th></tr></table><p><a href="other-project.html">Other</a></p>'
        ),
    ),
    digest="abc",
)
ANN = "ann@example.org"


@pytest.fixture
def publish(publishing: Any, run: Any) -> Any:
    """Publish pages, one call after another, on one connection each."""

    def runner(*pages: StatusPage, refresh: bool = False, **more: Any) -> list[Published]:
        async def whole() -> Any:
            async with publishing(**more) as publisher:
                return await publisher.publish(pages, refresh=refresh)

        return list(run(whole()))

    return runner


def writes(emulator: M365Emulator) -> list[str]:
    """The writing requests since the list was cleared."""
    return [f"{r.method} {r.path.rpartition('/')[2]}" for r in emulator.requests if r.method != "GET"]


def reader(emulator: M365Emulator, name: str = "network-refresh") -> str:
    path = f"/reader/sites/pmo/SitePages/{name}.aspx"
    answer = emulator.handle(Call("GET", path, raw_path=path))
    return answer.body.decode() if answer.status == 200 and isinstance(answer.body, bytes) else ""


def page_row(emulator: M365Emulator) -> dict[str, Any]:
    return dict(next(iter(emulator.state["pages"].values())))


def test_a_new_page_is_made_published_and_shown(publish: Any, emulator: M365Emulator) -> None:
    made = publish(PAGE)[0]
    assert made == Published(
        "network-refresh", "https://contoso.example/sites/pmo/SitePages/network-refresh.aspx", written=True
    )
    shown = reader(emulator)
    assert "<h2>Verdict</h2><p>Off track &amp; late </p>" in shown
    assert "alert" not in shown
    assert '<a href="/reader/sites/pmo/SitePages/other-project.aspx">Other</a>' in shown
    assert f'alt="{CHART.alt}"' in shown
    assert shown.index("Verdict") < shown.index("<img") < shown.index("Milestone")
    picture = next(iter(emulator.state["files"].values()))
    assert base64.b64decode(picture["_content"]) == PNG


def test_the_same_page_again_writes_nothing(publish: Any, emulator: M365Emulator) -> None:
    publish(PAGE)
    emulator.requests.clear()
    again = publish(PAGE)[0]
    assert (again.written, again.note) == (False, "")
    assert writes(emulator) == []


def test_changed_content_is_one_update_one_publication_and_no_new_picture(
    publish: Any, emulator: M365Emulator
) -> None:
    publish(PAGE)
    emulator.requests.clear()
    changed = replace(PAGE, digest="abd", sections=(Section(html="<p>On track</p>"), Section(picture=CHART)))
    assert publish(changed)[0].written
    assert writes(emulator) == ["PATCH microsoft.graph.sitePage", "POST publish"]
    assert "<p>On track</p>" in reader(emulator)


def test_an_unchanged_page_is_rewritten_on_request(publish: Any, emulator: M365Emulator) -> None:
    publish(PAGE)
    aged = replace(PAGE, sections=(Section(html="<p>Checked 15:00</p>"),))
    assert not publish(aged)[0].written
    assert publish(aged, refresh=True)[0].written
    assert "Checked 15:00" in reader(emulator)


def test_a_page_that_a_person_edited_is_left_alone_and_said_so(publish: Any, emulator: M365Emulator) -> None:
    publish(PAGE)
    emulator.edit_as(ANN, page_row(emulator)["id"], html="<p>My own words</p>")
    left = publish(replace(PAGE, digest="abd"), refresh=True)[0]
    assert (left.written, "Ann Ames edited" in left.note) == (False, True)
    assert "My own words" in reader(emulator)


def test_a_page_that_a_person_has_open_waits(publish: Any, emulator: M365Emulator) -> None:
    publish(PAGE)
    emulator.edit_as(ANN, page_row(emulator)["id"], html="<p>Half</p>", open=True)
    left = publish(replace(PAGE, digest="abd"))[0]
    assert (left.written, "open" in left.note) == (False, True)


def test_a_page_opened_between_our_look_and_our_write_waits_too(publish: Any, emulator: M365Emulator) -> None:
    publish(PAGE)

    def opened(_: Call) -> None:
        emulator.edit_as(ANN, page_row(emulator)["id"], html="<p>Half</p>", open=True)

    emulator.faults.before(".*/microsoft.graph.sitePage", opened, method="PATCH")
    left = publish(replace(PAGE, digest="abd"))[0]
    assert (left.written, "open" in left.note) == (False, True)


def test_an_edit_while_pictures_are_uploaded_is_not_overwritten(publish: Any, emulator: M365Emulator) -> None:
    publish(replace(PAGE, sections=(Section(html="<p>x</p>"),)))
    emulator.faults.before(
        ".*:/content",
        lambda _: emulator.edit_as(ANN, page_row(emulator)["id"], html="<p>Quick</p>"),
        method="PUT",
    )
    left = publish(replace(PAGE, digest="abd"))[0]
    assert not left.written
    assert "Quick" in reader(emulator)


def test_a_page_of_this_name_that_is_not_ours_is_left_alone(publish: Any, emulator: M365Emulator) -> None:
    publish(PAGE)
    row = emulator.state["pages"][page_row(emulator)["id"]]
    row["_layout"]["horizontalSections"][0]["columns"][0]["webparts"].pop()
    left = publish(PAGE)[0]
    assert (left.written, "did not make" in left.note) == (False, True)


def test_a_run_cut_short_before_publishing_is_finished_by_the_next(
    publish: Any, emulator: M365Emulator
) -> None:
    emulator.faults.add(Fault(".*/publish", "POST", status=504, body={}))
    with pytest.raises(UnknownOutcome):
        publish(PAGE)
    assert reader(emulator) == ""
    emulator.requests.clear()
    assert publish(PAGE)[0].written
    assert writes(emulator) == ["POST publish"]
    assert "Verdict" in reader(emulator)


def test_a_creation_whose_answer_is_lost_is_not_made_twice(publish: Any, emulator: M365Emulator) -> None:
    emulator.faults.add(Fault("/v1.0/sites/[^/]+/pages", "POST", When.AFTER, Harm.DROP))
    with pytest.raises(UnknownOutcome):
        publish(PAGE)
    assert publish(PAGE)[0].written
    assert len(emulator.state["pages"]) == 1
    assert "Verdict" in reader(emulator)


def test_one_page_left_alone_does_not_stop_the_others(publish: Any, emulator: M365Emulator) -> None:
    publish(PAGE)
    emulator.edit_as(ANN, page_row(emulator)["id"], html="<p>Mine</p>")
    other = replace(PAGE, name="other-project", title="Other")
    assert [p.written for p in publish(PAGE, other)] == [False, True]
    assert "Other" in reader(emulator, "other-project")


def test_one_page_that_fails_does_not_stop_the_others(publish: Any, emulator: M365Emulator) -> None:
    emulator.faults.add(Fault(".*/publish", "POST", status=504, body={}))
    with pytest.raises(UnknownOutcome, match="network-refresh"):
        publish(PAGE, replace(PAGE, name="other-project", title="Other"))
    assert "Other" in reader(emulator, "other-project")
    assert reader(emulator) == ""


def test_a_page_deleted_there_is_made_again(publish: Any, emulator: M365Emulator) -> None:
    publish(PAGE)
    emulator.state["pages"].clear()
    assert publish(PAGE)[0].written


@pytest.mark.parametrize("name", ["../x", "a b", "", "x.aspx", "-x"])
def test_a_name_that_is_no_address_is_refused(publish: Any, name: str) -> None:
    with pytest.raises(Refused, match="address"):
        publish(replace(PAGE, name=name))


def test_a_picture_that_is_none_is_refused(publish: Any) -> None:
    with pytest.raises(Refused, match="PNG"):
        publish(replace(PAGE, sections=(Section(picture=replace(CHART, png=b"<svg/>")),)))


def test_a_site_that_is_not_there_is_named(publish: Any) -> None:
    with pytest.raises(Misconfigured, match="sites/none"):
        publish(PAGE, site="https://contoso.example/sites/none")
    with pytest.raises(Misconfigured, match="site"):
        publish(PAGE, site="pmo")


def test_a_site_without_permission_is_denied(publish: Any, emulator: M365Emulator) -> None:
    emulator.state["forbidden"].append(next(iter(emulator.state["sites"])))
    with pytest.raises(Denied):
        publish(PAGE)


def test_no_pages_need_no_site(publish: Any, emulator: M365Emulator) -> None:
    assert publish(site="") == []
    assert emulator.requests == []
