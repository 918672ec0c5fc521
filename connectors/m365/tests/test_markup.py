"""HTML for SharePoint: the subset and nothing else, whatever comes in."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itpm_sync_m365.emulated.markup import kept
from itpm_sync_m365.markup import TAGS, link, subset, text_of

PIECES = st.sampled_from(
    [
        "<p>", "</p>", "<b>", "<table>", "<tr>", "<td>", "</td>", "</table>", "<script>", "</script>", "<br>", "<br/>",
        '<a href="javascript:alert(1)">', '<a href="https://example.org/?a=1&b=2">', "</a>", "<img src=x onerror=y>",
        '<th scope="col" onclick="x">', "<style>p{}</style>", "&lt;script&gt;", "&amp;", "<!-- c -->", "<![CDATA[x]]>",
        "<svg><p>", "</svg>", "<h2 style='x'>", "</h2>", "<", ">", '"', "text", "Größe", "\x00", "<ul><li>", "</ul>",
    ]
)  # fmt: skip
HTML = st.lists(PIECES | st.text(max_size=8), max_size=20).map("".join)


@given(HTML)
def test_only_the_subset_comes_out(html: str) -> None:
    out = subset(html)
    allowed = TAGS | {"div"}
    assert set(re.findall(r"</?([a-zA-Z0-9]+)", out)) <= allowed
    for attribute in re.findall(r"<[a-z0-9]+ ([^>]*)>", out):
        assert re.fullmatch(
            r'href="[^"]*"|scope="(col|row)"|class="(canvasRteResponsiveTable|tableWrapper)"', attribute
        )
    assert "javascript:" not in re.findall(r'href="([^"]*)"', out)


@given(HTML)
def test_sharepoint_keeps_all_of_it(html: str) -> None:
    """What we send is what readers see: nothing of ours is stripped there."""
    out = subset(html)
    assert text_of(kept(out)) == text_of(out)
    assert kept(out) == out


@given(HTML)
def test_doing_it_twice_says_the_same(html: str) -> None:
    assert text_of(subset(subset(html))) == text_of(subset(html))


@given(st.text(max_size=200))
def test_escaped_text_comes_through_unchanged(text: str) -> None:
    from html import escape

    clean = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")
    assert text_of(subset(f"<p>{escape(clean)}</p>")) == clean


@pytest.mark.parametrize(
    ("given_target", "leads_to"),
    [
        ("https://example.org/a?b=1#c", "https://example.org/a?b=1#c"),
        ("mailto:ann@example.org", "mailto:ann@example.org"),
        ("#risks", "#risks"),
        ("/sites/pmo", "/sites/pmo"),
        ("network-refresh.html#risks", "network-refresh.aspx#risks"),
        ("javascript:alert(1)", ""),
        ("JaVaScRiPt:alert(1)", ""),
        (" javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//evil.example.org", ""),
        ("../x.html", ""),
        ("https://a b", ""),
        ("", ""),
    ],
)
def test_where_links_may_lead(given_target: str, leads_to: str) -> None:
    assert link(given_target) == leads_to


def test_a_sister_page_lies_below_the_site() -> None:
    html = '<a href="b.html">B</a>'
    assert (
        subset(html, "https://contoso.example/SitePages/")
        == '<a href="https://contoso.example/SitePages/b.aspx">B</a>'
    )
