"""A person at Microsoft Project, for demo and tests: makes plans, edits them, lets Project recalculate them."""
