"""What to try next in the demo's folder: commands that work there.

In: the folder. Out: a list on stdout, and as NEXT.md in the folder.
"""

from __future__ import annotations

from pathlib import Path
from string import Template

from itpm_sync.cli import show
from itpm_sync.demo.tale import cast
from itpm_sync.demo.telling import Teller


def next_steps(teller: Teller, folder: Path) -> None:
    """Tell them, and leave them in the folder."""
    template = Template((Path(__file__).parent / "NEXT.md").read_text(encoding="utf-8"))
    words = {"folder": folder, "page": (folder / "site" / "index.html").as_uri(), "priya": cast.PRIYA}
    words |= {"dana": cast.DANA, "grace": cast.GRACE, "ines": cast.INES, "plan": cast.PLAN_FILE}
    text = template.substitute(words)
    (folder / "NEXT.md").write_text(text, encoding="utf-8", newline="\n")
    teller.chapter("Your turn")
    for line in text.splitlines()[2:]:
        show.line(line.replace("`", ""))
