"""Revocation: edge cases, and near misses that stay silent."""

import pytest

from mtls_lint.lint.finding import Confidence, Severity
from rules.cases import Case, check

HEAD = "listen 443 ssl; server_name api.example.com;"
CERTIFICATE = "ssl_certificate /pki/{0}.pem; ssl_certificate_key /pki/{0}.key;"


def server(*lines: str, mode: str = "on", ca: str = "root.pem", certificate: str = "server") -> str:
    """A server whose own lines begin at line 6."""
    client_ca = f"ssl_client_certificate /pki/{ca};" if ca else ""
    own = CERTIFICATE.format(certificate)
    return "\n".join(["server {", HEAD, own, f"ssl_verify_client {mode};", client_ca, *lines, "}"])


def http(*blocks: str) -> str:
    """A whole configuration; the first block begins at line 2."""
    return "events {} http {\n" + "\n".join(blocks) + "\n}"


def crl(name: str) -> str:
    return f"ssl_crl /pki/{name};"


ON = "ssl_ocsp on;"
LEAF = "ssl_ocsp leaf;"
CACHE = "ssl_ocsp_cache shared:ocsp:1m;"
RESOLVER = "resolver 127.0.0.53;"
ABSENT = "ssl_crl /etc/x/crl.pem;"
UNREAD = "include missing.conf;"
PLAIN = server(crl("crl.pem"))

