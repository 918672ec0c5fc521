"""The connector for Jira Cloud.

In: nothing; importing this package loads no vendor library. Out: the package that the entry point names.
"""
