"""The pytest plugin that the entry point `pytest11` announces, for everyone who tests a connector.

In: pytest's hooks. Out: nothing yet. It loads in every pytest run of an environment that has itpm-sync, so it stays
light and brings nothing that another project could trip over.
"""

from __future__ import annotations
