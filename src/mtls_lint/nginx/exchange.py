"""A request on its way through one server: rewrite, location, access, content, error pages.

The order is that of nginx's phases; the facts are those of docs/evidence.md: request.
"""

from msgspec import Struct

from mtls_lint.nginx.access import by_address
from mtls_lint.nginx.answers import PASSING
from mtls_lint.nginx.decision import Answer, Story
from mtls_lint.nginx.inheritance import Scope
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Location, VirtualServer
from mtls_lint.nginx.rewrite import REDIRECTS, Rewritten, Target, run_rewrite
from mtls_lint.nginx.rewrite_rows import rewriting
from mtls_lint.nginx.select_location import select_location
from mtls_lint.nginx.uri import split_uri
from mtls_lint.nginx.variables import Variables
from mtls_lint.syntax.source import Span
from mtls_lint.syntax.tree import Directive, Unknown

_MAX_CYCLES = 10
"""Rewrites and internal redirects after which nginx answers 500 (NGX_HTTP_MAX_URI_CHANGES)."""

_TEMPORARY_CODES = {495: 400, 496: 400, 497: 400, 494: 400}
"""nginx's own codes and the status clients see (ngx_http_special_response_handler)."""

_CLOSING_CODES = frozenset({408, 444, 499})
"""Codes without an answer: nginx closes the connection, which 444 stands for (ngx_http_finalize_request)."""


class Answered(Struct, frozen=True):
    """What the server's configuration answers."""

    status: int | None
    answer: Answer
    location: Location | None = None
    by: Span | None = None


