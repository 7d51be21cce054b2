"""Templates: what is read of them, at which place, and what is left unknown."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtls_lint.syntax.loader import load_text
from mtls_lint.syntax.source import SourceFile, TemplatedToken
from mtls_lint.syntax.template import MASK, Template, template_of
from mtls_lint.syntax.tree import Directive, ProblemKind, Tree


def read(text: str, path: str = "site.conf.j2", **defined: str) -> Tree:
    tree = load_text(SourceFile(path, text), context=("http", "server"), defined=defined)
    assert not tree.problems, tree.problems
    return tree


def written(tree: Tree) -> list[str]:
    return [directive.text for directive in tree.walk()]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.j2", "listen {{ port }} ssl;"),
        ("a.conf", "{% if tls %}listen {{ port }} ssl;{% endif %}"),
        ("a.tmpl", "listen {{ .Port }} ssl;"),
        ("a.conf", "{{ if .TLS -}}\nlisten {{ $x.Port | quote }} ssl;\n{{- end }}"),
        ("a.conf", "{{#tls}}listen {{port}} ssl;{{/tls}}"),
        ("a.erb", "<% if @tls -%>\nlisten <%= @port %> ssl;\n<% end -%>"),
        ("a.epp", "<%- | Integer $port | -%>\n<% if $tls { -%>\nlisten <%= $port %> ssl;\n<% } -%>"),
        ("a.template", "listen ${PORT} ssl;"),
        ("a.conf", "listen $TLS_PORT ssl;"),
        ("a.conf", "listen %%PORT%% ssl;"),
        ("a.conf.in", "listen @PORT@ ssl;"),
        ("a.conf", "listen <port> ssl;"),
        ("a.conf", "listen <your port> ssl;"),
        ("a.conf", "listen __PORT__ ssl;"),
    ],
)
def test_languages(path: str, text: str) -> None:
    (directive,) = read(text, path).directives
    port, ssl = directive.args
    assert isinstance(port, TemplatedToken)
    assert directive.arg_span(0).text == port
    assert not isinstance(ssl, TemplatedToken)
    assert (ssl, directive.arg_span(1).text) == ("ssl", "ssl")


@pytest.mark.parametrize(
    "text",
    [
        "return 200 '<html><body>$host ${uri}</body></html>';",
        "set $FOO bar; return 200 $FOO;",
        "location ~ ^/(?<name>[a-z]+)$ { return 200 $name; }",
        "# {{ not here }} <% nor here %>".replace("{{", "").replace("<%", ""),
        "log_format x '<$remote_addr> %%';",
        "server_name _; location @named { return 404; }",
    ],
)
def test_what_is_no_template(text: str) -> None:
    assert template_of("nginx.conf", text) is None


def test_every_branch_is_read_and_words_stay_where_they_are() -> None:
    text = """{% if a %}
ssl_verify_client on;
{% elif b %}
ssl_verify_client optional;
{% else %}
  ssl_verify_client off;
{% endif %}
{% for name in names -%}
server_name {{ name }}.example.com www.{{ name }};
{%- endfor %}
"""
    tree = read(text)
    assert written(tree) == [
        "ssl_verify_client on",
        "ssl_verify_client optional",
        "ssl_verify_client off",
        "server_name {{ name }}.example.com www.{{ name }}",
    ]
    assert [directive.span.line for directive in tree.directives] == [2, 4, 6, 9]
    assert tree.directives[2].span.column == 3
    assert all(directive.is_conditional for directive in tree.directives)
    template = tree.sources[0].template
    assert template is not None
    first, second, third, names = (directive.start for directive in tree.directives)
    assert template.exclusive(first, second)
    assert template.exclusive(third, second)
    assert not template.exclusive(first, first)
    assert not template.exclusive(first, names)


@pytest.mark.parametrize(
    ("text", "directives"),
    [
        # A condition within a statement makes one unknown word of it.
        (
            "listen 443{% if ssl %} ssl{% endif %} default_server;",
            ["listen 443{% if ssl %} ssl{% endif %} default_server"],
        ),
        ("return 200 'a {% if x %}b{% else %}c'; d{% endif %}';", None),
        (
            "ssl_protocols TLSv1.2{{ ' TLSv1.3' if x }};",
            ["ssl_protocols TLSv1.2{{ ' TLSv1.3' if x }}"],
        ),
        # A branch that holds no whole statement.
        ("{% if x %}listen 80{% else %}listen 81{% endif %} http2;", None),
        # What stands alone may be any statements, and does not swallow what follows.
        ("{{ extra }}\nlisten 80;\n", ["{{ extra }}", "listen 80"]),
        ("{{ one }} {# two #} {{ three }}\nlisten 80;", ["{{ one }}", "{{ three }}", "listen 80"]),
        ("{{ name }} {{ value }};\nlisten 80;", ["{{ name }} {{ value }}", "listen 80"]),
        ("{{ name }};\nlisten 80;", ["{{ name }}", "listen 80"]),
        ("{% include 'tls.j2' %}\nlisten 80;", ["{% include 'tls.j2' %}", "listen 80"]),
        # Comments and marks leave nothing; what Ansible writes at the head is a comment.
        ("# {{ a }} {% if b %}\n{# { #}{% set x = '{' %}listen 80; # {% endif %}\n", ["listen 80"]),
        ("{{ ansible_managed | comment }}\nlisten 80;", ["listen 80"]),
        ("{% raw %}return 200 '{{ x }}';{% endraw %}", ["return 200 {{ x }}"]),
        # Quotes and line ends.
        ('set $a "{{ b }} c";\r\nlisten 80;\r\n', ["set $a {{ b }} c", "listen 80"]),
        ("set $a {{\n  b\n}};\nlisten 80;", ["set $a {{\n  b\n}}", "listen 80"]),
    ],
)
def test_where_tags_may_stand(text: str, directives: list[str] | None) -> None:
    tree = read(text)
    if directives is not None:
        assert written(tree) == directives
    for directive in tree.walk():
        for word in (directive.name, *directive.args):
            assert word in text or not isinstance(word, TemplatedToken)
            assert MASK not in word


def test_blocks_that_begin_in_several_branches() -> None:
    text = """{% if tls %}
