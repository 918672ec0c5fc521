"""The house's order, read from the source: who imports whom, sizes, docstrings, one name in five places.

What the core may import is held by the contracts in pyproject.toml (`lint-imports`). Connectors are found here by
looking, so that a new folder under connectors/ needs no line anywhere.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "src" / "itpm_sync"
CONNECTORS = sorted(
    folder for folder in (ROOT / "connectors").iterdir() if folder.is_dir() and folder.name != "_template"
)
MOST_LINES = 500

WORDS = {
    f"itpm_sync.{name}" for name in "errors ports model bases lens connector publisher plan policy".split()
}
CONNECTOR_MAY = WORDS | {"itpm_sync.kit"}

each_connector = pytest.mark.parametrize("folder", CONNECTORS, ids=lambda folder: folder.name)


def sources(folder: Path) -> list[Path]:
    """The Python files below a folder."""
    return sorted(folder.rglob("*.py"))


def imported(text: str, module: str) -> Iterator[tuple[int, str]]:
    """Line and absolute name of everything that the source of `module` imports, wherever in it.

    `from itpm_sync import kit` names `itpm_sync.kit`. A package's own file is called `package.__init__`.
    """
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*module.split(".")[: -node.level], *([base] if base else [])])
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}" if base else alias.name


def module_of(path: Path, top: Path) -> str:
    """The dotted name of a file, seen from the folder that is on the import path."""
    return ".".join(path.relative_to(top).with_suffix("").parts)


def within(name: str, allowed: set[str]) -> bool:
    """Whether an imported name is one of the allowed modules or lies in one."""
    return any(name == module or name.startswith(f"{module}.") for module in allowed)


def is_ours(name: str) -> bool:
    """Whether a name belongs to the core or to any connector."""
    return within(name, {"itpm_sync"}) or name.startswith("itpm_sync_")


def strangers(text: str, *, module: str, allowed: set[str]) -> list[str]:
    """Imports of our own packages that are not among the allowed ones."""
    return [
        f"{module}:{line} imports {name}"
        for line, name in imported(text, module)
        if is_ours(name) and not within(name, allowed)
    ]


def allowed_for(module: str) -> set[str]:
    """What a module of a connector may import: words, kit, its own package; its emulator also emulation."""
    package, *rest = module.split(".")
    emulates = any(part.startswith("emulat") for part in rest)
    return CONNECTOR_MAY | {package} | ({"itpm_sync.emulation"} if emulates else set())


# ── the reader itself ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "line",
    [
        "import itpm_sync.ledger",
        "import itpm_sync",
        "from itpm_sync import ledger",
        "from itpm_sync.cycle import run",
        "def f():\n    from itpm_sync.registry import find",
        "if TYPE_CHECKING:\n    from itpm_sync.settings import Settings",
        "from itpm_sync.emulation import Emulator",
        "from itpm_sync.testing.plugin import anything",
        "from itpm_sync_smartsheet.client import Client",
        "import itpm_sync_m365",
        "from .. import itpm_sync_m365",
        "from itpm_sync.kitchen import sink",
    ],
)
def test_a_forbidden_import_is_seen(line: str) -> None:
    assert strangers(line, module="itpm_sync_jira.client", allowed=allowed_for("itpm_sync_jira.client"))


@pytest.mark.parametrize(
    "line",
    [
        "from itpm_sync.kit.retry import Policy",
        "from itpm_sync.model import Item",
        "from itpm_sync import errors",
        "from itpm_sync_jira import wire",
        "from . import wire",
        "from .wire import Issue",
        "import jira",
        "import json",
    ],
)
def test_an_allowed_import_passes(line: str) -> None:
    assert strangers(line, module="itpm_sync_jira.client", allowed=allowed_for("itpm_sync_jira.client")) == []


@pytest.mark.parametrize(
    ("module", "passes"),
    [("emulator", True), ("emulated.pages", True), ("emulator_rows", True), ("client", False)],
)
def test_only_an_emulator_imports_emulation(module: str, passes: bool) -> None:
    name = f"itpm_sync_jira.{module}"
    found = strangers("from itpm_sync.emulation import app", module=name, allowed=allowed_for(name))
    assert (found == []) is passes


# ── connectors ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_connectors_are_found() -> None:
    assert {"jira", "smartsheet", "msproject", "m365"} <= {folder.name for folder in CONNECTORS}


@each_connector
def test_a_connector_imports_only_words_kit_and_itself(folder: Path) -> None:
    top = folder / "src"
    found = []
    for path in sources(top):
        module = module_of(path, top)
        found += strangers(path.read_text(encoding="utf-8"), module=module, allowed=allowed_for(module))
    assert found == []


@each_connector
def test_a_connectors_tests_import_only_that_and_testing(folder: Path) -> None:
    allowed = CONNECTOR_MAY | {"itpm_sync.emulation", "itpm_sync.testing", f"itpm_sync_{folder.name}"}
    found = []
    for path in sources(folder / "tests"):
        module = module_of(path, folder)
        found += strangers(path.read_text(encoding="utf-8"), module=module, allowed=allowed)
    assert found == []


@each_connector
def test_one_name_in_five_places(folder: Path) -> None:
    name = folder.name
    package = folder / "src" / f"itpm_sync_{name}"
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [(entry, target)] = project["entry-points"]["itpm_sync.connectors"].items()
    module, _, class_name = target.partition(":")

    assert project["name"] == f"itpm-sync-{name}"
    assert [path.name for path in (folder / "src").glob("itpm_sync_*")] == [package.name]
    assert entry == name
    assert module == f"{package.name}.connector"
    assert kind_of(package / "connector.py", class_name) == name, "the configuration section"
    assert (ROOT / "mappings" / f"{name}.yaml").is_file(), "the mapping file"


def kind_of(path: Path, class_name: str) -> object:
    """The value that a connector class gives its `kind`."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name == class_name:
            for line in node.body:
                targets = line.targets if isinstance(line, ast.Assign) else [getattr(line, "target", None)]
                if any(isinstance(target, ast.Name) and target.id == "kind" for target in targets):
                    return ast.literal_eval(line.value)  # type: ignore[attr-defined]
    return None


