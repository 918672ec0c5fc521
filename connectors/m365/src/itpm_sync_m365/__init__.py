"""The connector for Microsoft 365: Planner plans, SharePoint pages, Entra people.

In: nothing; importing this package loads no vendor library. Out: the package that the entry point names.
"""
