"""The tale as each tool would hold it before the first sync.

In: pieces, a calendar. Out: what each connector's emulator takes as its seed. One file a tool.
"""
