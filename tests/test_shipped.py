"""The wheels hold what an installed itpm-sync needs: mappings, configuration, code, entry points; and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOT_SHIPPED = {"__pycache__"}
MEMBERS = [ROOT, *sorted(path.parent for path in (ROOT / "connectors").glob("[!_]*/pyproject.toml"))]

each_member = pytest.mark.parametrize(
    "member", MEMBERS, ids=lambda member: member.name if member != ROOT else "core"
)


def wheel(member: Path, to: Path) -> zipfile.ZipFile:
    """The wheel of one member of the workspace, built from the checkout."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(to)],
        cwd=member,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    [path] = to.glob("*.whl")
    return zipfile.ZipFile(path)


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not NOT_SHIPPED & set(path.parts)
    }


@each_member
def test_the_wheel_holds_the_code_and_its_data_only(member: Path, tmp_path: Path) -> None:
    with wheel(member, tmp_path) as built:
        held = {
            name: built.read(name)
            for name in built.namelist()
            if ".dist-info/" not in name and "/_shipped/" not in name
        }
        described = [name for name in built.namelist() if name.endswith(".dist-info/entry_points.txt")]
        assert held == files(member / "src")
        assert b"[itpm_sync.connectors]" in built.read(*described)
        assert any(name.endswith("/py.typed") for name in held)


def test_the_core_ships_mappings_and_configuration(tmp_path: Path) -> None:
    with wheel(ROOT, tmp_path) as built:
        for folder in ("mappings", "config"):
            start = f"itpm_sync/_shipped/{folder}/"
            shipped = {
                name.removeprefix(start): built.read(name)
                for name in built.namelist()
                if name.startswith(start)
            }
            assert shipped == files(ROOT / folder)
            assert shipped


@each_member
def test_every_name_in_a_wheel_is_legal_on_windows(member: Path, tmp_path: Path) -> None:
    reserved = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
    with wheel(member, tmp_path) as built:
        names = built.namelist()
    parts = {part for name in names for part in name.split("/") if part}
    assert [part for part in parts if set(part) & set('<>:"\\|?*') or part.endswith((".", " "))] == []
    assert [part for part in parts if part.split(".")[0].lower() in reserved] == []
    assert len({name.lower() for name in names}) == len(names)
