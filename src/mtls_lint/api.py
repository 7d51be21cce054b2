"""What a rule file imports: everything a rule needs, and nothing else of this package."""

from collections.abc import Iterator

from mtls_lint.lint.context import Context
from mtls_lint.lint.finding import Confidence, Finding, Related, Severity, Witness
from mtls_lint.lint.rule import rule
from mtls_lint.nginx.inheritance import Origin, Setting
from mtls_lint.nginx.listen import Listen, SocketKey
from mtls_lint.nginx.material import FileReference, ServerCertificate, TrustFile
from mtls_lint.nginx.model import Configuration, Location, Socket, VirtualServer
from mtls_lint.nginx.names import NameKind, ServerName
from mtls_lint.syntax.source import Span
from mtls_lint.syntax.tree import Directive, Problem, ProblemKind, Unknown

Findings = Iterator[Finding]

__all__ = [
    "Confidence",
    "Configuration",
    "Context",
    "Directive",
    "FileReference",
    "Finding",
    "Findings",
    "Listen",
    "Location",
    "NameKind",
    "Origin",
    "Problem",
    "ProblemKind",
    "Related",
    "ServerCertificate",
    "ServerName",
    "Setting",
    "Severity",
    "Socket",
    "SocketKey",
    "Span",
    "TrustFile",
    "Unknown",
    "VirtualServer",
    "Witness",
    "rule",
]
