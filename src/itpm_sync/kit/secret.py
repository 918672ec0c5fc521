"""Secrets and references to secrets.

In: a setting such as `env:JIRA_TOKEN`. Out: a `SecretRef` that can be shown, and a `Secret` that cannot. A secret
written out in a configuration file is refused, and the refusal does not repeat it.
"""

from __future__ import annotations

import base64
import hmac
import html
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn
from urllib.parse import quote, quote_plus

from itpm_sync.errors import Misconfigured
from itpm_sync.ports import Files

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

MASK: Final = "***"
_SHORTEST_SCRUBBED: Final = 4  # shorter texts would blank out half of any message
_LONG_LINE: Final = 16
"""Characters from which a line of a secret of several lines (a certificate's key) is a secret by itself."""
_ON_THE_WIRE: Final = re.compile(r"[\x21-\x7e]+")
_AUTHORIZATION: Final = re.compile(r"(?i)\b(basic|bearer)(\s+|%20)([A-Za-z0-9._~+/=-]{8,})")


class Secret:
    """A text that never shows itself: str, repr, format and comparison give nothing away; pickling is refused."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; call it only where it is put on the wire."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self._text), _bytes(other._text))

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")


class SecretKind(Enum):
    """Where a secret is kept."""

    ENV = "env"
    FILE = "file"
    KEYVAULT = "keyvault"


_REFERENCE: Final = re.compile(r"(env|file|keyvault):(\S(?:.*\S)?)")
_ENV_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VAULT_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,127}")
_MEND: Final = "Write env:NAME (an environment variable) or file:PATH and keep the secret there."


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where to find a secret: `env:NAME`, `file:PATH` or `keyvault:NAME`. Its text may be shown and stored."""

    kind: SecretKind
    name: str

    @classmethod
    def parse(cls, text: str) -> SecretRef:
        """Read a reference. Raises ValueError, without the text in it, for anything else."""
        match = _REFERENCE.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"a secret must not stand in the configuration itself. {_MEND}")
        kind, name = SecretKind(match[1]), match[2]
        if kind is SecretKind.ENV and not _ENV_NAME.fullmatch(name):
            raise ValueError(
                "after env: comes the name of an environment variable (letters, digits, underscores)."
            )
        if kind is SecretKind.KEYVAULT and not _VAULT_NAME.fullmatch(name):
            raise ValueError(
                "after keyvault: comes the name of a Key Vault secret (letters, digits, hyphens)."
            )
        return cls(kind, name)

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.name}"

    def resolve(
        self,
        environ: Mapping[str, str],
        files: Files,
        *,
        folder: Path | None = None,
        vault: Callable[[str], str] | None = None,
    ) -> Secret:
        """Fetch the secret; a relative path is taken from `folder`. Raises Misconfigured, naming the reference only.

        Leading and trailing line ends of a file are not part of the secret.
        """
        text = self._text(environ, files, folder, vault)
        if not text:
            raise Misconfigured(f"The secret {self} is empty.", mend="Put the token there and run again.")
        return Secret(text)

    def _text(
        self,
        environ: Mapping[str, str],
        files: Files,
        folder: Path | None,
        vault: Callable[[str], str] | None,
    ) -> str:
        if self.kind is SecretKind.ENV:
            if self.name not in environ:
                raise Misconfigured(
                    f"The environment variable {self.name} is not set.",
                    mend=f"Set {self.name} before running itpm-sync, or point the setting elsewhere (file:PATH).",
                )
            return environ[self.name]
        if self.kind is SecretKind.FILE:
            path = (folder / self.name) if folder else Path(self.name)
            try:
                return files.read(path).decode("utf-8-sig").strip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                raise Misconfigured(
                    f"The secret {self} cannot be read ({type(error).__name__}).",
                    mend="Check the path and its permissions; the file holds the token and nothing else.",
                ) from None
        if vault is None:
            raise Misconfigured(
                f"The secret {self} cannot be used: keyvault: is not fetched yet.",
                mend="Let Azure hand it over as an environment variable and write env:NAME.",
            )
        return vault(self.name)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """As a field of a pydantic model: taken from its text, dumped as its text.

        pydantic's own errors quote the input: such a model sets `hide_input_in_errors=True`.
        """
        from pydantic_core import core_schema

        text = core_schema.no_info_after_validator_function(
            cls.parse, core_schema.str_schema(max_length=1024)
        )
        return core_schema.json_or_python_schema(
            json_schema=text,
            python_schema=core_schema.union_schema(
                [core_schema.is_instance_schema(cls), text], mode="left_to_right"
            ),
            serialization=core_schema.to_string_ser_schema(),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {
            "type": "string",
            "pattern": "^(env|file|keyvault):.+$",
            "description": "Where the secret is kept: env:NAME or file:PATH (keyvault:NAME is not fetched yet). "
            "Never the secret itself.",
        }


def on_the_wire(secret: Secret, whose: str) -> str:
    """The text of a token that goes into a header. Raises Misconfigured, without it, where no header could hold it.

    A library that met such a token would quote it in its own error.
    """
    text = secret.reveal()
    if not _ON_THE_WIRE.fullmatch(text):
        raise Misconfigured(
            f"The token of {whose} holds a space, a line end or a character that no token has.",
            mend="Copy it anew, whole and alone, to where it is kept.",
        )
    return text


def scrub_json(value: Any, secrets: Iterable[Secret]) -> Any:
    """JSON with every secret blanked out of its texts and names, however deep."""
    known = list(secrets)
    if isinstance(value, str):
        return scrub(value, known)
    if isinstance(value, dict):
        return {scrub_json(name, known): scrub_json(each, known) for name, each in value.items()}
    return [scrub_json(each, known) for each in value] if isinstance(value, list) else value


def scrub(text: str, secrets: Iterable[Secret]) -> str:
    """`text` with every secret blanked out, also quoted, escaped or in base 64, and every Authorization value.

    The second line of defence, for texts that others wrote (a vendor's answer, a library's exception).
    """
    for form in sorted(
        {form for secret in secrets for form in _forms(secret.reveal())}, key=len, reverse=True
    ):
        text = text.replace(form, MASK)
    return _AUTHORIZATION.sub(lambda match: f"{match[1]}{match[2]}{MASK}", text)


def _forms(secret: str) -> Iterable[str]:
    """The secret, and each long line of it, as others may have written it."""
    lines = secret.splitlines()
    pieces = [secret, *(line for line in lines if len(lines) > 1 and len(line) >= _LONG_LINE)]
    for piece in pieces:
        if len(piece) < _SHORTEST_SCRUBBED:
            continue
        yield piece
        yield quote(piece, safe="")
        yield quote(piece)
        yield quote_plus(piece)
        yield html.escape(piece)
        yield json.dumps(piece)[1:-1]
        yield json.dumps(piece, ensure_ascii=False)[1:-1]
        yield repr(piece)[1:-1]
        yield from _base64(_bytes(piece))


def _base64(piece: bytes) -> Iterable[str]:
    """In base 64, also inside of a longer text (`mail:token`): the characters that its neighbours do not touch."""
    for coded in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            text = coded(b"\0" * before + piece).decode("ascii")
            whole = text[(0, 2, 3)[before] : len(text) - (4 if (before + len(piece)) % 3 else 0)]
            if len(whole) >= 2 * _SHORTEST_SCRUBBED:
                yield whole
        yield coded(piece).decode("ascii")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
