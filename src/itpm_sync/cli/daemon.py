"""`itpm-sync daemon`: run every project on its schedule, in one process, until it is stopped.

In: the configuration. Out: runs in the ledger, live pages, answers to health requests; lines in the log.
"""

from __future__ import annotations

import importlib

import click

from itpm_sync.cli.context import configured, desk


@click.command()
@configured
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address that health requests are answered at."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Its port.")
@click.pass_context
def command(ctx: click.Context, /, *, host: str, port: int) -> int:
    """Run every project on its schedule (`every:` in the configuration), until SIGTERM or Ctrl-C."""
    with desk(ctx) as here:
        daemon = importlib.import_module("itpm_sync.daemon")
        return int(daemon.serve(here.settings, here.registry, host=host, port=port) or 0)
