"""Rules that read a profile's parameters: what they report, and near misses."""

import pytest

from mtls_lint.lint.finding import Confidence
from rules.cases import Case, check

PAIR = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"


def case(what: str, profile: str, text: str, *lines: int, words: str = "", **more: object) -> Case:
    return Case(what, text.replace("PAIR", PAIR), lines, words, options={"profile": profile}, **more)  # type: ignore[arg-type]


CASES = {
    "protocol-outside-profile": [
        case("what is in force, not what stands there", "cis-3.0.0", "server { listen 443 ssl; PAIR\nssl_protocols TLSv1.2 TLSv1.3; ssl_conf_command MinProtocol TLSv1.3; }"),
        case("a command adds one", "cis-3.0.0", "server { listen 443 ssl; PAIR\nssl_protocols TLSv1.3;\nssl_conf_command Protocol TLSv1.2; }", 2, words="TLSv1.2"),
        case("old versions are those of another rule", "mozilla-intermediate-6.0", "server { listen 443 ssl; PAIR\nssl_protocols TLSv1.1 TLSv1.2; }"),
        case("one line for all servers", "mozilla-modern-6.0", "events {} http {\nssl_protocols TLSv1.2 TLSv1.3; PAIR\nserver { listen 443 ssl; server_name a.test; }\nserver { listen 443 ssl; server_name b.test; } }", 2, words="a.test:443 and b.test:443"),
        case("no TLS, no versions", "cis-3.0.0", "server { listen 80; ssl_protocols TLSv1.2; }"),
        case("a server that another file completes", "cis-3.0.0", "listen 443 ssl; PAIR", words="may be set", not_evaluated=True),
        case("the default of the version", "stig-v1r1", "events {} http { server { listen 443 ssl; PAIR } }", version="1.22.1"),
        case("backends by default", "cis-3.0.0", "events {} http { server { listen 80;\nlocation / { proxy_pass https://127.0.0.1; } } }", 2, words="is not set"),
        case("old ones by default, which nobody else reports", "cis-2.1.0", "events {} http { server { listen 80;\nlocation / { proxy_pass https://127.0.0.1; } } }", 2, words="TLSv1 and TLSv1.1", version="1.22.1"),
        case("a backend without TLS", "cis-3.0.0", "events {} http { server { listen 80;\nlocation / { proxy_pass http://127.0.0.1; } } }"),
    ],
    "protocols-not-written": [
        case("written in http", "stig-v1r1", "events {} http { ssl_protocols TLSv1.2;\nserver { listen 443 ssl; PAIR } }"),
        case("an include that may write it", "stig-v1r1", "events {} http { include absent.conf;\nserver { listen 443 ssl; PAIR } }", words="may be set", not_evaluated=True),
    ],
    "cipher-outside-profile": [
        case("the list of the profile", "mozilla-intermediate-6.0", "server { listen 443 ssl; PAIR\nssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20; }"),
        case("a command replaces the string", "mozilla-intermediate-6.0", "server { listen 443 ssl; PAIR\nssl_ciphers HIGH;\nssl_conf_command CipherString ECDHE+AESGCM; }"),
        case("the command's own", "mozilla-intermediate-6.0", "server { listen 443 ssl; PAIR\nssl_ciphers ECDHE+AESGCM;\nssl_conf_command CipherString ECDHE-RSA-AES128-SHA256; }", 3, words="ECDHE-RSA-AES128-SHA256"),
        case("TLS 1.3 alone has no use for it", "bsi-tr-02102-2", "server { listen 443 ssl; PAIR\nssl_protocols TLSv1.3; ssl_ciphers HIGH; }"),
        case("DHE without parameters", "mozilla-intermediate-6.0", "server { listen 443 ssl; PAIR\nssl_ciphers ECDHE+AESGCM:DHE+AESGCM; }"),
        case("DHE with parameters", "mozilla-intermediate-6.0", "server { listen 443 ssl; PAIR ssl_dhparam /pki/dh.pem;\nssl_ciphers ECDHE+AESGCM:DHE+AESGCM; }", 2, words="DHE-RSA-AES"),
        case("patterns", "cis-2.1.0", "server { listen 443 ssl; PAIR\nssl_ciphers ECDHE+AES:DHE+AESGCM; }"),
        case("suites of cipher-no-forward-secrecy", "cis-2.1.0", "server { listen 443 ssl; PAIR\nssl_ciphers AES128-SHA:ECDHE+AESGCM; }"),
        case("the default has them too, and nobody else says so", "cis-2.1.0", "events {} http { server { listen 443 ssl;\nPAIR } }", 1, words="AES256-GCM-SHA384"),
        case("ChaCha20 is not the BSI's", "bsi-tr-02102-2", "server { listen 443 ssl; PAIR\nssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20; }", 2, words="CHACHA20"),
    ],
    "ciphersuite-outside-profile": [
        case("all three are Mozilla's", "mozilla-modern-6.0", "server { listen 443 ssl; PAIR }"),
        case("a list of one's own", "mozilla-modern-6.0", "server { listen 443 ssl; PAIR\nssl_conf_command Ciphersuites TLS_AES_128_CCM_SHA256:TLS_AES_128_GCM_SHA256; }", 2, words="TLS_AES_128_CCM_SHA256"),
        case("no TLS 1.3, no such suites", "bsi-tr-02102-2", "server { listen 443 ssl; PAIR ssl_protocols TLSv1.2; }"),
    ],
    "group-outside-profile": [
        case("other names of a curve", "mozilla-modern-6.0", "server { listen 443 ssl; PAIR\nssl_ecdh_curve P-256:secp384r1:X25519; }"),
        case("a hybrid group of the profile", "mozilla-modern-6.0", "server { listen 443 ssl; PAIR\nssl_ecdh_curve X25519MLKEM768:X25519; }"),
        case("auto", "mozilla-modern-6.0", "server { listen 443 ssl; PAIR\nssl_ecdh_curve auto; }", 2, words="X448 and secp521r1", confidence=Confidence.LIKELY),
        case("one that is not the BSI's", "bsi-tr-02102-2", "server { listen 443 ssl; PAIR\nssl_ecdh_curve X25519:secp384r1; }", 2, words="X25519"),
    ],
    "cipher-order-outside-profile": [
        case("off in http, on in a server", "cis-3.0.0", "events {} http { ssl_prefer_server_ciphers off;\nserver { listen 443 ssl; PAIR\nssl_prefer_server_ciphers on; } }", 3),
    ],
    "session-tickets-outside-profile": [
        case("on by default", "cis-2.1.0", "events {} http { server { listen 443 ssl; PAIR } }", 1, words="by default"),
        case("a server without TLS", "cis-2.1.0", "server { listen 80; }"),
    ],
    "certificate-outside-profile": [
        case("RSA of 2048 bits and the BSI", "bsi-tr-02102-2", "server { listen 443 ssl;\nssl_certificate /pki/rsa.pem; ssl_certificate_key /pki/rsa.key; }", 2, words="at least 3000"),
        case("RSA is none of Mozilla's modern", "mozilla-modern-6.0", "server { listen 443 ssl;\nssl_certificate /pki/rsa.pem; ssl_certificate_key /pki/rsa.key; }", 2, words="type RSA"),
        case("NIST takes it", "nist-800-52r2", "server { listen 443 ssl;\nssl_certificate /pki/rsa.pem; ssl_certificate_key /pki/rsa.key; }"),
        case("a file that is not there", "bsi-tr-02102-2", "server { listen 443 ssl;\nssl_certificate /pki/none.pem; ssl_certificate_key /pki/none.key; }", not_evaluated=True),
        case("what nobody presents", "bsi-tr-02102-2", "server { listen 80;\nssl_certificate /pki/rsa.pem; ssl_certificate_key /pki/rsa.key; }"),
    ],
    "unknown-name-answered": [
        case("one socket of two", "cis-3.0.0", "events {} http { PAIR server { listen 443 ssl default_server; ssl_reject_handshake on; }\nserver { listen 443 ssl; listen 8443 ssl; server_name a.test; } }", 2, words="*:8443"),
        case("a socket without TLS", "cis-3.0.0", "events {} http { server { listen 80; } }"),
    ],
    "upstream-client-cert-missing": [
        case("one place has it: another rule's", "cis-3.0.0", "events {} http { server { listen 80; location / { proxy_pass https://127.0.0.1; }\nlocation /a { proxy_pass https://127.0.0.1; proxy_ssl_certificate /pki/client.pem; proxy_ssl_certificate_key /pki/client.key; } } }"),
        case("inherited", "cis-3.0.0", "events {} http { proxy_ssl_certificate /pki/client.pem; proxy_ssl_certificate_key /pki/client.key; server { listen 80; location / { proxy_pass https://127.0.0.1; } } }"),
        case("no TLS", "cis-3.0.0", "events {} http { server { listen 80; location / { proxy_pass http://127.0.0.1; } } }"),
        case("two places, one backend", "cis-3.0.0", "events {} http { server { listen 80;\nlocation / { proxy_pass https://127.0.0.1; }\nlocation /a { proxy_pass https://127.0.0.1; } } }", 2, words="location / of _:80 and location /a"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "case"),
    [pytest.param(rule, one, id=f"{rule}-{one}") for rule, cases in CASES.items() for one in cases],
)
def test_cases(rule: str, case: Case) -> None:
    check(rule, case)
