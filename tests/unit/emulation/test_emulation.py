"""The emulators' base: routing, faults, quotas, restarts, and checks against an API description."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from itpm_sync.emulation import (
    Answer,
    Call,
    Document,
    Emulator,
    Exemption,
    Fault,
    Harm,
    Quota,
    Refusal,
    Route,
    When,
)
from itpm_sync.emulation.server import serve

NOTE = {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}}
DESCRIPTION = {
    "openapi": "3.0.1",
    "paths": {
        "/notes": {
            "get": {
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 5}}],
                "responses": {"200": {"content": {"application/json": {"schema": {"type": "array"}}}}},
            },
            "post": {
                "requestBody": {"required": True, "content": NOTE},
                "responses": {"201": {"content": NOTE}},
            },
        },
        "/notes/{note-id}": {
            "get": {"responses": {"200": {"content": NOTE}}},
        },
    },
    "components": {
        "schemas": {
            "Note": {
                "type": "object",
                "required": ["id", "text"],
                "additionalProperties": False,
                "properties": {
                    "id": {"type": "string", "readOnly": True},
                    "text": {"type": "string"},
                    "parent": {"nullable": True, "allOf": [{"$ref": "#/components/schemas/Note"}]},
                },
            }
        }
    },
}


class Notes(Emulator):
    """A vendor of notes."""

    name = "notes"
    spec_file = "notes.json"
    spec_prefix = "/api"
    exemptions = (Exemption("GET", "/notes", "query odd", "the service takes it, the description lacks it"),)

    def blank(self) -> Document:
        return {"notes": {}}

    def routes(self) -> Iterable[Route]:
        return [
            Route("GET", "/api/notes", lambda call: Answer(200, list(self.state["notes"].values()))),
            Route("POST", "/api/notes", self.create),
            Route("GET", "/api/notes/{id}", self.read),
        ]

    def fill(self, data: Mapping[str, Any]) -> None:
        for text in data["texts"]:
            self.edit("", None, {"text": text})

    def edit(self, person: str, native_id: str | None, changes: Mapping[str, Any]) -> str:
        native_id = native_id or str(self.next_number("note"))
        self.state["notes"][native_id] = {"id": native_id, **changes}
        return native_id

    def authenticate(self, call: Call) -> str:
        if call.headers.get("authorization") != "Bearer right":
            raise Refusal(Answer(401, {"message": "who are you"}))
        return "ann@example.org"

    def create(self, call: Call) -> Answer:
        body = call.json()
        assert isinstance(body, dict)
        return Answer(201, self.state["notes"][self.edit(call.person, None, body)])

    def read(self, call: Call) -> Answer:
        if call.params["id"] not in self.state["notes"]:
            raise Refusal(Answer(404, {"message": "gone"}))
        return Answer(200, self.state["notes"][call.params["id"]])


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def web(notes: Notes) -> Iterator[httpx.Client]:
    with serve(notes) as base, client(base) as opened:
        yield opened


def client(base: str) -> httpx.Client:
    return httpx.Client(base_url=f"{base}/api", headers={"authorization": "Bearer right"}, timeout=5)


def texts(notes: Notes) -> list[str]:
    return [note["text"] for note in notes.state["notes"].values()]


def test_it_answers_on_a_real_socket_and_remembers_what_was_asked(notes: Notes, web: httpx.Client) -> None:
    made = web.post("/notes", json={"text": "Grüße 🙂"})
    assert made.status_code == 201
    assert web.get(f"/notes/{made.json()['id']}").json()["text"] == "Grüße 🙂"
    assert [(r.method, r.path, r.status) for r in notes.requests] == [
        ("POST", "/api/notes", 201),
        ("GET", "/api/notes/1", 200),
    ]
    assert notes.requests[0].json() == {"text": "Grüße 🙂"}


def test_who_is_not_known_is_refused(web: httpx.Client) -> None:
    assert web.get("/notes", headers={"authorization": "Bearer wrong"}).status_code == 401


def test_an_encoded_slash_stays_in_its_segment(notes: Notes, web: httpx.Client) -> None:
    notes.edit_as("ann@example.org", "a/b", text="odd")
    assert web.get("/notes/a%2Fb").json()["text"] == "odd"


def test_what_is_not_there_is_404_and_a_wrong_method_405(web: httpx.Client) -> None:
    assert (web.get("/elsewhere").status_code, web.delete("/notes/1").status_code) == (404, 405)


def test_before_is_without_effect_and_after_without_answer(notes: Notes, web: httpx.Client) -> None:
    notes.faults.add(Fault("/api/notes", "POST", harm=Harm.DROP))
    notes.faults.add(Fault("/api/notes", "POST", When.AFTER, Harm.DROP))
    for text in ("lost", "kept"):
        with pytest.raises(httpx.TransportError):
            web.post("/notes", json={"text": text})
    assert texts(notes) == ["kept"]
    assert [r.status for r in notes.requests] == [0, 0]
    assert web.get("/notes").status_code == 200
    assert notes.faults.waiting == []


def test_a_cut_answer_is_noticed_by_the_caller(notes: Notes, web: httpx.Client) -> None:
    notes.edit_as("ann@example.org", text="x" * 5000)
    notes.faults.add(Fault("/api/notes", harm=Harm.CUT, when=When.AFTER))
    with pytest.raises(httpx.TransportError):
        web.get("/notes")


def test_a_truncated_answer_looks_whole_and_is_no_json(notes: Notes, web: httpx.Client) -> None:
    notes.edit_as("ann@example.org", text="x")
    notes.faults.add(Fault("/api/notes", harm=Harm.TRUNCATE, when=When.AFTER))
    with pytest.raises(json.JSONDecodeError):
        web.get("/notes").json()


def test_a_silent_answer_ends_with_the_callers_patience(notes: Notes, web: httpx.Client) -> None:
    notes.faults.add(Fault("/api/notes", "POST", When.AFTER, Harm.DELAY, delay=30))
    with pytest.raises(httpx.ReadTimeout):
        web.post("/notes", json={"text": "done all the same"}, timeout=0.05)
    assert texts(notes) == ["done all the same"]


def test_a_replaced_answer_comes_as_scripted_and_only_so_often(notes: Notes, web: httpx.Client) -> None:
    told = {"Retry-After": "7"}
    notes.faults.add(Fault("/api/.*", status=429, headers=told, body={"no": 1}, times=2, skip=1))
    answers = [web.get("/notes") for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 429, 429, 200]
    assert answers[1].headers["retry-after"] == "7"


def test_a_sign_in_page_has_status_200(notes: Notes, web: httpx.Client) -> None:
    notes.faults.add(Fault("/api/notes", harm=Harm.HTML))
    answer = web.get("/notes")
    assert (answer.status_code, answer.headers["content-type"][:9]) == (200, "text/html")


def test_a_hook_runs_between_the_arrival_and_the_effect(notes: Notes, web: httpx.Client) -> None:
    def edit(text: str) -> None:
        notes.edit_as("bob@example.org", "1", text=text)

    notes.faults.before("/api/notes/1", lambda call: edit("just before"))
    notes.edit_as("ann@example.org", "1", text="first")
    assert web.get("/notes/1").json()["text"] == "just before"
    assert web.get("/notes/1").json()["text"] == "just before"


def test_a_quota_refuses_with_the_time_to_wait(notes: Notes, web: httpx.Client) -> None:
    notes.quota = Quota(2, 60)
    answers = [web.get("/notes") for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60


def test_a_restarted_emulator_goes_on(tmp_path: Path) -> None:
    with serve(Notes(folder=tmp_path)) as base, client(base) as web:
        web.post("/notes", json={"text": "by call"})
    again = Notes(folder=tmp_path)
    again.edit_as("ann@example.org", text="by hand")
    assert texts(Notes(folder=tmp_path)) == ["by call", "by hand"]
    assert [p.name for p in tmp_path.iterdir()] == ["notes.json"]


def test_a_broken_state_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.json").write_text("{")
    with pytest.raises(ValueError, match=r"notes\.json is not an emulator's state"):
        Notes(folder=tmp_path)


def test_ids_are_the_same_for_the_same_seed() -> None:
    assert Notes(seed=1).next_token("t") == Notes(seed=1).next_token("t") != Notes(seed=2).next_token("t")


def test_a_taken_port_is_an_error(notes: Notes) -> None:
    with serve(notes) as base, pytest.raises(OSError), serve(Notes(), int(base.rpartition(":")[2])):
        pass


def test_starting_and_stopping_is_quick(notes: Notes) -> None:
    began = time.monotonic()
    for _ in range(5):
        with serve(notes):
            pass
    assert time.monotonic() - began < 5


class TestDescription:
    """The checks against the vendor's own description."""

    @pytest.fixture
    def notes(self, tmp_path: Path) -> Notes:
        (tmp_path / "notes.json").write_text(json.dumps(DESCRIPTION))
        return Notes(specs=tmp_path)

    def test_what_is_right_passes(self, notes: Notes, web: httpx.Client) -> None:
        assert web.post("/notes", json={"text": "a", "parent": None}).status_code == 201
        assert web.get("/notes?limit=5&odd=1").status_code == 200
        assert web.get("/notes/9").status_code == 404
        assert notes.violations == []

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            ({"txt": "a"}, "'text' is a required property"),
            ({"text": "a", "more": 1}, "'more' was unexpected"),
            ({"text": "a", "parent": {"text": 1}}, r"\$\.parent"),
        ],
    )
    def test_a_wrong_body_is_a_violation_and_has_no_effect(
        self, notes: Notes, web: httpx.Client, body: object, says: str
    ) -> None:
        assert web.post("/notes", json=body).status_code == 500
        assert texts(notes) == []
        assert any(re.search(says, wrong) for wrong in notes.violations)

    @pytest.mark.parametrize("query", ["limit=6", "limit=x", "limt=1"])
    def test_a_wrong_query_is_a_violation(self, notes: Notes, web: httpx.Client, query: str) -> None:
        assert web.get(f"/notes?{query}").status_code == 500
        assert len(notes.violations) == 1

    def test_a_body_of_another_type_is_a_violation(self, notes: Notes, web: httpx.Client) -> None:
        assert web.post("/notes", content=b"{}", headers={"content-type": "text/plain"}).status_code == 500

    def test_a_wrong_answer_of_the_emulator_is_a_violation(self, notes: Notes, web: httpx.Client) -> None:
        notes.edit_as("ann@example.org", "1", text=None)
        assert web.get("/notes/1").status_code == 500
        assert "answers 200: $.text" in notes.violations[0]

    def test_a_broken_handler_is_a_violation(self, notes: Notes, web: httpx.Client) -> None:
        del notes.state["notes"]
        assert web.get("/notes/1").status_code == 500
        assert "the emulator broke" in notes.violations[0]
