"""Public helpers for rule authors: run a pack's examples, build a test PKI, run a real nginx."""

from mtls_lint.testing.examples import (
    ExampleCase,
    ExampleResult,
    check_example,
    check_pack,
    examples_of,
    lint_text,
    with_material,
)
from mtls_lint.testing.nginx import CheckResult, NginxBinary, Reply, find_nginx, request
from mtls_lint.testing.pki import CLOCK, Authority, Identity

__all__ = [
    "CLOCK",
    "Authority",
    "CheckResult",
    "ExampleCase",
    "ExampleResult",
    "Identity",
    "NginxBinary",
    "Reply",
    "check_example",
    "check_pack",
    "examples_of",
    "find_nginx",
    "lint_text",
    "request",
    "with_material",
]
