"""Scope and owners of a project in plain words, so that a change of them can be named before it acts.

In: a project's policy. Out: a line for each thing that matters, by what it is about, and the difference between two
such sets of lines. The ledger keeps the lines of the last accepted run; equal lines mean nothing changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from itpm_sync.policy import SKIP_LABEL, ContainerPolicy, FieldPolicy, ProjectPolicy, Rule


def lines(policy: ProjectPolicy, mappings: Mapping[tuple[str, str], Path]) -> dict[str, str]:
    """By subject (a container, a field, the project): what the configuration says of it."""
    found = {}
    for each in policy.containers:
        mapping = mappings.get((each.connection, each.container))
        found[f"{each.connection}: {each.container}"] = _container(each, mapping)
    for name, rule in sorted(policy.fields.items()):
        found[f"field {name}"] = _field(rule)
    if policy.authorities:
        found["schedule authorities"] = ", ".join(policy.authorities)
    found["deletion"] = policy.deletion.value
    if policy.skip_label != SKIP_LABEL:
        found["skip label"] = policy.skip_label
    return found


def _container(policy: ContainerPolicy, mapping: Path | None) -> str:
    scope = policy.scope
    kinds = ", ".join(sorted(kind.value for kind in scope.kinds)) or "every kind"
    where = [f"{name} {' or '.join(sorted(words))}" for name, words in sorted(scope.where.items())]
    parts = [" and ".join([f"takes {kinds}", *where]), f"creates: {policy.creation.value}"]
    parts += [f"{kind.value} under {under}" for kind, under in sorted(policy.under.items())]
    parts += ["read only"] if policy.read_only else []
    parts += [f"mapping {mapping.name}"] if mapping else []
    return "; ".join(parts)


def _field(policy: FieldPolicy) -> str:
    if policy.rule is not Rule.OWNER:
        return policy.rule.value
    return f"owner {', '.join(policy.owners)}" + (", others left alone" if policy.leave else "")


def difference(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """One sentence for each line that differs; empty where nothing does."""
    said = []
    for subject in sorted(before.keys() | now.keys()):
        old, new = before.get(subject), now.get(subject)
        if old is None:
            said.append(f"{subject} is new ({new})")
        elif new is None:
            said.append(f"{subject} is no longer there (it was: {old})")
        elif old != new:
            said.append(f"{subject} was: {old}; is now: {new}")
    return said
