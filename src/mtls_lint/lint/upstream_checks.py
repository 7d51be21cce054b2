"""The places that verify their backends, and what that verification comes to."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.lint.context import Context
from mtls_lint.nginx.chain_check import ChainCheck
from mtls_lint.nginx.material import FileReference, certificates_of
from mtls_lint.nginx.model import VirtualServer
from mtls_lint.nginx.upstream_backends import servers_behind
from mtls_lint.nginx.upstream_names import ExpectedName, expected_names
from mtls_lint.nginx.upstream_tls import UpstreamPass

if TYPE_CHECKING:
    from mtls_lint.pki.certificate import Certificate
    from mtls_lint.pki.verify import Verdict


class CheckedUpstreams(Struct, frozen=True):
    """Places that verify their backends alike, with the CAs of one file."""

    reference: FileReference
    check: ChainCheck
    passes: tuple[UpstreamPass, ...]


class ShownCertificate(Struct, frozen=True):
    """A certificate that a server of the same configuration shows to a place.

    ``verdict`` is OpenSSL's, ``named`` whether it has the name that is expected there.
    """

    server: VirtualServer
    reference: FileReference
    leaf: "Certificate"
    verdict: "Verdict"
    named: bool


def verifying(ctx: Context) -> Iterator[UpstreamPass]:
    """The places that verify the certificates of their backends, where TLS is spoken, or may be."""
    for passing in ctx.upstream_passes:
        if passing.prepares_tls and passing.verify.is_on and passing.verify.unknown is None:
            yield passing


def checked_upstreams(ctx: Context) -> tuple[CheckedUpstreams, ...]:
    """These places by the file of CAs, those with the same check together; what is not known is recorded."""
    groups: dict[tuple[FileReference, ChainCheck], list[UpstreamPass]] = {}
    for passing in verifying(ctx):
        trusted = passing.trusted
        check = ctx.upstream_check(passing) if trusted is not None else None
        if trusted is not None and check is not None:
            groups.setdefault((trusted, check), []).append(passing)
    return tuple(CheckedUpstreams(file, check, tuple(all_)) for (file, check), all_ in groups.items())


def shown_certificates(
    passing: UpstreamPass, expected: ExpectedName, ctx: Context
) -> tuple[ShownCertificate, ...] | None:
    """What the backends of a place show to it, where they are servers of the same configuration.

    Of several certificates of one server any may be shown. None (and recorded) where a file is not there.
    """
    from mtls_lint.pki.host_check import host_matches  # noqa: PLC0415 - cryptography, only for certificates

    servers = servers_behind(passing, expected)
    check = ctx.upstream_check(passing) if servers else None
    if check is None:
        return () if not servers else None
    found: list[ShownCertificate] = []
    for server in servers:
        for pair in certificates_of(ctx.configuration, server):
            file = ctx.readable(pair.certificate)
            if file is None or not file.chain:
                return None
            verdict = check.verify(file.chain, ctx.now)
            named = host_matches(file.chain[0], expected.text)
            found.append(ShownCertificate(server, pair.certificate, file.chain[0], verdict, named))
    return tuple(found)


def is_seen_to_match(passing: UpstreamPass, expected: ExpectedName, ctx: Context) -> bool:
    """Whether every backend is a server of the same configuration with a certificate of the expected name."""
    behind = servers_behind(passing, expected)
    if len(behind) == 0 or len(behind) < len(expected.target.addresses):
        return False
    shown = shown_certificates(passing, expected, ctx)
    return bool(shown) and all(one.named for one in shown or ())


def names_of(passing: UpstreamPass) -> tuple[ExpectedName, ...]:
    """The names that a place expects; none where ``*_ssl_name`` may stand in text that was not read."""
    return () if passing.setting("ssl_name").unknown is not None else expected_names(passing)