@each_connector
def test_the_entry_point_loads_no_vendor_library(folder: Path) -> None:
    """`itpm-sync connectors list` loads every connector's class; vendor libraries and JVM wait for `open`."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {canonical(dependency) for dependency in project["dependencies"]} - {"itpm-sync"}
    vendors = {
        package
        for package, homes in packages_distributions().items()
        if named & {canonical(home) for home in homes}
    }
    [target] = project["entry-points"]["itpm_sync.connectors"].values()
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, {target.partition(':')[0]}; print(*sys.modules)"],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert vendors, f"nothing of {sorted(named)} is installed"
    assert sorted(vendors & set(done.stdout.split())) == []


def canonical(requirement: str) -> str:
    """A distribution's name without version and extras, as package indexes compare it."""
    [name] = re.findall(r"^[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", name).lower()


# ── the core ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_core_never_imports_a_connector() -> None:
    found = [
        f"{module_of(path, CORE.parent)}:{line} imports {name}"
        for path in sources(CORE)
        for line, name in imported(path.read_text(encoding="utf-8"), module_of(path, CORE.parent))
        if name.startswith("itpm_sync_")
    ]
    assert found == []


def test_reconcile_asks_no_clock_and_takes_no_real_port() -> None:
    """The part of "reaches no clock" that an import contract cannot see: `datetime.now()` needs no new import."""
    found = []
    for path in [*sources(CORE / "reconcile"), *CORE.glob("reconcile.py")]:
        text = path.read_text(encoding="utf-8")
        found += [
            f"{path.name}:{node.lineno} calls .{node.func.attr}()"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if node.func.attr in {"now", "utcnow", "today", "fromtimestamp", "monotonic"}
        ]
        found += [
            f"{path.name}:{line} imports {name}"
            for line, name in imported(text, module_of(path, CORE.parent))
            if name.startswith(("itpm_sync.ports.System", "itpm_sync.ports.Local"))
        ]
    assert found == []


# ── every file ────────────────────────────────────────────────────────────────────────────────────────────


def written_files() -> list[Path]:
    """The files that people write, by hand: code, pages, mappings, prose. Not data, licence and lock."""
    kinds = {".py", ".md", ".yaml", ".yml", ".toml", ".html", ".css", ".js", ".sql", ".bicep", ".j2"}
    tops = ["src", "connectors", "mappings", "config", "tests", "benchmarks", "deploy", "docs", ".github"]
    below = [path for top in tops for path in (ROOT / top).rglob("*") if path.suffix in kinds]
    return sorted([*below, *(path for path in ROOT.glob("*") if path.is_file() and path.suffix in kinds)])


def test_no_file_is_over_500_lines() -> None:
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in written_files()
    }
    assert sizes, "no file was found"
    assert {name: lines for name, lines in sizes.items() if lines > MOST_LINES} == {}


def test_every_module_has_a_docstring() -> None:
    folders = [CORE, ROOT / "tests", *(ROOT / "connectors" / folder.name for folder in CONNECTORS)]
    paths = [path for folder in folders for path in sources(folder)]
    bare = [
        str(path.relative_to(ROOT))
        for path in paths
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert paths
    assert bare == []
