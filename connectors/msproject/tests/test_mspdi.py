"""An MSPDI document: read without harm, and given back as it was."""

from __future__ import annotations

import codecs
import json
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itpm_sync.errors import Unreadable
from itpm_sync_msproject.mspdi import Mspdi
from itpm_sync_msproject.mspdi_edit import Edit
from itpm_sync_msproject.mspdi_plan import MspdiPlan
from itpm_sync_msproject.mspdi_rows import rows_of
from itpm_sync_msproject.records import Records

NS = 'xmlns="http://schemas.microsoft.com/project"'
TASKS = "<Tasks><Task><UID>1</UID><ID>1</ID><Name>A</Name><OutlineLevel>1</OutlineLevel><Notes></Notes></Task></Tasks>"


def plan(
    inner: str = TASKS, head: str = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
) -> bytes:
    return f"{head}<Project {NS}>{inner}</Project>".encode()


FORMS = {
    "plain": plan(),
    "byte order mark": codecs.BOM_UTF8 + plan(),
    "no declaration": plan(head=""),
    "windows line ends": plan("\n<Name>x</Name>\n" + TASKS + "\n").replace(b"\n", b"\r\n"),
    "short empty elements": plan("<Company/>" + TASKS.replace("<Notes></Notes>", "<Notes/>")),
    "short ones with a space": plan("<Company />" + TASKS.replace("<Notes></Notes>", "<Notes />")),
    "a comment": plan("<!-- by <hand/> -->" + TASKS),
    "a line end at the end": plan() + b"\n",
    "text in CDATA": plan(TASKS.replace("<Name>A</Name>", "<Name><![CDATA[A & <B/>]]></Name>")),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_is_not_touched_comes_back_byte_by_byte(form: str) -> None:
    data = FORMS[form]
    doc = Mspdi("plan.xml", data)
    assert doc.to_bytes() == data
    doc.changed = True  # as after an edit elsewhere: written anew, and still the same
    if form in {
        "a comment",
        "text in CDATA",
    }:  # what looks like an empty element may be none: only canonically
        assert Mspdi("plan.xml", doc.to_bytes()).canonical() == doc.canonical()
    else:
        assert doc.to_bytes() == data


@pytest.mark.parametrize("data", FORMS.values(), ids=FORMS)
def test_an_edit_that_changes_nothing_leaves_the_bytes(data: bytes) -> None:
    opened = MspdiPlan("plan.xml", data)
    assert Edit(opened, 1, {"Name": opened.tasks[1].name, "Deadline": None, "Text3": None}).carry_out() == {}
    assert not opened.doc.changed
    assert opened.to_bytes() == data


def test_an_edit_leaves_the_rest_of_the_file_alone() -> None:
    for data in FORMS.values():
        opened = MspdiPlan("plan.xml", data)
        before = opened.doc.canonical()
        Edit(opened, 1, {"Name": "B"}).carry_out()
        Edit(opened, 1, {"Name": rows_of(Mspdi("plan.xml", data)).tasks[0].name}).carry_out()
        again = Mspdi("plan.xml", opened.to_bytes())
        if b"CDATA" not in data:
            assert again.canonical() == before


def test_utf_16_is_read_and_written_as_utf_8() -> None:
    data = (
        plan(head='<?xml version="1.0" encoding="UTF-16"?>')
        .decode()
        .replace(">A<", ">Zürich 网络<")
        .encode("utf-16")
    )
    opened = MspdiPlan("plan.xml", data)
    assert opened.tasks[1].name == "Zürich 网络"
    Edit(opened, 1, {"Priority": 600}).carry_out()
    again = rows_of(Mspdi("plan.xml", opened.to_bytes()))
    assert (again.tasks[0].name, again.tasks[0].priority) == ("Zürich 网络", 600)
    assert b"UTF-8" in opened.to_bytes()[:60]


LAUGHS = "<!DOCTYPE x [" + "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 9}">' for n in range(9)) + "]>"
HARM = {
    "external entity": ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', "<Name>&e;</Name>"),
    "billion laughs": (LAUGHS.replace("[", '[<!ENTITY a0 "ha">', 1), "<Name>&a9;</Name>"),
    "external dtd": ('<!DOCTYPE Project SYSTEM "http://192.0.2.1/x.dtd">', ""),
    "lower case": ("<!doctype Project>", ""),
}


@pytest.mark.parametrize(("head", "inner"), HARM.values(), ids=HARM)
def test_a_doctype_is_refused(head: str, inner: str) -> None:
    with pytest.raises(Unreadable) as refused:
        Mspdi("plan.xml", plan(inner, head=head))
    assert "plan.xml" in str(refused.value)


def test_a_doctype_in_utf_16_is_refused() -> None:
    text = plan(head='<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY e "x">]>').decode()
    with pytest.raises(Unreadable, match="DOCTYPE"):
        Mspdi("plan.xml", text.encode("utf-16"))


def test_an_encoding_that_could_hide_a_doctype_is_refused() -> None:
    with pytest.raises(Unreadable, match="encoding"):
        Mspdi("plan.xml", plan(head='<?xml version="1.0" encoding="UTF-7"?>'))


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(Unreadable):
        Mspdi("plan.xml", plan("<a>" * 5000 + "</a>" * 5000))


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.99])
def test_a_file_that_was_cut_short_is_refused(cut: float) -> None:
    data = plan()
    with pytest.raises(Unreadable, match="cut short"):
        Mspdi("plan.xml", data[: int(len(data) * cut)])


