"""What nginx refuses of the directives of a configuration, each judged by itself."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from mtls_lint.nginx.contexts import context_inside, top_context
from mtls_lint.nginx.version import NginxVersion, parse_version
from mtls_lint.syntax import directive_data, directives
from mtls_lint.syntax.directives import Refusal
from mtls_lint.syntax.tree import Directive, Tree

_Form = tuple[str, str, bool, "int | tuple[str, ...]"]
RefusalKind = Literal["unknown", "removed", "too-new", "context", "block", "arity", "value", "duplicate"]

# Blocks that only http has: what a fragment holds inside them stands where it stands.
_HTTP_ALONE = frozenset({"location", "server if", "location if", "limit_except"})


class Refused(Struct, frozen=True):
    """A directive that nginx does not take.

    ``text`` is nginx's own message, ``detail`` what helps further (see ``syntax.directives.Refusal``).
    ``certain`` is False where the context is an inference, because the surroundings were not given.
    ``earlier`` is the directive of the same block that a duplicate repeats.
    """

    directive: Directive
    context: str
    kind: RefusalKind
    text: str
    detail: str | None
    certain: bool
    earlier: Directive | None = None


class Refusals(Struct, frozen=True):
    """What ``refusals`` found, and what it could not judge.

    ``unknown`` are directives of modules that are not nginx's own, the first of each name; ``templated``
    those whose text, or presence, is up to a template. ``newest`` is the newest version of nginx whose
    directives are known.
    """

    found: tuple[Refused, ...]
    unknown: tuple[Directive, ...]
    templated: tuple[Directive, ...]
    newest: NginxVersion

    def of_kind(self, *kinds: RefusalKind) -> tuple[Refused, ...]:
        """Those of one of these kinds."""
        return tuple(refused for refused in self.found if refused.kind in kinds)


def refusals(tree: Tree, version: NginxVersion) -> Refusals:
    """Judge every directive of ``tree`` that stands in a known context of nginx ``version``.

    The rows of ``map`` and its like, and the bodies of blocks of other modules, are left alone. Of the top
    level of a fragment it is said only what nginx refuses wherever the fragment belongs.
    """
    walk = _Walk(version, fragment=tree.is_fragment)
    top = top_context(tree.context)
    if top is not None:
        walk.block(tree.directives, top, open_=tree.is_fragment)
    while walk.pending:
        block, context = walk.pending.pop()
        walk.block(block, context)
    newest = parse_version(directive_data.NEWEST)
    return Refusals(tuple(walk.found), tuple(walk.unknown.values()), tuple(walk.templated), newest)


class _Taken(Struct, frozen=True):
    """How nginx takes directives that are alike: which ``place`` they fill, ``once`` or more often.

    ``inside`` is the context of their blocks, None where they have none of directives.
    """

    place: str
    once: bool
    inside: str | None


class _Walk:
    """One walk over a tree, block by block."""

    def __init__(self, version: NginxVersion, *, fragment: bool) -> None:
        self.version = version
        self.fragment = fragment
        self.pending: list[tuple[Sequence[Directive], str]] = []
        self.found: list[Refused] = []
        self.unknown: dict[str, Directive] = {}
        self.templated: list[Directive] = []
        # A large configuration says the same things many times.
        self._taken: dict[_Form, _Taken] = {}
        self._verdicts: dict[_Form, Refusal | None] = {}
        self._depends_on_values: dict[_Form, bool] = {}

    def block(self, block: Sequence[Directive], context: str, *, open_: bool = False) -> None:
        """Judge the directives of one block, and put the blocks inside it on ``pending``.

        ``open_`` says that the context is only inferred.
        """
        seen: dict[str, Directive] = {}
        taken = self._taken
        for directive in block:
            name, args, has_block = directive.name, directive.args, directive.block is not None
            alike = taken.get((name, context, has_block, len(args))) or taken.get(
                (name, context, has_block, args)
            )
            plain = alike is not None and not open_ and directive.source.template is None
            if alike is None or not plain or (alike.once and alike.place in seen):
                self._judge(directive, context, seen, open_=open_)
                continue
            seen.setdefault(alike.place, directive)
            if directive.block and alike.inside is not None:
                self.pending.append((directive.block, alike.inside))

    def _judge(self, directive: Directive, context: str, seen: dict[str, Directive], *, open_: bool) -> None:
        name = str(directive.name)
        if directive.is_templated:
            self.templated.append(directive)
            return
        # `root` and `alias` fill the same place (ngx_http_core_root).
        place = "root" if name == "alias" else name
        if self._takes(directive, name, context, seen.get(place), open_=open_):
            seen.setdefault(place, directive)
            if directives.is_templated(name, directive.args):
                self.templated.append(directive)
            elif directives.is_known(name) and self._verdict(directive, name, context) is None:
                form = self._form(directive, name, context)
                inside = context_inside(context, name)
                self._taken[form] = _Taken(place, self._refuses_twice(name, (context,)), inside)
        if directive.block:
            inside = context_inside(context, name)
            if inside is not None:
                self.pending.append((directive.block, inside))

    def _takes(
        self, directive: Directive, name: str, context: str, earlier: Directive | None, *, open_: bool
    ) -> bool:
        """Whether nginx takes the directive, or may; what it refuses is noted."""
        if not directives.is_known(name) and directives.closest(name) is None:
            self.unknown.setdefault(name, directive)
            return True
        contexts = directives.contexts_of(name) if open_ else ()
        verdicts = [self._verdict(directive, name, where) for where in contexts or (context,)]
        if None not in verdicts and (verdict := verdicts[0]) is not None:
            if verdict.kind in {"removed", "too-new"} and directive.is_conditional:
                self.templated.append(directive)  # written for another version, perhaps
                return True
            certain = not self.fragment or verdict.kind != "context" or context in _HTTP_ALONE
            self.found.append(
                Refused(directive, context, verdict.kind, verdict.text, verdict.detail, certain)
            )
            return False
        if (
            earlier is not None
            and self._refuses_twice(name, contexts or (context,))
            and not (earlier.is_conditional or directive.is_conditional)
        ):
            text = f'"{name}" directive is duplicate'
            if earlier.name != name:
                text += f', "{earlier.name}" directive was specified earlier'
            self.found.append(Refused(directive, context, "duplicate", text, None, True, earlier))
            return False
        return True

    def _verdict(self, directive: Directive, name: str, context: str) -> Refusal | None:
        key = self._form(directive, name, context)
        if key not in self._verdicts:
            self._verdicts[key] = directives.check(name, directive.args, key[2], context, self.version)
        return self._verdicts[key]

    def _form(self, directive: Directive, name: str, context: str) -> _Form:
        """What decides whether nginx takes a directive: its values, too, where they matter."""
        key = (name, context, directive.block is not None, len(directive.args))
        return (*key[:3], directive.args) if self._values_matter(key) else key

    def _values_matter(self, form: _Form) -> bool:
        matter = self._depends_on_values.get(form)
        if matter is None:
            matter = directives.judges_values(form[0])
            self._depends_on_values[form] = matter
        return matter

    def _refuses_twice(self, name: str, contexts: Sequence[str]) -> bool:
        forms = [
            spec
            for spec in directives.specs(name)
            if spec.lives_in(self.version) and not set(contexts).isdisjoint(spec.contexts)
        ]
        return bool(forms) and all(spec.repeatable is False for spec in forms)
