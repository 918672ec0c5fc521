"""Which reader a file wants, and what is said to the owner of one that none reads."""

from __future__ import annotations

import pytest

from itpm_sync.errors import Unreadable
from itpm_sync_msproject.rows import FileKind
from itpm_sync_msproject.sniff import OLE, kind_of, sniff

PROJECT = b'<Project xmlns="http://schemas.microsoft.com/project">'


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (OLE + b"\0" * 500, FileKind.MPP),
        (b"MPX,Microsoft Project for Windows,4.0,ANSI\r\n", FileKind.MPX),
        (b"MPX;Microsoft Project;4.0;ANSI", FileKind.MPX),
        (b"ERMHDR\t23.12\t2025-04-24", FileKind.XER),
        (b"\xef\xbb\xbfERMHDR\t23.12", FileKind.XER),
        (b'<?xml version="1.0"?>' + PROJECT, FileKind.MSPDI),
        (b"\xef\xbb\xbf \n<?xml version='1.0'?><!-- by hand -->\n" + PROJECT, FileKind.MSPDI),
        (('<?xml version="1.0" encoding="UTF-16"?>' + PROJECT.decode()).encode("utf-16"), FileKind.MSPDI),
        (b'<p:Project xmlns:p="http://schemas.microsoft.com/project">', FileKind.MSPDI),
        (b"<Project><Name/></Project>", None),
        (b"MPXA is no delimiter", None),
        (b"PK\x03\x04", None),
        (b"", None),
    ],
)
def test_the_first_bytes_tell_the_kind(head: bytes, kind: FileKind | None) -> None:
    assert kind_of(head) is kind


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04....", "ZIP archive or a newer Office document"),
        (b"%PDF-1.7", "a PDF"),
        (b"<!DOCTYPE html><html><body>Sign in", "sign-in page"),
        (b"<?xml version='1.0'?><APIBusinessObjects/>", "root is <APIBusinessObjects>"),
        (b"\x00\x01\x02\x03", "no format that this connector reads"),
    ],
)
def test_a_foreign_file_is_refused_with_the_reason_and_the_mend(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        sniff("site/plan.mpp", data, limit=1000)
    assert reason in str(refused.value)
    assert "site/plan.mpp" in str(refused.value)
    assert refused.value.mend


def test_a_file_beyond_the_limit_is_refused() -> None:
    with pytest.raises(Unreadable, match="max_megabytes"):
        sniff("plan.xml", PROJECT, limit=10)
