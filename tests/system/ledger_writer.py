"""A process that writes a ledger until it is killed: `python ledger_writer.py URL KEYFILE`.

In: the ledger's address. Out: one line for each round that is stored, printed after its last commit.

A round reads a record, decides it, intends a write, calls and settles: what a run does, as fast as it can.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from itpm_sync.bases import Agreed, Intent, ItemBase, Replica, Tie
from itpm_sync.connector import Record
from itpm_sync.ledger import ContainerState, Decided, Ledger, RunKind, Settlement
from itpm_sync.plan import Decision
from itpm_sync.ports import SystemClock, SystemIds


def main(url: str, key: str) -> None:
    """Write until killed, beginning where the process before was killed."""
    clock = SystemClock()
    with Ledger.open(url, clock=clock, ids=SystemIds(clock), key=Path(key)) as ledger:
        ledger.ensure_project("P", "Network refresh")
        lease = ledger.acquire("P", "writer", seconds=3600, gone=lambda holder: True)
        run = ledger.begin_run(lease, RunKind.SYNC)
        recovered = [Settlement(intent.id, "recovered") for intent in ledger.open_intents("P")]
        ledger.settle(lease, run, recovered)
        state = ledger.load("P").containers.get(("jira", "NET"))
        number = int(state.cursor or 0) if state else 0
        print("ready", flush=True)
        while True:
            number += 1
            record = Record(str(number), "1", {"summary": "x" * 2000})
            pulled = Replica(f"r-{number}", "jira", "NET", str(number), None, Tie.UNTIED, reading=record)
            moved = ContainerState("jira", "NET", cursor=str(number))
            ledger.store_readings(lease, [pulled], container=moved)
            item = ItemBase(f"i-{number}", {"title": Agreed("x", 1, "jira")})
            tied = replace(pulled, item=item.id, tie=Tie.TIED, seen=record, reading=None)
            ledger.commit_decisions(
                lease, run, [Decided(Decision(item.id, agreed=item.agreed, new=True), item, (tied,))]
            )
            intent = Intent(
                *(f"n-{number}", run, "update", item.id, "jira", "NET", tied.id, tied.native_id, item.id),
                old={"title": "x"},
                new={"title": "y"},
                versions={"title": 1},
                called=clock.now(),
            )
            ledger.intend(lease, [intent])
            ledger.settle(
                lease, run, [Settlement(intent.id, "applied", replica=replace(tied, at={"title": 1}))]
            )
            print(number, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
