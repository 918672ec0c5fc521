"""`report` on the real plans beside the checkout: a site for each readable one, a reason for each other."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lxml import html


def report(out: Path, *files: Path | str, series: bool = False) -> tuple[int, dict[str, Any]]:
    arguments = ["report", *map(str, files), "--out", str(out), "--json", *(["--series"] if series else [])]
    code = "import sys; from itpm_sync.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.stdout.startswith("{"), done.stderr
    return done.returncode, json.loads(done.stdout)


def tree(page: Path) -> Any:
    return html.document_fromstring(page.read_text(encoding="utf-8"))


def text(page: Path) -> str:
    return str(tree(page).text_content())


@pytest.fixture(scope="module")
def site(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, dict[str, Any]]:
    out = tmp_path_factory.mktemp("site")
    return out, *report(out, shared / "data" / "plans")


def test_every_plan_is_a_page_or_a_reason(shared: Path, site: tuple[Path, int, dict[str, Any]]) -> None:
    out, code, said = site
    files = sorted(path.name for path in (shared / "data" / "plans").iterdir())
    refused = {Path(one["file"]).name: one["reason"] for one in said["left_out"]}
    assert code == 5
    assert sorted(refused) == [name for name in files if name.startswith("refuse-")]
    assert all("\n" not in reason and reason.endswith(".") for reason in refused.values())
    assert said["projects"] == len(files) - len(refused)
    index = text(out / "index.html")
    assert all(name in index for name in files)
    for page in said["pages"]:
        assert (out / f"{page['name']}.html").is_file()


def test_german_names_arrive_whole(site: tuple[Path, int, dict[str, Any]]) -> None:
    page = text(site[0] / "ad-accounts-de.html")
    assert any(letter in page for letter in "äöüß")
    assert "\ufffd" not in page


def test_no_plan_without_a_baseline_is_on_track(site: tuple[Path, int, dict[str, Any]]) -> None:
    for page in site[0].glob("*.html"):
        root = tree(page)
        if "there is no baseline" in root.text_content():
            assert not root.xpath("//section[contains(@class,'verdict') and contains(@class,'green')]")


def test_four_versions_are_one_project_in_their_order(shared: Path, tmp_path: Path) -> None:
    versions = [shared / "data" / "plans" / f"series-{number}.mpp" for number in (3, 1, 4, 2)]
    code, said = report(tmp_path, *versions, series=True)
    assert (code, said["projects"]) == (0, 1)
    page = next(one["name"] for one in said["pages"] if one["name"] != "index")
    heads = tree(tmp_path / f"{page}.html").xpath("//th/text()")
    order = [head[-5] for head in heads if str(head).endswith(".mpp")]
    assert order == ["1", "2", "3", "4"]


def test_forty_copies_are_forty_projects(shared: Path, tmp_path: Path) -> None:
    source = shared / "data" / "plans" / "small-2.xml"
    copies = [Path(shutil.copy(source, tmp_path / f"copy-{number}.xml")) for number in range(40)]
    code, said = report(tmp_path / "site", *copies)
    assert (code, said["projects"]) == (0, 40)
    assert len({one["name"] for one in said["pages"]}) == 41


def test_nothing_readable_is_a_failure_with_reasons(tmp_path: Path) -> None:
    (tmp_path / "letter.docx").write_bytes(b"PK\x03\x04 not a plan")
    code, said = report(tmp_path / "site", tmp_path / "letter.docx", tmp_path / "gone.mpp")
    assert (code, said["projects"], len(said["left_out"])) == (1, 0, 2)
