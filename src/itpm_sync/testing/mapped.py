"""The shipped mappings for a connector's own tests: its lenses, and the laws to try its own values against.

In: a connector's name, and a container as it describes it. Out: the compiled mapping. A connector's tests import this
package only, so what they need of `itpm_sync.mapping` is handed on here.
"""

from __future__ import annotations

from itpm_sync.connector import ContainerInfo
from itpm_sync.mapping.compile import Compiled, compile_mapping
from itpm_sync.mapping.generate import ZONES, Generator, MadeUpEnv
from itpm_sync.mapping.load import Mapping, read
from itpm_sync.mapping.proofs import Broken, check_lift, check_record, check_value
from itpm_sync.resources import mappings

__all__ = [
    "ZONES",
    "Broken",
    "Compiled",
    "Generator",
    "MadeUpEnv",
    "check_lift",
    "check_record",
    "check_value",
    "compiled",
    "shipped",
]


def shipped(system: str) -> Mapping:
    """The mapping that ships for a connector. Raises Misconfigured where it has problems."""
    return read(mappings() / f"{system}.yaml")


def compiled(system: str, info: ContainerInfo | None = None) -> Compiled:
    """The same, as lenses for one container."""
    return compile_mapping(shipped(system), info)
