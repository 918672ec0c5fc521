"""A PostgreSQL server for tests: made in a temporary folder, on 127.0.0.1, thrown away afterwards.

In: PostgreSQL's own programs, from the path or from Debian's place. Out: URLs of empty databases.

initdb refuses root. Where everyone is root (containers), the server runs as the system's user `postgres`.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path

_OWNER = "itpm"
_ENCODING = "UTF8"
_numbers = count(1)


def _programs() -> Path | None:
    """The folder of initdb and pg_ctl: the path's, else the newest that Debian keeps off the path."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    kept = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(kept, key=lambda path: int(path.parent.name), default=None)


def _user() -> str | None:
    """Whom to run the server as; None for whoever runs the tests."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return "postgres" if is_root else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server."""

    programs: Path
    folder: Path
    port: int

    @classmethod
    def start(cls) -> Postgres | None:
        """A running server, or None where the machine has no PostgreSQL.

        Raises CalledProcessError, with the server's own words, where it is there and does not start.
        """
        programs = _programs()
        if programs is None:
            return None
        folder = Path(tempfile.mkdtemp(prefix="itpm-postgres-"))
        if user := _user():
            shutil.chown(folder, user)
        server = cls(programs=programs, folder=folder, port=_free_port())
        try:
            server._run(
                "initdb",
                "-D",
                "data",
                "-U",
                _OWNER,
                "-A",
                "trust",
                "-E",
                _ENCODING,
                "--locale=C",
                "--no-sync",
            )
            options = (
                f"-p {server.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
            )
            server._run("pg_ctl", "-D", "data", "-w", "-t", "60", "-l", "log", "-o", options, "start")
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return server

    def _run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs in the server's folder; its output goes into a file there."""
        with (self.folder / f"{program}.out").open("ab") as out:
            done = subprocess.run(
                [str(self.programs / program), *arguments],
                cwd=self.folder,
                user=_user(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=120,
                check=False,
            )
        if done.returncode:
            said = (self.folder / f"{program}.out").read_text(encoding="utf-8", errors="replace")
            raise subprocess.CalledProcessError(done.returncode, program, output=said[-2000:])

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        try:
            self._run("pg_ctl", "-D", "data", "-m", "immediate", "stop")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of one of the server's databases."""
        return f"postgresql+psycopg://{_OWNER}@127.0.0.1:{self.port}/{database}"

    def create(self, *, like: str | None = None) -> str:
        """Make an empty database, or a copy of one that nobody uses, and return its name."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self._say(f"CREATE DATABASE {name}" + (f" TEMPLATE {like}" if like else ""))
        return name

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._say(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def _say(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(
            host="127.0.0.1", port=self.port, user=_OWNER, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement.encode())
