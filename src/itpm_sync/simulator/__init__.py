"""The simulator: the whole engine over tools in memory, with people, faults and kills at any moment.

In: seeds. Out: what was broken, as short stories. See README.md.
"""
