"""The question (connection, request, client) and the answer (a decision) of ``decide``."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import Protocol

from msgspec import Struct

from mtls_lint.nginx.material import TrustFile
from mtls_lint.nginx.model import Location, VirtualServer
from mtls_lint.syntax.source import Span
from mtls_lint.syntax.tree import Directive, Unknown


class Outcome(Enum):
    """What nginx answers, in the words of the contract."""

    REFUSED = "refused"
    """Nobody listens."""
    HANDSHAKE_FAILED = "handshake-failed"
    """No TLS connection comes about; TLS spoken to a plain socket too."""
    PLAIN_TO_HTTPS = "plain-to-https"
    """Plain HTTP on a TLS socket: 400 (497)."""
    NO_CERTIFICATE = "no-certificate"
    """400 (496)."""
    CERTIFICATE_ERROR = "certificate-error"
    """400 (495)."""
    MISDIRECTED = "misdirected"
    """421."""
    RESPONSE = "response"
    """The configuration's own answer: a location, a ``return``, an error page's target, a backend."""


class Answer(Enum):
    """What a response gives to the client."""

    REDIRECT = "redirect"
    REFUSAL = "refusal"
    """A 4xx or 5xx status, or the connection closed (444)."""
    FIXED = "fixed"
    """A text that the configuration itself holds, or nginx's own status page."""
    CONTENT = "content"
    """Files or a backend."""


class Connection(Struct, frozen=True):
    """A TCP connection to ``address:port``; ``tls`` is ``1.2`` or ``1.3``, None for plain.

    With ``starttls`` a mail client begins in plain and changes to TLS by its protocol's command.
    """

    address: str
    port: int
    tls: str | None = None
    sni: str | None = None
    starttls: bool = False


class Fault(Enum):
    """What is wrong with the head of a request, in the order in which nginx comes upon it.

    All of it is answered before the certificate is looked at (docs/evidence.md: request). Of the headers the
    Host is taken to be the first.
    """

    LINE = "a request line that is not understood"
    VERSION = "a version of HTTP that nginx does not speak"
    LONG_LINE = "a request line that is too long"
    HEADER = "a header line that is not understood, or a second Host"
    LONG_HEADER = "a header line that is too long"
    NO_HOST = "HTTP/1.1 without a Host"
    ENCODING = "a Transfer-Encoding that nginx does not know"

    @property
    def code(self) -> int:
        """The code of nginx for it, which ``error_page`` goes by (494 is shown as 400)."""
        return _FAULT_CODES.get(self, 400)

    @property
    def in_line(self) -> bool:
        """Whether it is found before any header is read."""
        return self in {Fault.LINE, Fault.VERSION, Fault.LONG_LINE}

    @property
    def in_headers(self) -> bool:
        """Whether it is found while the headers are read."""
        return self in {Fault.HEADER, Fault.LONG_HEADER}


_FAULT_CODES = {Fault.VERSION: 505, Fault.LONG_LINE: 414, Fault.LONG_HEADER: 494, Fault.ENCODING: 501}


class Request(Struct, frozen=True):
    """An HTTP request.

    ``host`` None means HTTP/1.0 without a Host; ``uri`` is the target as sent, a path or absolute
    (``http://name/path``, whose name wins over ``host``), for CONNECT ``name:port``. ``headers`` are further
    headers that nginx understands, by name and value.
    """

    host: str | None
    uri: str = "/"
    method: str = "GET"
    fault: Fault | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Verdict(Struct, frozen=True):
    """What the chain check says: ``ok``, or OpenSSL's error.

    ``soft`` marks the errors that ``optional_no_ca`` lets pass. ``unknown`` is the reason when the check
    could not be done (a CA file that is absent).
    """

    ok: bool
    text: str = ""
    explanation: str = ""
    soft: bool = False
    unknown: str | None = None


