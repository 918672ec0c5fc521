"""One item of a small world, decided: two containers that hold its priority.

In: its records as read. Out: the draft after the decision.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from itpm_sync.bases import ItemBase, Replica
from itpm_sync.connector import Capabilities
from itpm_sync.lens import Env, Poisoned, Values
from itpm_sync.model import Value
from itpm_sync.reconcile import ContainerView
from itpm_sync.reconcile.draft import Draft
from itpm_sync.reconcile.items import decide_items
from itpm_sync.simulator.lenses import NumberLens, PlainLens
from itpm_sync.testing.small_world import PLAIN, item, view, world

TIMES = Capabilities(keys=False, edit_times=True)


class Odd(NumberLens):
    """Some of what people type breaks it."""

    def get(self, values: Values, env: Env) -> Value:
        if values.get(self.name) == "broken":
            raise Poisoned("It broke.", field=self.name, place=("a", "main"))
        return super().get(values, env)


LENSES = (*PLAIN[:3], Odd("priority"), PlainLens("site"))
BASE = item("1", priority=1)


def read(one: Replica, **values: Value) -> Replica:
    """Something else was read there."""
    assert one.seen is not None
    return replace(one, reading=replace(one.seen, revision="2", values={**one.seen.values, **values}))


def begun(
    *replicas: Replica,
    views: tuple[ContainerView, ...] = (),
    items: tuple[ItemBase, ...] = (BASE,),
    **more: Any,
) -> Draft:
    return Draft(
        world(
            *(views or (view("a", lenses=LENSES), view("b", lenses=LENSES))),
            items=items,
            replicas=replicas,
            **more,
        )
    )


def decided(*replicas: Replica, do: Any = None, **more: Any) -> Draft:
    draft = begun(*replicas, **more)
    if do is not None:
        do(draft)
    decide_items(draft, draft.subjects())
    return draft


def priority(draft: Draft) -> tuple[Value, int]:
    found = draft.items["1"].agreed["priority"]
    return found.value, found.version
