"""``server_name``: what each form means to nginx."""

import ipaddress
import re
from enum import Enum

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.pki.identity import to_ascii
from mtls_lint.syntax.source import Span, TemplatedToken
from mtls_lint.syntax.tree import Directive


class NameKind(Enum):
    """The forms of a server name (docs/evidence.md: names)."""

    EXACT = "exact"
    LEADING_WILDCARD = "leading wildcard"
    """``*.example.com``: any number of labels in front."""
    DOTTED = "dotted"
    """``.example.com``: the name itself and everything below it."""
    TRAILING_WILDCARD = "trailing wildcard"
    """``mail.*``."""
    REGEX = "regex"
    EMPTY = "empty"
    """``""``: requests without a Host."""
    PLACEHOLDER = "placeholder"
    """``_`` and other names no client can ask for: used to mean "none in particular"."""
    VARIABLE = "variable"
    """``$hostname``: known only on the machine itself."""


_CONCRETE = (NameKind.EXACT, NameKind.LEADING_WILDCARD, NameKind.DOTTED)


class ServerName(Struct, frozen=True):
    """One word of ``server_name``; ``text`` is lower-cased as nginx does, a regular expression is not."""

    kind: NameKind
    text: str
    directive: Directive
    index: int

    @property
    def span(self) -> Span:
        """Where the name stands."""
        return self.directive.arg_span(self.index)

    @property
    def is_concrete(self) -> bool:
        """Whether clients can ask for it by a name that can stand in a certificate."""
        if isinstance(self.directive.args[self.index], TemplatedToken):
            return False
        return self.kind in _CONCRETE

    @property
    def meant(self) -> tuple[str, ...]:
        """The names clients ask for, where they never ask for the one that is written; () where they may.

        nginx compares with what clients send: A-labels, IPv6 addresses in brackets, neither a port nor a
        final dot nor anything of a URL (docs/evidence.md: names).
        """
        if _PLAIN.fullmatch(self.text) or not self.is_concrete:
            return ()
        parts = [_as_asked(part) for part in self.text.split(",") if part]
        named = tuple(part for part in parts if part is not None)
        return () if len(named) < len(parts) or named == (self.text,) else named

    def __str__(self) -> str:
        return self.text or '""'


_PLAIN = expression(r"(?:\*?\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.ASCII)
"""What clients may ask for as it is written: nothing is there to be taken away."""

_URL_AROUND = expression(r"^[a-z]+://|/.*$")
_PORT = expression(r"(?<=[^:]):\d+$")
_HOST = expression(r"(\*?\.)?[\w-]+(\.[\w-]+)+", re.ASCII)


def _as_asked(written: str) -> str | None:
    """The name without what clients never send; None where no name of more than one label is left."""
    bare = _URL_AROUND.sub("", written)
    try:
        return f"[{ipaddress.IPv6Address(bare)}]"
    except ValueError:
        pass
    if bare.startswith("["):
        return written
    front = bare[: len(bare) - len(bare.lstrip("*."))]
    name = to_ascii(_PORT.sub("", bare).removeprefix(front))
    return front + name if name is not None and _HOST.fullmatch(front + name) else None


def parse_names(directives: tuple[Directive, ...]) -> tuple[ServerName, ...]:
    """The names of all ``server_name`` directives of a server, in order (they add up)."""
    return tuple(
        _parse(str(word), directive, index)
        for directive in directives
        for index, word in enumerate(directive.args)
    )


def _parse(word: str, directive: Directive, index: int) -> ServerName:
    if word.startswith("~"):
        return ServerName(NameKind.REGEX, word, directive, index)
    text = word if isinstance(directive.args[index], TemplatedToken) else word.lower()
    if not text:
        kind = NameKind.EMPTY
    elif "$" in text:
        kind = NameKind.VARIABLE
    elif text.startswith("*."):
        kind = NameKind.LEADING_WILDCARD
    elif text.startswith("."):
        kind = NameKind.DOTTED
    elif text.endswith(".*"):
        kind = NameKind.TRAILING_WILDCARD
    elif not any(char.isalnum() for char in text):
        kind = NameKind.PLACEHOLDER
    else:
        kind = NameKind.EXACT
    return ServerName(kind, text, directive, index)