CASES: dict[str, list[Case]] = {
    "revocation-none": [
        Case("neither", server(), [4], "stolen", Severity.INFO, Confidence.LIKELY),
        Case("optional_no_ca", server(mode="optional_no_ca"), [4]),
        Case("optional_no_ca without CAs", server(mode="optional_no_ca", ca="")),
        Case("no TLS socket", server().replace("443 ssl", "80")),
        Case("nobody is asked", server(mode="off")),
        Case("a CRL", PLAIN),
        Case("OCSP", server(ON)),
        Case("OCSP of the leaf", server(LEAF)),
        Case("OCSP off", server("ssl_ocsp off;"), [4]),
        Case("a CRL at the http level", http(crl("crl.pem"), server())),
        Case("its CRL is cancelled", http(crl("crl.pem"), server('ssl_crl "";')), [6], confidence=Confidence.CERTAIN),
        Case(
            "once for a setting that many share",
            http(
                "ssl_verify_client on; ssl_client_certificate /pki/root.pem;",
                *(
                    f"server {{ listen 443 ssl; server_name {name}.example.com; {CERTIFICATE.format('server')} }}"
                    for name in ("a", "b", "c")
                ),
            ),
            [2],
            "servers a.example.com:443, b.example.com:443 and c.example.com:443",
        ),
        Case("once for servers that trust the same CAs", http(server(), server().replace("api.", "www.")), [5], "servers api.example.com:443 and www.example.com:443"),
        Case("each set of CAs", http(server(), server(ca="other-root.pem").replace("api.", "www.")), [5, 11]),
        Case("only pinned clients", server(ca="self-signed-client.pem")),
        Case("a CA beside pinned clients", server(ca="root-and-pinned.pem"), [4]),
        Case("the CA file is not there", server(ca="absent/ca.pem"), [4]),
        Case("an include was not read", http(server(UNREAD)), words="revocation is checked", not_evaluated=True),
        Case("no context", "server { listen 80; ssl_verify_client on; }"),
        Case("mail", f"events {{}} mail {{ server {{ listen 993 ssl; protocol imap;\n{CERTIFICATE.format('server')} ssl_client_certificate /pki/root.pem;\nssl_verify_client on; }} }}", [3]),
    ],
    "crl-file-unusable": [
        Case("absent beside its neighbours", server(crl("no-such.pem")), [6], "does not exist", Severity.ERROR, fatal=True),
        Case("a copy without files", server(ABSENT), words="/etc/x/crl.pem", not_evaluated=True),
        Case("empty", server(crl("empty.pem")), [6], "empty", fatal=True),
        Case("DER", server(crl("ca.der")), [6], fatal=True),
        Case("a certificate", server(crl("root.pem")), [6], "no CRL in it", fatal=True),
        Case("a certificate, which old nginx takes", server(crl("root.pem")), version="1.22.1"),
        Case("a broken certificate beside it", server(crl("crl-bad-certificate.pem")), [6], fatal=True, version="1.22.1"),
        Case("a broken certificate, which new nginx does not read", server(crl("crl-bad-certificate.pem"))),
        Case("opened where nobody is asked", server(crl("empty.pem"), mode="off"), [6], fatal=True),
        Case("good", PLAIN),
    ],
    "crl-expired": [
        Case("expired", server(crl("crl-expired.pem")), [6], "2026-05-02, 30 days ago", Severity.ERROR, Confidence.CERTAIN),
        Case("whom", server(crl("crl-expired.pem"), ca="chain-bundle.pem"), [6], '"Example Intermediate CA" and "Example Root CA"'),
        Case("renewed", server(crl("crl-renewed.pem"))),
        Case("fresh", PLAIN),
        Case("only about to", server(crl("crl-expiring.pem"))),
        Case("nobody is asked", server(crl("crl-expired.pem"), mode="off")),
        Case("of a CA that is not trusted", server(crl("crl-expired.pem"), ca="other-root.pem"), [6], "send it along", Severity.WARNING, Confidence.POSSIBLE),
        Case("the CA file is not there", server(crl("crl-expired.pem"), ca="").replace("ssl_verify_client on;", "ssl_verify_client on; ssl_client_certificate /etc/x/ca.pem;"), [6], "below that CA", Severity.ERROR, Confidence.LIKELY),
        Case("the CRL is not there", server(ABSENT), words="/etc/x/crl.pem", not_evaluated=True),
        Case("one finding for the servers that share it", http(crl("crl-expired.pem"), server(), server().replace("api.", "www.")), [2], "servers api.example.com:443 and www.example.com:443"),
        Case("its CA has expired too", server(crl("crl-of-expired-ca.pem"), ca="ca-expired.pem")),
    ],
    "crl-not-yet-valid": [
        Case("future", server(crl("crl-future.pem")), [6], "2027-06-01", Severity.ERROR, Confidence.CERTAIN),
        Case("of a CA that is not trusted", server(crl("crl-future.pem"), ca="other-root.pem"), [6], severity=Severity.WARNING, confidence=Confidence.POSSIBLE),
        Case("fresh", PLAIN),
        Case("nobody is asked", server(crl("crl-future.pem"), mode="off")),
    ],
    "crl-expiring": [
        Case("soon", server(crl("crl-expiring.pem")), [6], "2026-06-03, in 2 days", Severity.WARNING),
        Case("fresh", PLAIN),
        Case("the user's horizon is shorter", server(crl("crl-expiring.pem")), options={"expiry_days": 1}),
        Case("the user's horizon is longer", PLAIN, options={"expiry_days": 20_000}),
        Case("expired is another matter", server(crl("crl-expired.pem"))),
    ],
    "crl-chain-incomplete": [
        Case("another CA's", server(crl("crl-other.pem")), [6], 'there is no CRL of "Example Root CA"', Severity.ERROR),
        Case("only the root's", server(crl("crl.pem"), ca="chain-bundle.pem"), [6], 'every client of "Example Intermediate CA" is'),
        Case("only the intermediate's", server(crl("crl-intermediate.pem"), ca="chain-bundle.pem"), [6], '"Example Intermediate CA" and "Example Root CA" is'),
        Case("an old key", server(crl("crl-of-old-key.pem")), [6], "another key of that name"),
        Case("forged", server(crl("crl-forged.pem")), [6], "not signed by that CA's key"),
        Case("no cRLSign", server(crl("crl-no-crl-sign.pem"), ca="ca-no-crl-sign.pem"), [6], "lacks cRLSign"),
        Case("all of the chain", server(crl("crl-chain.pem"), ca="chain-bundle.pem")),
        Case("expired is another matter", server(crl("crl-expired.pem"))),
        Case("a CA for stapling", server(crl("crl.pem"), "ssl_trusted_certificate /pki/other-root.pem;")),
        Case("a CA too deep is another matter", server(crl("crl.pem"), "ssl_verify_depth 0;", ca="chain-bundle.pem")),
        Case("a lone intermediate is another matter", server(crl("crl.pem"), ca="intermediate.pem")),
        Case("nobody is asked", server(crl("crl-other.pem"), mode="off")),
        Case("a delta is another matter", server(crl("crl-delta.pem"))),
        Case("refused by nginx", server(crl("empty.pem")), words="empty", not_evaluated=True),
        Case("only certificates, which old nginx takes", server(crl("root.pem")), [6], "no CRL of", version="1.22.1"),
        Case("a command puts an end to it", server(crl("crl-other.pem"), "ssl_conf_command VerifyCAFile /pki/root.pem;")),
        Case(
            "servers with other CAs are said apart",
            http(crl("crl.pem"), server(), server(ca="other-root.pem").replace("api.", "www.")),
            [2],
            'client of "Other Root CA" is refused by server www.example.com:443',
        ),
    ],
    "crl-delta": [
        Case("beside its complete one", server(crl("crl-with-delta.pem")), [6], "gets in again", Severity.WARNING),
        Case("alone", server(crl("crl-delta.pem")), [6], "for want of a CRL"),
        Case("complete", PLAIN),
        Case("nobody is asked", server(crl("crl-delta.pem"), mode="off")),
    ],
    "crl-file-with-certificate": [
        Case("ignored", server(crl("crl-two-cas-with-ca.pem")), [6], "ignores", Severity.INFO),
        Case("trusted", server(crl("crl-two-cas-with-ca.pem")), [6], '"Other Root CA"', Severity.ERROR, version="1.22.1"),
        Case("without its CRL", server(crl("crl-with-ca.pem")), [6], "as soon as", Severity.WARNING, version="1.22.1"),
        Case("trusted anyway", server(crl("crl-with-own-ca.pem")), [6], "lets nobody in", Severity.INFO, version="1.22.1"),
        Case("an intermediate", server(crl("crl-with-intermediate.pem")), [6], "lets nobody in", Severity.INFO, version="1.22.1"),
        Case("no CRL beside it is another matter", server(crl("root.pem")), version="1.22.1"),
        Case("CRLs alone", server(crl("crl-two-cas.pem")), version="1.22.1"),
    ],
    "pinned-client-with-crl": [
        Case("pinned", server(crl("crl.pem"), ca="root-and-pinned.pem"), [6], '"pinned client"', Severity.ERROR),
        Case("no CRL", server(ca="root-and-pinned.pem")),
        Case("a CA", PLAIN),
        Case("a leaf that is no anchor", server(crl("crl.pem"), ca="ca-with-leaf.pem")),
    ],
    "crl-weak-signature": [
        Case("SHA-1", server(crl("crl-sha1.pem"), ca="rsa-root.pem"), [6], "SHA-1", Severity.WARNING),
        Case("SHA-256", PLAIN),
    ],
    "revocation-without-verification": [
        Case("a CRL", server(crl("crl.pem"), mode="off", ca=""), [6], "ssl_crl has no effect", Severity.WARNING),
        Case("OCSP", server(ON, mode="off", ca=""), [6], "ssl_ocsp"),
        Case("both are one finding", server(crl("crl.pem"), ON, mode="off", ca=""), [6]),
        Case("clients are verified", PLAIN),
        Case("some server verifies them", http(crl("crl.pem"), server(), server(mode="off", ca=""))),
        Case("with client CAs it is mtls-not-enforced", server(crl("crl.pem"), mode="off")),
        Case("OCSP off", server("ssl_ocsp off;", mode="off", ca="")),
        Case("no TLS", f"server {{ listen 80;\n{crl('crl.pem')} }}"),
        Case("by default, in a fragment", f"listen 443 ssl;\n{CERTIFICATE.format('server')}\n{crl('crl.pem')}", [3], confidence=Confidence.LIKELY, options={"context": ("http", "server")}),
        Case("an include was not read", http(f"server {{ {HEAD} {CERTIFICATE.format('server')} {crl('crl.pem')} {UNREAD} }}"), words="clients are verified", not_evaluated=True),
    ],
    "ocsp-without-resolver": [
        Case("none", http(server(ON)), [7], "every client", Severity.ERROR, Confidence.LIKELY),
        Case("at the http level", http(RESOLVER, server(ON))),
        Case("in a location is not in the server", http(server(ON, f"location / {{ {RESOLVER} }}")), [7]),
        Case("a responder", http(server(ON, "ssl_ocsp_responder http://127.0.0.1/;"))),
        Case("a fragment", server(ON), words="may set it", not_evaluated=True),
        Case("an include was not read", http(UNREAD, server(ON)), words="resolver", not_evaluated=True),
        Case("nobody is asked", http(server(ON, mode="off"))),
        Case("off", http(server("ssl_ocsp off;"))),
    ],
    "ocsp-without-cache": [
        Case("none", http(server(ON)), [7], severity=Severity.INFO, confidence=Confidence.CERTAIN),
        Case("off", http(server(ON, "ssl_ocsp_cache off;")), [7]),
        Case("one", server(ON, CACHE)),
        Case("a fragment", server(ON), [6], confidence=Confidence.LIKELY),
        Case("an include was not read", http(UNREAD, server(ON)), words="cache", not_evaluated=True),
    ],
    "ocsp-intermediate-without-responder": [
        Case("none", server(ON, ca="chain-bundle.pem"), [6], '"Example Intermediate CA"', Severity.ERROR),
        Case("https", server(ON, ca="https-ocsp-bundle.pem"), [6], '"HTTPS OCSP Intermediate CA"'),
        Case("it names one", server(ON, ca="ocsp-intermediate-bundle.pem")),
        Case("leaf", server(LEAF, ca="chain-bundle.pem")),
        Case("a responder for all", server(ON, "ssl_ocsp_responder http://127.0.0.1/;", ca="chain-bundle.pem")),
        Case("a root needs none", server(ON)),
        Case("its clients do not get in anyway", server(ON, ca="intermediate.pem")),
        Case("the CA file is not there", server(ON, ca="absent/ca.pem"), not_evaluated=True),
    ],
    "ocsp-leaf-only": [
        Case("an intermediate", server(LEAF, ca="chain-bundle.pem"), [6], severity=Severity.INFO),
        Case("no intermediate", server(LEAF)),
        Case("on", server(ON, ca="chain-bundle.pem")),
        Case("a CRL", server(LEAF, crl("crl-chain.pem"), ca="chain-bundle.pem")),
    ],
    "stapling-dead": [
        Case("no responder", server("ssl_stapling on;", mode="off"), [6], "names no OCSP responder", Severity.WARNING),
        Case("https", server("ssl_stapling on;", certificate="server-https-ocsp"), [6], "by http:// only"),
        Case("must-staple", server("ssl_stapling on;", certificate="must-staple-no-ocsp"), [6], "must-staple", Severity.ERROR),
        Case("works", server("ssl_stapling on;", certificate="server-ocsp")),
        Case("the issuer is not at hand", server("ssl_stapling on;", mode="off", ca="", certificate="server-ocsp"), [6], "without that of its issuer"),
        Case("a CA file is not there", server("ssl_stapling on; ssl_trusted_certificate /etc/x/ca.pem;", mode="off", ca="", certificate="server-ocsp"), words="/etc/x/ca.pem", not_evaluated=True),
        Case("off", server()),
        Case("a file", server("ssl_stapling on; ssl_stapling_file /x/answer.der;")),
        Case("a server that shows no certificate", server("ssl_stapling on; ssl_reject_handshake on;")),
        Case("the certificate is not there", server("ssl_stapling on;").replace("/pki/server.pem", "/etc/x/s.pem"), words="/etc/x/s.pem", not_evaluated=True),
        Case("at the http level, once", http("ssl_stapling on;", server(), server().replace("api.", "www.")), [2], "in servers api.example.com:443 and www.example.com:443"),
    ],
    "must-staple-without-stapling": [
        Case("off", server("ssl_stapling off;", certificate="must-staple"), [3], "must-staple", Severity.ERROR, Confidence.CERTAIN),
        Case("by default, in a fragment", server(certificate="must-staple"), [3], confidence=Confidence.LIKELY),
        Case("on", server("ssl_stapling on;", certificate="must-staple")),
        Case("no demand", server(certificate="server-ocsp")),
        Case("an include was not read", http(UNREAD, server(certificate="must-staple")), words="staples", not_evaluated=True),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "case"),
    [pytest.param(rule, case, id=f"{rule}:{case}") for rule, cases in CASES.items() for case in cases],
)
def test_case(rule: str, case: Case) -> None:
    check(rule, case)
