"""Which of nginx's contexts a directive stands in: the word by which the directive table knows it."""

from collections.abc import Iterator

from mtls_lint.syntax.tree import Directive, Tree

_INSIDE: dict[tuple[str, str], str] = {
    ("main", "events"): "events",
    ("main", "http"): "http",
    ("main", "mail"): "mail",
    ("main", "stream"): "stream",
    ("http", "server"): "server",
    ("http", "upstream"): "upstream",
    ("server", "if"): "server if",
    ("server", "location"): "location",
    ("server if", "if"): "server if",
    ("location", "if"): "location if",
    ("location", "limit_except"): "limit_except",
    ("location", "location"): "location",
    ("location if", "if"): "location if",
    ("stream", "server"): "stream server",
    ("stream", "upstream"): "stream upstream",
    ("mail", "server"): "mail server",
}
"""The context inside a block, by the context the block stands in. A block that is not here - one of another
module, one with rows instead of directives, one that may not stand where it does - has no context."""


def context_of(directive: Directive, tree_context: tuple[str, ...]) -> str | None:
    """The context that ``directive`` stands in, as the directive table calls it; None when that is unknown.

    ``tree_context`` is ``Tree.context``: where the top-level directives of the tree belong.
    """
    context = top_context(tree_context)
    for block in reversed(list(directive.ancestors)):
        if context is None:
            return None
        context = context_inside(context, block.name)
    return context


def context_inside(context: str, block: str) -> str | None:
    """The context inside a block of this name that stands in ``context``; None when it has none."""
    return _INSIDE.get((context, block))


def top_context(tree_context: tuple[str, ...]) -> str | None:
    """The context of the top-level directives of a tree; None for one that nginx does not have."""
    context: str | None = "main"
    for word in tree_context:
        if word != "main" and context is not None:
            context = context_inside(context, word)
    return context


def in_contexts(tree: Tree) -> Iterator[tuple[Directive, str]]:
    """Every directive of the tree that stands in a known context, with that context, in order."""
    top = top_context(tree.context)
    if top is None:
        return
    stack = [(directive, top) for directive in reversed(tree.directives)]
    while stack:
        directive, context = stack.pop()
        yield directive, context
        if directive.block:
            inside = context_inside(context, directive.name)
            if inside is not None:
                stack.extend((child, inside) for child in reversed(directive.block))
