"""For tests of connectors: the conformance suite, value strategies and the pytest plugin.

In: any part of itpm-sync, and pytest. Out: nothing that the product imports.
"""