class Exchange:
    """One request in ``server``; ``variables`` and ``story`` are filled on the way."""

    def __init__(
        self, server: VirtualServer, target: Target, method: str, variables: Variables, story: Story
    ) -> None:
        self.server = server
        self.target = target
        self.variables = variables
        self.story = story
        self.location: Location | None = None
        self.scope: Scope = server.scope
        self._internal = False
        self.error_page: Directive | None = None
        """The last error page that took over, for ``error``."""
        self.error: int | None = None
        self._error_pages_over = False
        self._is_subrequest = False
        self._cycles = 0
        self._method = method
        self._overwrite: int | None = None
        self._sync_variables()

    def answer(self) -> Answered:
        """The answer to the request as it came."""
        return self._from_server_rewrite()

    def fail(self, code: int) -> Answered:
        """What nginx answers to the error ``code`` at this point: an error page's target, or its own page."""
        if code in _CLOSING_CODES:
            return self._refusal(444)
        status = _TEMPORARY_CODES.get(code, code)
        if self._error_pages_over:
            return self._refusal(status)
        # One error page at most is followed, unless recursive_error_pages says otherwise (r->error_page).
        self._error_pages_over = not self.scope.setting("recursive_error_pages").is_on
        directive = _error_pages(self.server, self.scope.setting("error_page").directives).get(str(code))
        if directive is not None:
            words = [str(word) for word in directive.args]
            overwrite = next((word[1:] for word in words[:-1] if word.startswith("=")), None)
            self.error_page, self.error = directive, code
            return self._error_page(directive, words[-1], overwrite, status)
        return self._refusal(status)

    def _error_page(self, directive: Directive, page: str, overwrite: str | None, status: int) -> Answered:
        if overwrite and not overwrite.isdecimal():
            self.story.doubt(f"{directive.span}: ={overwrite} is no status, and nginx refuses to start")
            return self._refusal(status)
        self._overwrite = None if overwrite == "" else int(overwrite) if overwrite else status
        target = self.variables.expand(page)
        if isinstance(target, Unknown):
            self.story.doubt(f"{directive.span}: where the error page is: {target.reason}")
            return self._refusal(status)
        self.story.say(f"error_page leads to {target}", directive.span)
        if target.startswith("@"):
            return self._named(target[1:], directive)
        if not target.startswith("/"):
            code = self._overwrite if self._overwrite in REDIRECTS else 302
            return Answered(code, Answer.REDIRECT, self.location, directive.span)
        if self._method != "HEAD":
            self._method = "GET"
            self.variables.assign("request_method", "GET")
        return self._internal_redirect(target)

    def _internal_redirect(self, target: str) -> Answered:
        self._internal = True
        path, arguments = split_uri(target)
        self._go_to(path, arguments)
        if self._changes_too_often():
            return self._refusal(500)
        self.location, self.scope = None, self.server.scope
        return self._from_server_rewrite()

    def _changes_too_often(self) -> bool:
        self._cycles += 1
        return self._cycles > _MAX_CYCLES

    def _named(self, name: str, directive: Directive) -> Answered:
        if self._changes_too_often():
            return self._refusal(500)
        if not self.target.uri:
            self.story.say("a request without a URI reaches no named location (500)", directive.span)
            return self._refusal(500)
        location = _named_locations(self.server).get(name)
        if location is not None:
            self._internal = True
            self._enter(location)
            return self._in_location()
        self.story.doubt(f"{directive.span}: there is no location @{name}")
        return self._refusal(500)

    def _go_to(self, uri: str, arguments: str) -> None:
        self.target = Target(uri, arguments)
        self._sync_variables()

    def _sync_variables(self) -> None:
        uri, arguments = self.target.uri, self.target.arguments
        mark = "?" if arguments else ""
        self.variables.go_to(uri=uri, document_uri=uri, args=arguments, query_string=arguments, is_args=mark)

    def _from_server_rewrite(self) -> Answered:
        rewritten = run_rewrite(rewriting(self.server, None), self.target, self.variables, self.story)
        self._after(rewritten)
        if (answered := self._returned(rewritten)) is not None:
            return answered
        return self._find_location()

    def _after(self, rewritten: Rewritten) -> None:
        self._sync_variables()
        # A rewritten request counts as internal (ngx_http_script_regex_end_code).
        self._internal = self._internal or rewritten.rewrote

    def _find_location(self) -> Answered:
        self.location, self.scope = None, self.server.scope
        selected = select_location(self.server, self.target.uri)
        if isinstance(selected, Unknown):
            self.story.doubt(selected.reason)
            return self._in_location()
        if selected.location is None:
            self.story.say(f"no location matches {self.target.uri}", self.server.span)
            return self._in_location()
        if selected.match is not None:
            self.variables.capture(selected.match)
        self._enter(selected.location)
        if not self._internal and selected.location.setting("internal").is_set:
            self.story.say("the location is internal", selected.location.span)
            return self.fail(404)
        if selected.redirect:
            self.story.say(f"{self.target.uri} is redirected to the same with a slash", self.location_span)
            return Answered(301, Answer.REDIRECT, self.location, self.location_span)
        return self._in_location()

    def _enter(self, location: Location) -> None:
        limited = self._limited_scope(location)
        self.location, self.scope = location, limited or location.scope
        modifier = f"{location.modifier} " if location.modifier else ""
        self.story.say(f"location {modifier}{location.pattern}", location.span)

    @property
    def location_span(self) -> Span:
        """Where the current location opens, or the server when there is none."""
        return self.location.span if self.location is not None else self.server.span

    def _in_location(self) -> Answered:
        # What limit_except gives has no rewrite directives (ngx_http_rewrite_merge_loc_conf).
        if self.location is not None and self.scope is self.location.scope:
            rewritten = run_rewrite(
                rewriting(self.server, self.location), self.target, self.variables, self.story
            )
            self._after(rewritten)
            self._enter_ifs(rewritten)
            if (answered := self._returned(rewritten)) is not None:
                return answered
            if rewritten.changed and not rewritten.broke:
                return self._refusal(500) if self._changes_too_often() else self._find_location()
        denied = self._access()
        return denied if denied is not None else self._content()

    def _enter_ifs(self, rewritten: Rewritten) -> None:
        """An ``if`` that held gives its own settings to the request (the last one wins)."""
        if self.location is not None and rewritten.entered:
            inside = _blocks_in(self.server, self.location)
            for block in filter(None, map(inside.get, rewritten.entered)):
                self.scope = block.scope

    def _returned(self, rewritten: Rewritten) -> Answered | None:
        directive = rewritten.returned
        if directive is None or rewritten.status is None:
            return None
        status = rewritten.status
        if not rewritten.direct:
            return self.fail(status)
        # A redirect is an error to nginx (ngx_http_send_response), and replaces what an error page fixed.
        shown = status if status == 444 or status in REDIRECTS else self._shown(status)
        if status in REDIRECTS:
            return Answered(shown, Answer.REDIRECT, self.location, directive.span)
        answer = Answer.REFUSAL if status >= 400 else Answer.FIXED
        return Answered(shown, answer, self.location, directive.span)

    def _shown(self, status: int | None) -> int | None:
        """The status the client sees: an error page may have fixed it."""
        if self.error_page is not None and self._overwrite is not None:
            return self._overwrite
        return status

    def _refusal(self, status: int) -> Answered:
        # A later error replaces the status that an error page had fixed (r->err_status).
        return Answered(status, Answer.REFUSAL, self.location, self.location_span)

    def _access(self) -> Answered | None:
        """The refusal of the access phase, if it refuses; a subrequest has no such phase."""
        if self._is_subrequest:
            return None
        satisfied_by_any = self.scope.setting("satisfy").lower == "any"
        refused: int | None = None
        for check in (self._by_address, self._by_password, self._by_subrequest):
            verdict = check()
            if verdict is True and satisfied_by_any:
                return None
            if isinstance(verdict, bool):
                continue
            if verdict not in {401, 403} or not satisfied_by_any:
                return self.fail(verdict)
            refused = verdict if refused != 401 else 401
        return None if refused is None else self.fail(refused)

    def _by_address(self) -> int | bool:
        """What ``allow`` and ``deny`` say: True, 403, or False when they say nothing."""
        verdict = by_address(self.scope, self.story)
        return 403 if verdict is False else verdict is True

    def _by_password(self) -> int | bool:
        basic, users = self.scope.setting("auth_basic"), self.scope.setting("auth_basic_user_file")
        if not basic.is_set or basic.lower == "off":
            return False
        # Without a file of users nobody is asked (ngx_http_auth_basic_handler).
        if not users.is_set and users.unknown is None and not users.assumed:
            return False
        self.story.say("auth_basic asks for a password", basic.span)
        return 401

    def _by_subrequest(self) -> int | bool:
        setting = self.scope.setting("auth_request")
        if not setting.is_set or setting.lower == "off" or setting.value is None:
            return False
        inner = Exchange(self.server, Target(setting.value), "GET", self.variables, self.story)
        inner._internal = True
        inner._is_subrequest = True
        self.story.say(f"auth_request asks {setting.value}", setting.span)
        answered = inner._from_server_rewrite()
        self._sync_variables()
        if answered.status is None:
            self.story.doubt(f"{setting.span}: a backend decides what auth_request answers")
            return False
        if 200 <= answered.status < 300:
            return True
        return answered.status if answered.status in {401, 403, 444} else 500

    def _limited_scope(self, location: Location) -> Scope | None:
        """``limit_except`` gives its own settings to the methods it does not name."""
        for child in location.children:
            if child.kind != "limit_except":
                continue
            methods = {str(word).upper() for word in child.directive.args}
            if "GET" in methods:
                methods.add("HEAD")
            if self._method not in methods:
                return child.scope
        return None

    def _content(self) -> Answered:
        for name in PASSING:
            for directive in self.scope.find(name) or self._inherited_pass(name):
                self.story.say(directive.text, directive.span)
                return Answered(self._shown(None), Answer.CONTENT, self.location, directive.span)
        for name in ("stub_status", "empty_gif"):
            for directive in self.scope.find(name):
                return Answered(self._shown(200), Answer.FIXED, self.location, directive.span)
        root = self.scope.setting("alias") if self.scope.find("alias") else self.scope.setting("root")
        what = f"files of {root.value}"
        self.story.say(what, root.span)
        return Answered(None, Answer.CONTENT, self.location, root.span or self.location_span)

    def _inherited_pass(self, name: str) -> tuple[Directive, ...]:
        # An if block without its own handler takes that of the location around it
        # (ngx_http_rewrite_module: the if's location configuration is merged with its parent's).
        if self.location is not None and self.scope is not self.location.scope:
            return self.location.scope.find(name)
        return ()


@kept
def _error_pages(server: VirtualServer, directives: tuple[Directive, ...]) -> dict[str, Directive]:  # noqa: ARG001
    """These ``error_page`` by the codes that they are for; the first of several counts."""
    found: dict[str, Directive] = {}
    for directive in directives:
        for word in directive.args[:-1]:
            found.setdefault(str(word), directive)
    return found


@kept
def _blocks_in(server: VirtualServer, location: Location) -> dict[Directive, Location]:  # noqa: ARG001
    """A location and the blocks inside it, by their directives."""
    return {block.directive: block for block in location.walk()}


@kept
def _named_locations(server: VirtualServer) -> dict[str, Location]:
    found: dict[str, Location] = {}
    for location in server.locations:
        if location.modifier == "@":
            found.setdefault(location.pattern, location)
    return found
