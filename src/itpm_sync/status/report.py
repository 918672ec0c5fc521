"""`report`: a status site of plan files, without an account, a configuration or a memory.

In: paths, a way to open and to translate a plan file, a Publisher, a clock. Out: the pages, and a one-line reason for
each file that could not be read. Several files are a portfolio, one project a file, also where they are copies of each
other; with `series` they are dated versions of one project. The baseline is each file's own and labelled so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from itpm_sync.connector import FileContent
from itpm_sync.errors import ItpmError
from itpm_sync.model import Item, ProjectFacts
from itpm_sync.ports import Clock
from itpm_sync.publisher import Published, Publisher
from itpm_sync.status.addresses import addresses
from itpm_sync.status.blocks import Block
from itpm_sync.status.edition import Edition, Manner
from itpm_sync.status.figures import Figures
from itpm_sync.status.limits import Limits
from itpm_sync.status.portfolio_blocks import Line
from itpm_sync.status.series import Version, rows_of, tracks_of, version_block
from itpm_sync.status.site import Forms, Site
from itpm_sync.status.subject import Source, Subject, status_day, zone_of
from itpm_sync.status.trend_chart import trend_chart
from itpm_sync.status.wording import clean, count

_BROKEN = (ArithmeticError, LookupError, TypeError, ValueError)
"""What a hostile file can provoke behind its reader: it costs that file, not the others."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan file, read and translated."""

    content: FileContent
    items: Sequence[Item]
    left_out: Sequence[str] = ()
    """One line for each thing in it that could not be mapped."""
    path: Path = Path()

    @property
    def facts(self) -> ProjectFacts:
        return self.content.info.facts or ProjectFacts(id=self.path.stem, title="")


Read = Callable[[Path], Plan]
"""Reads and translates a file. Raises ItpmError with the reason, or OSError."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that is not in the report, and why, in one line."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path.name}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Report:
    """What was made."""

    pages: Sequence[Published]
    projects: int
    left_out: Sequence[Refusal]


async def make_report(
    paths: Sequence[Path],
    publisher: Publisher,
    *,
    read: Read,
    clock: Clock,
    series: bool = False,
    limits: Limits | None = None,
) -> Report:
    """Publish the site. Raises what the Publisher raises; a file's trouble is in the report's `left_out`.

    The portfolio is published last, so that it never names a page that is not there.
    """
    edition = Edition(Manner.FILE)
    site = Site(clock.now(), limits or Limits(), edition, Forms(sections=False))
    maker = _Maker(publisher, read, site)
    if series:
        await maker.series(paths)
    else:
        await maker.portfolio(paths)
    return Report(tuple(maker.published), len(maker.lines), tuple(maker.refused))


class _Maker:
    """One report in the making. Plans are read one at a time: of each only its portfolio line is kept."""

    def __init__(self, publisher: Publisher, read: Read, site: Site) -> None:
        self._publisher, self._read, self._site = publisher, read, site
        self.published: list[Published] = []
        self.lines: list[Line] = []
        self.refused: list[Refusal] = []

    async def portfolio(self, paths: Sequence[Path]) -> None:
        """A project a file."""
        for path, name in zip(paths, addresses([path.stem for path in paths]), strict=True):
            for plan in self._plans([path]):
                await self._project(name, self._site.figures(self._subject(plan)), note=path.name)
        await self._index("Portfolio")

    async def series(self, paths: Sequence[Path]) -> None:
        """One project, from all files, in the order of their dates."""
        plans = sorted(self._plans(paths), key=self._dated)
        if plans:
            versions = [self._version(plan) for plan in plans]
            rows = rows_of(versions)
            trend = trend_chart(tracks_of(versions, rows), name="trend")
            block = version_block(versions, rows, limits=self._site.limits)
            if trend:
                block = replace(block, parts=(block.parts[0], trend, *block.parts[1:]))
            latest = plans[-1]
            it = self._site.figures(self._subject(latest))
            note = f"{count(len(versions), 'version')}, the latest {latest.path.name}"
            await self._project(addresses([it.subject.facts.title])[0], it, note=note, more=[block])
        await self._index("Versions of one plan")

    def _version(self, plan: Plan) -> Version:
        """A version is compared as it stood on its own date: the day of this run says nothing about it."""
        when = self._dated(plan)[0]
        subject = self._subject(plan)
        then = replace(subject, facts=replace(subject.facts, status_date=when))
        return Version(plan.path.name, when, self._site.figures(then), plan.content.info.container)

    def _dated(self, plan: Plan) -> tuple[date, float, str]:
        """Its status date, else the day it was saved, else today; then by the instant of saving, then by name."""
        saved = plan.content.saved
        here = zone_of(plan.facts.zone)
        day = saved.astimezone(here).date() if saved else status_day(plan.facts, self._site.now)
        return plan.facts.status_date or day, saved.timestamp() if saved else 0.0, plan.path.name

    async def _project(self, name: str, it: Figures, *, note: str, more: Sequence[Block] = ()) -> None:
        page, line = self._site.project(name, it, more=more, note=note)
        self.published.extend(await self._publisher.publish([page], refresh=True))
        self.lines.append(line)

    async def _index(self, title: str) -> None:
        page = self._site.portfolio(self.lines, left_out=[str(one) for one in self.refused], title=title)
        self.published.extend(await self._publisher.publish([page], refresh=True))

    def _subject(self, plan: Plan) -> Subject:
        title = clean(plan.facts.title) or plan.path.stem
        source = Source(plan.path.name, read=self._site.now, edited=plan.content.saved)
        return Subject(
            facts=replace(plan.facts, title=title),
            items=plan.items,
            sources=(source,),
            left_out=(*plan.content.warnings, *plan.left_out),
        )

    def _plans(self, paths: Sequence[Path]) -> Iterator[Plan]:
        """The plans that can be read; the others are noted with their reason."""
        for path in paths:
            try:
                plan = replace(self._read(path), path=path)
            except ItpmError as error:
                self.refused.append(Refusal(path, _one_line(error, path)))
            except FileNotFoundError:
                self.refused.append(Refusal(path, "is not there. Check the name."))
            except OSError as error:
                why = error.strerror or type(error).__name__
                mend = "Close it in other programs, or check its permissions."
                self.refused.append(Refusal(path, f"cannot be opened ({why}). {mend}"))
            except _BROKEN as error:
                mend = "Save it again in Project; if that does not help, report it together with the file."
                self.refused.append(
                    Refusal(path, f"holds what no plan holds ({type(error).__name__}). {mend}")
                )
            else:
                yield plan


def _one_line(error: ItpmError, path: Path) -> str:
    """The reason without the file's name in front, which the list gives already."""
    text = clean(str(error), 400)
    for prefix in (f"{path}: ", f"{path.name}: ", f"{path} ", f"{path.name} "):
        if text.startswith(prefix):
            return text[len(prefix) :]
    return text
