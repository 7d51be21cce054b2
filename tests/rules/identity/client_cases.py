"""Checks of who a client is: edge cases, and near misses that stay silent."""

from mtls_lint.lint.finding import Confidence, Severity
from rules.cases import Case


def named(*lines: str, before: str = "", ca: str = "root.pem") -> str:
    """A server that verifies clients; the lines given begin at line 2, or at line 3 behind ``before``."""
    first = "server { listen 443 ssl; ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
    head = f"{first} ssl_client_certificate /pki/{ca}; ssl_verify_client on;"
    return "\n".join(
        [*([before] if before else []), head, *lines, "location / { proxy_pass http://127.0.0.1:1; } }", ""]
    )


def refuse(condition: str) -> str:
    return f"if ({condition}) {{ return 403; }}"


def keyed(*rows: str, source: str = "$ssl_client_s_dn", ca: str = "root.pem", default: int = 0) -> str:
    """A server that lets in whom a map knows (or refuses whom it knows); the map is on line 1."""
    known = f"map {source} $known {{ default {default}; {' '.join(rows)} }}"
    return named(refuse("$known = 0"), before=known, ca=ca)


TWO = "two-roots.pem"
ALICE = '"CN=alice,O=Acme"'
NOT_ALICE = refuse(f"$ssl_client_s_dn != {ALICE}")
OF_ROOT = refuse('$ssl_client_i_dn != "CN=Example Root CA"')
WHO = f"map $ssl_client_s_dn $who {{ {ALICE} alice; }}"
SHA1 = "ab" * 20
NAMELESS = "server { listen 443 ssl; ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"

