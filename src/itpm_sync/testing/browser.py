"""Headless Chromium for tests of pages: the document as a browser builds it, and a picture of it.

In: Chromium or Chrome from the path, or from `ITPM_CHROMIUM`. Out: HTML text and PNG files. Nothing is fetched from
any host but the page's own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)


@dataclass(frozen=True, slots=True)
class Browser:
    """An installed Chromium; each call starts it anew with an empty profile."""

    program: str

    @classmethod
    def find(cls) -> Browser | None:
        """The machine's Chromium, or None."""
        wanted = os.environ.get("ITPM_CHROMIUM")
        found = next(filter(None, map(shutil.which, (wanted,) if wanted else _NAMES)), None)
        return cls(found) if found else None

    def document(self, url: str) -> str:
        """The page at `url` (a file: or a loopback address) after its scripts ran, as HTML."""
        return self._run("--dump-dom", url)

    def picture(self, url: str, to: Path, *, width: int = 1280, height: int = 1600) -> None:
        """Write a PNG of the page at `url` to `to`; width and height in CSS pixels."""
        self._run(f"--screenshot={to}", f"--window-size={width},{height}", url)

    def _run(self, *arguments: str) -> str:
        is_root = hasattr(os, "geteuid") and os.geteuid() == 0
        with tempfile.TemporaryDirectory(prefix="itpm-chromium-", ignore_cleanup_errors=True) as profile:
            done = subprocess.run(
                [
                    self.program,
                    *_QUIET,
                    *(["--no-sandbox"] if is_root else []),  # Chromium refuses its sandbox to root
                    f"--user-data-dir={profile}",
                    *arguments,
                ],
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=120,
                check=False,
            )
        if done.returncode:
            raise subprocess.CalledProcessError(
                done.returncode, self.program, done.stdout, done.stderr[-2000:]
            )
        return done.stdout
