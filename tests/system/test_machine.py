"""What the other tests stand on: an own PostgreSQL and a headless browser, where the machine has them."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy

from itpm_sync.testing.browser import Browser
from itpm_sync.testing.checkout import require


def test_each_test_gets_an_empty_database_of_its_own(postgres_url: str) -> None:
    engine = sqlalchemy.create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE things (name text)"))
        connection.execute(sqlalchemy.text("INSERT INTO things VALUES ('Gerät 网络')"))
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT name FROM things")).scalars().all() == [
            "Gerät 网络"
        ]
    engine.dispose()


def test_the_next_test_does_not_see_the_one_before(postgres_url: str) -> None:
    engine = sqlalchemy.create_engine(postgres_url)
    assert sqlalchemy.inspect(engine).get_table_names() == []
    engine.dispose()


def test_the_browser_runs_a_pages_scripts(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        "<meta charset=utf-8><p id=x>before</p><script>x.textContent = 'after: ' + 6 * 7</script>",
        encoding="utf-8",
    )
    assert '<p id="x">after: 42</p>' in browser.document(page.as_uri())


def test_the_browser_takes_a_picture(browser: Browser, tmp_path: Path) -> None:
    page, picture = tmp_path / "page.html", tmp_path / "page.png"
    page.write_text("<p>Status</p>", encoding="utf-8")
    browser.picture(page.as_uri(), picture, width=400, height=300)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_what_is_missing_skips_on_a_users_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ITPM_REQUIRE", raising=False)
    with pytest.raises(pytest.skip.Exception, match="not on this machine"):
        require("abacus", "An abacus is not on this machine.")


def test_what_is_missing_fails_where_it_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITPM_REQUIRE", "postgresql, abacus")
    with pytest.raises(pytest.fail.Exception, match="abacus must be here"):
        require("abacus", "An abacus is not on this machine.")
