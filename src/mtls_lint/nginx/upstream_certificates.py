"""The certificates that nginx presents to backends, each once however many places use it."""

from mtls_lint.nginx.material import KeyPair
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration
from mtls_lint.nginx.upstream_tls import UpstreamPass, upstream_passes


class UpstreamCertificate(KeyPair, frozen=True):
    """A client certificate of nginx with its key, and the places that hand requests on with it.

    nginx opens the files at the start; where a path holds a variable, for each request, and answers 500 when
    it cannot (docs/evidence.md: upstreams).
    """

    passes: tuple[UpstreamPass, ...]

    @property
    def holders(self) -> tuple[UpstreamPass, ...]:
        """The places that have it."""
        return self.passes

    @property
    def presenters(self) -> tuple[UpstreamPass, ...]:
        """The places that may show it to a backend."""
        return tuple(one for one in self.passes if one.tls is not False)


@kept
def upstream_certificates(configuration: Configuration) -> tuple[UpstreamCertificate, ...]:
    """Every client certificate that nginx opens for some backend, each pair of directives once."""
    groups: dict[tuple[object, ...], list[UpstreamPass]] = {}
    for one in upstream_passes(configuration):
        if one.prepares_tls and one.certificate is not None:
            files = (one.certificate, one.key, one.passwords)
            key = tuple(file.directive if file is not None else None for file in files)
            groups.setdefault(key, []).append(one)
    return tuple(
        UpstreamCertificate(first.certificate, first.key, first.passwords, tuple(group))
        for group in groups.values()
        if (first := group[0]).certificate is not None
    )
