"""Real kills: processes that sync over a socket, ended by SIGKILL, on a ledger in a file or in PostgreSQL.

In: tales of `kills`. Out: how many kills, where, and what broke.

The tools of a tale live in this process (`wire`), each sync in a fork of one that imported everything once (`nursery`).
Who kills: this process when a call has arrived and is lost, has arrived and is carried out, or was carried out and is
not yet answered; the fork itself just before or after a COMMIT; a timer, wherever the fork is. On PostgreSQL a relay
(`cutting`) also takes the connection away at a COMMIT, and the process lives.
"""
