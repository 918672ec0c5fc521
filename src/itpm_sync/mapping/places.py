"""YAML with places: every value's line and column, duplicate keys refused, and the word that was probably meant.

In: the text of a file. Out: plain data, and where each part of it stands. Problems carry file, line and column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from itpm_sync.errors import Misconfigured, Problem
from itpm_sync.mapping import yaml_guard
from itpm_sync.mapping.yaml_guard import MOST_BYTES

Path = Sequence[str | int]
_MOST_PARTS = 200_000
_QUOTED = re.compile(r"'[^']{3,}'|\"[^\"]{3,}\"")
"""What the reader quotes of the file, which may be a secret."""


class Document:
    """A YAML file, read: `data` in plain types, and the place of every part."""

    def __init__(self, file: str, text: str) -> None:
        """Raises Misconfigured, with the place, for what is no YAML or says a key twice."""
        self.file = file
        self._root = self._read(text)
        self.data: Any = self._plain()

    def _read(self, text: str) -> Any:
        if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
            raise _bad(Problem(self.file, 0, 0, "the file is larger than 1 MB.", "Is it the right file?"))
        yaml_guard.check(self.file, text)
        yaml = YAML(typ="rt")
        yaml.allow_duplicate_keys = False
        try:
            return yaml.load(text)
        except DuplicateKeyError as error:
            line, column = _mark(error)
            name = str(error.problem or "").split('"')[1:2]
            raise _bad(
                Problem(
                    self.file,
                    line,
                    column,
                    f"{name[0] if name else 'a key'!r} is said twice.",
                    "Keep one of them.",
                )
            ) from None
        except MarkedYAMLError as error:
            line, column = _mark(error)
            says = _QUOTED.sub(
                "…", " ".join(str(error.problem or error.context or "it cannot be read").split())
            )
            raise _bad(Problem(self.file, line, column, f"this is no YAML: {says}.", _HINT)) from None
        except (
            YAMLError,
            ValueError,
            RecursionError,
            TypeError,
            AttributeError,
        ):  # of values that fit no tag
            says = "this is no YAML: a value in it is not what it is said to be (a number, a date)."
            raise _bad(Problem(self.file, 0, 0, says, _HINT)) from None

    def _plain(self) -> Any:
        """The plain data. An alias that holds itself, or aliases of aliases without end, are refused."""
        left = iter(range(_MOST_PARTS))
        try:
            return _plain(self._root, left)
        except (RecursionError, StopIteration, TypeError):
            raise _bad(
                Problem(self.file, 0, 0, "its aliases (*name) repeat without end.", "Write it out.")
            ) from None

    def place(self, path: Path, *, key: bool = False) -> tuple[int, int]:
        """Line and column, from 1, of the value at `path`, or of its key; of the nearest part that is there."""
        node, place = self._root, (1, 1)
        for depth, step in enumerate(path):
            last = depth == len(path) - 1
            try:
                if isinstance(node, CommentedMap) and step in node:
                    line, column = node.lc.key(step) if key and last else node.lc.value(step)
                elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
                    line, column = node.lc.item(step)
                else:
                    continue  # a part that only the checker knows, such as the name of an alternative
                node = node[step]
            except (AttributeError, KeyError, TypeError):
                break
            place = (line + 1, column + 1)
        return place

    def keys_at(self, path: Path) -> list[str]:
        """The words that are written at `path`, as texts; none where no section is there."""
        node = self.data
        for step in path:
            if isinstance(node, dict):
                node = node.get(step)
            elif isinstance(node, list) and isinstance(step, int) and step < len(node):
                node = node[step]
            else:
                return []
        return [str(key) for key in node] if isinstance(node, dict) else []

    def problem(self, path: Path, message: str, mend: str = "", *, key: bool = False) -> Problem:
        """A problem at `path`."""
        line, column = self.place(path, key=key)
        return Problem(self.file, line, column, message, mend)


_HINT = "Check the indentation, and put names with special characters in quotes."


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`Did you mean 'title'?`, or what there is to choose from."""
    words = sorted({str(one) for one in known})
    folded = {one.casefold(): one for one in words}
    near = get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    if near:
        return f"Did you mean {folded[near[0]]!r}?"
    return f"Possible: {', '.join(words[:30])}." if words else ""


def _mark(error: MarkedYAMLError) -> tuple[int, int]:
    mark = error.problem_mark or error.context_mark
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)


def _bad(problem: Problem) -> Misconfigured:
    return Misconfigured("The file cannot be read:", problems=[problem])


def _plain(node: Any, left: Iterator[int]) -> Any:
    """Plain dicts, lists and scalars of what ruamel read. Raises StopIteration where there are too many parts."""
    next(left)
    if isinstance(node, Mapping):
        return {_plain(key, left): _plain(value, left) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value, left) for value in node]
    if isinstance(node, bool) or node is None:
        return node
    for kind in (str, int, float):
        if isinstance(node, kind):
            return kind(node)
    return node
