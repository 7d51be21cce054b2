"""The values that TLS servers take for a setting, each once: for rules about what a profile allows."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from mtls_lint.lint.context import Context
from mtls_lint.lint.finding import Confidence
from mtls_lint.lint.words import servers_in_words
from mtls_lint.nginx.model import VirtualServer
from mtls_lint.nginx.tls import may_speak_tls
from mtls_lint.syntax.source import Span
from mtls_lint.syntax.tree import Directive


class TlsValue(Struct, frozen=True):
    """One value in force: the directives that give it (none: nginx's default), and who takes it."""

    directives: tuple[Directive, ...]
    servers: tuple[VirtualServer, ...]
    words: tuple[str, ...]
    assumed: bool

    @property
    def span(self) -> Span:
        """Where the value stands; the first server that takes it, where it is the default."""
        return self.directives[0].span if self.directives else self.servers[0].span

    @property
    def path(self) -> str:
        """What identifies a finding about a default, which stands nowhere."""
        return "" if self.directives else self.servers[0].logical_path

    @property
    def whose(self) -> str:
        """``server api.example.com:443`` ..."""
        return servers_in_words(self.servers)

    @property
    def confidence(self) -> Confidence | None:
        """Likely where text around a fragment may set it after all."""
        return Confidence.LIKELY if self.assumed else None


def tls_values(
    ctx: Context, name: str, wanted: Callable[[VirtualServer], bool] = lambda _: True
) -> Iterator[TlsValue]:
    """Each value of ``name`` that TLS servers take (those ``wanted``); what is not known is recorded."""
    takers: dict[tuple[Directive, ...], list[VirtualServer]] = {}
    for server in ctx.configuration.servers:
        if not may_speak_tls(server) or not wanted(server):
            continue
        setting = server.setting(name)
        if setting.unknown is not None:
            ctx.not_evaluated(
                server.span, f"`{name}` may be set in what was not read: {setting.unknown.reason}"
            )
        elif not setting.directives and server.directive is None:
            ctx.not_evaluated(server.span, f"`{name}` may be set in the server that these lines belong to")
        else:
            takers.setdefault(setting.directives, []).append(server)
    for directives, servers in takers.items():
        first = servers[0].setting(name)
        assumed = any(server.setting(name).assumed for server in servers)
        yield TlsValue(directives, tuple(servers), first.words, assumed)
