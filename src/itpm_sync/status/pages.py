"""Pages made: a `Sheet` as one HTML document and as the safe subset that SharePoint keeps.

In: sheets. Out: `publisher.StatusPage`. Everything is escaped by the templates (autoescape); there is no script and
nothing outside the page is loaded. PNG pictures are drawn only where `sections` are wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from itpm_sync.publisher import Picture, Section, StatusPage
from itpm_sync.status import palette
from itpm_sync.status.blocks import Bullets, Chart, Part, Sheet, Table, Text, remark
from itpm_sync.status.charts import Drawing, png_of, svg_of
from itpm_sync.status.wording import SHAPES, WORDS


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("itpm_sync.status"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    made.globals.update(words=WORDS, shapes=SHAPES, palette=palette)
    made.tests.update(
        a_text=lambda part: isinstance(part, Text),
        a_table=lambda part: isinstance(part, Table),
        a_list=lambda part: isinstance(part, Bullets),
        a_chart=lambda part: isinstance(part, Chart),
    )
    return made


def page_of(sheet: Sheet, *, sections: bool = True, standalone: bool = True) -> StatusPage:
    """The page in the forms wanted: `standalone` for folders, `sections` for SharePoint."""
    digest = sheet.digest
    drawings = {_file(sheet, chart): svg_of(chart) for chart in _charts(sheet)} if standalone else {}
    return StatusPage(
        name=sheet.name,
        title=sheet.title,
        sections=tuple(_sections(sheet)) if sections else (),
        digest=digest,
        standalone=_document(sheet, drawings, digest) if standalone else "",
        pictures={name: drawing.data for name, drawing in drawings.items()},
    )


def _charts(sheet: Sheet) -> Iterator[Chart]:
    for block in sheet.blocks:
        for part in block.parts:
            if isinstance(part, Chart):
                yield part


def _file(sheet: Sheet, chart: Chart) -> str:
    return f"{sheet.name}-{chart.name}.svg"


def _document(sheet: Sheet, drawings: Mapping[str, Drawing], digest: str) -> str:
    template = _templates().get_template("page.html")
    return (
        template.render(sheet=sheet, drawings=drawings, digest=digest, file=lambda chart: _file(sheet, chart))
        + "\n"
    )


def _sections(sheet: Sheet) -> Iterator[Section]:
    """A first section with verdict and facts, then one a block, split where a picture stands."""
    template = _templates().get_template("section.html")
    yield Section(html=template.module.opening(sheet).strip())  # type: ignore[attr-defined]
    for block in sheet.blocks:
        if block.folded:
            continue
        title, parts = block.title, list[Part]()
        for part in block.parts:
            if not isinstance(part, Chart):
                parts.append(part)
                continue
            if parts or title:
                yield Section(html=template.module.block(title, parts).strip())  # type: ignore[attr-defined]
                title, parts = "", []
            drawing = png_of(part)
            picture = Picture(
                f"{sheet.name}-{part.name}.png", drawing.data, part.alt, drawing.width, drawing.height
            )
            yield Section(picture=picture)
            parts.append(remark(part.key))
        if parts or title:
            yield Section(html=template.module.block(title, parts).strip())  # type: ignore[attr-defined]