def test_a_file_of_another_root_is_refused() -> None:
    with pytest.raises(Unreadable, match="not a Microsoft Project plan"):
        Mspdi("plan.xml", b'<Other xmlns="http://schemas.microsoft.com/project"/>')


def test_nonsense_in_fields_is_read_as_nothing() -> None:
    said = "<Start>soon</Start><PercentComplete>many</PercentComplete><Duration>long</Duration><Priority>x</Priority>"
    task = rows_of(Mspdi("p", plan(TASKS.replace("<Notes></Notes>", said)))).tasks[0]
    assert (task.start, task.percent, task.duration, task.priority) == (None, 0, None, None)


TAGS = (
    "UID ID Name Active Manual IsNull WBS OutlineLevel Priority Start Finish Duration DurationFormat Work Milestone "
    "Summary PercentComplete ActualStart ActualFinish ActualDuration RemainingDuration Cost ConstraintType "
    "ConstraintDate CalendarUID Deadline TotalSlack GUID ExternalTask"
).split()
TEXTS = st.one_of(
    st.sampled_from(
        "-1 0 1 1e400 -1e400 nan inf 99999999999999999999 0001-01-01T00:00:00 9999-12-31T23:59:59 24:00 PT8H0M0S "
        "PT1e9H PT99999999999999999999H -PT8H P1Y 8 39 53 true false {00000000-0000-0000-0000-000000000000}".split()
    ),
    st.text(st.characters(exclude_categories=["C"]), max_size=12),
    st.datetimes().map(lambda at: at.isoformat()),
    st.integers().map(str),
)


@given(st.lists(st.dictionaries(st.sampled_from(TAGS), TEXTS), min_size=1, max_size=4))
def test_no_field_however_broken_makes_the_plan_unreadable(tasks: list[dict[str, str]]) -> None:
    inner = "".join(
        f"<Task><UID>{number}</UID>"
        + "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in task.items())
        + "</Task>"
        for number, task in enumerate(tasks, start=1)
    )
    opened = MspdiPlan("p", plan(f"<Tasks>{inner}</Tasks>"))
    for record in Records(opened.rows, "p"):
        json.dumps(dict(record.values), allow_nan=False)
    for uid in list(opened.tasks):
        values = {
            "PercentComplete": 40,
            "ActualStart": "2026-03-02",
            "Start": "2026-03-02",
            "Finish": "2026-03-05",
        }
        Edit(opened, uid, {**values, "Name": "x", "Work": 60, "Assignments": ["a@example.org"]}).carry_out()
    rows_of(Mspdi("p", opened.to_bytes()))


WHEN = "<TimePeriod><FromDate>{}</FromDate><ToDate>{}</ToDate></TimePeriod>"


@given(
    st.sampled_from(["1", "2", "3", "4", "5", "6", "7", "9", "x"]),
    st.sampled_from(["0001-01-01", "2026-01-01", "9999-12-31", "never"]),
    st.sampled_from(["2026-12-31", "9999-12-31", "0001-01-01"]),
    st.dictionaries(
        st.sampled_from(["Period", "Month", "MonthDay", "MonthItem", "MonthPosition", "DaysOfWeek"]), TEXTS
    ),
)
def test_no_calendar_exception_however_broken_hangs_or_breaks(
    kind: str, first: str, last: str, more: dict[str, str]
) -> None:
    said = "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in more.items())
    one = f"<Exception>{WHEN.format(first, last)}<Type>{kind}</Type>{said}</Exception>"
    calendar = (
        f"<Calendar><UID>1</UID><IsBaseCalendar>1</IsBaseCalendar><Exceptions>{one}</Exceptions></Calendar>"
    )
    rows = rows_of(Mspdi("p", plan(f"<Calendars>{calendar}</Calendars>{TASKS}")))
    assert len(rows.calendars[0].exceptions) <= 40_000
