"""Clients that connect: with a real chain, verified by what the configuration's files hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from mtls_lint.nginx.decision import Verdict
from mtls_lint.nginx.material import FileReference, TrustFile, reference_to
from mtls_lint.nginx.model import Configuration, VirtualServer
from mtls_lint.nginx.tls import security_level
from mtls_lint.pki.store import FileState, PemFile
from mtls_lint.syntax.tree import Unknown

if TYPE_CHECKING:
    from mtls_lint.pki.certificate import Certificate
    from mtls_lint.pki.crl import RevocationList


_DEFAULT_SECURITY_LEVEL = 2
"""Of OpenSSL since 3.2 and of Debian's builds (docs/evidence.md: trust)."""


@dataclass(frozen=True)
class ChainClient:
    """A client that sends ``chain`` (leaf first); ``read`` gives the files the configuration names."""

    configuration: Configuration
    chain: "Sequence[Certificate]"
    read: Callable[[FileReference], PemFile | None]

    def verify(self, server: VirtualServer, trust: tuple[TrustFile, ...], now: datetime) -> Verdict:
        """The verdict OpenSSL gives for ``server``; ``unknown`` when a file it needs is not there."""
        from mtls_lint.pki.verify import verify  # noqa: PLC0415 - cryptography, only when a chain is checked

        references = [one.reference for one in trust]
        crl_directive = server.setting("ssl_crl").directive
        if crl_directive is not None and crl_directive.args[:1] != ("",):
            references.append(reference_to(self.configuration, crl_directive))
        files = {reference.directive: self._file(reference) for reference in references}
        for file in files.values():
            if isinstance(file, str):
                return Verdict(ok=False, text="not evaluated", unknown=file)
        found = {directive: file for directive, file in files.items() if isinstance(file, PemFile)}
        store: list[Certificate] = []
        crls: list[RevocationList] | None = None
        for directive, file in found.items():
            is_crl = directive.name == "ssl_crl"
            crls = [*(crls or ()), *file.crls] if is_crl else crls
            # Before 1.27.2 one lookup reads both kinds from each of the files (docs/evidence.md: settings).
            if not is_crl or server.scope.version < (1, 27, 2):
                store += file.certificates
        level = security_level(server)
        if level is None:
            level = _DEFAULT_SECURITY_LEVEL
        verdict = verify(self.chain, store, _depth(server), now, crls, level)
        text = verdict.text.removeprefix("FAILED:")
        unknown = None
        if crls and any(crl.is_delta for crl in crls):
            complete = [crl for crl in crls if not crl.is_delta]
            if verify(self.chain, store, _depth(server), now, complete, level).error is not verdict.error:
                unknown = (
                    "ssl_crl holds a delta CRL: older OpenSSL takes it for complete, newer passes over it"
                )
        return Verdict(verdict.ok, text, verdict.sentence, verdict.soft, unknown)

    def _file(self, reference: FileReference) -> PemFile | str:
        file = self.read(reference)
        if file is None:
            return f"{reference.written}: {reference.unknown.reason if reference.unknown else 'not known'}"
        if file.state is not FileState.READ:
            return f"{reference.written}: {file.reason}"
        return file

    def variables(self) -> dict[str, str | Unknown]:
        """What nginx's variables say of the certificate."""
        leaf = self.chain[0]
        return {
            "ssl_client_s_dn": leaf.subject,
            "ssl_client_i_dn": leaf.issuer,
            "ssl_client_serial": leaf.serial,
            "ssl_client_fingerprint": leaf.sha1,
        }


_CLIENT_FACTS = ("s_dn", "i_dn", "serial", "fingerprint")


@dataclass(frozen=True)
class ClassClient:
    """Any client whose chain ends at a CA of the file ``ca``; at none that is trusted where it is None.

    ``subject`` is the name of the one that is meant, in the form of ``$ssl_client_s_dn``, where it matters.
    """

    ca: str | None
    subject: str | None = None

    def verify(self, server: VirtualServer, trust: tuple[TrustFile, ...], now: datetime) -> Verdict:  # noqa: ARG002
        """Whether the server trusts the class; dates, depth and revocation are taken to be right."""
        if self.ca is not None and any(one.reference.path == self.ca for one in trust):
            return Verdict(ok=True)
        return Verdict(ok=False, text="unable to verify the first certificate", soft=True)

    def variables(self) -> dict[str, str | Unknown]:
        """Of a class of clients no name is known, but for the subject of the one that is meant."""
        unknown = Unknown("the certificate's name is that of any client of its CA")
        names: dict[str, str | Unknown] = dict.fromkeys(
            (f"ssl_client_{name}" for name in _CLIENT_FACTS), unknown
        )
        if self.subject is not None:
            names["ssl_client_s_dn"] = self.subject
        return names


@dataclass(frozen=True)
class Stranger:
    """A client with a certificate of its own making, which nobody vouches for.

    ``subject`` and ``issuer`` are what it likes, in the form of ``$ssl_client_s_dn``. Without an ``issuer``
    it is self-signed. Where ``ssl_crl`` is set, that is refused for want of a CRL, but a
    certificate whose CA is not sent is not (docs/evidence.md: trust).
    """

    subject: str = "CN=stranger"
    issuer: str | None = None

    def verify(self, server: VirtualServer, trust: tuple[TrustFile, ...], now: datetime) -> Verdict:  # noqa: ARG002
        """Never trusted; as a rule with an error that ``optional_no_ca`` lets pass."""
        if self.issuer is not None:
            return Verdict(ok=False, text="unable to verify the first certificate", soft=True)
        if server.setting("ssl_crl").value:
            return Verdict(ok=False, text="unable to get certificate CRL")
        return Verdict(ok=False, text="self-signed certificate", soft=True)

    def variables(self) -> dict[str, str | Unknown]:
        """Names as the client likes; the fingerprint is one that no configuration knows."""
        return {
            "ssl_client_s_dn": self.subject,
            "ssl_client_i_dn": self.issuer or self.subject,
            "ssl_client_serial": "01",
            "ssl_client_fingerprint": "0" * 40,
        }


def _depth(server: VirtualServer) -> int:
    value = server.setting("ssl_verify_depth").value or ""
    return int(value) if value.isdigit() else 1
