"""What the connectors' HTTP emulators share: an account on 127.0.0.1 that behaves like the vendor, and its faults.

In: a vendor's subclass of `Emulator`. Out: its ASGI application, a server for it, scripted faults, the requests it
received and what they broke of the vendor's API description. README.md tells how to write one.
"""

from __future__ import annotations

from .calls import Answer, Call, Handler, Received, Refusal, Route
from .emulator import Emulator
from .faults import Fault, Faults, Harm, When
from .quota import Quota
from .spec import Exemption
from .state import Document

__all__ = [
    "Answer",
    "Call",
    "Document",
    "Emulator",
    "Exemption",
    "Fault",
    "Faults",
    "Handler",
    "Harm",
    "Quota",
    "Received",
    "Refusal",
    "Route",
    "When",
]
