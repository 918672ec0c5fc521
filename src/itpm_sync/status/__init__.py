"""The status page: its figures (pure functions over canonical items) and its pages (HTML, charts).

In: items as agreed, what is said of the project, the ages of its sources, open conflicts, the instant of the run.
Out: figures, and pages ready for any Publisher. See README.md here for the reading order.
"""
