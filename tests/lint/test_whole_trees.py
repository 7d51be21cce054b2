"""Whole trees of any files: no rule crashes, nothing raises, and a second run says the same."""

import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mtls_lint.lint.pack import built_in_pack, load_packs
from mtls_lint.lint.runner import run
from mtls_lint.lint.settings import Settings
from mtls_lint.nginx.model import build
from mtls_lint.pki.store import PemStore
from mtls_lint.report.json import render_json
from mtls_lint.syntax.loader import load
from mtls_lint.testing.catalogue import content
from mtls_lint.testing.pki import CLOCK

RULES = load_packs([built_in_pack()])
NAMES = ("nginx.conf", "a.conf", "d/b.conf", "d/c", "pem", "link")
WORDS = (
    "on",
    "off",
    "optional",
    "443",
    "[::]:443",
    "ssl",
    "a.test",
    "*.test",
    "$host",
    "pem",
    "{{ x }}",
    "",
    "~^(a",
)
SIMPLE = (
    "listen",
    "server_name",
    "ssl_verify_client",
    "ssl_client_certificate",
    "ssl_certificate",
    "ssl_crl",
    "return",
    "ssl_certificate_key",
    "proxy_pass",
    "proxy_ssl_verify",
    "error_page",
    "include",
    "set",
    "ssl_protocols",
    "ssl_preread",
    "pass",
    "protocol",
    "starttls",
    "auth_http",
    "proxy_set_header",
    "ssl_session_cache",
)
BLOCKS = ("http", "stream", "mail", "server", "location", "if", "map $uri $x", "upstream a", "events")

word = st.sampled_from(
    (*WORDS, *NAMES, "https://a", "/x", "d/*", "$ssl_client_s_dn", "SUCCESS", "shared:a:1m")
)
simple = st.builds(
    lambda name, words: f"{name} {' '.join(words)};\n", st.sampled_from(SIMPLE), st.lists(word, max_size=3)
)
statement = st.recursive(
    simple,
    lambda inner: st.builds(
        lambda name, words, body: f"{name} {' '.join(words)} {{\n{''.join(body)}}}\n",
        st.sampled_from(BLOCKS),
        st.lists(word, max_size=2),
        st.lists(inner, max_size=5),
    ),
    max_leaves=25,
)
texts = st.one_of(
    st.lists(statement, max_size=4).map("".join),
    st.sampled_from(("{% if x %}", "server {", "\0", "é")),
)


@settings(max_examples=60, deadline=None)
@given(files=st.dictionaries(st.sampled_from(NAMES[:-1]), texts, min_size=1), linked=st.sampled_from(NAMES))
def test_any_tree(files: dict[str, str], linked: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "d").mkdir()
        for path, text in files.items():
            (root / path).write_text(text)
        (root / "pem").write_bytes(content("server.pem") + content("server.key"))
        os.symlink(linked, root / "link")
        main = str(root / next(iter(files)))
        first, second = (run(build(load(main)), RULES, Settings(), CLOCK, PemStore()) for _ in range(2))
        assert not first.crashes, first.crashes[0].traceback
        assert render_json(first) == render_json(second)
