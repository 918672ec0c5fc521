"""Faults that a test scripts into an emulator, and hooks that run its code between two requests.

In: rules (which calls, before or after the effect, what then happens, how often). Out: for each call the rule that
fires. `before` means refused or lost on the way in, nothing was done; `after` means the effect stands and only its
answer is lost or replaced: the difference between the fault classes A and B.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from .calls import Answer, Call

Hook = Callable[[Call], None]
HTML = b"<!doctype html><html><head><title>Sign in</title></head><body>Please sign in</body></html>"


class When(Enum):
    """Whether the call takes effect before the fault strikes."""

    BEFORE = "before"
    AFTER = "after"


class Harm(Enum):
    """What happens to the answer."""

    REPLACE = "replace"
    """`status`, `headers` and `body` go out instead."""
    DROP = "drop"
    """The connection is reset; no answer at all."""
    CUT = "cut"
    """The right length is announced, half of it is sent, then the connection is reset."""
    TRUNCATE = "truncate"
    """Half of the JSON goes out as if it were whole."""
    HTML = "html"
    """A sign-in page with status 200, as a proxy gives it."""
    DELAY = "delay"
    """Silence for `delay` seconds, or until the caller hangs up; then the answer (before: nothing was done, and the
    connection is reset)."""
    HOOK = "hook"
    """`hook` runs, then all goes on as usual."""


@dataclass(slots=True)
class Fault:
    """One scripted fault. `method` and `path` are regular expressions that must match the whole."""

    path: str
    method: str = ".*"
    when: When = When.BEFORE
    harm: Harm = Harm.REPLACE
    status: int = 503
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    delay: float = 0.0
    """Seconds of real time."""
    hook: Hook | None = None
    times: int = 1
    """How often it still fires; below zero: for ever."""
    skip: int = 0
    """How many matching calls pass first."""

    def matches(self, call: Call) -> bool:
        return bool(re.fullmatch(self.method, call.method) and re.fullmatch(self.path, call.path))

    def spoil(self, answer: Answer) -> Answer:
        """The answer as it goes out."""
        if self.harm is Harm.REPLACE:
            return Answer(self.status, self.body, self.headers)
        if self.harm is Harm.HTML:
            return Answer(200, HTML, {"content-type": "text/html; charset=utf-8"})
        if self.harm is Harm.TRUNCATE:
            content = answer.content()
            return Answer(answer.status, content[: len(content) // 2], {"content-type": answer.media_type})
        return answer


class Faults:
    """The faults of one emulator, in the order in which they were added."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self._rules.append(fault)
        return fault

    def before(self, path: str, hook: Hook, *, method: str = ".*", times: int = 1, skip: int = 0) -> Fault:
        """Run `hook` when such a call has arrived and before it takes effect: a person edits just before us."""
        return self.add(Fault(path, method, harm=Harm.HOOK, hook=hook, times=times, skip=skip))

    def after(self, path: str, hook: Hook, *, method: str = ".*", times: int = 1, skip: int = 0) -> Fault:
        """Run `hook` when such a call has taken effect and before its answer goes out."""
        return self.add(Fault(path, method, When.AFTER, Harm.HOOK, hook=hook, times=times, skip=skip))

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    @property
    def waiting(self) -> list[Fault]:
        """The faults that have not fired as often as they should; a test asserts that none is left."""
        with self._lock:
            return [rule for rule in self._rules if rule.times > 0]

    def hooks(self, call: Call, when: When) -> list[Hook]:
        """Every hook that runs now; each is counted."""
        fired = self._take(call, when, lambda rule: rule.harm is Harm.HOOK, every=True)
        return [rule.hook for rule in fired if rule.hook is not None]

    def strike(self, call: Call, when: When) -> Fault | None:
        """The first harmful fault that fires now, or None."""
        fired = self._take(call, when, lambda rule: rule.harm is not Harm.HOOK, every=False)
        return fired[0] if fired else None

    def _take(self, call: Call, when: When, fits: Callable[[Fault], bool], *, every: bool) -> list[Fault]:
        fired: list[Fault] = []
        with self._lock:
            for rule in self._rules:
                if rule.times == 0 or rule.when is not when or not fits(rule) or not rule.matches(call):
                    continue
                if rule.skip > 0:
                    rule.skip -= 1
                    continue
                rule.times -= 1 if rule.times > 0 else 0
                fired.append(rule)
                if not every:
                    break
        return fired
