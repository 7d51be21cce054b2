"""A request on its way through one server: rewrite, location, access, content, error pages.

The order is that of nginx's phases; the facts are those of docs/evidence.md: request.
"""

from dataclasses import dataclass

from mtls_lint.nginx.answers import PASSING
from mtls_lint.nginx.decision import Answer, Request, Story
from mtls_lint.nginx.inheritance import Scope
from mtls_lint.nginx.model import Location, VirtualServer
from mtls_lint.nginx.rewrite import REDIRECTS, Rewritten, Target, run_rewrite
from mtls_lint.nginx.select_location import select_location
from mtls_lint.nginx.uri import normalise, split_uri
from mtls_lint.nginx.variables import Variables
from mtls_lint.syntax.source import Span
from mtls_lint.syntax.tree import Directive, Unknown

_MAX_CYCLES = 10
"""Rewrites and internal redirects after which nginx answers 500 (NGX_HTTP_MAX_URI_CHANGES)."""

_TEMPORARY_CODES = {495: 400, 496: 400, 497: 400, 494: 400}
"""nginx's own codes and the status clients see (ngx_http_special_response_handler)."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the server's configuration answers."""

    status: int | None
    answer: Answer
    location: Location | None = None
    by: Span | None = None


class Exchange:
    """One request in ``server``; ``variables`` and ``story`` are filled on the way."""

    def __init__(self, server: VirtualServer, request: Request, variables: Variables, story: Story) -> None:
        self.server = server
        self.request = request
        self.variables = variables
        self.story = story
        self.location: Location | None = None
        self.scope: Scope = server.scope
        self._internal = False
        self._is_subrequest = False
        self.error_page: Directive | None = None
        """The error page that took over for ``error`` (nginx follows one at most: r->error_page)."""
        self.error: int | None = None
        self._may_use_error_page = True
        self._cycles = 0
        self._method = request.method
        self._overwrite: int | None = None
        path, arguments = split_uri(request.uri)
        uri = normalise(path, merge_slashes=server.setting("merge_slashes").lower != "off")
        self._malformed = isinstance(uri, Unknown)
        self.target = Target("/" if isinstance(uri, Unknown) else uri, arguments)
        self._sync_variables()

    def answer(self) -> Answered:
        """The answer to the request as it came."""
        if self._malformed:
            return self.fail(400)
        return self._from_server_rewrite()

    def fail(self, code: int) -> Answered:
        """What nginx answers to the error ``code`` at this point: an error page's target, or its own page."""
        status = _TEMPORARY_CODES.get(code, code)
        if self.error_page is not None or not self._may_use_error_page:
            return self._refusal(status)
        for directive in self.scope.setting("error_page").directives:
            words = [str(word) for word in directive.args]
            codes = [word for word in words[:-1] if word.isdigit()]
            if str(code) not in codes:
                continue
            overwrite = next((word[1:] for word in words[:-1] if word.startswith("=")), None)
            self.error_page, self.error = directive, code
            return self._error_page(directive, words[-1], overwrite, status)
        return self._refusal(status)

    def _error_page(self, directive: Directive, page: str, overwrite: str | None, status: int) -> Answered:
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
        self.location, self.scope = None, self.server.scope
        self._cycles += 1
        if self._cycles > _MAX_CYCLES:
            return self._refusal(500)
        return self._from_server_rewrite()

    def _named(self, name: str, directive: Directive) -> Answered:
        for location in self.server.locations:
            if location.modifier == "@" and location.pattern == name:
                self._internal = True
                self._enter(location)
                return self._in_location()
        self.story.doubt(f"{directive.span}: there is no location @{name}")
        return self._refusal(500)

    def _go_to(self, uri: str, arguments: str) -> None:
        self.target = Target(uri, arguments)
        self._sync_variables()

    def _sync_variables(self) -> None:
        for name in ("uri", "document_uri"):
            self.variables.assign(name, self.target.uri)
        for name in ("args", "query_string"):
            self.variables.assign(name, self.target.arguments)
        self.variables.assign("is_args", "?" if self.target.arguments else "")

    def _from_server_rewrite(self) -> Answered:
        rewritten = run_rewrite(self.server.scope.directives, self.target, self.variables, self.story)
        self._after(rewritten)
        if (answered := self._returned(rewritten)) is not None:
            return answered
        return self._find_location()

    def _after(self, rewritten: Rewritten) -> None:
        self._sync_variables()
        # A rewritten request counts as internal (ngx_http_script_regex_end_code).
        self._internal = self._internal or rewritten.rewrote

    def _find_location(self) -> Answered:
        self._cycles += 1
        if self._cycles > _MAX_CYCLES:
            return self._refusal(500)
        self.location, self.scope = None, self.server.scope
        selected = select_location(self.server.locations, self.target.uri)
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
        self.location, self.scope = location, location.scope
        modifier = f"{location.modifier} " if location.modifier else ""
        self.story.say(f"location {modifier}{location.pattern}", location.span)

    @property
    def location_span(self) -> Span:
        """Where the current location opens, or the server when there is none."""
        return self.location.span if self.location is not None else self.server.span

    def _in_location(self) -> Answered:
        if self.location is not None:
            rewritten = run_rewrite(self.location.scope.directives, self.target, self.variables, self.story)
            self._after(rewritten)
            self._enter_ifs(rewritten)
            if (answered := self._returned(rewritten)) is not None:
                return answered
            if rewritten.changed and not rewritten.broke:
                return self._find_location()
        # ngx_http_core_access_phase passes subrequests by, auth_request's own among them.
        denied = None if self._is_subrequest else self._access()
        return denied if denied is not None else self._content()

    def _enter_ifs(self, rewritten: Rewritten) -> None:
        """An ``if`` that held gives its own settings to the request (the last one wins)."""
        current = self.location
        for directive in rewritten.entered:
            for child in current.walk() if current is not None else ():
                if child.directive is directive:
                    self.scope = child.scope

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
        scope = self._limited_scope()
        rules = scope.setting("deny").directives + scope.setting("allow").directives
        if scope.setting("satisfy").lower == "any" and rules:
            return None
        denies = scope.setting("deny").directives
        allows = scope.setting("allow").directives
        deny_all = next((d for d in denies if d.args[:1] == ("all",)), None)
        if deny_all is not None and not any(_stands_before(allow, deny_all) for allow in allows):
            self.story.say("deny all", deny_all.span)
            return self.fail(403)
        if deny_all is not None or (denies and not any(d.args[:1] == ("all",) for d in allows)):
            self.story.doubt(f"{(deny_all or denies[0]).span}: access depends on the client's address")
        basic = scope.setting("auth_basic")
        if basic.is_set and basic.lower != "off":
            self.story.say("auth_basic asks for a password", basic.span)
            return self.fail(401)
        return self._auth_request(scope)

    def _auth_request(self, scope: Scope) -> Answered | None:
        setting = scope.setting("auth_request")
        if not setting.is_set or setting.lower == "off" or setting.value is None:
            return None
        inner = Exchange(self.server, Request(self.request.host, setting.value), self.variables, self.story)
        inner._internal = True
        inner._may_use_error_page = False
        inner._is_subrequest = True
        inner._go_to(setting.value, "")
        self.story.say(f"auth_request asks {setting.value}", setting.span)
        answered = inner._from_server_rewrite()
        self._sync_variables()
        if answered.status is None:
            self.story.doubt(f"{setting.span}: a backend decides what auth_request answers")
            return None
        if 200 <= answered.status < 300:
            return None
        return self.fail(answered.status if answered.status in {401, 403} else 500)

    def _limited_scope(self) -> Scope:
        """``limit_except`` gives its own access rules to the methods it does not name."""
        for child in self.location.children if self.location is not None else ():
            if child.kind != "limit_except":
                continue
            methods = {str(word).upper() for word in child.directive.args}
            if "GET" in methods:
                methods.add("HEAD")
            if self._method.upper() not in methods:
                return child.scope
        return self.scope

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


def _stands_before(one: Directive, other: Directive) -> bool:
    return (one.source, one.start) == (other.source, other.start) or one.start < other.start
