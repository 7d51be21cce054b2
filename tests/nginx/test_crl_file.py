"""Every file of the catalogue as that of ``ssl_crl``: nginx refuses it exactly where we say so."""

from pathlib import Path

from mtls_lint.nginx.chain_check import crl_file_defect
from mtls_lint.pki.store import PemStore
from mtls_lint.testing import NginxBinary, catalogue

TEXT = """\
events {{}}
http {{
    server {{
        listen 127.0.0.1:12345 ssl;
        ssl_certificate     {pki}/server.pem;
        ssl_certificate_key {pki}/server.key;
        ssl_crl             {path};
    }}
}}
"""


def test_every_file_as_crl(nginx: NginxBinary, pki: Path, tmp_path: Path) -> None:
    good, certificate = catalogue.content("crl.pem"), catalogue.content("root.pem")
    (tmp_path / "broken.pem").write_bytes(good + certificate.replace(b"\nM", b"\n!", 1))
    files = [*(pki / name for name in catalogue.names()), *tmp_path.glob("*.pem")]
    store = PemStore()
    wrong = []
    for path in files:
        defect = crl_file_defect(store.read(str(path)), nginx.version)
        result = nginx.check(TEXT.format(pki=pki, path=path), tmp_path)
        if result.accepted is not (defect is None):
            wrong.append(f"{path.name}: {defect} {result.output}")
    assert wrong == []
