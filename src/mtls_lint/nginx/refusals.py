"""What nginx refuses of the directives of a configuration, each judged by itself."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from mtls_lint.nginx.contexts import context_inside, top_context
from mtls_lint.nginx.version import NginxVersion, parse_version
from mtls_lint.syntax import directive_data, directives
from mtls_lint.syntax.directives import Refusal
from mtls_lint.syntax.grammars import holds_placeholder
from mtls_lint.syntax.tree import Directive, Tree

_Form = tuple[bool, "int | tuple[str, ...]"]
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


class _Word:
    """How nginx takes the directives of one name in one context.

    They fill ``place``, ``once`` or more often, and the blocks behind them have the context ``inside`` (None
    where they have none of directives). ``taken`` are the forms that it takes, by whether there is a block,
    and by the arguments: themselves where ``by_value``, else how many they are.
    """

    __slots__ = ("_context", "_name", "_verdicts", "_version", "by_value", "inside", "once", "place", "taken")

    def __init__(self, name: str, context: str, version: NginxVersion) -> None:
        self._name, self._context, self._version = name, context, version
        # `root` and `alias` fill the same place (ngx_http_core_root).
        self.place = "root" if name == "alias" else name
        self.once = _refuses_twice(name, (context,), version)
        self.inside = context_inside(context, name)
        self.by_value = directives.judges_values(name)
        self.taken: set[_Form] = set()
        self._verdicts: dict[_Form, Refusal | None] = {}

    def form(self, directive: Directive) -> _Form:
        """What decides whether nginx takes a directive: its values, too, where they matter."""
        return directive.block is not None, directive.args if self.by_value else len(directive.args)

    def verdict(self, directive: Directive) -> Refusal | None:
        """How nginx refuses such a directive, whatever else there is; None where it takes it."""
        form = self.form(directive)
        if form not in self._verdicts:
            name, context = self._name, self._context
            self._verdicts[form] = directives.check(name, directive.args, form[0], context, self._version)
        return self._verdicts[form]


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
        self._words: dict[str, dict[str, _Word]] = {}

    def block(self, block: Sequence[Directive], context: str, *, open_: bool = False) -> None:
        """Judge the directives of one block, and put the blocks inside it on ``pending``.

        ``open_`` says that the context is only inferred.
        """
        seen: dict[str, Directive] = {}
        words = self._words.setdefault(context, {})
        for directive in block:
            try:
                word = words[directive.name]
            except KeyError:
                word = self._word(directive.name, context)
            # What is nearly always so is found out here, in a few steps.
            form = directive.block is not None, directive.args if word.by_value else len(directive.args)
            if (
                open_
                or form not in word.taken
                or (word.once and word.place in seen)
                or directive.source.template is not None
            ):
                self._judge(directive, context, seen, open_=open_)
                continue
            if word.once:
                seen[word.place] = directive
            if directive.block and word.inside is not None:
                self.pending.append((directive.block, word.inside))

    def _word(self, name: str, context: str) -> _Word:
        words = self._words.setdefault(context, {})
        word = words.get(name)
        if word is None:
            word = words[name] = _Word(name, context, self.version)
        return word

    def _judge(self, directive: Directive, context: str, seen: dict[str, Directive], *, open_: bool) -> None:
        name = str(directive.name)
        if directive.is_templated:
            self.templated.append(directive)
            return
        word = self._word(name, context)
        if self._takes(directive, name, context, seen.get(word.place), open_=open_):
            seen.setdefault(word.place, directive)
            if word.by_value and holds_placeholder(name, directive.args):
                self.templated.append(directive)
            elif directives.is_known(name) and word.verdict(directive) is None:
                word.taken.add(word.form(directive))
        if directive.block and word.inside is not None:
            self.pending.append((directive.block, word.inside))

    def _takes(
        self, directive: Directive, name: str, context: str, earlier: Directive | None, *, open_: bool
    ) -> bool:
        """Whether nginx takes the directive, or may; what it refuses is noted."""
        if not directives.is_known(name) and directives.closest(name) is None:
            self.unknown.setdefault(name, directive)
            return True
        contexts = directives.contexts_of(name) if open_ else ()
        verdicts = [self._word(name, where).verdict(directive) for where in contexts or (context,)]
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
            and _refuses_twice(name, contexts or (context,), self.version)
            and not (earlier.is_conditional or directive.is_conditional)
        ):
            text = f'"{name}" directive is duplicate'
            if earlier.name != name:
                text += f', "{earlier.name}" directive was specified earlier'
            self.found.append(Refused(directive, context, "duplicate", text, None, True, earlier))
            return False
        return True


def _refuses_twice(name: str, contexts: Sequence[str], version: NginxVersion) -> bool:
    forms = [
        spec
        for spec in directives.specs(name)
        if spec.lives_in(version) and not set(contexts).isdisjoint(spec.contexts)
    ]
    return bool(forms) and all(spec.repeatable is False for spec in forms)
