"""What a person has paused: decided like everything else, shown as held, and not written.

In: the actions of a plan, the containers with the pause that holds each. Out: those that go on, and those that wait.
"""

from __future__ import annotations

from collections.abc import Sequence

from itpm_sync.plan import Action
from itpm_sync.reconcile.world import World


def parted(world: World, actions: Sequence[Action]) -> tuple[tuple[Action, ...], tuple[Action, ...]]:
    """The actions that may be carried out, and those that a pause holds."""
    places = {place for place, view in world.containers.items() if view.paused}
    held = tuple(action for action in actions if (action.connection, action.container) in places)
    if not held:
        return tuple(actions), ()
    return tuple(action for action in actions if (action.connection, action.container) not in places), held
