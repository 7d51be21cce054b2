"""Make the certificates of the recipe, for both of its cases.

    python make_certificates.py DIRECTORY

writes ``DIRECTORY/third-party`` and ``DIRECTORY/partner``, each with the files that recipe.conf names
(``www.example.com.crt``, ``www.example.com.key``, ``PartnerAuthCA.crt``), and what it takes to try them:
the partner's client certificate and a stranger's (``partner-client``, ``stranger``), and ``server-ca.crt``,
by which a client knows the server. All of it is for trying things out: new keys each time, worth nothing
elsewhere.
"""

import sys
from pathlib import Path

from mtls_lint.testing.pki import Authority, Identity


def make_case(directory: Path, server: Identity, server_root: Authority, partner: Authority) -> None:
    """Write one case: whoever issued the server's certificate, the partner issues the clients'."""
    directory.mkdir(parents=True, exist_ok=True)
    stranger = Authority.root("Somebody Else CA").client("stranger")
    files = {
        "www.example.com.crt": server.chain_pem(),
        "www.example.com.key": server.key_pem(),
        "PartnerAuthCA.crt": partner.pem,
        "server-ca.crt": server_root.pem,
    }
    clients = {"partner-client": partner.client("partner-callback"), "stranger": stranger}
    for name, identity in clients.items():
        files[f"{name}.crt"] = identity.chain_pem()
        files[f"{name}.key"] = identity.key_pem()
    for name, content in files.items():
        path = directory / name
        path.touch(mode=0o600 if name.endswith(".key") else 0o644)
        path.write_bytes(content)


def make_cases(directory: Path) -> None:
    """Write both cases below ``directory``."""
    partner = Authority.root("Partner Auth CA")
    public = Authority.root("Third Party Root")
    issuing = public.intermediate("Third Party Issuing CA")
    make_case(directory / "third-party", issuing.server("www.example.com"), public, partner)
    make_case(directory / "partner", partner.server("www.example.com"), partner, partner)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    make_cases(Path(sys.argv[1]))