CASES: dict[str, list[Case]] = {
    "dn-regex-unanchored": [
        Case(
            "nothing is anchored",
            named('if ($ssl_client_s_dn !~ "CN=alice") { return 403; }'),
            [2],
            "`CN=alice2` gets in",
            Severity.ERROR,
            witness="curl -i -k --cert client-of-root.pem https://localhost/",
        ),
        Case(
            "the end is open",
            named('if ($ssl_client_s_dn !~ "^CN=alice") { return 403; }'),
            [2],
            "`CN=alice2`",
        ),
        Case(
            "the beginning is open",
            named('if ($ssl_client_s_dn !~ "CN=alice$") { return 403; }'),
            [2],
            "`CN=mallory,O=CN=alice`",
        ),
        Case(
            "the whole name, but a dot",
            named('if ($ssl_client_s_dn !~ "^CN=api.example.com$") { return 403; }'),
            [2],
            "`CN=api-example.com`",
        ),
        Case(
            "a host name",
            named(r'if ($ssl_client_s_dn !~ "^CN=api\.example\.com") { return 403; }'),
            [2],
            "`CN=api.example.com.attacker.example`",
        ),
        Case("several names", named('if ($ssl_client_s_dn !~ "CN=(alice|bob)") { return 403; }'), [2]),
        Case(
            "a row of a map",
            named(
                "if ($known = 0) { return 403; }",
                before='map $ssl_client_s_dn $known { default 0; "~CN=alice" 1; }',
            ),
            [1],
            "`CN=alice2`",
        ),
        Case(
            "it opens one place",
            named(
                'location /a { if ($ssl_client_s_dn ~ "CN=alice") { return 301 /b; } return 403; }',
                'set $ok 0; if ($ssl_client_s_dn ~ "CN=alice") { set $ok 1; } if ($ok = 0) { return 403; }',
            ),
            [3],
        ),
        Case("anchored", named('if ($ssl_client_s_dn !~ "^CN=alice,O=ACME$") { return 403; }')),
        Case(
            "anchored with a dot escaped",
            named(r'if ($ssl_client_s_dn !~ "^CN=api\.example\.com$") { return 403; }'),
        ),
        Case("a list of the unwanted", named('if ($ssl_client_s_dn ~ "CN=mallory") { return 403; }')),
        Case(
            "it only sorts",
            named(
                "add_header X-Who $who;",
                before='map $ssl_client_s_dn $who { default other; "~CN=alice" alice; }',
            ),
        ),
        Case("no expression", named('if ($ssl_client_s_dn != "CN=alice") { return 403; }')),
        Case(
            "what cannot be known",
            named(
                'if ($ssl_client_s_dn !~ "CN=alice") { return 403; } if ($inside) { return 403; }',
                before="geo $inside { default 0; }",
            ),
            words="geo",
            not_evaluated=True,
        ),
        Case(
            "a comma in front",
            named(refuse('$ssl_client_s_dn !~ "(^|,)CN=alice(,|$)"')),
            [2],
            r"`CN=mallory,O=x\,CN=alice`",
        ),
        Case(
            "the end of a longer name",
            named(refuse('$ssl_client_s_dn !~ "CN=alice,O=Acme$"')),
            [2],
            "`CN=mallory,OU=CN=alice,O=Acme`",
        ),
        Case(
            "the old form, open at the end",
            named(refuse('$ssl_client_s_dn_legacy !~ "/CN=alice"')),
            [2],
            "`CN=alice2`",
        ),
        Case(
            "a slash in the old form",
            named(refuse('$ssl_client_s_dn_legacy !~ "/CN=alice$"')),
            [2],
            "`CN=x/CN=alice`",
        ),
        Case(
            "behind set, by a chain of maps",
            named(
                "set $who $ssl_client_s_dn;",
                refuse('$who !~ "^CN=alice"'),
            ),
            [3],
            "`CN=alice2`",
        ),
        Case(
            "a map of a map",
            named(
                refuse("$ok != yes"),
                before='map $ssl_client_s_dn $who { "~^CN=alice" a; } map $who $ok { a yes; }',
            ),
            [1],
            "`CN=alice2`",
        ),
        Case(
            "together with the verdict",
            keyed('"~^SUCCESS:CN=alice" 1;', source='"$ssl_client_verify:$ssl_client_s_dn"'),
            [1],
            "`CN=alice2`",
        ),
        Case(
            "the issuer is looked at as well",
            named(OF_ROOT, refuse('$ssl_client_s_dn !~ "^CN=alice"')),
            [3],
            "`CN=alice2`",
        ),
        Case(
            "a part of the name, taken from anywhere",
            named(
                refuse("$cn != alice"),
                before='map $ssl_client_s_dn $cn { "~CN=(?<name>[^,]+)" $name; }',
            ),
            [1],
            "`UID=CN=alice,CN=mallory`",
        ),
        Case(
            "a part of the name, behind a comma",
            named(
                refuse("$ok != 1"),
                before=r'map $ssl_client_s_dn $cn { "~(?:^|,)\s*CN=([^,]+)" $1; } map $cn $ok { alice 1; }',
            ),
            [1],
            r"`UID=x\,CN=alice,CN=mallory`",
        ),
        Case(
            "a part of the name, from its beginning",
            named(
                refuse("$cn != alice"),
                before='map $ssl_client_s_dn $cn { "~^CN=(?<name>[^,]+)" $name; }',
            ),
        ),
        Case(
            "a part of the name, to be shown",
            named(
                "add_header X-Who $cn;",
                before='map $ssl_client_s_dn $cn { "~CN=(?<name>[^,]+)" $name; }',
            ),
        ),
        Case("the old form, anchored", named(refuse('$ssl_client_s_dn_legacy !~ "^/O=Acme/CN=alice$"'))),
    ],
    "issuer-unchecked": [
        Case(
            "an if",
            named(NOT_ALICE, ca=TWO),
            [2],
            "`CN=Other Root CA`",
            Severity.WARNING,
            Confidence.LIKELY,
        ),
        Case("a map", keyed(f"{ALICE} 1;", ca=TWO), [1], "`CN=alice,O=Acme`"),
        Case("an expression", named(refuse('$ssl_client_s_dn !~ "^CN=alice$"'), ca=TWO), [2]),
        Case("the old form", named(refuse('$ssl_client_s_dn_legacy != "/O=Acme/CN=alice"'), ca=TWO), [2]),
        Case(
            "two files",
            named("ssl_trusted_certificate /pki/other-root.pem;", NOT_ALICE),
            [3],
        ),
        Case(
            "each server once",
            named(refuse('$ssl_client_s_dn != "CN=a"'), refuse('$ssl_client_serial = "01"'), ca=TWO),
            [2],
        ),
        Case("a single CA", named(NOT_ALICE)),
        Case(
            "a root and its intermediate",
            named(NOT_ALICE, ca="chain-bundle.pem"),
        ),
        Case(
            "the issuer is compared",
            named(
                OF_ROOT,
                NOT_ALICE,
                ca=TWO,
            ),
        ),
        Case(
            "the issuer is part of the key",
            keyed('"CN=Example Root CA|CN=alice" 1;', source='"$ssl_client_i_dn|$ssl_client_s_dn"', ca=TWO),
        ),
        Case("a list of the unwanted", named(refuse('$ssl_client_s_dn = "CN=mallory"'), ca=TWO)),
        Case(
            "it is only forwarded",
            named(
                "proxy_set_header X-Who $who;",
                before=WHO,
                ca=TWO,
            ),
        ),
        Case(
            "a fingerprint besides",
            named(
                NOT_ALICE,
                refuse(f"$ssl_client_fingerprint != {SHA1}"),
                ca=TWO,
            ),
        ),
        Case(
            "another CA that lets nobody in",
            named("ssl_trusted_certificate /pki/ca-expired.pem;", NOT_ALICE),
        ),
        Case("nobody checks", named(ca=TWO)),
        Case(
            "the file is not there",
            f"{NAMELESS} ssl_client_certificate /etc/x/ca.pem; ssl_verify_client on; "
            f"{refuse(f'$ssl_client_s_dn != {ALICE}')} location / {{ proxy_pass http://127.0.0.1:1; }} }}",
            words="ca.pem",
            not_evaluated=True,
        ),
    ],
    "serial-only-authz": [
        Case(
            "an if",
            named(refuse("$ssl_client_serial != 1A2B"), ca=TWO),
            [2],
            "the certificate 1A2B of `CN=Other Root CA`",
            Severity.WARNING,
        ),
        Case("a map, in small letters", keyed("1a2b 1;", source="$ssl_client_serial", ca=TWO), [1]),
        Case("one by lot", named(refuse("$ssl_client_serial != 5F00AA11BB22CC33DD44"), ca=TWO), [2]),
        Case("a single CA", named(refuse("$ssl_client_serial != 1A2B"))),
        Case(
            "a root and its intermediate, as one",
            named(refuse("$ssl_client_serial != 1A2B"), ca="chain-bundle.pem"),
        ),
        Case(
            "the issuer is compared",
            named(
                OF_ROOT,
                refuse("$ssl_client_serial != 1A2B"),
                ca=TWO,
            ),
        ),
        Case(
            "the name is compared, which another rule speaks of",
            named(NOT_ALICE, refuse("$ssl_client_serial != 1A2B"), ca=TWO),
        ),
        Case("a list of the unwanted", named(refuse("$ssl_client_serial = 1A2B"), ca=TWO)),
    ],
    "fingerprint-sha1": [
        Case("an if", named(refuse(f"$ssl_client_fingerprint != {SHA1}")), [2], severity=Severity.INFO),
        Case("a map, once", keyed(f"{SHA1} 1; {'cd' * 20} 1;", source="$ssl_client_fingerprint"), [1]),
        Case("a list of the unwanted", named(refuse(f"$ssl_client_fingerprint = {SHA1}"))),
        Case("a log", named("add_header X-Who $ssl_client_fingerprint;")),
        Case("a name", named(NOT_ALICE)),
    ],
    "client-identity-never-matches": [
        Case(
            "the old form",
            named(refuse('$ssl_client_s_dn != "/O=Acme/CN=alice"')),
            [2],
            "`CN=alice,O=Acme`, so that its holder is locked out",
            Severity.ERROR,
            Confidence.LIKELY,
        ),
        Case(
            "the old form on a list of the unwanted",
            named(refuse('$ssl_client_s_dn = "/O=Acme/CN=mallory"')),
            [2],
            "who is to be refused, gets in",
            witness="curl -i -k --cert client-of-root.pem https://localhost/",
        ),
        Case(
            "the new form for the old variable",
            named(refuse(f"$ssl_client_s_dn_legacy = {ALICE}")),
            [2],
            "/O=Acme",
        ),
        Case("blanks", keyed('"CN=alice, O=Acme" 1;'), [1], "`CN=alice,O=Acme`"),
        Case(
            "what openssl prints",
            named(refuse('$ssl_client_s_dn = "C = US, O = Acme, CN = mallory"')),
            [2],
            "`CN=mallory,O=Acme,C=US`",
        ),
        Case("types in small letters", named(refuse('$ssl_client_s_dn = "cn=mallory,o=Acme"')), [2]),
        Case(
            "a type that OpenSSL calls otherwise", named(refuse('$ssl_client_s_dn = "CN=m,E=m@x.test"')), [2]
        ),
        Case(
            "a comma in a value",
            named(refuse('$ssl_client_s_dn = "CN=m,O=Acme, Inc."')),
            [2],
            r"`CN=m,O=Acme\, Inc.`",
        ),
        Case("other letters", named(refuse('$ssl_client_s_dn = "CN=Müller"')), [2], r"`CN=M\C3\BCller`"),
        Case("no type at all", named(refuse("$ssl_client_s_dn = mallory")), [2], "`CN=mallory`"),
        Case("an expression", named(refuse('$ssl_client_s_dn ~ "/CN=mallory"')), [2], "`CN=mallory`"),
        Case(
            "an expression that lets somebody else in",
            named(refuse('$ssl_client_s_dn !~ "/CN=alice"')),
            [2],
            "`CN=alice`, so that its holder is locked out, and one for `CN=mallory,O=x/CN=alice` gets in",
            witness="curl -i -k --cert client-of-root.pem https://localhost/",
        ),
        Case(
            "the CA",
            named(refuse('$ssl_client_i_dn != "/CN=Example Root CA"')),
            [2],
            "that CA's clients are locked out",
        ),
        Case("a serial number in small letters", named(refuse("$ssl_client_serial = 1a2b")), [2], "`1A2B`"),
        Case("with colons", named(refuse("$ssl_client_serial = 1A:2B")), [2], "`1A2B`"),
        Case("with 0x, in a map", keyed("0x1A2B 0;", source="$ssl_client_serial", default=1), [1], "`1A2B`"),
        Case("half a byte", named(refuse("$ssl_client_serial = A2B")), [2], "`0A2B`"),
        Case("a zero too many", named(refuse("$ssl_client_serial = 00A2B1")), [2], "`A2B1`"),
        Case(
            "a fingerprint in capitals",
            named(refuse(f"$ssl_client_fingerprint != {'AB' * 20}")),
            [2],
            f"`{SHA1}`",
        ),
        Case(
            "a fingerprint with colons",
            keyed(f"{':'.join(['AB'] * 20)} 1;", source="$ssl_client_fingerprint"),
            [1],
            "locked out",
        ),
        Case(
            "a fingerprint by SHA-256",
            named(refuse(f"$ssl_client_fingerprint != {'ab' * 32}")),
            [2],
            "it lets nobody in",
        ),
        Case("several rows", keyed('"/CN=a" 1; "/CN=b" 1;'), [1], "(and 1 more here)"),
        Case(
            "the order of the certificate",
            named(refuse('$ssl_client_s_dn != "C=US,O=Acme,CN=alice"')),
            [2],
            "`CN=alice,O=Acme,C=US`",
            Severity.INFO,
            Confidence.POSSIBLE,
        ),
        Case("as nginx writes it", named(NOT_ALICE)),
        Case("in a map, case does not matter", keyed('"cn=ALICE,o=acme" 1;')),
        Case("a serial number in a map", keyed("1a2b 0;", source="$ssl_client_serial", default=1)),
        Case("a fingerprint in a map", keyed(f"{'AB' * 20} 1;", source="$ssl_client_fingerprint")),
        Case("both forms side by side", keyed('"/O=Acme/CN=alice" 1; "CN=alice,O=Acme" 1;')),
        Case(
            "the old form for the old variable",
            named(refuse('$ssl_client_s_dn_legacy != "/O=Acme/CN=alice"')),
        ),
        Case("no name", named(refuse('$ssl_client_s_dn = ""'))),
        Case("a placeholder", named(refuse("$ssl_client_fingerprint != PARTNER_FINGERPRINT"))),
        Case(
            "it only sorts",
            named("add_header X-Who $who;", before='map $ssl_client_s_dn $who { "/CN=alice" alice; }'),
        ),
        Case(
            "an nginx that writes the old form",
            named(refuse('$ssl_client_s_dn != "/O=Acme/CN=alice"')),
            version="1.10.3",
        ),
    ],
}
