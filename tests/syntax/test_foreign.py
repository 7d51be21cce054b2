"""Texts that are not nginx's to read are no mistakes of an nginx configuration."""

import pytest

from mtls_lint.syntax.loader import load_text
from mtls_lint.syntax.tree import ProblemKind


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("site.conf.j2", "{% if (x %}\nlisten 80;\n", "a template (Jinja2"),
        ("notes.md", "# Setup\n\nWrite `listen 443 ssl;` there", "Markdown"),
        ("config.yaml", "kind: ConfigMap\ndata:\n  nginx.conf: |\n    events {}\n    http {}\nx: y", "YAML"),
    ],
)
def test_what_nginx_never_reads_is_unread_and_no_refusal(path: str, text: str, kind: str) -> None:
    (problem,) = load_text(text, path).problems
    assert problem.kind is ProblemKind.UNREADABLE
    assert f"this is {kind}" in problem.message
    assert problem.hint


@pytest.mark.parametrize(
    ("path", "text"), [("nginx.conf", "server { listen 80"), ("nginx.conf", "server {\n  listen 80;\n}}\n")]
)
def test_a_mistake_stays_a_mistake(path: str, text: str) -> None:
    (problem,) = load_text(text, path).problems
    assert problem.kind is ProblemKind.SYNTAX


def test_a_template_that_reads_as_nginx_is_read() -> None:
    tree = load_text(
        "server { listen 443 ssl; server_name ${NAME}; }  # {{ generated }}", "default.conf.template"
    )
    assert tree.problems == ()
