"""Findings: what a rule says, and where."""

import shlex
from collections.abc import Iterator
from enum import Enum

from msgspec import Struct

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


class Related(Struct, frozen=True):
    """Another place that has part in a finding, with a label that says which part."""

    span: Span
    message: str


class ClientCertificate(Struct, frozen=True):
    """The certificate that the client of a witness presents.

    ``ca`` is the CA file, as the configuration writes it, whose CA has issued it (the one called ``issuer``,
    where there are several); None where the client has made it itself: then it is self-signed, or signed by a
    CA of its own, called ``issuer``, that it does not send. ``subject`` and ``issuer`` are in the form of
    ``openssl req -subj``, ``serial`` in that of ``$ssl_client_serial`` (None: any). ``revoked`` says that the
    CA has revoked it, and ``intermediates`` how many certificates between it and the CA the client sends.
    """

    ca: str | None = None
    subject: str = "/CN=stranger"
    issuer: str | None = None
    serial: str | None = None
    revoked: bool = False
    intermediates: int = 0

    @property
    def file(self) -> str:
        """What the file with certificate and key is called in a command."""
        if self.ca is None:
            return "stranger.pem"
        stem = self.ca.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        below = f"-below-{self.intermediates}-intermediates" if self.intermediates else ""
        return f"{'revoked-' if self.revoked else ''}client-of-{stem}{below}.pem"

    @property
    def commands(self) -> tuple[str, ...]:
        """Shell commands (OpenSSL 3) that make the file; none where only the CA can."""
        if self.ca is not None:
            return ()
        plain = self.subject.isascii() and (self.issuer or "").isascii()
        make = f"openssl req -x509{'' if plain else ' -utf8'} -newkey rsa:2048 -nodes"
        serial = f" -set_serial 0x{self.serial}" if self.serial is not None else ""
        output = f"-subj {shlex.quote(self.subject)}{serial} -keyout {self.file} -out - >> {self.file}"
        if self.issuer is None:
            return (f"{make} {output}",)
        ca = f"{make} -subj {shlex.quote(self.issuer)} -keyout ca.key -out ca.pem"
        return (ca, f"{make} -CA ca.pem -CAkey ca.key {output}")


class Witness(Struct, frozen=True):
    """The request that shows a finding.

    ``address`` is the local address of the socket (``*`` and ``[::]`` for all of them), ``sni`` the name
    sent in the TLS handshake (None for none), ``host`` the request's Host, ``outcome`` a word of
    ``decide``: what nginx answers. ``certificate`` is what the client presents (None: nothing), ``headers``
    are further header lines.
    """

    tls: bool
    address: str
    port: int
    host: str
    uri: str = "/"
    method: str = "GET"
    sni: str | None = None
    outcome: str = "response"
    certificate: ClientCertificate | None = None
    headers: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """The request by curl."""
        return self.curl

    @property
    def curl(self) -> str:
        """The request as a curl command; ``--connect-to`` leads to the socket when it has its own address.

        Certificates are not verified by this command: it shows what the server does, not who it is. Commands
        that make a client's certificate stand before it.
        """
        words = ["curl", "-i"]
        if self.tls:
            words.append("-k")
        if self.certificate is not None:
            words += ["--cert", self.certificate.file]
        if self.method != "GET":
            words += ["-X", self.method]
        if self.address == "[::]":
            words.append("-6")  # the same name may be served otherwise over IPv4
        words += self._target()
        for header in self.headers:
            words += ["-H", header]
        return _after_making(self.certificate, shlex.join(words))

    def _target(self) -> list[str]:
        """The URL, and what leads to the socket.

        curl takes the SNI from the URL and sends none for an address; the Host is then a header of its own.
        """
        scheme, usual = ("https", 443) if self.tls else ("http", 80)
        told = self.sni if self.tls and self.sni is not None else self.host
        nameless = self.tls and self.sni is None
        if nameless:
            told = "127.0.0.1" if self.address in {"*", "[::]"} else self.address
            told = "[::1]" if self.address == "[::]" else told
        authority = told if self.port == usual else f"{told}:{self.port}"
        words = []
        if self.address not in {"*", "[::]"} and not nameless:
            words += ["--connect-to", f"::{self.address}:{self.port}"]
        words.append(f"{scheme}://{authority}{self.uri}")
        if told != self.host:
            words += ["-H", f"Host: {self.host}"]
        return words


