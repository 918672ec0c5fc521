"""The emulated tenant: what Planner, SharePoint pages and the directory do, as pure state logic without HTTP.

In: a `Call`. Out: an `Answer`, or a `GraphRefusal` in Graph's own shape. `emulator.py` puts HTTP around it.
"""
