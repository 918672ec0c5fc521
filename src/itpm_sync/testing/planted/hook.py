"""One module of the engine read with a bug in it, in this process only; no file is touched.

In: a bug, before the engine is imported. Out: an import hook that knows whether the module came by.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

from itpm_sync.testing.planted.words import Bug


class _Loader(SourceFileLoader):
    """Reads the source with the bug, and never a compiled copy."""

    def __init__(self, bug: Bug, path: str) -> None:
        super().__init__(bug.module, path)
        self._bug = bug

    def get_code(self, fullname: str) -> CodeType:
        source = self._bug.plant(self.get_data(self.path).decode("utf-8"))
        code: CodeType = compile(source, self.path, "exec", dont_inherit=True)
        return code


class Hook(MetaPathFinder):
    """Finds the one module; leaves all others to whoever finds them."""

    def __init__(self, bug: Bug) -> None:
        self.bug = bug
        self.applied = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.bug.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            return None
        spec.loader = _Loader(self.bug, spec.origin)
        self.applied = True
        return spec


def plant(bug: Bug) -> Hook:
    """From now on the module is imported with its bug. Raises RuntimeError where it was imported already."""
    if bug.module in sys.modules:
        raise RuntimeError(f"{bug.module} is imported already: a bug is planted in a fresh process.")
    hook = Hook(bug)
    sys.meta_path.insert(0, hook)
    return hook
