"""The pytest plugin of this repository's own tests: sample data beside the checkout, and what a machine may lack.

In: pytest's hooks, `ITPM_REQUIRE` (comma-separated: what must be there, as in CI), `ITPM_SHARED` (where the sample
data lies, if not in `../shared`), `ITPM_SEED` (of random kills, if not by chance). Out: the fixtures
`shared`, `postgres_url` and `browser`.

A test that needs PostgreSQL or Chromium is skipped with a plain reason where the machine lacks it, and fails where
`ITPM_REQUIRE` names it. A test on the sample data (marked `shared`, or in a file named `test_shared_*.py`) is not
collected where the data is absent.
"""

from __future__ import annotations

import os
import random
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

from itpm_sync.testing.browser import Browser
from itpm_sync.testing.postgres import Postgres

_CHECKOUT = Path(__file__).resolve().parents[3]

# Of the random kills; chosen once, here, before xdist starts its workers, so that all of them name the same one.
os.environ.setdefault("ITPM_SEED", str(random.SystemRandom().randrange(1, 10**6)))

# No deadline: a busy machine is no fault of the code. A failure prints what repeats it. In CI the examples are the same
# in every run: a new one that breaks a law is for whoever looks for it, not for whoever changed something else.
hypothesis.settings.register_profile(
    "checkout", deadline=None, print_blob=True, max_examples=60, derandomize=bool(os.environ.get("CI"))
)
hypothesis.settings.load_profile("checkout")


def shared_folder() -> Path | None:
    """The sample data's folder, or None where it is absent. For the parameters of tests marked `shared`."""
    folder = Path(os.environ.get("ITPM_SHARED") or _CHECKOUT.parent / "shared")
    return folder if (folder / "data").is_dir() else None


def require(name: str, reason: str) -> None:
    """Leave the running test: skipped with `reason`, or failed where `ITPM_REQUIRE` names the missing thing."""
    wanted = {word.strip() for word in os.environ.get("ITPM_REQUIRE", "").split(",")}
    if name in wanted:
        pytest.fail(f"{reason} ITPM_REQUIRE says that {name} must be here.", pytrace=False)
    pytest.skip(reason)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out the files that only read the sample data."""
    if collection_path.name.startswith("test_shared_") and shared_folder() is None:
        return True
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that read the sample data."""
    if shared_folder() is not None:
        return
    out = [item for item in items if item.get_closest_marker("shared")]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A hostile text in what a test printed (half a character) must not end the worker that reports it."""
    report = yield
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode("utf-8")) for name, text in report.sections
    ]
    return report


@pytest.fixture(scope="session")
def shared() -> Path:
    """The sample data's folder. Mark the test `shared`."""
    folder = shared_folder()
    if folder is None:
        pytest.fail("This test reads the sample data and must be marked `shared`.", pytrace=False)
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server on 127.0.0.1 of this session's own, stopped and removed at its end."""
    server = Postgres.start()
    if server is None:
        require("postgresql", "PostgreSQL's programs (initdb, pg_ctl) are not on this machine.")
        raise AssertionError("unreachable")
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The SQLAlchemy URL (psycopg 3) of an empty database that belongs to one test alone."""
    name = postgres.create()
    try:
        yield postgres.url(name)
    finally:
        postgres.drop(name)


@pytest.fixture(scope="session")
def browser() -> Browser:
    """Headless Chromium."""
    found = Browser.find()
    if found is None:
        require("chromium", "Chromium is not on this machine.")
        raise AssertionError("unreachable")
    return found
