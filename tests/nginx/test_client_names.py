"""The names of clients in nginx's variables, asked of nginx itself."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from mtls_lint.pki.name_forms import as_legacy, as_rfc2253, name_of, read_name
from mtls_lint.testing.catalogue import identity
from mtls_lint.testing.nginx import NginxBinary, request
from mtls_lint.testing.pki import LEAF

Attribute = x509.NameAttribute
CN, ORGANIZATION = NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME
EVERY_TYPE = [
    *("2.5.4.3", "2.5.4.4", "2.5.4.5", "2.5.4.7", "2.5.4.8", "2.5.4.9", "2.5.4.10", "2.5.4.11", "2.5.4.12"),
    *("2.5.4.13", "2.5.4.15", "2.5.4.16", "2.5.4.17", "2.5.4.41", "2.5.4.42", "2.5.4.43", "2.5.4.44"),
    *("2.5.4.46", "2.5.4.65", "2.5.4.97", "0.9.2342.19200300.100.1.1", "0.9.2342.19200300.100.1.25"),
    *("1.2.840.113549.1.9.1", "1.2.840.113549.1.9.2", "1.3.6.1.4.1.311.60.2.1.1", "1.2.3.4.5"),
]
NAMES: dict[str, list[list[x509.NameAttribute[str | bytes]]]] = {
    "plain": [[Attribute(ORGANIZATION, "Acme")], [Attribute(CN, "alice")]],
    "every type": [[Attribute(x509.ObjectIdentifier(oid), "x")] for oid in EVERY_TYPE],
    "countries": [
        [Attribute(NameOID.COUNTRY_NAME, "DE")],
        [Attribute(NameOID.JURISDICTION_COUNTRY_NAME, "DE")],
    ],
    "escapes": [[Attribute(ORGANIZATION, "Evil,CN=alice")], [Attribute(CN, ' a"b+c;d<e>f\\g#h=i/j ')]],
    "a hash in front": [[Attribute(CN, "#x")]],
    "a blank": [[Attribute(CN, " ")]],
    "not ASCII": [[Attribute(CN, "Müller €")]],
    "control characters": [[Attribute(CN, "a\tb\x01c\x7f")]],
    "two in one part": [[Attribute(CN, "m"), Attribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "n")]],
    "slash and plus": [[Attribute(ORGANIZATION, "a/CN=alice")], [Attribute(CN, "b+c")]],
    "bits": [[Attribute(NameOID.X500_UNIQUE_IDENTIFIER, b"\x00ab", _ASN1Type.BitString)]],
}


def test_both_forms_are_those_of_nginx(nginx: NginxBinary, tmp_path: Path) -> None:
    identity("server").write(tmp_path, "server")
    text = (
        "events {} http { server { listen 127.0.0.1:PORT_web ssl; ssl_certificate server.pem;"
        " ssl_certificate_key server.key; ssl_verify_client optional_no_ca;"
        ' return 200 "$ssl_client_s_dn|$ssl_client_s_dn_legacy"; } }'
    )
    with nginx.run(text, tmp_path) as server:
        for what, parts in NAMES.items():
            name = x509.Name([x509.RelativeDistinguishedName(part) for part in parts])
            own = tmp_path / "own.pem"
            own.write_bytes(self_signed(name))
            shown = request(server.ports["web"], certificate=own).body
            read = name_of(name)
            legacy = as_legacy(read) if what != "bits" else "/x500UniqueIdentifier=ab"
            assert shown == f"{as_rfc2253(read)}|{legacy}", what
            if what != "bits" and "1.2.3.4.5" not in shown:
                assert read_name(as_rfc2253(read)) == read, what


def self_signed(name: x509.Name) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateBuilder(name, name, key.public_key(), 5, *LEAF)
    certificate = builder.sign(key, hashes.SHA256())
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + plain
