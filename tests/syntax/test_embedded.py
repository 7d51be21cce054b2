"""Configurations inside Markdown, YAML and shell scripts, at their lines of the outer file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtls_lint.syntax.embedded import embedded
from mtls_lint.syntax.loader import load_each
from mtls_lint.syntax.source import SourceFile, TemplatedToken
from mtls_lint.syntax.tree import Problem, ProblemKind, Tree


def trees(path: str, text: str) -> tuple[Tree, ...]:
    found = load_each(SourceFile(path, text))
    assert not [problem for tree in found for problem in tree.problems]
    return found


def lines(tree: Tree) -> dict[str, tuple[int, int]]:
    return {directive.text: (directive.span.line, directive.span.column) for directive in tree.walk()}


def test_fences_of_markdown() -> None:
    text = """# Setup { ; }

```nginx
listen 80;
```

1. In a list:

   ~~~nginx title="x"
   server {
       listen 443 ssl;
   }
   ~~~

> ```nginx
> listen 8080;
> ```

```sh
server { listen 1; }
```

```nginx
listen 81;"""
    first, second, third, fourth = trees("notes.md", text)
    assert lines(first) == {"listen 80": (4, 1)}
    assert lines(second) == {"server": (10, 4), "listen 443 ssl": (11, 8)}
    assert lines(third) == {"listen 8080": (16, 3)}
    assert lines(fourth) == {"listen 81": (24, 1)}
    assert second.context == ("http",)


def test_a_config_map() -> None:
    text = """apiVersion: v1
kind: ConfigMap
data:
  nginx.conf: |
    events {}
    http {
      server { listen 443 ssl; }
    }
  other: |
    key: value; {
  folded: >-
    server {
      listen 80;
    }
  quoted: "server {\\n  listen \\"81\\";\\n}\\n"
  single: 'server { listen 82; return 200 ''x''; }'
"""
    main, folded, quoted, single = trees("map.yaml", text)
    assert main.context == ("main",)
    assert lines(main)["listen 443 ssl"] == (7, 16)
    assert lines(folded)["listen 80"] == (13, 7)
    assert lines(quoted) == {"server": (15, 12), "listen 81": (15, 24)}
    assert lines(single)["listen 82"] == (16, 21)


def test_snippets_of_ingress_controllers() -> None:
    text = """{{- if .Values.enabled }}
metadata:
  annotations:
    nginx.ingress.kubernetes.io/server-snippet: |
      ssl_verify_client {{ .Values.mode }};
    nginx.ingress.kubernetes.io/configuration-snippet: "proxy_set_header X-DN $ssl_client_s_dn;"
    nginx.org/http-snippets: |-
      map $uri $x {
        {{- range .Values.rows }}
        {{ .key }} {{ .value }};
        {{- end }}
      }
spec:
  {{- include "chart.spec" . | nindent 2 }}
  host: {{ .Values.host }}
{{- end }}
"""
    server, location, http = trees("chart/templates/ingress.yaml", text)
    assert (server.context, location.context, http.context) == (
        ("http", "server"),
        ("http", "server", "location"),
        ("http",),
    )
    assert lines(server) == {"ssl_verify_client {{ .Values.mode }}": (5, 7)}
    assert isinstance(server.directives[0].args[0], TemplatedToken)
    assert list(lines(location)) == ["proxy_set_header X-DN $ssl_client_s_dn"]
    assert lines(http)["{{ .key }} {{ .value }}"] == (10, 9)


def test_here_documents() -> None:
    text = """#!/bin/sh
cat > /etc/nginx/conf.d/a.conf <<EOF
server {
    listen $PORT ssl;
    server_name ${name:-x} \\$host;
    proxy_pass http://\\$upstream/`hostname`;
}
EOF
tee b.conf <<-'END' >/dev/null
\tlisten 80;
\treturn 200 $host;
\tEND
cat <<EOF
no nginx here
EOF
echo $((1 << 2)) <<< x
"""
    unquoted, quoted = trees("setup.sh", text)
    assert lines(unquoted)["listen $PORT ssl"] == (4, 5)
    server_name = unquoted.directives[0].find("server_name")[0]
    assert [(str(word), isinstance(word, TemplatedToken)) for word in server_name.args] == [
        ("${name:-x}", True),
        ("$host", False),
    ]
    assert lines(quoted) == {"listen 80": (10, 2), "return 200 $host": (11, 2)}
    assert not isinstance(quoted.directives[1].args[1], TemplatedToken)


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("a.md", "# nothing\n", "there is no nginx configuration"),
        ("a.yml", "a: [", "could not be read as YAML"),
        (
            "a.yaml",
            "metadata: {annotations: {nginx.ingress.kubernetes.io/auth-tls-secret: x}}",
            "there is no",
        ),
        ("a.sh", "echo 'server {'\n", "there is no nginx configuration"),
        ("a.md", "x" * 600_000, "too large"),
    ],
)
def test_where_there_is_none(path: str, text: str, words: str) -> None:
    (tree,) = load_each(SourceFile(path, text))
    (problem,) = tree.problems
    assert problem.kind is ProblemKind.UNREADABLE
    assert words in problem.message
    assert ("auth-tls-" in problem.hint) == ("auth-tls-" in text)


def test_other_names_are_read_as_a_whole() -> None:
    assert embedded(SourceFile("nginx.conf", "```nginx\n")) is None


PIECES = st.sampled_from(
    [
        "```nginx\n", "```\n", "> ", "   ", "- ", "~~~ nginx\n", "listen 80;\n", "a: |\n", "  ", ": ", '"',
        "'", "\\n", "<<EOF\n", "EOF\n", "<<-'E'\n", "E\n", "server {\n", "}\n", "{{ x }}", "{% if %}", "\t",
        "---\n",
        "&a ", "*a", "\r\n", "\x00", "\udcff", "é", "- nginx: ", "[", "]", "#", "$x", "`", "\\$",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join), st.sampled_from(["a.md", "a.yaml", "a.sh"]))
def test_any_text(text: str, path: str) -> None:
    """Nothing raises; what is read stands at its place."""
    source = SourceFile(path, text)
    found = embedded(source)
    assert found is not None
    if not isinstance(found, Problem):
        for part in found:
            assert len(part.source.code) == len(text)
    for tree in load_each(source):
        for directive in tree.walk():
            assert directive.start < len(text)