location /a {
{% else %}
location /b {
  deny all;
{% endif %}
  return 200;
}
"""
    tree = read(text)
    assert written(tree) == ["location /a", "return 200"]
    template = tree.sources[0].template
    assert template is not None
    assert [arm.read for arm in template.arms] == [True, False]


def test_a_block_under_two_conditions() -> None:
    tree = read("{% if a %}location /a { {% endif %}\n deny all;\n{% if a %} } {% endif %}\n")
    assert written(tree) == ["location /a", "deny all"]


def test_parts_that_do_not_fit() -> None:
    (problem,) = load_text("{% if a %}location / {\n{% endif %}return 200;", "a.j2").problems
    assert problem.kind is ProblemKind.UNREADABLE
    assert "cannot be read without rendering" in problem.message


def test_placeholders_that_are_none_do_not_turn_a_mistake_into_a_template() -> None:
    (problem,) = load_text("listen <port> ssl;\nserver {", "nginx.conf").problems
    assert problem.kind is ProblemKind.SYNTAX


def test_what_a_value_stands_for_is_unknown_text() -> None:
    tree = read("{{ extra }}\ninclude {{ name }}.conf;\n{{ what }} on;")
    assert [directive.problem is not None for directive in tree.directives] == [True, True, True]
    assert not tree.problems
    assert {d.problem.kind for d in tree.directives if d.problem} == {ProblemKind.TEMPLATED}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.j2", "listen {{ port }} ssl;"),
        ("a.tmpl", "listen {{ .port }} ssl;"),
        ("a.erb", "listen <%= @port %> ssl;"),
        ("a.template", "listen ${PORT} ssl;"),
        ("a.conf", "listen %%PORT%% ssl;"),
    ],
)
def test_values_that_are_defined(path: str, text: str) -> None:
    (directive,) = read(text, path, port="8443", PORT="8443").directives
    port = directive.args[0]
    assert port == "8443"
    assert not isinstance(port, TemplatedToken)
    assert directive.arg_span(0).text in text
    assert directive.arg_span(0).text != port


def test_a_value_in_part_of_a_word() -> None:
    (directive,) = read("ssl_certificate /etc/{{ a }}/{{ b }}.pem;", a="x").directives
    assert directive.args[0] == "/etc/x/{{ b }}.pem"
    assert isinstance(directive.args[0], TemplatedToken)


PIECES = st.sampled_from(
    [
        "{% if x %}", "{% else %}", "{% endif %}", "{% for a in b %}", "{% endfor %}", "{{ v }}", "{# c #}",
        "{{ if .X }}", "{{ end }}", "{{ else }}", "<% if x %>", "<%= y %>", "<% end %>", "${NAME}", "<x y>",
        "{{", "}}", "{%", "%}", "<%", "%>", '"', "'", "\\", "#", "\n", " ", ";", "{", "}", "listen 80;",
        "server {", "a", "$", "\r\n", "é", "\udcff",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join), st.sampled_from(["a.j2", "a.tmpl", "a.erb", "a.conf"]))
def test_any_text(text: str, path: str) -> None:
    """Nothing raises, and the mask is as long as the text; what is not masked is the text's own."""
    template = template_of(path, text)
    if template is not None:
        assert len(template.code) == len(text)
        assert all(a in {b, MASK, ";"} or a.isspace() for a, b in zip(template.code, text, strict=True))
    for directive in load_text(SourceFile(path, text)).walk():
        assert _is_from(directive, text)


def _is_from(directive: Directive, text: str) -> bool:
    return directive.span.text[:1] == text[directive.start]


@pytest.mark.parametrize(
    "text",
    [
        "{{ " * 30_000,
        "{{ x }}" * 10_000,
        "{% if x %}" * 10_000,
        "{% if x %}a{% endif %};" * 6_000,
        "{% if x %}a {{% else %}b {{% endif %}}".replace("{{%", "{ {%").replace("%}}", "%} }") * 20_000,
        "<% " * 30_000,
        "<%= '" * 20_000,
        '{{ "' * 20_000,
        "<a " * 30_000,
        "${A" * 30_000,
        "{{/*" * 20_000,
    ],
    ids=range(11),
)
def test_hostile_texts_take_no_time(text: str) -> None:
    for path in ("a.j2", "a.tmpl", "a.erb"):
        begun = time.process_time()
        template = template_of(path, text)
        assert template is None or isinstance(template, Template)
        assert time.process_time() - begun < 5
