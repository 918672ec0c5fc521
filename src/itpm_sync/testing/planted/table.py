"""The table of planted bugs as Markdown: what each is, what must see it, what saw it and after how much.

In: results, the seeds that are no good. Out: text.
"""

from __future__ import annotations

from collections.abc import Sequence

from itpm_sync.testing.planted.runner import Controls, Result


def markdown(results: Sequence[Result], controls: Controls, sources: str) -> str:
    """The whole table; first what the simulator does not see, which is its gaps."""
    gaps = [one for one in results if not one.killed_by_story]
    lines = [f"# {len(results)} planted bugs", ""]
    lines += [f"Seen by stories: {len(results) - len(gaps)}. Not by stories: {len(gaps)}.", ""]
    old = sum(one.sources != sources for one in results)
    if old:
        lines += [f"Tried before the engine or the simulator changed: {old}. A new folder begins anew.", ""]
    if controls.dirty:
        lines += [f"Seeds left out, for they break a law without any bug: {sorted(controls.dirty)}.", ""]
    heads = ("what goes wrong", "file", "must be seen by", "killed by", "seeds", "runs", "seconds")
    lines += [f"| {' | '.join(heads)} |", "|---|---|---|---|--:|--:|--:|"]
    for one in [*gaps, *(one for one in results if one.killed_by_story)]:
        cells = [one.name, one.file, ", ".join(one.kills), one.says, one.seeds, one.runs, one.seconds]
        lines.append(
            "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
        )
    return "\n".join(lines) + "\n"
