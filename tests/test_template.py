"""What `itpm-sync connectors new` copies is a connector that passes the suite under its new name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from itpm_sync.cli.connectors import copied

TEMPLATE = Path(__file__).parents[1] / "connectors" / "_template"


def test_a_fresh_copy_of_the_template_passes_the_conformance_suite(tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    names = {path.relative_to(folder).as_posix() for path in copied(TEMPLATE, folder, "acme")}
    assert "src/itpm_sync_acme/connector.py" in names
    assert not any("template" in path.read_text("utf-8").lower() for path in folder.rglob("*.py"))
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "--rootdir",
            ".",
            "tests",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
