"""Which of nginx's contexts a directive stands in: the word by which the directive table knows it."""

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
