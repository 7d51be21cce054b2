"""What is fuzzed: each target takes any bytes, and must neither raise nor hang."""

import base64
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timezone

from mtls_lint.lint.pack import built_in_pack, load_packs
from mtls_lint.lint.runner import run
from mtls_lint.lint.settings import Settings
from mtls_lint.nginx.model import build
from mtls_lint.pki.load import facts_from
from mtls_lint.pki.ocsp import StapledResponse
from mtls_lint.pki.pem import split_blocks
from mtls_lint.pki.store import PemStore
from mtls_lint.pki.verify import verify
from mtls_lint.syntax.lexer import lex
from mtls_lint.syntax.loader import load_each, load_text
from mtls_lint.syntax.nginx_glob import Matches
from mtls_lint.syntax.source import SourceFile
from mtls_lint.syntax.tree import Problem, ProblemKind

NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)


class NoFiles:
    """A disk with nothing on it."""

    def read(self, path: str, display: str) -> Problem:
        """Nothing is there."""
        return Problem(ProblemKind.ABSENT, display, None, f"{path} does not exist", "")

    def glob(self, pattern: str) -> Matches:  # noqa: ARG002
        """Nothing matches."""
        return Matches(())

    def identity(self, path: str) -> object:
        """The name."""
        return path


def lexer(data: bytes) -> None:
    """The words of a text."""
    lex(SourceFile.from_bytes("nginx.conf", data), rows=data[:1] == b"r")


def tree(data: bytes) -> None:
    """A configuration, and the model of it."""
    build(load_text(SourceFile.from_bytes("nginx.conf", data), files=NoFiles()))


def template(data: bytes) -> None:
    """A template, in the language that the first byte chooses."""
    suffix = (".j2", ".tmpl", ".erb", ".epp", ".conf")[data[0] % 5] if data else ".j2"
    source = SourceFile.from_bytes(f"a{suffix}", data[1:])
    build(load_text(source, files=NoFiles(), defined={"x": "1"}))


def dump(data: bytes) -> None:
    """What may follow the first line of a dump."""
    text = b"# configuration file /etc/nginx/nginx.conf:\n" + data
    build(load_text(SourceFile.from_bytes("-", text), files=NoFiles()))


def embedded(data: bytes) -> None:
    """Markdown, YAML or a script, as the first byte says."""
    suffix = (".md", ".yaml", ".sh")[data[0] % 3] if data else ".md"
    load_each(SourceFile.from_bytes(f"a{suffix}", data[1:]), files=NoFiles())


def pem(data: bytes) -> None:
    """A file where certificates, keys or CRLs are wanted."""
    _facts(data)


def der(data: bytes) -> None:
    """One block of a PEM file: a certificate, a CRL, a key or a response, as the first byte says."""
    label = (
        (b"CERTIFICATE", b"X509 CRL", b"PRIVATE KEY", b"TRUSTED CERTIFICATE")[data[0] % 4] if data else b"X"
    )
    body = base64.encodebytes(data[1:])
    _facts(b"-----BEGIN " + label + b"-----\n" + body + b"-----END " + label + b"-----\n")
    with suppress(ValueError):
        StapledResponse.from_der(data[1:])


def rules(data: bytes) -> None:
    """All rules, on a configuration; a rule that fails is a crash of the report."""
    configuration = build(load_text(SourceFile.from_bytes("nginx.conf", data), files=NoFiles()))
    report = run(configuration, _RULES, Settings(), NOW, PemStore(lambda _: None))
    assert not report.crashes, report.crashes[0].traceback


def _facts(data: bytes) -> None:
    facts = facts_from(data, split_blocks(data))
    for certificate in facts.certificates:
        verify([certificate], facts.certificates, 1, NOW, facts.crls)
    for crl in facts.crls:
        _ = (crl.next_update, crl.is_delta, crl.revoked_count)


_RULES = load_packs([built_in_pack()])

TARGETS: Sequence[Callable[[bytes], None]] = (lexer, tree, template, dump, embedded, pem, der, rules)
BY_NAME = {target.__name__: target for target in TARGETS}
