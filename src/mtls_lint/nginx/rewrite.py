"""The rewrite module's directives, run in the order they stand (ngx_http_rewrite_handler)."""

from collections.abc import Iterable

from msgspec import Struct

from mtls_lint.nginx.decision import Story
from mtls_lint.nginx.regex import search
from mtls_lint.nginx.rewrite_rows import Row
from mtls_lint.nginx.variables import Variables
from mtls_lint.syntax.source import TemplatedToken
from mtls_lint.syntax.tree import Directive, Unknown

REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Target(Struct):
    """What a request asks for at this point of its way: the normalised URI and the arguments."""

    uri: str
    arguments: str = ""


class Rewritten(Struct):
    """What a run of the rewrite directives left.

    ``returned`` is the directive that ended the request, with its status and whether its answer is sent at
    once (a text or a redirect) and not through ``error_page``. ``changed`` means that a location must be
    looked for anew; ``entered`` are the ``if`` blocks whose condition held, in order.
    """

    returned: Directive | None = None
    status: int | None = None
    direct: bool = False
    changed: bool = False
    rewrote: bool = False
    broke: bool = False
    entered: list[Directive] = []


def run_rewrite(
    directives: Iterable[Directive | Row], target: Target, variables: Variables, story: Story
) -> Rewritten:
    """Run ``set``, ``if``, ``rewrite``, ``break`` and ``return`` among ``directives``; changes ``target``."""
    result = Rewritten()
    _run(directives, target, variables, story, result)
    return result


def _run(
    directives: Iterable[Directive | Row],
    target: Target,
    variables: Variables,
    story: Story,
    result: Rewritten,
) -> bool:
    """True when the run ends here."""
    for directive in directives:
        if isinstance(directive, Row):
            if _run_row(directive, target, variables, story, result):
                return True
            continue
        name = directive.name
        if name in {"set", "return", "rewrite"} and directive.is_templated:
            _templated(directive, variables, story)
        elif name == "set" and len(directive.args) == 2:
            variables.assign(str(directive.args[0])[1:], variables.expand(str(directive.args[1])))
        elif name == "break":
            result.broke = True
            return True
        elif name == "return" and directive.args:
            _return(directive, variables, story, result)
            return True
        elif name == "rewrite" and len(directive.args) >= 2:
            if _rewrite(directive, target, variables, story, result):
                return True
        elif name == "if" and _enters(directive, variables, story):
            result.entered.append(directive)
            if _run(directive.children, target, variables, story, result):
                return True
    return False


def _run_row(row: Row, target: Target, variables: Variables, story: Story, result: Rewritten) -> bool:
    """The same as to run each: nothing happens between two of which the first does not hold."""
    place, end = 0, len(row.directives)
    while place < end:
        value = variables.value(row.variable)
        if isinstance(value, Unknown):
            return _run(row.directives[place:], target, variables, story, result)
        found = row.next(value, place)
        story.pass_by(row.directives, place, found)
        if found < end and _run((row.directives[found],), target, variables, story, result):
            return True
        place = found + 1
    return False


def _templated(directive: Directive, variables: Variables, story: Story) -> None:
    reason = f"{directive.span}: `{directive.text}` is filled in by a template"
    if directive.name == "set" and not isinstance(directive.args[0], TemplatedToken):
        variables.assign(str(directive.args[0])[1:], Unknown(reason))
    else:
        story.doubt(reason)


def _enters(directive: Directive, variables: Variables, story: Story) -> bool:
    holds = variables.holds(directive.args)
    if isinstance(holds, Unknown):
        story.doubt(f"{directive.span}: whether if {' '.join(directive.args)} holds: {holds.reason}")
        return False
    story.judge(directive, held=holds)
    return holds


def _return(directive: Directive, variables: Variables, story: Story, result: Rewritten) -> None:
    first = str(directive.args[0])
    result.returned = directive
    if first.isdecimal():
        result.status = int(first)
        # A status below 400, or a text, is sent as it is; other errors go through error_page
        # (ngx_http_script_return_code).
        result.direct = result.status < 400 or len(directive.args) > 1 or result.status == 444
    else:
        result.status, result.direct = 302, True
    story.say(f"return {' '.join(directive.args)}", directive.span)
    for word in directive.args[1:]:
        variables.expand(str(word))


def _rewrite(
    directive: Directive, target: Target, variables: Variables, story: Story, result: Rewritten
) -> bool:
    pattern, replacement = str(directive.args[0]), str(directive.args[1])
    flag = str(directive.args[2]) if len(directive.args) > 2 else ""
    match = search(pattern, target.uri)
    if isinstance(match, Unknown):
        story.doubt(f"{directive.span}: {match.reason}")
        return False
    if match is None:
        return False
    variables.capture(match)
    external = replacement.startswith(("http://", "https://", "$scheme"))
    if external or flag in {"redirect", "permanent"}:
        result.returned, result.direct = directive, True
        result.status = 301 if flag == "permanent" else 302
        story.say(f"rewrite to {replacement}: redirect {result.status}", directive.span)
        return True
    expanded = variables.expand(replacement)
    if isinstance(expanded, Unknown):
        story.doubt(f"{directive.span}: where the request goes: {expanded.reason}")
        return False
    path, question, arguments = expanded.partition("?")
    if not expanded.endswith("?"):
        joined = "&".join(part for part in (arguments, target.arguments) if part)
        target.arguments = joined
    else:
        target.arguments = arguments if question else target.arguments
    target.uri = path or "/"
    story.say(f"rewritten to {target.uri}", directive.span)
    result.rewrote = True
    result.changed = flag != "break"
    result.broke = result.broke or flag == "break"
    return flag in {"last", "break"}
