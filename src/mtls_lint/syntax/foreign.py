"""Texts that are no nginx configuration, though they may hold one: templates, Markdown, YAML.

nginx never reads such a text, so what stands in the way of reading it is not nginx's refusal.
"""

import os

from mtls_lint.expressions import expression
from mtls_lint.syntax.source import SourceFile, Span
from mtls_lint.syntax.tree import Problem, ProblemKind

_TEMPLATE = expression(r"\{\{|\{%|<%")
_SUFFIXES = {
    ".html": "HTML",
    ".json": "JSON",
    ".markdown": "Markdown",
    ".md": "Markdown",
    ".nix": "Nix",
    ".py": "Python",
    ".sh": "a shell script",
    ".tf": "HCL",
    ".toml": "TOML",
    ".xml": "XML",
    ".yaml": "YAML",
    ".yml": "YAML",
}


def foreign(source: SourceFile, refused: Problem) -> Problem | None:
    """Why a text that nginx's rules refuse (``refused``) is not nginx's to read; None when it may be."""
    mark = _TEMPLATE.search(source.text)
    if mark is not None:
        kind = "an ERB or EPP template" if mark[0] == "<%" else "a template (Jinja2, Go or alike)"
        span, hint = Span(source, *mark.span()), "Render it, and check the result."
    elif language := _SUFFIXES.get(os.path.splitext(source.path)[1].lower()):
        kind, hint = language, "Check the nginx configuration in it as a file of its own."
        span = refused.span or Span(source, 0, 0)
    else:
        return None
    message = f"this is {kind}, not an nginx configuration: nothing in it was read"
    return Problem(ProblemKind.UNREADABLE, source.path, span, message, hint)
