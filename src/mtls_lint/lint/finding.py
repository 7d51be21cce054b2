"""Findings: what a rule says, and where."""

import shlex
from dataclasses import dataclass
from enum import Enum

from mtls_lint.syntax.source import Span


class Severity(Enum):
    """How bad it is; ``rank`` orders them."""

    ERROR = "error"
    """Clients get in who should not, clients who should are locked out, or nginx refuses to start."""
    WARNING = "warning"
    """A weakness that needs another condition."""
    INFO = "info"
    """Hygiene."""

    @property
    def rank(self) -> int:
        """3 for errors, 2 for warnings, 1 for info."""
        return {"error": 3, "warning": 2, "info": 1}[self.value]


class Confidence(Enum):
    """How sure the rule is."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that has part in a finding, with a label that says which part."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Witness:
    """The request that shows a finding.

    ``address`` is the local address of the socket (``*`` and ``[::]`` for all of them), ``sni`` the name
    sent in the TLS handshake (None for none), ``host`` the request's Host, ``outcome`` a word of
    ``decide``: what nginx answers.
    """

    tls: bool
    address: str
    port: int
    host: str
    uri: str = "/"
    method: str = "GET"
    sni: str | None = None
    outcome: str = "response"

    @property
    def curl(self) -> str:
        """The request as a curl command; ``--connect-to`` leads to the socket when it has its own address.

        Certificates are not verified by this command: it shows what the server does, not who it is.
        """
        scheme = "https" if self.tls else "http"
        usual = 443 if self.tls else 80
        authority = self.host if self.port == usual else f"{self.host}:{self.port}"
        words = ["curl", "-i"]
        if self.tls:
            words.append("-k")
        if self.method != "GET":
            words += ["-X", self.method]
        if self.address == "[::]":
            words.append("-6")  # the same name may be served otherwise over IPv4
        elif self.address != "*":
            words += ["--connect-to", f"::{self.address}:{self.port}"]
        words.append(f"{scheme}://{authority}{self.uri}")
        return " ".join(shlex.quote(word) for word in words)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule yields.

    ``message`` says in one sentence what was found, what was expected and what it leads to; ``remedy``
    says what to do. ``severity`` and ``confidence`` are those of the rule unless given. ``fatal`` marks
    that nginx itself refuses the configuration. ``path`` is the logical path
    (``http/server[api.example.com:443]``) that, with the rule and the directive's text, identifies the
    finding across edits; the runner derives it from the span where a rule leaves it empty.
    """

    message: str
    span: Span
    remedy: str
    related: tuple[Related, ...] = ()
    witness: Witness | None = None
    fatal: bool = False
    severity: Severity | None = None
    confidence: Confidence | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class Reported:
    """A finding as it leaves the runner: everything resolved, nothing to look up."""

    rule: str
    severity: Severity
    confidence: Confidence
    finding: Finding
    fingerprint: str
    controls: tuple[str, ...]
    suppressed: str | None = None

    @property
    def span(self) -> Span:
        """Where the finding stands."""
        return self.finding.span


@dataclass(frozen=True, slots=True)
class NotEvaluated:
    """Something a rule, or the whole run, could not decide, and the reason."""

    rule: str
    path: str
    line: int
    reason: str
