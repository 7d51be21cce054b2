"""Identities of findings: what stays the same when lines move."""

from mtls_lint.nginx.model import Configuration
from mtls_lint.syntax.source import SourceFile, Span
from mtls_lint.syntax.tree import Directive


class Places:
    """Finds the directive and the logical path of any span of a configuration."""

    def __init__(self, configuration: Configuration) -> None:
        self._servers = {s.directive: s for s in configuration.servers if s.directive is not None}
        self._context = configuration.tree.context
        self._at: dict[tuple[SourceFile, int], Directive] = {}
        for directive in configuration.tree.walk():
            for start in (directive.start, *(token.start for token in directive.args)):
                self._at.setdefault((directive.source, start), directive)

    def directive_at(self, span: Span) -> Directive | None:
        """The directive whose name or argument starts where ``span`` starts."""
        return self._at.get((span.source, span.start))

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
