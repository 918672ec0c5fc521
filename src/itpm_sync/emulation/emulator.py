"""What every vendor's HTTP emulator is built on: one account of that vendor, kept in one JSON document.

In: HTTP requests (through `app`), people's edits (`edit_as`), a test's faults. Out: the vendor's answers, the list of
requests, the violations of the vendor's own API description. A subclass gives `name`, `routes`, `fill` and `edit`;
README.md in this folder says how.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from itpm_sync.ports import Clock, SystemClock

from .calls import Answer, Call, Received, Refusal, Route, Router
from .faults import Fault, Faults, Harm, When
from .quota import Quota
from .spec import Exemption, Spec
from .state import Document, StateFile

if TYPE_CHECKING:
    from starlette.applications import Starlette


class Emulator:
    """One emulated account. Thread-safe: a request and an edit never run at the same time."""

    name: ClassVar[str] = "emulator"
    """The connector's name; also the file name of the state."""
    serves: ClassVar[bool] = True
    """Whether it answers over HTTP. A folder of files is its own stand-in, and only takes edits."""
    spec_file: ClassVar[str] = ""
    """The API description inside the folder of descriptions; empty: none is published in that form."""
    spec_prefix: ClassVar[str] = ""
    """What a request's path has in front of the description's paths, as in `/2.0`."""
    exemptions: ClassVar[tuple[Exemption, ...]] = ()
    """Where the description is known to differ from the service, each with its reason."""

    def __init__(
        self,
        *,
        folder: Path | None = None,
        clock: Clock | None = None,
        seed: int = 0,
        specs: Path | None = None,
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.lock = threading.RLock()
        self.faults = Faults()
        self.requests: list[Received] = []
        self.violations: list[str] = []
        self.quota: Quota | None = None
        self._seed = seed
        self._file = StateFile(folder, self.name)
        self._spec = self._find_spec(specs)
        self.state: Document = self._file.load() or {"counters": {}, **self.blank()}
        self._router = Router(list(self.routes()))
        self._app: Starlette | None = None

    # ── what a vendor's emulator gives ──

    def blank(self) -> Document:
        """The state of an account that holds nothing yet; JSON values only."""
        return {}

    def routes(self) -> Iterable[Route]:
        """The paths it answers. What is not named is answered by `nowhere`."""
        raise NotImplementedError

    def fill(self, data: Mapping[str, Any]) -> None:
        """Put `data` (people, containers, records: the subclass says in which form) into the state."""
        raise NotImplementedError

    def edit(self, person: str, native_id: str | None, changes: Mapping[str, Any]) -> str:
        """One edit in the tool's own user interface; see `edit_as`."""
        raise NotImplementedError

    def authenticate(self, call: Call) -> str:
        """Who calls (a mail address or id). Raises Refusal with the vendor's 401 where nobody is known by that."""
        return ""

    def nowhere(self, call: Call, methods: list[str]) -> Answer:
        """The answer where no route is; `methods` are those that the path would take (405 rather than 404)."""
        return Answer(405 if methods else 404, {"message": f"no such resource: {call.method} {call.path}"})

    def too_many(self, call: Call, retry_after: float) -> Answer:
        """The vendor's 429. `retry_after` is in seconds."""
        return Answer(429, {"message": "too many requests"}, {"Retry-After": str(max(1, round(retry_after)))})

    def quota_scope(self, call: Call) -> str:
        """Calls of one scope share one window of `quota`."""
        return ""

    def failed(self, call: Call, reason: str) -> Answer:
        """The vendor's 500; here it means that the emulator or its caller is wrong, and `reason` says how."""
        return Answer(500, {"message": reason})

    def connection(self, base: str) -> Mapping[str, Any]:
        """What a connection's settings say to reach this account, served at `base` (`http://127.0.0.1:PORT`).

        Address and credentials (a `kit.secret.Secret`, where the settings take one), and a horizon that is short.
        """
        return {"base_url": base}

    # ── what tests, the demo and the command line use ──

    @property
    def app(self) -> Starlette:
        """The ASGI application."""
        if self._app is None:
            from .asgi import application  # late: Starlette is loaded only when something listens

            self._app = application(self)
        return self._app

    def seed(self, data: Mapping[str, Any]) -> None:
        """Fill the account; may be called again to add more."""
        with self.lock:
            self.fill(data)
            self.save()

    def edit_as(self, person: str, native_id: str | None = None, **changes: Any) -> str:
        """Edit as that person does in the tool's own user interface, and give the native id.

        Without a native id a record is created. Reserved names, each where the tool has such a thing:
        `delete=True`, `restore=True`, `hidden=True|False` (from the service account), `move_to=CONTAINER`.
        """
        with self.lock:
            made = self.edit(person, native_id, changes)
            self.save()
            return made

    def writes(self, one: Received | Call) -> bool:
        """Whether a request is one that could change the account (a search by POST is none)."""
        found = self._router.find(one.method, one.path)
        return one.method not in ("GET", "HEAD") and (found is None or found[0].saves)

    def find(self, name: str) -> str:
        """The native id of the record that people call so: by its title, or by what the tool shows as its name.

        Raises KeyError where none is called so, or several are.
        """
        with self.lock:
            found = sorted({native for native, names in self.names() if name in (native, *names)})
        if len(found) != 1:
            raise KeyError(f"{len(found) or 'no'} records of {self.name} are called {name!r}")
        return found[0]

    def names(self) -> Iterable[tuple[str, Iterable[str]]]:
        """Every record's native id and what people call it; for `find`."""
        return ()

    def save(self) -> None:
        """Make the state durable now."""
        self._file.save(self.state)

    def next_number(self, kind: str, first: int = 1) -> int:
        """The next number of a kind, from the state: a restart does not begin again."""
        counters = self.state["counters"]
        counters[kind] = counters.get(kind, first - 1) + 1
        return int(counters[kind])

    def next_token(self, kind: str, length: int = 32) -> str:
        """The next id of a kind that looks random and is the same for the same seed; at most 64 hex digits."""
        text = f"{self._seed}/{self.name}/{kind}/{self.next_number(f'token {kind}')}"
        return hashlib.sha256(text.encode()).hexdigest()[:length]

    # ── one request ──

    def handle(self, call: Call) -> Answer:
        """The answer as the vendor gives it: authentication, quota, description, route. No faults here.

        A batch endpoint calls this again for each of its inner calls.
        """
        route, call = self._route(call)
        if route is None:
            return self.nowhere(call, self._router.methods(call.raw_path or call.path))
        with self.lock:
            try:
                call = replace(call, person=self.authenticate(call))
                self._admit(call)
                self._check(self._spec.request_faults(call) if self._spec else [], call)
                answer = route.handler(call)
            except Refusal as refusal:
                answer = refusal.answer
            if route.saves and answer.status < 500:
                self.save()
        if self._spec and (wrong := self._spec.answer_faults(call, answer)):
            self.violations += wrong
            return self.failed(call, wrong[0])
        return answer

    def serve_one(self, call: Call) -> tuple[Answer, Fault | None]:
        """The answer with its faults; a fault that harms the connection is for the caller to act on."""
        for hook in self.faults.hooks(call, When.BEFORE):
            hook(call)
        fault = self.faults.strike(call, When.BEFORE)
        if fault is not None:
            answer = fault.spoil(Answer(200, {}))
        else:
            answer = self._handle_safely(call)
            for hook in self.faults.hooks(call, When.AFTER):
                hook(call)
            fault = self.faults.strike(call, When.AFTER)
            answer = fault.spoil(answer) if fault is not None else answer
        lost = fault is not None and (
            fault.harm is Harm.DROP or (fault.harm, fault.when) == (Harm.DELAY, When.BEFORE)
        )
        self.requests.append(
            Received(call.method, call.path, call.query, call.body, 0 if lost else answer.status)
        )
        return answer, fault

    def _handle_safely(self, call: Call) -> Answer:
        try:
            return self.handle(call)
        except Exception as error:  # noqa: BLE001 - the emulator's own fault: the test that met it must hear of it
            self.violations.append(
                f"{call.method} {call.path}: the emulator broke: {type(error).__name__}: {error}"
            )
            return self.failed(call, "the emulator broke")

    def _route(self, call: Call) -> tuple[Route | None, Call]:
        found = self._router.find(call.method, call.raw_path or call.path)
        return (None, call) if found is None else (found[0], replace(call, params=found[1]))

    def _admit(self, call: Call) -> None:
        if self.quota is None:
            return
        wait = self.quota.admit(self.quota_scope(call), self.clock.monotonic())
        if wait is not None:
            raise Refusal(self.too_many(call, wait))

    def _check(self, wrong: list[str], call: Call) -> None:
        if wrong:
            self.violations += wrong
            raise Refusal(self.failed(call, wrong[0]))

    def _find_spec(self, specs: Path | None) -> Spec | None:
        path = specs / self.spec_file if specs is not None and self.spec_file else None
        if path is None or not path.is_file():
            return None
        return Spec.at(path, prefix=self.spec_prefix, exemptions=self.exemptions)
