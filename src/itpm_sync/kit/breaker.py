"""A circuit breaker a host (F07): after a burst of failures nothing is sent for a while, then one probe.

In: the outcomes of calls. Out: `Unavailable` instead of a call while the circuit is open. Other hosts go on. A sick
host counts as a failure (`Outage`, `UnknownOutcome`, `NotTheVendor`, `Unavailable`), a quota or a refusal does not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from itpm_sync.errors import NotTheVendor, Unavailable, UnknownOutcome
from itpm_sync.kit.answer import Outage
from itpm_sync.ports import Clock

T = TypeVar("T")


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    until: float | None = None
    probing: bool = False


class Breaker:
    """Opens after `failures` in a row, for `seconds`; then one call goes through as a probe."""

    def __init__(self, clock: Clock, *, failures: int = 5, seconds: float = 60.0) -> None:
        self._clock, self._failures, self._seconds = clock, failures, seconds
        self._hosts: dict[str, _Circuit] = {}

    def is_open(self, host: str) -> bool:
        """Whether a call to the host would be refused now."""
        circuit = self._hosts.get(host)
        if circuit is None or circuit.until is None:
            return False
        return circuit.probing or self._clock.monotonic() < circuit.until

    async def guarded(self, host: str, call: Callable[[], Awaitable[T]]) -> T:
        """Await `call()` unless the circuit is open. Raises Unavailable where it is, else what the call raises."""
        if self.is_open(host):
            raise Unavailable(
                f"{host} failed {self._failures} times in a row and is left alone for a moment.",
                mend="The other systems go on; it is tried again by itself.",
            )
        circuit = self._hosts.setdefault(host, _Circuit())
        circuit.probing = circuit.until is not None
        try:
            result = await call()
        except (Outage, UnknownOutcome, NotTheVendor, Unavailable):
            self._failed(circuit)
            raise
        except Exception:
            self._worked(circuit)  # the host answered: a refusal is an answer
            raise
        finally:
            circuit.probing = False
        self._worked(circuit)
        return result

    def _failed(self, circuit: _Circuit) -> None:
        circuit.failures += 1
        if circuit.failures >= self._failures:
            circuit.until = self._clock.monotonic() + self._seconds

    def _worked(self, circuit: _Circuit) -> None:
        circuit.failures, circuit.until = 0, None
