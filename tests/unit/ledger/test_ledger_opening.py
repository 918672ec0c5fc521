"""Opening a ledger: made, migrated, keyed, or refused with a reason and a mend (F61, F62, F63, F66)."""

from __future__ import annotations

import os
import sqlite3
import stat
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event

from itpm_sync.errors import Busy, ItpmError, Misconfigured, Unavailable, Unreadable
from itpm_sync.ledger import Ledger, address, opening, schema
from itpm_sync.ledger.network import mounted_as, network_file_system
from itpm_sync.ports import SystemClock, SystemIds

posix = pytest.mark.skipif(os.name != "posix", reason="Windows keeps no modes.")


def opened(where: Any, **options: Any) -> Ledger:
    return Ledger.open(where, clock=SystemClock(), ids=SystemIds(), **options)


# ── schema ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_migrations_make_the_schema(bench: Any) -> None:
    with bench.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": opening.VERSION_TABLE})
        assert compare_metadata(context, schema.metadata) == []


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(opening.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == opening.HEAD


def test_opening_again_keeps_what_is_there(bench: Any) -> None:
    bench.decide(bench.decided(1))
    again = bench.open()
    assert list(again.load("P").items) == ["i-1"]
    assert again.verify("P") is None


def test_many_processes_open_a_new_ledger_at_once(url: str) -> None:
    key = None if url.startswith("sqlite") else b"k" * 32

    def one(_: int) -> None:
        with opened(url, key=key) as ledger:
            ledger.ensure_project("P", "Network refresh")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(8)))
    with opened(url, key=key) as ledger:
        assert ledger.projects() == {"P": "Network refresh"}


def test_a_newer_ledger_is_refused(bench: Any) -> None:
    with bench.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE itpm_version SET version_num = '9999'")
    with pytest.raises(Misconfigured, match=r"made by a newer itpm-sync.*Upgrade"):
        bench.open()


# ── SQLite ────────────────────────────────────────────────────────────────────────────────────────────────


def test_sqlite_is_set_for_safety(file_bench: Any) -> None:
    with file_bench.engine.connect() as connection:
        asked = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


@posix
def test_ledger_and_key_are_for_their_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with opened(tmp_path / "ledger.db") as ledger:
            ledger.ensure_project("P", "Network refresh")
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert set(modes) == {"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.key"}
    assert set(modes.values()) == {0o600}


MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /home rw,relatime shared:2 - cifs //store/home rw
31 30 8:2 / /home/local rw,relatime - xfs /dev/sdb1 rw
32 22 0:41 / /mnt/my\\040share rw - nfs4 server:/x rw
33 22 0:42 / /over rw - nfs server:/y rw
34 22 8:3 / /over rw - ext4 /dev/sdc1 rw
broken line
"""


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/var/lib", None),
        ("/home/site/ledger", "cifs"),
        ("/home", "cifs"),
        ("/homes", None),
        ("/home/local/x", None),
        ("/mnt/my share/x", "nfs4"),
        ("/over/x", None),
    ],
)
def test_a_network_file_system_is_told_by_the_nearest_mount(place: str, kind: str | None) -> None:
    assert mounted_as(Path(place), MOUNTS) == kind


def test_a_local_folder_is_no_network_file_system(tmp_path: Path) -> None:
    assert network_file_system(tmp_path / "not there" / "ledger.db") is None


def test_sqlite_is_refused_on_a_network_file_system(tmp_path: Path) -> None:
    url = address.parsed(str(tmp_path / "ledger.db"))
    with pytest.raises(Misconfigured, match=r"network file system \(nfs4\).*local disk"):
        address.engine_of(url, network=lambda path: "nfs4")


def test_a_file_of_another_kind_is_named(tmp_path: Path) -> None:
    (tmp_path / "plan.mpp").write_bytes(b"\xd0\xcf\x11\xe0" * 300)
    with pytest.raises(Unreadable, match=r"plan\.mpp is not a ledger"):
        opened(tmp_path / "plan.mpp")


def test_a_damaged_file_is_named(file_bench: Any, tmp_path: Path) -> None:
    file_bench.decide(*(file_bench.decided(n) for n in range(400)))
    file_bench.close()
    path = tmp_path / "ledger.db"
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xff" * (len(data) - 8192)
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=r"ledger\.db is damaged.*backup"):
        file_bench.open().load("P")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"cannot be opened: its folder does not exist"):
        opened(tmp_path / "nowhere" / "ledger.db")


def test_a_locked_file_is_named_and_nothing_is_lost(tmp_path: Path, benches: Any) -> None:
    bench = benches(f"sqlite:///{tmp_path / 'ledger.db'}", busy=0.01)
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy, match=r"ledger\.db is locked by another process"):
            bench.decide(bench.decided(1))
        assert dict(bench.state.items) == {}
        other.execute("ROLLBACK")
    finally:
        other.close()
    bench.decide(bench.decided(1))
    assert list(bench.state.items) == ["i-1"]


@pytest.mark.parametrize(
    ("pragma", "says"),
    [("max_page_count=1", "the disk is full"), ("query_only=ON", "read-only")],
)
def test_a_full_or_read_only_disk_stops_before_anything_is_half_stored(
    pragma: str, says: str, file_bench: Any
) -> None:
    bench = file_bench
    bench.decide(bench.decided(1))
    before = bench.everything()

    def limit(connection: Any) -> None:
        connection.exec_driver_sql(f"PRAGMA {pragma}")

    event.listen(bench.engine, "begin", limit)
    with pytest.raises(Unavailable, match=rf"ledger\.db cannot .*{says}.*run again"):
        bench.decide(*(bench.decided(n) for n in range(2, 400)))
    event.remove(bench.engine, "begin", limit)
    with bench.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=OFF")
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    assert bench.everything() == before
    bench.decide(bench.decided(2))
    assert bench.ledger.verify("P") is None


def test_a_ledger_in_memory_can_be_found_again(benches: Any) -> None:
    bench = benches("sqlite://", key=None)
    bench.decide(bench.decided(1))
    restarted = bench.ledger.again()
    assert list(restarted.load("P").items) == ["i-1"]
    assert restarted.verify("P") is None


def test_a_sound_ledger_has_no_damage(bench: Any) -> None:
    bench.decide(bench.decided(1))
    assert bench.ledger.damage() == []


def test_damage_is_told(file_bench: Any, tmp_path: Path) -> None:
    bench = file_bench
    bench.decide(*(bench.decided(n) for n in range(400)))
    with sqlite3.connect(tmp_path / "ledger.db") as careless:
        careless.execute("DELETE FROM items WHERE id = 'i-7'")
    careless.close()
    assert bench.ledger.damage() == ["a row of replicas refers to a row of items that is not there"]


def test_a_database_of_another_encoding_is_refused(postgres: Any) -> None:
    name = f"latin_{os.getpid()}"
    postgres._say(f"CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0")
    try:
        with pytest.raises(Misconfigured, match=r"encoding LATIN1.*ENCODING 'UTF8'"):
            opened(postgres.url(name), key=b"k" * 32)
    finally:
        postgres.drop(name)


# ── addresses ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        ("ledger.db", "sqlite"),
        ("C:\\ledgers\\ledger.db", "sqlite"),
        ("sqlite:///ledger.db", "sqlite"),
        ("postgresql://ann@db/ledger", "postgresql+psycopg"),
        ("postgres://ann@db/ledger", "postgresql+psycopg"),
        ("postgresql+psycopg://ann@db/ledger", "postgresql+psycopg"),
    ],
)
def test_addresses_that_are_taken(text: str, driver: str) -> None:
    assert address.parsed(text).drivername == driver


@pytest.mark.parametrize(
    "text", ["mysql://db/ledger", "postgresql+asyncpg://db/x", "://", "sqlite:///file:x?uri=true"]
)
def test_addresses_that_are_refused(text: str) -> None:
    with pytest.raises(Misconfigured, match="Write sqlite:///FILE"):
        address.parsed(text)


def test_no_password_is_shown() -> None:
    url = "postgresql://ann:sekrit@127.0.0.1:1/ledger?password=sekrit2"
    with pytest.raises(ItpmError, match=r"ann:\*\*\*@127\.0\.0\.1:1/ledger cannot be reached") as refused:
        opened(url, key=b"k" * 32)
    assert "sekrit" not in "".join(traceback.format_exception(refused.value))


def test_a_server_that_does_not_know_the_database_is_told(postgres_url: str) -> None:
    with pytest.raises(Unavailable, match=r"nowhere cannot be reached.*database's name"):
        opened(postgres_url.rpartition("/")[0] + "/nowhere", key=b"k" * 32)


# ── the key ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_key_stays_from_opening_to_opening(tmp_path: Path) -> None:
    with opened(tmp_path / "ledger.db"):
        key = (tmp_path / "ledger.db.key").read_bytes()
    with opened(tmp_path / "ledger.db"):
        assert (tmp_path / "ledger.db.key").read_bytes() == key
    assert len(key.strip()) == 64


def test_another_key_is_refused(bench: Any) -> None:
    with pytest.raises(Misconfigured, match="The key does not belong to the ledger"):
        bench.open(key=b"another key of sufficient length")


def test_a_lost_key_is_not_made_anew(tmp_path: Path) -> None:
    opened(tmp_path / "ledger.db").close()
    (tmp_path / "ledger.db.key").unlink()
    with pytest.raises(Misconfigured, match=r"The key of the ledger .* is missing.*ledger\.db\.key"):
        opened(tmp_path / "ledger.db")
    assert not (tmp_path / "ledger.db.key").exists()


def test_a_key_may_lie_in_a_file_of_its_own(url: str, tmp_path: Path) -> None:
    opened(url, key=tmp_path / "secret").close()
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600 or os.name != "posix"
    opened(url, key=tmp_path / "secret").close()
    assert not (tmp_path / "ledger.db.key").exists()


@posix
def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    opened(tmp_path / "ledger.db").close()
    (tmp_path / "ledger.db.key").chmod(0o644)
    with pytest.raises(Misconfigured, match=r"can be read by others.*chmod 600"):
        opened(tmp_path / "ledger.db")


def test_postgresql_wants_a_key(postgres_url: str) -> None:
    with pytest.raises(Misconfigured, match="needs a key"):
        opened(postgres_url)


@pytest.mark.parametrize("how", ["bytes", "file"])
def test_a_short_key_is_refused(how: str, tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"short\n")
    with pytest.raises(Misconfigured, match="has 5 bytes; it needs 16 or more") as refused:
        opened(tmp_path / "ledger.db", key=b"short" if how == "bytes" else tmp_path / "short")
    assert "short\n" not in str(refused.value)
