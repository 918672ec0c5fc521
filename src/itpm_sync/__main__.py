"""`python -m itpm_sync`: the command line, where the command `itpm-sync` is not on the path."""

from __future__ import annotations

from itpm_sync.cli import main

if __name__ == "__main__":
    main()
