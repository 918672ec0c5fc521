"""Kills at every point of a run: the process dies there, starts anew, perhaps dies again, and every law still holds.

In: short tales (`tale`, `picked`, `chance`). Out: how many positions and pairs of positions were tried, and what broke.

A tale is told up to the run that is to be killed. That run goes to its end once, and at every point of it (before and
after each call of a connector; before, inside and after each transaction of the ledger) a photograph is taken of all
that would outlive the process: the database as last committed, the tools, what people did (`camera`). Each photograph
is then a world in which a new process starts (`aftermath`), runs until it rests, and is judged by the laws of
the simulator. Photographs that show the same world are recovered once; they count as the positions they are, and the
worlds are counted beside them. A pair is a photograph taken of the first run after such a death.

Killed like this the process does nothing any more, as after SIGKILL. A share of the positions is also *stopped*: an
exception ends the run there, and what the engine does on its way out is done.
"""
