"""A mutant put in the place of what it was made from, in a process of its own; nothing is written into the tree.

In: a file of the package and the syntax tree of the mutant. Out: the one function exchanged where it stands imported,
or the module imported anew through a hook; children that are forked, kept quiet and ended in time.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType

PACKAGE = Path(__file__).parents[1]
ROOT = PACKAGE.parents[1]
SECONDS = 30.0
"""Of the processor, for one mutant and one kind of test."""


class TimeUp(BaseException):
    """A mutant that does not come to an end."""


class Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives out one module with a fault in it."""

    def __init__(self, module: str, path: Path, code: CodeType) -> None:
        self.module, self.path, self.code = module, path, code

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self.module:
            return None
        package = [str(self.path.parent)] if self.path.name == "__init__.py" else None
        spec = importlib.machinery.ModuleSpec(name, self, origin=str(self.path), is_package=bool(package))
        spec.submodule_search_locations = package
        spec.has_location = True
        return spec

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)  # the whole point


def module_of(file: str) -> str:
    parts = [*file.removesuffix(".py").split("/")]
    return ".".join(["itpm_sync", *(parts[:-1] if parts[-1] == "__init__" else parts)])


def compiled(file: str, tree: ast.Module) -> Planted:
    path = PACKAGE / file
    return Planted(module_of(file), path, compile(tree, str(path), "exec"))


def exchanged(file: str, source: str, tree: ast.Module) -> bool:
    """Put the mutant's code into the one function that it is in, where all is imported already: saves the imports.

    False where it is in none (a constant, a default, a lambda of a table): then the module is to be imported anew.
    """
    module, path = sys.modules.get(module_of(file)), str(PACKAGE / file)
    olds = list(_functions(compile(ast.parse(source), path, "exec")))
    news = list(_functions(compile(tree, path, "exec")))
    changed = [new for old, new in zip(olds, news, strict=True) if _told(old) != _told(new)]
    if module is None or len(changed) != 1:
        return False
    found: object = module
    for part in changed[0].co_qualname.split("."):
        found = vars(found).get(part)
        if isinstance(found, property | staticmethod | classmethod):
            found = found.fget if isinstance(found, property) else found.__func__
        if found is None:
            return False
    if not isinstance(found, FunctionType) or found.__code__.co_freevars != changed[0].co_freevars:
        return False
    found.__code__ = changed[0]
    return True


def _functions(code: CodeType) -> Iterator[CodeType]:
    """Functions of a module and methods of its classes; what is defined in one of them is a part of it."""
    for one in code.co_consts:
        if isinstance(one, CodeType):
            if one.co_flags & inspect.CO_OPTIMIZED:
                yield one
            else:
                yield from _functions(one)


def _told(code: CodeType) -> tuple[object, ...]:
    """What a function does, wherever it stands: planting moves parts of the tree to other lines."""
    parts = tuple(_told(one) if isinstance(one, CodeType) else (type(one), one) for one in code.co_consts)
    return (code.co_code, parts, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)


def forgotten() -> None:
    """Nothing of the package or of the tests is imported any more."""
    for name, module in list(sys.modules.items()):
        below = str(getattr(module, "__file__", None) or "").startswith(f"{ROOT / 'tests'}{os.sep}")
        if below or name.partition(".")[0].startswith(("itpm_sync", "tests")):
            del sys.modules[name]


# ── children ──


def in_child(work: Callable[[], str], seconds: float) -> str:
    """What `work` says in a process of its own; "time" where it does not end."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        said = "error"
        try:
            quiet()
            said = work()
        except BaseException as error:  # noqa: BLE001 - whatever a mutant does, it was noticed
            said = f"{type(error).__name__}"
        finally:
            os.write(writing, said.encode()[:60_000])
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        said = _read(answer.fileno(), time.monotonic() + seconds)
    if not said:
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return said or "time"


def _read(answer: int, until: float) -> str:
    found = b""
    while time.monotonic() < until:
        ready, _, _ = select.select([answer], [], [], 1.0)
        if ready:
            chunk = os.read(answer, 65_536)
            if not chunk:
                return found.decode()
            found += chunk
    return found.decode()


def quiet() -> None:
    """No output, the same examples as in CI, an end to what does not end."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    signal.signal(signal.SIGVTALRM, _time_up)


def _time_up(_number: int, _frame: FrameType | None) -> None:
    raise TimeUp


def limited(work: Callable[[], str], seconds: float = SECONDS) -> str:
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        return work()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
