r"""A regular expression on the client's name accepts more names than it says.

`$ssl_client_s_dn` is the whole name of the certificate as one text, such as `CN=alice,O=ACME`. A regular
expression without `^` and `$` is looked for anywhere in it: `CN=alice` also fits `CN=alice2`, and
`CN=mallory,O=CN=alice`, where somebody calls his organisation so. A dot that is not escaped fits any
character: `CN=api.example.com` fits `CN=api-example.com`. Whoever gets a certificate with such a name from a
trusted CA gets in; with a public CA that is anybody who owns `api.example.com.attacker.example`.

`(^|,)CN=alice(,|$)` is no better: a comma in a value is shown as `\,`, so that `CN=mallory,O=x\,CN=alice`
fits. In `$ssl_client_s_dn_legacy` a slash in a value is shown as `\/`, with the same result.

It is fine where the expression only sorts (a log, a header), and where it is a list of the unwanted.

Compare the whole name, `"^CN=alice,O=ACME$"` with its dots escaped, or without a regular expression.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    if ($ssl_client_s_dn !~ "CN=alice") {
        return 403;
    }
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```
```nginx
map $ssl_client_s_dn $partner {
    default               0;
    "~CN=api.partner.com" 1;
}
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    if ($partner = 0) {
        return 403;
    }
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    if ($ssl_client_s_dn !~ "^CN=alice,O=ACME$") {
        return 403;
    }
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#var_ssl_client_s_dn
- RFC 4514 section 2.4 (which characters of a value are escaped: `=` is not)
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Holder,
    IdentityTest,
    Reception,
    Related,
    Served,
    Severity,
    as_rfc2253,
    behind,
    checks_identity,
    client_trust,
    read_name,
    rule,
    was_judged,
    witness_of,
)

_HOST_NAME = re.compile(r"[\w-]+(\.[\w-]+)+")


@rule(
    id="dn-regex-unanchored",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report, each once, the expressions that let in a name that only resembles the one that is meant."""
    judged: set[IdentityTest] = set()
    for server in configuration.servers_of("http"):
        if not checks_identity(server) or not client_trust(configuration, server):
            continue
        reception = Reception(ctx, server)
        for test in reception.tests:
            if test.operator == "=" or not test.is_name or test.of_issuer or test in judged:
                continue
            for finding in _forged(test, reception, ctx):
                judged.add(test)
                yield finding


def _forged(test: IdentityTest, reception: Reception, ctx: Context) -> Findings:
    """That a name which resembles the one the test is for passes it, where the test makes the difference."""
    if not test.examples:
        ctx.not_evaluated(test.span, f"which names `{test.operand}` fits: no example of one was found")
        return
    for wanted in reception.passing(test)[:1]:
        holder = reception.privileged(test, wanted)
        if holder is None:
            doubt = reception.doubt(reception.somebody(test, wanted).client)
            if doubt is not None:
                ctx.not_evaluated(test.span, f"what a certificate for `{wanted}` gets: {doubt}")
            return
        found = _impostor(test, holder, reception)
        if found is not None:
            yield _finding(test, wanted, *found, reception)


def _impostor(test: IdentityTest, holder: Holder, reception: Reception) -> tuple[Holder, Served] | None:
    """The first who resembles the holder and gets what that one is privileged to, by this very test."""
    privileges = reception.privileges(holder)
    for name in _resembling(holder.facts.subject, test.operand):
        other = holder.another(name)
        given = reception.given(other.client) if other.certificate is not None else {}
        for uri in sorted(privileges.keys() & given.keys()):
            if was_judged(test, given[uri]):
                return other, given[uri]
    return None


def _finding(
    test: IdentityTest, wanted: str, impostor: Holder, place: Served, reception: Reception
) -> Finding:
    door = reception.door(impostor, place)
    return Finding(
        f"`{test.operand}` fits more than it says: a certificate for `{impostor.facts.subject}` gets in as"
        f" one for `{wanted}` does",
        test.span,
        'compare the whole name: "^CN=...,O=...$" with its dots escaped, or "=" with the text',
        related=(
            Related(impostor.issuer.reference.span, "certificates of these CAs are accepted"),
            *behind(door, "served to that name"),
        ),
        witness=witness_of(door),
        confidence=Confidence.LIKELY,
    )


def _resembling(subject: str, expression: str) -> Iterator[str]:
    """Other names that the expression may fit, the most telling first."""
    name = read_name(subject) or ()
    for index in dict.fromkeys((0, len(name) - 1) if name else ()):
        value = name[index].value
        longer = f"{value}.attacker.example" if _HOST_NAME.fullmatch(value) else f"{value}2"
        yield as_rfc2253((*name[:index], replace(name[index], value=longer), *name[index + 1 :]))
    first, _, rest = subject.partition(",")
    yield f"CN=mallory,O={first}"
    yield f"CN=mallory,O=x\\,{first}"
    if rest:
        yield f"CN=mallory,OU={first},{rest}"
        yield f"CN=mallory,OU=x\\,{first},{rest}"
    yield f"CN=x/{first}{',' if rest else ''}{rest}"
    if re.search(r"(?<!\\)\.(?![*+?{])", expression):
        yield subject.replace(".", "-", 1)
