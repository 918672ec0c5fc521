"""The data files that ship with itpm-sync: mappings and configuration.

In: the name of a folder, `mappings` or `config`. Out: where it lies: the copy inside an installed package if there is
one, else the checkout's own folder.
"""

from __future__ import annotations

from pathlib import Path

from itpm_sync.errors import Misconfigured

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str, *, package: Path = _PACKAGE) -> Path:
    """The folder of shipped files called `name`. Raises Misconfigured where the installation lacks it."""
    for folder in (package / "_shipped" / name, package.parents[1] / name):
        if folder.is_dir():
            return folder
    raise Misconfigured(
        f"The folder {name!r} that belongs to itpm-sync is missing from this installation.",
        mend="Install itpm-sync again.",
    )


def mappings() -> Path:
    """The shipped mappings, one YAML a system."""
    return shipped("mappings")


def config() -> Path:
    """The shipped configuration: example, profiles, schema."""
    return shipped("config")


def checkout(*, package: Path = _PACKAGE) -> Path | None:
    """The root of the checkout that this runs from; None where it is an installed package."""
    root = package.parents[1]
    if (root / "pyproject.toml").is_file() and (root / "connectors").is_dir():
        return root
    return None
