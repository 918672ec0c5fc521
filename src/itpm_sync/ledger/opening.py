"""Opening a ledger: the schema brought up to date, the key checked.

In: an engine, a key or the file it lies in. Out: the key's bytes. One process at a time, under the database's lock.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select, text

from itpm_sync.errors import Misconfigured
from itpm_sync.ledger import schema
from itpm_sync.ledger.address import WRITES
from itpm_sync.ledger.keys import checked, key_check, make_key, read_key
from itpm_sync.ledger.statements import insert_rows
from itpm_sync.ports import Ids

HEAD = "0002"
"""The newest migration; a test holds it to the folder."""

VERSION_TABLE = "itpm_version"
_LOCK = 0x1793_1EDF
_LEDGER, _CHECK = "ledger", "key"


def prepare(engine: Engine, shown: str, *, ids: Ids, key: bytes | Path | None, beside: Path | None) -> bytes:
    """Bring the schema up to date and return the chain's key. `beside`: the SQLite file, where there is one.

    Raises Misconfigured: a newer ledger, a missing key, or one that is not the chain's.
    """
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            _refuse_encoding(connection, shown)
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        migrate(connection, shown)
        return _checked_key(connection, shown, ids=ids, key=key, beside=beside)


def _refuse_encoding(connection: Connection, shown: str) -> None:
    encoding = connection.execute(text("SHOW server_encoding")).scalar()
    if encoding != "UTF8":
        raise Misconfigured(
            f"The ledger {shown} lies in a database of encoding {encoding}, which cannot hold every language.",
            mend="Create a database with ENCODING 'UTF8' (and TEMPLATE template0).",
        )


def migrate(connection: Connection, shown: str) -> None:
    """Run the migrations that are missing, in the connection's transaction."""
    version = revision(connection)
    if version == HEAD:
        return
    if version is not None and version > HEAD:
        raise Misconfigured(
            f"The ledger {shown} was made by a newer itpm-sync (schema {version}, this one knows {HEAD}).",
            mend="Upgrade itpm-sync.",
        )
    from alembic import command  # most openings need no migration
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:  # its version is none that ever was
        raise Misconfigured(
            f"The ledger {shown} has the schema {str(version)[:40]!r}, which no itpm-sync ever made.",
            mend="Restore it from a backup, or correct the ledger's path.",
        ) from None


def revision(connection: Connection) -> str | None:
    """The schema's version, or None where there is no schema yet."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
    return str(found) if found is not None else None


def _checked_key(
    connection: Connection, shown: str, *, ids: Ids, key: bytes | Path | None, beside: Path | None
) -> bytes:
    known = {row.name: row.value for row in connection.execute(select(schema.meta))}
    found = _key(key, beside, shown, is_new=_CHECK not in known)
    ledger = known.get(_LEDGER) or ids.new("ledger")
    check = key_check(found, ledger)
    if _CHECK not in known:
        insert_rows(
            connection, schema.meta, [{"name": _LEDGER, "value": ledger}, {"name": _CHECK, "value": check}]
        )
    elif not secrets.compare_digest(known[_CHECK], check):
        raise Misconfigured(
            f"The key does not belong to the ledger {shown}: its history could not be verified any more.",
            mend="Give the key that the ledger was made with.",
        )
    return found


def _key(key: bytes | Path | None, beside: Path | None, shown: str, *, is_new: bool) -> bytes:
    if isinstance(key, bytes):
        return checked(key, "as given")
    path = key
    if path is None:
        if beside is None:
            raise Misconfigured(
                f"The ledger {shown} needs a key for its history.",
                mend="Name a secret of 32 random characters or more in the configuration.",
            )
        path = beside.with_name(f"{beside.name}.key")
    found = read_key(path, ours=key is None)
    if found is not None:
        return found
    if not is_new:
        raise Misconfigured(
            f"The key of the ledger {shown} is missing: there is no file {path}.",
            mend="Put it back from a backup.",
        )
    return make_key(path)
