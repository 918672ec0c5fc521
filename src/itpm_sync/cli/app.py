"""The command `itpm-sync`: its commands by name, each imported only when it is called.

In: the command line. Out: the exit code. `--help` imports no command: what it says of each stands here.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

COMMANDS: Final[Mapping[str, str]] = {
    "demo": "A project in four tools, on this machine, brought to one truth before your eyes.",
    "report": "The status pages of plan files (.mpp, .xml, …), without any account.",
    "init": "Start a folder: a configuration with comments, and mappings to edit.",
    "check": "Whether configuration, mappings, accounts and permissions will do.",
    "plan": "What a sync would do, and why. Nothing is written in any tool.",
    "sync": "Carry the plan out, and refresh the status pages.",
    "status": "How the projects stand, and what waits for you.",
    "history": "Everything that was agreed, lost, written and refused of an item.",
    "explain": "Where a value comes from, and why each tool shows what it shows.",
    "drift": "How far the tools are from what was agreed. Nothing is written.",
    "publish": "Freeze a numbered copy of the status pages.",
    "pair": "Records that may be the same item, for you to decide.",
    "conflicts": "Edits that did not know of each other, for you to settle.",
    "quarantine": "What could not be written and is left out until it changes.",
    "pause": "Write nothing any more, in a project or a connection, from now on.",
    "resume": "Let what was paused be written again.",
    "runs": "What was planned and done, run by run.",
    "undo": "Put back what a run wrote and nobody has touched since.",
    "audit": "Whether the history holds; its end, signed, to be kept elsewhere.",
    "redact": "Remove the past values of a field from the ledger, for good.",
    "mappings": "Which field of a tool is which of ours: check a change of it.",
    "connectors": "Which tools can be connected; how to begin another.",
    "emulate": "A stand-in for a tool on this machine, to try things on.",
    "simulate": "Try the engine itself: people, faults and kills at any moment, over tools in memory.",
    "daemon": "Run every project on its schedule.",
}


class Lazy(click.Group):
    """A group whose commands are modules of this package."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"itpm_sync.cli.{name}")
        found: click.Command = module.command
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            mend = f" Did you mean {near[0]!r}?" if near else " See itpm-sync --help."
            ctx.fail(f"There is no command {args[0]!r}.{mend}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"itpm-sync {version('itpm-sync')}")
        ctx.exit()


EXITS: Final = (
    "Exit codes, the most serious first: 2 configuration or usage is wrong, 3 waits for your approval, 1 failed, "
    "6 another run holds the project, 5 something was left out, 4 open conflicts, 10 changes (plan --exit-code), "
    "0 done."
)


@click.group(
    cls=Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=EXITS,
)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Say the version."
)
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The configuration; default: itpm-sync.yaml in the current folder.",
)
@click.option("--log-text", is_flag=True, help="Write the log as text for people, not as JSON.")
@click.option("--verbose", "-v", is_flag=True, help="Write more into the log.")
@click.pass_context
def app(ctx: click.Context, /, **options: Any) -> None:
    """Keep one project that lives in Jira, Smartsheet, MS Project and Planner in step.

    A newcomer's way: `itpm-sync demo`, then `itpm-sync report PLAN.mpp --out site`, then `itpm-sync init DIR`.
    """
    ctx.obj = dict(options)
