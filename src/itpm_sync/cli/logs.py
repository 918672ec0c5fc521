"""The log: a file beside the ledger, a JSON object a line, or text for people; secrets blanked out.

In: events of commands, warnings of libraries, what may be secret. Out: lines. Nothing of it goes to the terminal.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable, MutableMapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import structlog

from itpm_sync.cli.show import as_json, clean, note

MOST_BYTES = 5_000_000
FILES = 3
NAME = "itpm-sync.log"
_AUTHORIZATION = re.compile(r"(?i)\b(basic|bearer)(\s+|%20)[A-Za-z0-9._~+/=-]{8,}")

Scrub = Callable[[str], str]


class Scrubber:
    """A processor that blanks out secrets in every text of an event, however deep. It learns them as they are read."""

    def __init__(self) -> None:
        self._more: list[Scrub] = []

    def learn(self, scrub: Scrub) -> None:
        """Also use this (a registry's `scrubbed`)."""
        self._more.append(scrub)

    def text(self, text: str) -> str:
        """`text` without secrets."""
        for scrub in self._more:
            text = scrub(text)
        return _AUTHORIZATION.sub(lambda match: f"{match[1]}{match[2]}***", text)

    def __call__(self, logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {key: self._value(value) for key, value in event.items()}

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self._value(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._value(each) for each in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.text(str(value))


SCRUBBER = Scrubber()


class PrivateFile(RotatingFileHandler):
    """A log file that only its owner reads, the next one too. Halves of characters cost no line.

    One that cannot be written is said once, in a line: a stack trace would show what the log's scrubbing never saw.
    """

    _told = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        if not self._told:
            self._told = True
            error = sys.exception()
            why = error.strerror if isinstance(error, OSError) else type(error).__name__
            note(f"The log {self.baseFilename} cannot be written ({why}).")

    def _open(self) -> Any:
        _private(Path(self.baseFilename))
        return super()._open()


def _plain(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Texts of an event without anything a terminal would obey; only a stack trace has several lines."""
    return {
        key: clean(value if key == "exception" else value.replace("\n", "⏎"))
        if isinstance(value, str)
        else value
        for key, value in event.items()
    }


def current() -> Path | None:
    """The file that is logged into now, if there is one."""
    ours = [each for each in logging.getLogger().handlers if getattr(each, "itpm_sync", False)]
    return Path(ours[0].baseFilename) if ours and isinstance(ours[0], RotatingFileHandler) else None


def configure(
    folder: Path, *, console: bool = False, level: str = "info", scrubber: Scrubber = SCRUBBER
) -> Path:
    """Log into a file in `folder` from now on, and say which. Libraries' warnings go there too."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / NAME
    _private(file)
    handler = PrivateFile(
        file,
        maxBytes=MOST_BYTES,
        backupCount=FILES - 1,
        encoding="utf-8",
        errors="backslashreplace",
        delay=True,
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        scrubber,
    ]
    last: list[Any] = (
        [_plain, structlog.dev.ConsoleRenderer(colors=False)]
        if console
        else [structlog.processors.JSONRenderer(serializer=as_json)]
    )
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    for old in [each for each in root.handlers if getattr(each, "itpm_sync", False)]:
        root.removeHandler(old)
        old.close()
    handler.itpm_sync = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("itpm_sync").setLevel(level.upper())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    return file


def _private(file: Path) -> None:
    """The log names items and people: only its owner reads it."""
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    except OSError:  # logging says so when it writes
        return


def log(name: str = "itpm_sync") -> structlog.stdlib.BoundLogger:
    """A logger; silent until `configure` was called."""
    found: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return found