class Client(Protocol):
    """Who connects: a client with a certificate chain, real or a class of chains."""

    def verify(self, server: VirtualServer, trust: tuple[TrustFile, ...], now: datetime) -> Verdict:
        """The verdict of the chain check with the trust, depth and CRL of ``server``."""
        ...

    def variables(self) -> Mapping[str, str | Unknown]:
        """The values of ``$ssl_client_s_dn`` and its kin, without ``$``."""
        ...


class Step(Struct, frozen=True):
    """One step of the way, and where the configuration decides it."""

    what: str
    span: Span | None = None


class Condition(Struct, frozen=True):
    """An ``if`` that was evaluated on the way, and whether it held."""

    directive: Directive
    held: bool

    @property
    def step(self) -> Step:
        """What the story says of it."""
        words = " ".join(str(word) for word in self.directive.args)
        return Step(f"if {words} {'holds' if self.held else 'does not hold'}", self.directive.span)


class PassedBy(Struct, frozen=True):
    """``if`` directives of ``row``, from ``start`` to ``end``, that were evaluated and did not hold."""

    row: tuple[Directive, ...]
    start: int
    end: int

    @property
    def conditions(self) -> Iterator[Condition]:
        """Each by itself."""
        return (Condition(directive, held=False) for directive in self.row[self.start : self.end])


class Decision(Struct, frozen=True):
    """What nginx answers, and why.

    ``status`` is None when a backend or a file decides it. ``tls_server`` is the server whose handshake
    settings count, ``server`` the one that answers. ``client_verify`` is ``$ssl_client_verify`` (empty on a
    plain connection). ``uncertain`` lists what could not be decided: the rest then holds only if that does.
    """

    outcome: Outcome
    status: int | None = None
    answer: Answer | None = None
    client_verify: str = ""
    tls_server: VirtualServer | None = None
    server: VirtualServer | None = None
    location: Location | None = None
    by: Span | None = None
    """The directive that gives the answer: the ``return``, the ``proxy_pass`` ..."""
    backend: str | None = None
    """What a stream server passes the connection to, its variables replaced; None where it does not."""
    error_page: Directive | None = None
    """The ``error_page`` that took over, where one did, for the error ``error``."""
    error: int | None = None
    uncertain: tuple[str, ...] = ()
    way: tuple[Step | Condition | PassedBy, ...] = ()
    """The steps; an ``if`` is one."""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The ``if`` directives that were evaluated."""
        return tuple(one for one in _each(self.way) if isinstance(one, Condition))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The way in words."""
        return tuple(one.step if isinstance(one, Condition) else one for one in _each(self.way))

    @property
    def lets_in(self) -> bool:
        """Whether the client gets content: files or a backend."""
        return self.outcome is Outcome.RESPONSE and self.answer is Answer.CONTENT


def _each(way: tuple[Step | Condition | PassedBy, ...]) -> Iterator[Step | Condition]:
    for one in way:
        if isinstance(one, PassedBy):
            yield from one.conditions
        else:
            yield one


class Story(Struct):
    """The steps and doubts of a decision while it is made."""

    way: list[Step | Condition | PassedBy] = []
    uncertain: dict[str, None] = {}

    @property
    def place(self) -> Span | None:
        """Where the configuration decides the last step."""
        last = self.way[-1]
        return last.span if isinstance(last, Step) else None

    def say(self, what: str, span: Span | None = None) -> None:
        """Add a step."""
        self.way.append(Step(what, span))

    def judge(self, directive: Directive, *, held: bool) -> None:
        """Add an ``if`` that was evaluated."""
        self.way.append(Condition(directive, held))

    def pass_by(self, row: tuple[Directive, ...], start: int, end: int) -> None:
        """Add those of a row that were evaluated and did not hold: a server may have thousands."""
        if start < end:
            self.way.append(PassedBy(row, start, end))

    def doubt(self, reason: str) -> None:
        """Add something that could not be decided, once."""
        self.uncertain.setdefault(reason)
