"""What the logs of a server tell of its clients' certificates, and what they leave out."""

from msgspec import Struct

from mtls_lint.nginx.asking import backend_learns_identity
from mtls_lint.nginx.checks import IDENTIFYING, Sources, client_facts, sources_of
from mtls_lint.nginx.inheritance import Scope, Setting, unknown_because, unread_includes
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, VirtualServer
from mtls_lint.nginx.variables import variables_in
from mtls_lint.syntax.tree import Directive, Unknown, index_by_name

COMBINED = "combined"
"""The format that nginx brings along, and takes where none is named."""

VERIFY = "ssl_client_verify"
"""The variable that holds why a certificate was refused (``FAILED:...``), or that there was none."""

_LEVELS = ("debug", "info", "notice", "warn", "error", "crit", "alert", "emerg")
_QUIET = frozenset({"crit", "alert", "emerg"})


class AccessLog(Struct, frozen=True):
    """A log of requests (of connections, in stream) and the facts ``ssl_client_...`` in its lines.

    ``directive`` is the ``access_log`` that opens it, None for the one nginx writes by itself; ``declared``
    the ``log_format``, None for ``combined``. ``doubt`` says that a variable may tell more than is known.
    """

    directive: Directive | None
    format: str
    declared: Directive | None
    facts: frozenset[str] = frozenset()
    doubt: str | None = None

    @property
    def identifies(self) -> bool:
        """Whether a line tells one client of a CA from another."""
        return not self.facts.isdisjoint(IDENTIFYING)

    @property
    def tells_refusals(self) -> bool:
        """Whether a line tells why a client was refused."""
        return VERIFY in self.facts


class ErrorLog(Struct, frozen=True):
    """A log of events: those of its ``level`` and of all that are worse."""

    directive: Directive | None
    level: str
    file: str

    @property
    def tells_refusals(self) -> bool:
        """Whether it holds why clients are refused: nginx says so at ``info`` (docs/evidence.md: logging)."""
        return self.file != "/dev/null" and self.level in {"debug", "info"}

    @property
    def rank(self) -> int:
        """How much it leaves out: 0 for ``debug``."""
        return _LEVELS.index(self.level)

    @property
    def is_quiet(self) -> bool:
        """Whether somebody has decided that not even errors are kept."""
        return self.file == "/dev/null" or self.level in _QUIET


def access_logs(
    configuration: Configuration, server: VirtualServer, scope: Scope
) -> tuple[AccessLog, ...] | Unknown:
    """The logs that requests answered at this level are written to; none where that is off.

    Mail has none. ``access_log off`` wins over others of its level (ngx_http_log_handler).
    """
    setting = scope.setting("access_log")
    if (doubt := _doubt(setting)) is not None:
        return doubt
    if ("off",) in [directive.args[:1] for directive in setting.directives]:
        return ()
    if not setting.is_set:
        return (AccessLog(None, COMBINED, None),) if server.module == "http" else ()
    found = []
    for directive in setting.directives:
        log = _access_log(configuration, server, directive)
        if isinstance(log, Unknown):
            return log
        found.append(log)
    return tuple(found)


def unidentified(
    configuration: Configuration, server: VirtualServer
) -> tuple[AccessLog, ...] | Unknown | None:
    """The logs of a server, when neither they nor a backend get to know who its clients are.

    They are those of its own level or, where there are none, those of its locations. None when somebody does
    know. A location whose own log names clients is taken for the place where it matters.
    """
    if backend_learns_identity(configuration, server) is not None:
        return None
    logs = access_logs(configuration, server, server.scope)
    if isinstance(logs, Unknown):
        return logs
    inner = [access_logs(configuration, server, location.scope) for location in server.all_locations()]
    below = tuple(dict.fromkeys(log for logs in inner if not isinstance(logs, Unknown) for log in logs))
    if any(log.identifies for log in (*logs, *below)):
        return None
    doubts = sorted(log.doubt for log in (*logs, *below) if log.doubt is not None)
    return Unknown(doubts[0]) if doubts else logs or below


def error_logs(configuration: Configuration, server: VirtualServer) -> tuple[ErrorLog, ...] | Unknown:
    """The logs that a server's events are written to; those of an outer level only where it has none."""
    setting = server.setting("error_log")
    if not setting.is_set:
        if (doubt := _doubt(setting)) is not None:
            return doubt
        return _main_logs(configuration)
    return tuple(map(_error_log, setting.directives))


@kept
def _main_logs(configuration: Configuration) -> tuple[ErrorLog, ...] | Unknown:
    """The error logs of the outermost level, where it was given; nginx's own, where it has none."""
    directives: tuple[Directive, ...] = ()
    if configuration.tree.context == ("main",):
        by_name = index_by_name(configuration.tree.directives)
        directives = by_name.get("error_log", ())
        doubt = unknown_because(unread_includes(by_name.get("include", ())))
        if not directives and doubt is not None:
            return doubt
    return tuple(map(_error_log, directives)) or (ErrorLog(None, "error", ""),)


def _doubt(setting: Setting) -> Unknown | None:
    if setting.unknown is not None:
        return setting.unknown
    if setting.assumed and not setting.is_set:
        return Unknown(f"the configuration around this fragment may have an {setting.name}")
    return None


def _access_log(
    configuration: Configuration, server: VirtualServer, directive: Directive
) -> AccessLog | Unknown:
    name = str(directive.args[1]) if len(directive.args) > 1 else COMBINED
    if name == COMBINED:
        return AccessLog(directive, name, None)
    said = _said(configuration, sources_of(configuration, server), server.module, name)
    return said if isinstance(said, Unknown) else AccessLog(directive, name, *said)


@kept
def _said(
    configuration: Configuration, sources: Sources, module: str, name: str
) -> tuple[Directive, frozenset[str], str | None] | Unknown:
    """The ``log_format`` of that name, the facts in its lines, and the doubt about them."""
    declared = _formats(configuration, module).get(name)
    if declared is None:
        return Unknown(f"the log_format {name} is not here")
    variables = variables_in(" ".join(str(word) for word in declared.args[1:]))
    facts, makers = client_facts(configuration, sources, variables)
    return declared, facts, f"log_format {name} has a variable of {min(makers)}" if makers else None


@kept
def _formats(configuration: Configuration, module: str) -> dict[str, Directive]:
    """The log formats of a module by name; the first of each."""
    scope = configuration.scopes.get(module)
    found = scope.find("log_format") if scope is not None else ()
    return {str(directive.args[0]): directive for directive in reversed(found) if directive.args}


def _error_log(directive: Directive) -> ErrorLog:
    """Without a level it is ``error``; ``debug_http`` and its kin are ``debug`` (ngx_log_set_levels)."""
    words = [str(word) for word in directive.args]
    named = [word for word in words[1:] if word in _LEVELS]
    if any(word.startswith("debug_") for word in words[1:]):
        named = ["debug"]
    return ErrorLog(directive, named[0] if named else "error", words[0] if words else "")
