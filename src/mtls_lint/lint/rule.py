"""What a rule is, and the decorator that declares one."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar, get_type_hints

from msgspec import Struct

from mtls_lint.lint.context import Context
from mtls_lint.lint.documentation import Documentation
from mtls_lint.lint.finding import Confidence, Finding, Severity
from mtls_lint.lint.ignore import Ignore
from mtls_lint.nginx.material import KeyPair, ServerCertificate, TrustFile
from mtls_lint.nginx.model import Configuration, Location, Socket, VirtualServer
from mtls_lint.nginx.upstream_certificates import UpstreamCertificate
from mtls_lint.syntax.tree import Directive

Subject = TypeVar(
    "Subject",
    Configuration,
    VirtualServer,
    Location,
    Socket,
    Directive,
    ServerCertificate,
    UpstreamCertificate,
    KeyPair,
    TrustFile,
    Ignore,
)

SUBJECTS: tuple[type, ...] = (
    Configuration,
    VirtualServer,
    Location,
    Socket,
    Directive,
    ServerCertificate,
    UpstreamCertificate,
    KeyPair,
    TrustFile,
    Ignore,
)
"""What a rule can visit: the type of its first parameter."""


class RuleError(Exception):
    """A rule or a pack is not usable; the message names the file and what is wrong."""


class Declaration(Struct, frozen=True):
    """A decorated function: everything the decorator knows, before the loader adds where it stands."""

    function: Callable[[Any, Context], Iterator[Finding]]
    subject: type
    id: str
    severity: Severity
    confidence: Confidence
    since: str
    controls: tuple[str, ...]
    directives: tuple[str, ...]


class Rule(Struct, frozen=True):
    """A loaded rule. ``id`` carries the pack's name in front unless the pack is the built-in one."""

    id: str
    family: str
    pack: str
    file: str
    declaration: Declaration
    documentation: Documentation

    @property
    def severity(self) -> Severity:
        """How bad its findings are unless they say otherwise."""
        return self.declaration.severity

    @property
    def confidence(self) -> Confidence:
        """How sure its findings are unless they say otherwise."""
        return self.declaration.confidence

    @property
    def title(self) -> str:
        """The first line of its page."""
        return self.documentation.title


_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def rule(
    *,
    id: str,  # noqa: A002 - the word the contracts use
    severity: Severity,
    since: str,
    confidence: Confidence = Confidence.CERTAIN,
    controls: Iterable[str] = (),
    directives: Iterable[str] = (),
) -> Callable[[Callable[[Subject, Context], Iterator[Finding]]], Declaration]:
    """Declare a rule.

    The type of the function's first parameter says what it visits, once for each: the Configuration, a
    VirtualServer (http, stream and mail), a Location, a Socket, a Directive (only those named in
    ``directives``, or all), a ServerCertificate (a pair of files, however many servers share it), an
    UpstreamCertificate (a pair that nginx presents to backends), a KeyPair (both of these), a TrustFile (a
    CA file) or an Ignore (a comment; visited when all other rules have run). ``since`` is the version of
    this tool (of the pack) that first had the rule; ``controls`` are clauses of standards, confirmed ones
    only, that do not hold where it finds something.

    Raises RuleError when the declaration is not usable.
    """

    def declare(function: Callable[[Subject, Context], Iterator[Finding]]) -> Declaration:
        if not _ID.fullmatch(id):
            raise RuleError(f"rule id {id!r} is not kebab-case (lower-case words joined by '-')")
        hints = [hint for name, hint in get_type_hints(function).items() if name != "return"]
        if len(hints) != 2 or hints[0] not in SUBJECTS or hints[1] is not Context:
            visits = ", ".join(kind.__name__ for kind in SUBJECTS)
            raise RuleError(f"rule {id}: the function takes one of {visits}, then a Context")
        return Declaration(
            function, hints[0], id, severity, confidence, since, tuple(controls), tuple(directives)
        )

    return declare
