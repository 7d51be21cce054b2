"""Identities of findings: what stays the same when lines move."""

from bisect import bisect_right
from functools import cached_property
from operator import attrgetter

from mtls_lint.nginx.model import Configuration
from mtls_lint.syntax.source import SourceFile, Span
from mtls_lint.syntax.tree import Directive

_start = attrgetter("start")


class Places:
    """Finds the directive and the logical path of any span of a configuration."""

    def __init__(self, configuration: Configuration) -> None:
        self._servers = {s.directive: s for s in configuration.servers if s.directive is not None}
        self._context = configuration.tree.context
        self._tree = configuration.tree

    def directive_at(self, span: Span) -> Directive | None:
        """The directive whose name or argument starts where ``span`` starts.

        Of a text that is included several times, it is the one of the first time.
        """
        there = self._of_source.get(span.source, ())
        index = bisect_right(there, span.start, key=_start) - 1
        if index < 0:
            return None
        directive = there[index]
        starts = (word.start for word in directive.word_spans)
        return directive if span.start == directive.start or span.start in starts else None

    @cached_property
    def _of_source(self) -> dict[SourceFile, list[Directive]]:
        """The directives of each text in their order, each once; many runs have nothing to look for."""
        found: dict[SourceFile, dict[int, Directive]] = {}
        for directive in self._tree.walk():
            found.setdefault(directive.source, {}).setdefault(directive.start, directive)
        return {source: sorted(there.values(), key=_start) for source, there in found.items()}

    def logical_path(self, directive: Directive) -> str:
        """``http/server[api.example.com:443]/location[/v1]`` for a directive inside that location."""
        parts = [self._part(block) for block in (directive, *directive.ancestors) if block.block is not None]
        parts += reversed([word for word in self._context if word != "main"])
        return "/".join(reversed(parts))

    def _part(self, block: Directive) -> str:
        if (server := self._servers.get(block)) is not None:
            return f"server[{server.label}]"
        return f"{block.name}[{' '.join(block.args)}]" if block.args else str(block.name)


def fingerprint(rule: str, path: str, text: str, occurrence: int) -> str:
    """A stable identity: rule, logical path, directive text, and a count among equals; never a line.

    Sixteen hexadecimal digits of SHA-256: a name, not a secret.
    """
    import hashlib  # noqa: PLC0415 - loads OpenSSL's library: for runs that find something

    identity = "\0".join((rule, path, text, str(occurrence)))
    return hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:16]
