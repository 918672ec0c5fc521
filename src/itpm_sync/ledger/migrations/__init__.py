"""Migrations of the ledger's schema, run when a ledger is opened.

In: the connection that `opening` hands over. Out: the newest schema.
"""
