"""Our key in a Planner reference: it comes back whatever it holds, and what people attached stays."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from itpm_sync_m365.references import decode, encode, key_of, rekeyed, with_key

LINK = "https://contoso.example/sites/pmo/SitePages/status.aspx?a=1"
KEYS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=40)
URLS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)


@given(KEYS)
def test_a_key_comes_back(key: str) -> None:
    assert key_of(with_key(LINK, key)) == key


@given(KEYS)
def test_the_name_is_encoded_as_planner_wants_it(key: str) -> None:
    name = next(iter(with_key(LINK, key)))
    assert not re.search(r"[.:@#]", name)
    assert re.fullmatch(r"(?:[^%]|%[0-9A-F]{2})+", name)


@given(URLS)
def test_an_address_comes_back(url: str) -> None:
    assert decode(encode(url)) == url


@given(
    st.dictionaries(URLS.filter(lambda url: "#itpm=" not in url), st.just({"alias": "theirs"}), max_size=4),
    KEYS,
    KEYS,
)
def test_a_new_key_replaces_the_old_one_and_nothing_else(
    theirs: dict[str, object], old: str, new: str
) -> None:
    there = {encode(url): entry for url, entry in theirs.items()} | with_key(LINK, old)
    after = {**there, **rekeyed(there, "https://elsewhere.example/x", new)}
    after = {name: entry for name, entry in after.items() if entry is not None}
    assert key_of(after) == new
    assert {encode(url) for url in theirs} <= set(after)
    assert len(after) == len(theirs) + 1
    assert rekeyed(after, LINK, new) == {}


def test_no_reference_is_no_key() -> None:
    assert key_of(None) is None
    assert key_of({}) is None
    assert key_of({encode("https://example.org/#itpm="): {}}) is None
