"""A run's plan in words: what would be done or was done where, and why.

In: the JSON object of a run. Out: lines. What is shown here is exactly what `--json` prints, shortened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from itpm_sync.cli.show import counted

Document = Mapping[str, Any]
MOST = 30
"""Lines of one container before the rest is only counted."""
_COUNTED = {
    "offers": ("to be typed by hand", "to be typed by hand"),
    "conflicts": ("open conflict", "open conflicts"),
    "proposals": ("to pair", "to pair"),
    "skipped": ("left alone", "left alone"),
}
"""Beside actions: each by its words for one, and for several."""
_ID = 20
"""Characters of a record's id where nothing better is known."""
_VERBS = {"create": "create", "update": "change", "delete": "delete"}


def lines(document: Document, *, most: int = MOST) -> Iterator[str]:
    """The whole plan of one project."""
    yield f"{document['project']}: run {document['run']}"
    yield f"  {summary(document)}"
    for place, actions in _by_place(document["actions"]):
        yield from _container(place, actions, most)
    for place, actions in _by_place(document.get("held", ())):  # what a container's brake or a pause stops
        paused = any(action.get("paused") for action in actions)
        until = "held while it is paused" if paused else "held until it is approved"
        yield from _container(f"{place}, {until}", actions, most)
    yield from _listed("To be typed by hand", [_offer(each) for each in document["offers"]], most)
    yield from _listed("Open conflicts", [_conflict(each) for each in document["conflicts"]], most)
    yield from _listed("May be the same item", [_proposal(each) for each in document["proposals"]], most)
    yield from _listed("Left alone", [_left_alone(each) for each in document.get("skipped", ())], most)
    yield from _listed("To know", [_mended(each) for each in document["warnings"]], most)
    stopped = [
        _mended(each).replace("--approve RUN", f"--approve {document['run']}") for each in document["brakes"]
    ]
    yield from _listed("Stopped", stopped, most)


def summary(document: Document) -> str:
    """One line of counts."""
    counts = Counter(action["operation"] for action in document["actions"])
    held = Counter(bool(action.get("paused")) for action in document.get("held", ()))
    parts = [f"{number} to {_VERBS.get(verb, verb)}" for verb, number in sorted(counts.items())]
    parts += [f"{held[False]} held until approved"] if held[False] else []
    parts += [f"{held[True]} held while paused"] if held[True] else []
    for name, words in _COUNTED.items():
        if document.get(name):
            parts.append(counted(len(document[name]), *words))
    outcomes = Counter(action["outcome"] for action in document["actions"] if "outcome" in action)
    if outcomes:
        parts.append("outcome: " + ", ".join(f"{number} {word}" for word, number in sorted(outcomes.items())))
    if parts:
        return "; ".join(parts)
    if document["brakes"] or any(each["grade"] != "note" for each in document["warnings"]):
        return "Nothing to do in what could be looked at; see below."
    return "Nothing to do: every tool says the same."


def _by_place(actions: Sequence[Document]) -> Iterator[tuple[str, list[Document]]]:
    ordered = sorted(actions, key=lambda each: (each["connection"], each["container"]))
    for place, found in groupby(ordered, key=lambda each: f"{each['container']} in {each['connection']}"):
        yield place, list(found)


def _container(place: str, actions: Sequence[Document], most: int) -> Iterator[str]:
    yield f"  {place}"
    for action in actions[:most]:
        yield f"    {_VERBS.get(action['operation'], action['operation'])}  {_action(action)}"
    if len(actions) > most:
        yield f"    … and {len(actions) - most} more (--json lists them all)"


def _action(action: Document) -> str:
    name = _called(action)
    fields = [_write(each) for each in action["fields"]] if action["operation"] == "update" else []
    why = action["reason"] if action["reason"] and not fields else ""
    outcome = action.get("outcome", "")
    ended = (
        f" [{outcome}{': ' + action['outcome_reason'] if action.get('outcome_reason') else ''}]"
        if outcome
        else ""
    )
    return name + (": " + "; ".join(fields) if fields else "") + (f": {why}" if why else "") + ended


def _called(action: Document) -> str:
    """The item by its title, with what people call the record in that tool where it says more (`NET-12 Order racks`).

    Where no name is known, the record's id, cut: a plan file's are longer than any title.
    """
    title, record = action["title"], action["record"]
    name = " ".join(str(action.get("name") or "").split())
    if name and title in name:
        return name
    told = name or (short(record, _ID) if record else "")
    return f"{title} ({told})" if told else str(title)


def _write(write: Document) -> str:
    old, new = write["old"]["text"] or "(empty)", write["new"]["text"] or "(empty)"
    reason = f" ({write['reason']})" if write["reason"] else ""
    return f"{write['field']} {short(old)} → {short(new)}{reason}"


def short(text: str, most: int = 60) -> str:
    """A text of one line, cut where it is long."""
    flat = " ".join(str(text).split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"


def _offer(offer: Document) -> str:
    new = short(offer["new"]["text"] or "(empty)")
    return f"{offer['title']} in {offer['container']}: {offer['field']} → {new} (since {offer['since'][:10]})"


def _conflict(conflict: Document) -> str:
    return f"{conflict['id']}: {conflict['field']} of {conflict.get('title') or conflict['item']}: " + sides(
        conflict
    )


def sides(conflict: Document) -> str:
    """The values that stand against each other, in one line."""
    return " / ".join(
        f"{side['tool'] or 'set here'} says {short(side['text'] or '(empty)', 40)}"
        for side in conflict["sides"]
    )


def _proposal(proposal: Document) -> str:
    return f"{proposal['id']}: {proposal['title']} in {proposal['container']}: {proposal['why']}"


def _left_alone(each: Document) -> str:
    return f"{each['title']}: labelled so in {each['container']} ({each['connection']})"


def _mended(each: Document) -> str:
    return f"{each['says']} {each['mend']}".strip()


def _listed(head: str, found: Sequence[str], most: int) -> Iterator[str]:
    if not found:
        return
    yield f"  {head}"
    for each in found[:most]:
        yield f"    {each}"
    if len(found) > most:
        yield f"    … and {len(found) - most} more (--json lists them all)"
