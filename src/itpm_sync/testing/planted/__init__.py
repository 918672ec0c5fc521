"""Tests of the tests: mistakes a person could make, planted into the engine, and what sees each of them.

In: nothing. Out: `catalogue.BUGS`; `python -m itpm_sync.testing.planted` plants them all.
"""
