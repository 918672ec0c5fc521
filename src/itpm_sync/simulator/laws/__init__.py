"""The invariants of the engine, and where each is checked.

In: nothing. Out: `CHECKED`: by invariant, the code that sees it broken. S29 (secrets) and S31 (whose edit may be
written) are no matter of the engine over tools in memory: they are held by tests of their own.
"""

from __future__ import annotations

from typing import Final

CHECKED: Final = {
    "S1": "laws.rest: what stands in every tool is its form of what is agreed; laws.rest.copies: and stands everywhere",
    "S2": "telling.end: a run without any change outside writes nothing",
    "S3": "laws.rest.tokens: every title typed; of labels: laws.rest.fields",
    "S4": "laws.rest.conflicts_true: no side of a conflict was known to the author of another",
    "S5": "laws.texts.whole: what is agreed is what somebody typed, to the last character",
    "S6": "laws.texts.whole: no agreed title that no person typed; telling.end: and it comes to rest",
    "S7": "tools._creating: no second creation of an item; laws.rest.ties: no more items than people made; "
    "laws.rest.twins: the same thing made in two tools",
    "S8": "laws.rest.ties: one record an item and tool, one item a record, and none is left over",
    "S9": "tools._creating: nothing is created where a person deleted it; laws.rest.spread: a deletion reaches all",
    "S10": "tools._deleting: only what a person deleted, or ordered to be",
    "S11": "tools._deleting: no more deletions in one run than the limits allow",
    "S12": "tools._deleting: what no deleter had read is not deleted, or stored",
    "S13": "tools._updating: nothing computed, and no owner's own value, is overwritten",
    "S14": "tools.write: every call has a durable open intent; laws.history.intents: none stays open",
    "S15": "director: kills before, in and after every call and commit; all other laws hold after them",
    "S16": "laws.history.chain: gapless, sealed, versions rise, each write stands in it once",
    "S17": "laws.cursors: everything up to a stored cursor was read",
    "S18": "tools._placing, laws.rest.places: parents that are there",
    "S19": "tools._placing, laws.rest.places: no cycle, after every single call",
    "S20": "director.at_commit, connector.apply: a run whose lease was taken stores and writes nothing",
    "S21": "telling.calls: a run with nothing to do makes as few calls as that needs",
    "S22": "telling.rest: it comes to rest within so many runs",
    "S23": "telling.rest with a field refused for good: all others come to rest meanwhile (laws.rest.fields)",
    "S24": "orders: told with lists in another order, the same stands everywhere",
    "S25": "faults F17, F20, F21: pages and changes told again; all other laws hold",
    "S26": "laws.rest.flips: no title comes back but by a person",
    "S27": "tools.write: nothing is written after a change of configuration until it was approved",
    "S28": "telling.restore: over an older ledger nothing is deleted and nothing that differs is overwritten",
    "S30": "laws.resolution: exactly the chosen value, once; refused where a side moved",
}
