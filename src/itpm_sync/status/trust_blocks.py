"""Registers, open conflicts and data quality as blocks.

In: `Figures`, limits. Out: blocks. A conflict shows every side with its tool; the worse one counted in the figures.
"""

from __future__ import annotations

from collections.abc import Iterator

from itpm_sync.bases import LIFE, Conflict, Side
from itpm_sync.codec import show
from itpm_sync.status.blocks import Block, Bullets, Cell, Table, capped, columns, remark, words
from itpm_sync.status.figures import Figures
from itpm_sync.status.limits import Limits
from itpm_sync.status.places import place_of
from itpm_sync.status.registers import Issue, Risk
from itpm_sync.status.subject import zone_of
from itpm_sync.status.wording import clean, day, listed, moment, person, share, title_of

TOP = 5


def register_block(it: Figures, *, limits: Limits) -> Iterator[Block]:
    """The top risks and issues. Tools that hold no register get one sentence."""
    if not it.risks and not it.issues:
        yield Block(
            "registers", "Risks and issues", (words("The tools hold no open risk and no open issue."),)
        )
        return
    parts: list[Table] = []
    if it.risks:
        rows, more = capped(it.risks, lambda risk: _risk_row(risk, it, limits), TOP, "open risk")
        heads = columns("Risk", "Rating", "#Score", "Owner", "@Response due", "Response")
        parts.append(Table(f"Top risks ({len(it.risks)} open)", heads, rows, more=more))
    if it.issues:
        rows, more = capped(it.issues, lambda issue: _issue_row(issue, it), TOP, "open issue")
        heads = columns("Issue", "Rating", "Owner", "@Due", "#Days open", "Response")
        parts.append(Table(f"Top issues ({len(it.issues)} open)", heads, rows, more=more))
    yield Block("registers", "Risks and issues", tuple(parts))


def _rating(risk: Risk, limits: Limits) -> str:
    if risk.score is None:
        return "No score"
    if risk.score >= limits.risk_high:
        return "High"
    return "Medium" if risk.score >= limits.risk_medium else "Low"


def _risk_row(risk: Risk, it: Figures, limits: Limits) -> tuple[Cell, ...]:
    values = risk.item.values
    factors = f"probability {values.get('probability') or '?'}, impact {values.get('impact') or '?'}"
    return (
        Cell(title_of(risk.item), href=place_of(risk.item, it.subject)),
        Cell(rag=risk.rag, word=_rating(risk, limits)),
        Cell(str(risk.score) if risk.score is not None else "–", note=factors),
        _owners(risk.owners),
        Cell(day(risk.due, "none")),
        Cell(_response(risk.item.values.get("response"))),
    )


def _issue_row(issue: Issue, it: Figures) -> tuple[Cell, ...]:
    due = Cell(day(issue.due, "none"), note="past due" if issue.past_due else "")
    return (
        Cell(title_of(issue.item), href=place_of(issue.item, it.subject)),
        Cell(
            rag=issue.rag, word="Critical" if issue.critical else ("Past due" if issue.past_due else "Open")
        ),
        _owners(issue.owners),
        due,
        Cell(str(issue.days_open) if issue.days_open is not None else "–"),
        Cell(_response(issue.item.values.get("response"))),
    )


def _owners(owners: tuple[str, ...]) -> Cell:
    return Cell(listed([person(owner) for owner in owners], 2) or "no owner")


def _response(blocks: object) -> str:
    texts = [block.text for block in blocks if block.text] if isinstance(blocks, tuple) else []
    return clean(" ".join(texts), 160) or "none recorded"


def conflict_block(it: Figures) -> Block:
    """Open conflicts: every side, its tool and its time."""
    conflicts = it.subject.conflicts
    if not conflicts:
        return Block("conflicts", "Open conflicts", (words("No conflict is open."),))
    titles = {item.id: title_of(item) for item in it.subject.items}
    rows = tuple(
        (
            Cell(titles.get(one.item, clean(one.item))),
            Cell("whether it is deleted" if one.field == LIFE else clean(one.field)),
            _sides(one, it),
            Cell(moment(one.opened, zone_of(it.subject.facts.zone))),
        )
        for one in sorted(conflicts, key=_order)
    )
    table = Table("Two edits of one field, each made without knowing of the other", columns(*_HEADS), rows)
    mend = remark(
        "The worse side counts in the figures above until one is chosen: itpm-sync conflicts resolve."
    )
    return Block("conflicts", "Open conflicts", (table, mend))


_HEADS = ("Item", "Field", "Sides", "@Open since")


def _order(conflict: Conflict) -> tuple[str, str, str]:
    return conflict.opened.isoformat(), conflict.item, conflict.field


def _sides(conflict: Conflict, it: Figures) -> Cell:
    told = [_side(side, it) for side in conflict.sides]
    return Cell(told[0] if told else "–", lines=tuple(f"or {one}" for one in told[1:]))


def _side(side: Side, it: Figures) -> str:
    place = clean(side.tool) if side.tool else "set here"
    when = f", {moment(side.edited, zone_of(it.subject.facts.zone))}" if side.edited else ""
    return f"{clean(show(side.value))} ({place}{when})"


def quality_block(it: Figures, *, limits: Limits) -> Block:
    """What is missing from the data, and what to do about it."""
    found = [lack for lack in it.lacks if lack.number]
    fine = [lack.name.lower() for lack in it.lacks if not lack.number and lack.of]
    parts: list[object] = []
    if not it.tasks:
        parts.append(words("The plan holds no task and no milestone."))
    if found:
        rows = tuple(
            (
                Cell(lack.name),
                Cell(f"{lack.number:,}" + (f" of {lack.of:,}" if lack.of else "")),
                Cell(share(lack.number, lack.of) if lack.of else "–"),
                Cell(lack.mend),
            )
            for lack in found
        )
        parts.append(Table("What the data lacks", columns("Lack", "#Number", "#Share", "Mend"), rows))
    if fine:
        parts.append(remark(f"Looked for and not found: {', '.join(fine)}."))
    left = [Cell(clean(line, 300)) for line in it.subject.left_out]
    if left:
        parts.append(words("Left out:"))
        parts.append(Bullets(tuple(left[: limits.rows])))
    if len(left) > limits.rows:
        parts.append(words(f"and {len(left) - limits.rows:,} more."))
    return Block("quality", "Data quality", tuple(parts) or (words("Nothing is missing."),))  # type: ignore[arg-type]
