"""The configuration: `itpm-sync.yaml` read, checked and made into the engine's words.

In: the file, what the installed connectors ask of a connection. Out: `Settings`, or every problem at once.
`shape` says what may be written, `load` reads and checks, `settings` is what comes out.
"""

from __future__ import annotations

from itpm_sync.settings.load import Kinds, find, load
from itpm_sync.settings.parts import rooted
from itpm_sync.settings.settings import (
    FILE_NAME,
    STATE_FOLDER,
    ConnectionSettings,
    ProjectSettings,
    PublishTo,
    Settings,
)

__all__ = [
    "FILE_NAME",
    "STATE_FOLDER",
    "ConnectionSettings",
    "Kinds",
    "ProjectSettings",
    "PublishTo",
    "Settings",
    "find",
    "load",
    "rooted",
]
