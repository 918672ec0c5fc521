"""itpm-sync keeps one project that lives in several tools in step, and shows the PMO the result.

In: nothing; this file imports nothing, so that the command line stays quick. Out: the package.
"""
