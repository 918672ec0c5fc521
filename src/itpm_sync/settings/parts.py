"""The small parts of the configuration that refer to the world outside the file: ledger, people, paths.

In: sections as checked. Out: values with whole paths; problems are appended, each at its place in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel

from itpm_sync.errors import Problem
from itpm_sync.kit.secret import SecretKind, SecretRef
from itpm_sync.mapping.places import Document, did_you_mean
from itpm_sync.settings.settings import STATE_FOLDER

_LEDGER_MEND = "Write sqlite:///FILE or postgresql://USER@HOST/DATABASE."
_MAIL = re.compile(r"[^@\s:]+@[^@\s:]+")


def rooted(options: BaseModel, folder: Path) -> BaseModel:
    """The same settings with relative paths, those of `file:` secrets too, taken from the configuration's folder."""
    moved: dict[str, object] = {}
    for name, value in options:
        if isinstance(value, Path) and not value.is_absolute():
            moved[name] = folder / value
        elif isinstance(value, SecretRef) and from_folder(value, folder) != value:
            moved[name] = from_folder(value, folder)
    return options.model_copy(update=moved) if moved else options


def from_folder(reference: SecretRef | None, folder: Path) -> SecretRef | None:
    """The same reference; a relative `file:` is taken from `folder`."""
    if reference is None or reference.kind is not SecretKind.FILE or Path(reference.name).is_absolute():
        return reference
    return SecretRef(reference.kind, str(folder / reference.name))


def ledger(said: str | None, document: Document, folder: Path, problems: list[Problem]) -> str:
    """The ledger's address with a whole path; by default a file beside the configuration."""
    address = said or f"sqlite:///{STATE_FOLDER}/ledger.sqlite"
    scheme, _, rest = address.partition("://")
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        place = Path(rest[1:])
        return address if place.is_absolute() else f"sqlite:///{folder / place}"
    if scheme.partition("+")[0] not in ("postgresql", "postgres"):
        problems.append(document.problem(("ledger",), "a ledger cannot lie there.", _LEDGER_MEND))
        return address
    try:
        secret = urlsplit(address).password is not None or re.search(r"(?i)[?&]password=", address)
    except ValueError:
        problems.append(document.problem(("ledger",), "this is no address.", _LEDGER_MEND))
        return address
    if secret:
        mend = "Leave it out there and write `ledger_password: env:NAME` on a line of its own."
        problems.append(
            document.problem(("ledger",), "a password must not stand in the configuration.", mend)
        )
    return address


def aliases(
    said: Mapping[str, str], connections: Iterable[str], document: Document, problems: list[Problem]
) -> dict[str, str]:
    """Who is who: `connection:account` or a mail address in lower case -> the person's mail address in lower case."""
    known = list(connections)
    made = {}
    for alias, person in said.items():
        path = ("people", "aliases", alias)
        tool, _, account = alias.partition(":")
        if not _MAIL.fullmatch(person):
            says = f"{alias!r} must stand for a mail address."
            problems.append(document.problem(path, says, "Write the person's, as ann@example.org."))
        if account and tool not in known:
            says = f"there is no connection {tool!r}."
            problems.append(document.problem(path, says, did_you_mean(tool, known), key=True))
        elif not account and not _MAIL.fullmatch(alias):
            says = f"{alias!r} is no alias."
            mend = "Write `connection:account`, or a mail address."
            problems.append(document.problem(path, says, mend, key=True))
        made[alias if account else alias.lower()] = person.lower()
    return made
