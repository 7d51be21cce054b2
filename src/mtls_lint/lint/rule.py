"""What a rule is, and the decorator that declares one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.lint.finding import Confidence, Finding, Severity

if TYPE_CHECKING:
    from mtls_lint.lint.context import Context
    from mtls_lint.lint.documentation import Documentation
    from mtls_lint.lint.ignore import Ignore
    from mtls_lint.nginx.material import KeyPair, ServerCertificate, TrustFile
    from mtls_lint.nginx.model import Configuration, Location, Socket, VirtualServer
    from mtls_lint.nginx.upstream_certificates import UpstreamCertificate
    from mtls_lint.syntax.tree import Directive

Subject = TypeVar(
    "Subject",
    "Configuration",
    "VirtualServer",
    "Location",
    "Socket",
    "Directive",
    "ServerCertificate",
    "UpstreamCertificate",
    "KeyPair",
    "TrustFile",
    "Ignore",
)

# Before Python 3.12 the names are wrapped in a ForwardRef each.
SUBJECTS = tuple(getattr(kind, "__forward_arg__", kind) for kind in Subject.__constraints__)
"""What a rule can visit: the name of its first parameter's type. A run imports the types it needs."""


RULE_ID = expression(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""Lower-case words joined by ``-``."""


class RuleError(Exception):
    """A rule or a pack is not usable; the message names the file and what is wrong."""


class Declaration(Struct, frozen=True, omit_defaults=True):
    """Everything that the decorator knows of a rule but its function."""

    id: str
    subject: str
    severity: Severity
    confidence: Confidence
    since: str
    controls: tuple[str, ...] = ()
    directives: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    profiled: bool = False


class Declared(Struct, frozen=True):
    """A decorated function, before the loader adds where it stands."""

    declaration: Declaration
    function: "Callable[[Any, Context], Iterator[Finding]]"


class Loaded(Struct, frozen=True):
    """What the file of a rule holds: its function, and its page as it is written."""

    function: "Callable[[Any, Context], Iterator[Finding]]"
    page: str | None


class Rule(Struct, frozen=True, eq=False, dict=True):
    """A rule of a pack. ``id`` carries the pack's name in front unless the pack is the built-in one.

    The file is loaded when the function or the page is asked for: a rule that has nothing to visit is not.
    """

    id: str
    family: str
    pack: str
    file: str
    declaration: Declaration
    load: Callable[[], Loaded]

    @cached_property
    def loaded(self) -> Loaded:
        """What the file holds. Raises RuleError where it cannot be loaded."""
        return self.load()

    @property
    def function(self) -> "Callable[[Any, Context], Iterator[Finding]]":
        """What looks at each subject."""
        return self.loaded.function

    @cached_property
    def documentation(self) -> "Documentation":
        """The rule's page. Raises DocumentationError where a part is missing."""
        from mtls_lint.lint.documentation import parse_documentation  # noqa: PLC0415 - for its pages alone

        return parse_documentation(self.loaded.page)

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


def rule(
    *,
    id: str,  # noqa: A002 - the word the contracts use
    severity: Severity,
    since: str,
    confidence: Confidence = Confidence.CERTAIN,
    controls: Iterable[str] = (),
    directives: Iterable[str] = (),
    needs: Iterable[str] = (),
    profiled: bool = False,
) -> "Callable[[Callable[[Subject, Context], Iterator[Finding]]], Declared]":
    """Declare a rule.

    The type of the function's first parameter says what it visits, once for each: the Configuration, a
    VirtualServer (http, stream and mail), a Location, a Socket, a Directive (only those named in
    ``directives``, or all), a ServerCertificate (a pair of files, however many servers share it), an
    UpstreamCertificate (a pair that nginx presents to backends), a KeyPair (both of these), a TrustFile (a
    CA file) or an Ignore (a comment; visited when all other rules have run).

    ``needs`` names directives: where a configuration that was read in full has none of them, the rule has
    nothing to say, and is not even loaded. A fragment is read in full, too: what may stand around it is not
    looked for, and the blocks that it belongs in count as there. A ``profiled`` rule is left out as well,
    unless ``--profile`` asks for something. ``since`` is the version of this tool (of the pack) that first
    had the rule; ``controls`` are clauses of standards, confirmed ones only, that do not hold where it finds
    something.

    Raises RuleError when the declaration is not usable.
    """

    def declare(function: "Callable[[Subject, Context], Iterator[Finding]]") -> Declared:
        if not RULE_ID.fullmatch(id):
            raise RuleError(f"rule id {id!r} is not kebab-case (lower-case words joined by '-')")
        types = function.__globals__
        hints = [
            _type_name(hint, types) for name, hint in function.__annotations__.items() if name != "return"
        ]
        if len(hints) != 2 or hints[0] not in SUBJECTS or hints[1] != "Context":
            raise RuleError(f"rule {id}: the function takes one of {', '.join(SUBJECTS)}, then a Context")
        declaration = Declaration(
            id,
            hints[0],
            severity,
            confidence,
            since,
            tuple(controls),
            tuple(directives),
            tuple(needs),
            profiled,
        )
        return Declared(declaration, function)

    return declare


def _type_name(hint: object, types: Mapping[str, object]) -> str:
    """The name of a type of ours that an annotation means, by itself or in quotes; empty for others."""
    meant = types.get(hint) if isinstance(hint, str) else hint
    ours = getattr(meant, "__module__", "").partition(".")[0] == "mtls_lint"
    return getattr(meant, "__name__", "") if ours else ""
