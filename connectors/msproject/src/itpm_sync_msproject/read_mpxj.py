"""Reads a plan with MPXJ. Used inside the worker process only, after `jvm.start`.

In: the bytes of a file and its kind. Out: PlanRows, or None where MPXJ finds no plan; Java's exceptions pass through
and `trouble_of` says what they mean. The reader is chosen by kind: MPXJ's universal reader also tries databases and
archives, which a plan from outside has no business to be.
"""

from __future__ import annotations

import codecs
from typing import Any

from jpype import JArray, JByte, JClass, JException

from itpm_sync_msproject.answers import Trouble
from itpm_sync_msproject.java_calendars import calendars
from itpm_sync_msproject.java_tasks import custom_fields, task_rows
from itpm_sync_msproject.java_values import clock, guid, moment, text, whole
from itpm_sync_msproject.rows import FileKind, PlanRows, ProjectRow, ResourceRow, unique

_READERS = {
    FileKind.MPP: "org.mpxj.mpp.MPPReader",
    FileKind.MSPDI: "org.mpxj.mspdi.MSPDIReader",
    FileKind.MPX: "org.mpxj.mpx.MPXReader",
    FileKind.XER: "org.mpxj.primavera.PrimaveraXERFileReader",
}


def read(kind: FileKind, data: bytes) -> PlanRows | None:
    """Everything the other modules want to know of the plan."""
    if kind is not FileKind.MPP:
        data = data.removeprefix(codecs.BOM_UTF8)
    warnings: list[str] = []
    if kind is FileKind.XER:
        plan = _xer(data, warnings)
    elif kind is FileKind.MPX:
        plan = _mpx(data)
    else:
        reader = JClass(_READERS[kind])()
        if kind is FileKind.MPP:
            reader.setReadPresentationData(False)
        plan = reader.read(_stream(data))
    if plan is None:
        return None
    rows = _rows(kind, plan, warnings)
    text_only = kind in {FileKind.MPX, FileKind.XER}
    return None if text_only and not rows.tasks and not rows.resources else rows  # a torso is read as nothing


_FOREIGN = ("invalid file", "invalid format")


def trouble_of(error: Exception) -> Trouble:
    """What an exception of Java means for the person whose file it is."""
    cause: Any = error
    for _ in range(8):
        name, said = type(cause).__name__, str(cause).lower()
        if "outofmemory" in name.lower():
            return Trouble.MEMORY
        if "password" in said or "encrypted" in said:
            return Trouble.PASSWORD
        if name.endswith("MPXJException") and any(word in said for word in _FOREIGN):
            return Trouble.FOREIGN
        deeper = cause.getCause() if hasattr(cause, "getCause") else None
        if deeper is None:
            break
        cause = deeper
    return Trouble.DAMAGED


def _stream(data: bytes) -> Any:
    return JClass("java.io.ByteArrayInputStream")(JArray(JByte)(data))


def _xer(data: bytes, warnings: list[str]) -> Any:
    reader = JClass(_READERS[FileKind.XER])()
    reader.setCharset(_charset(data))
    names = {str(name) for name in reader.listProjects(_stream(data)).values()}
    if len(names) > 1:
        warnings.append(f"the file holds {len(names)} projects; the exported one is read")
    return reader.read(_stream(data))


def _charset(data: bytes) -> Any:
    """Primavera writes the Windows code page unless told otherwise; text that is UTF-8 throughout is that."""
    try:
        data.decode("utf-8")
        name = "UTF-8"
    except UnicodeDecodeError:
        name = "windows-1252"
    return JClass("java.nio.charset.Charset").forName(name)


def _mpx(data: bytes) -> Any:
    """MPX words depend on the language of the Project that wrote it, and nothing in the file names it."""
    reader = JClass(_READERS[FileKind.MPX])()
    english: Exception | None = None
    for locale in [None, *reader.getSupportedLocales()]:
        if locale is not None:
            reader.setLocale(locale)
        try:
            return reader.read(_stream(data))
        except JException as error:
            english = english or error
            if trouble_of(error) is Trouble.MEMORY:
                break
    assert english is not None
    raise english


def _rows(kind: FileKind, plan: Any, warnings: list[str]) -> PlanRows:
    project = _project(plan)
    customs = custom_fields(plan)
    tasks, doubles = unique(task_rows(plan, project, customs))
    warnings += doubles
    warnings += [f"MPXJ passed over: {error.getMessage()}"[:300] for error in plan.getIgnoredErrors()]
    return PlanRows(
        kind=kind,
        project=project,
        calendars=calendars(plan),
        resources=tuple(_resource(one) for one in plan.getResources() if _is_resource(one)),
        tasks=tasks,
        aliases=tuple(sorted((name, alias) for name, alias, _ in customs if alias)),
        warnings=tuple(warnings),
    )


def _is_resource(resource: Any) -> bool:
    return not resource.getNull() and resource.getUniqueID() is not None and bool(text(resource.getName()))


def _resource(resource: Any) -> ResourceRow:
    return ResourceRow(
        uid=int(resource.getUniqueID()),
        name=text(resource.getName()),
        mail=text(resource.getEmailAddress()) or None,
        kind=str(resource.getType().name()).lower() if resource.getType() is not None else "work",
        guid=guid(resource.getGUID()),
        id=whole(resource.getID()),
    )


def _project(plan: Any) -> ProjectRow:
    said = plan.getProjectProperties()
    default = ProjectRow()
    return ProjectRow(
        title=text(said.getProjectTitle()),
        name=text(said.getName()),
        manager=text(said.getManager()),
        author=text(said.getAuthor()),
        company=text(said.getCompany()),
        guid=guid(said.getGUID()),
        status_date=moment(said.getStatusDate()),
        start=moment(said.getStartDate()),
        finish=moment(said.getFinishDate()),
        currency=text(said.getCurrencyCode()),
        currency_symbol=text(said.getCurrencySymbol()),
        minutes_per_day=whole(said.getMinutesPerDay()) or default.minutes_per_day,
        minutes_per_week=whole(said.getMinutesPerWeek()) or default.minutes_per_week,
        days_per_month=whole(said.getDaysPerMonth()) or default.days_per_month,
        default_start=clock(said.getDefaultStartTime(), default.default_start),
        default_finish=clock(said.getDefaultEndTime(), default.default_finish),
        calendar=whole(said.getDefaultCalendarUniqueID()),
        from_start=said.getScheduleFrom() is None or str(said.getScheduleFrom().name()) == "START",
        last_saved=moment(said.getLastSaved()),
        revision=whole(said.getRevision()),
    )