class StreamWitness(Struct, frozen=True):
    """The TLS connection that shows a finding of stream, where there are no requests.

    The fields are those of ``Witness``. What the backend speaks is for whoever connects.
    """

    address: str
    port: int
    sni: str | None = None
    outcome: str = "response"
    certificate: ClientCertificate | None = None

    @property
    def command(self) -> str:
        """The connection by OpenSSL, which does not verify the server either unless it is told to."""
        host = {"*": self.sni or "127.0.0.1", "[::]": self.sni or "[::1]"}.get(self.address, self.address)
        words = ["openssl", "s_client", "-connect", f"{host}:{self.port}"]
        if self.address == "[::]":
            words.append("-6")
        words += ["-servername", self.sni] if self.sni is not None else ["-noservername"]
        if self.certificate is not None:
            words += ["-cert", self.certificate.file, "-key", self.certificate.file]
        return _after_making(self.certificate, shlex.join(words))


def _after_making(certificate: ClientCertificate | None, command: str) -> str:
    """The command, behind those that make the client's certificate."""
    made = certificate.commands if certificate is not None else ()
    return " && ".join((*made, command))


class Edit(Struct, frozen=True):
    """The text that takes the place of a span; an empty span is where it is put in."""

    span: Span
    text: str


class Fix(Struct, frozen=True):
    """A change after which the finding is gone.

    ``title`` says in the imperative what is done. ``safe`` fixes cannot alter who gets in, nor what clients
    and backends are sent; all others are for ``--unsafe-fixes``. ``lint/fixes.py`` makes the edits.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False


class Finding(Struct, frozen=True):
    """What a rule yields.

    ``message`` says in one sentence what was found, what was expected and what it leads to; ``remedy``
    says what to do. ``severity`` and ``confidence`` are those of the rule unless given. ``fatal`` marks
    that nginx itself refuses the configuration. ``path`` is the logical path
    (``http/server[api.example.com:443]``) that, with the rule and the directive's text, identifies the
    finding across edits; the runner derives it from the span where a rule leaves it empty. ``fix`` is the
    change that mends it, where there is one beyond doubt.
    """

    message: str
    span: Span
    remedy: str
    related: tuple[Related, ...] = ()
    witness: Witness | StreamWitness | None = None
    fatal: bool = False
    severity: Severity | None = None
    confidence: Confidence | None = None
    path: str = ""
    fix: Fix | None = None


class Suppression(Enum):
    """What hides a finding that stays in the report."""

    COMMENT = "comment"
    """An ignore in the configuration."""
    SETTINGS = "settings"
    """``per-path-ignores`` in the settings."""
    BASELINE = "baseline"
    """It was known before: an entry of the baseline."""


Findings = Iterator[Finding]
"""What the function of a rule yields."""


class Reported(Struct, frozen=True):
    """A finding as it leaves the runner: everything resolved, nothing to look up.

    ``suppressed`` is the reason why it is hidden and does not count, None for one that does; ``suppression``
    says by what.
    """

    rule: str
    severity: Severity
    confidence: Confidence
    finding: Finding
    fingerprint: str
    controls: tuple[str, ...]
    suppressed: str | None = None
    suppression: Suppression | None = None

    @property
    def span(self) -> Span:
        """Where the finding stands."""
        return self.finding.span


class BaselineEntry(Struct, frozen=True):
    """A finding that was known before; all but its fingerprint is for people.

    ``file`` counts from the baseline's directory.
    """

    fingerprint: str
    rule: str
    file: str
    message: str


class Compared(Struct, frozen=True):
    """How a run compares with a baseline: its file, how many findings it knows, and its stale entries."""

    path: str
    known: int
    stale: tuple[BaselineEntry, ...]


class NotEvaluated(Struct, frozen=True):
    """Something a rule, or the whole run, could not decide, and the reason."""

    rule: str
    path: str
    line: int
    reason: str
