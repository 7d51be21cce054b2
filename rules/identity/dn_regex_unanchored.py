"""A regular expression on the client's name accepts more names than it says.

`$ssl_client_s_dn` is the whole name of the certificate as one text, such as `CN=alice,O=ACME`. A regular
expression without `^` and `$` is looked for anywhere in it: `CN=alice` also fits `CN=alice2`, and
`CN=mallory,O=CN=alice`, where somebody calls his organisation so. A dot that is not escaped fits any
character: `CN=api.example.com` fits `CN=api-example.com`. Whoever gets a certificate with such a name from a
trusted CA gets in; with a public CA that is anybody who owns `api.example.com.attacker.example`.

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

from mtls_lint.api import (
    ClientCertificate,
    Confidence,
    Configuration,
    Context,
    Door,
    Finding,
    Findings,
    NameTest,
    Related,
    Served,
    Severity,
    VirtualServer,
    Visitor,
    behind,
    client_trust,
    content_places,
    name_tests,
    openssl_subject,
    rule,
    witness_of,
)

_HOST_NAME = re.compile(r"[\w-]+(\.[\w-]+)+")
_OTHER = "CN=somebody else"


@rule(
    id="dn-regex-unanchored",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report, each once, the expressions that let in a name that only resembles the one that is meant."""
    judged: set[NameTest] = set()
    for server in configuration.servers_of("http"):
        if server.verify_client == "off" or not server.tls_sockets or not client_trust(configuration, server):
            continue
        for test in name_tests(configuration, server):
            if test.operator.startswith("~") and test.variable == "ssl_client_s_dn" and test not in judged:
                door = _forged(test, server, ctx)
                if door is not None:
                    judged.add(test)
                    yield _finding(test, server, door, ctx)


def _finding(test: NameTest, server: VirtualServer, door: Door, ctx: Context) -> Finding:
    trust = client_trust(ctx.configuration, server)[0]
    return Finding(
        f"`{test.operand}` fits more than it says: a certificate for `{_name(door)}` gets in as"
        f" one for `{test.examples[0]}` does",
        test.span,
        'compare the whole name: "^CN=...,O=...$" with its dots escaped, or "=" with the text',
        related=(
            Related(trust.span, "certificates of these CAs are accepted"),
            *behind(door, "served to that name"),
        ),
        witness=witness_of(door),
        confidence=Confidence.LIKELY,
    )


def _forged(test: NameTest, server: VirtualServer, ctx: Context) -> Door | None:
    """A door for a name that resembles the one the test is for, where the test makes the difference."""
    if not test.examples:
        ctx.not_evaluated(test.span, f"which names `{test.operand}` fits: no example of one was found")
        return None
    wanted = test.examples[0]
    given, doubt = _content(server, wanted, ctx)
    if doubt is not None:
        ctx.not_evaluated(test.span, f"what a certificate for `{wanted}` gets: {doubt}")
    refused = given.keys() - _content(server, _OTHER, ctx)[0].keys()
    trust = client_trust(ctx.configuration, server)[0]
    for name in _resembling(wanted, test.operand) if refused else ():
        subject = openssl_subject(name)
        found = _content(server, name, ctx)[0] if subject is not None else {}
        for uri in sorted(uri for uri in refused & found.keys() if _judged(test, found[uri])):
            return Door(server.tls_sockets[0], found[uri], ClientCertificate(trust.written, subject or ""))
    return None


def _judged(test: NameTest, served: Served) -> bool:
    """Whether the test was made on the way: that of a map may have been, that of an ``if`` is recorded."""
    conditions = (condition.directive.span for condition in served.decision.conditions)
    return not test.in_condition or test.span in conditions


def _content(server: VirtualServer, subject: str, ctx: Context) -> tuple[dict[str, Served], str | None]:
    """What a trusted client of that name gets for certain, by URI; and why it may get more."""
    visitor = Visitor(ctx.trusted_client(server, subject))
    socket = server.tls_sockets[0]
    places = list(content_places(ctx.configuration, server, socket, ctx.now, visitor))
    doubt = next((place.doubts[0] for place in places if place.doubts), None)
    return {place.request.uri: place for place in places if not place.doubts}, doubt


def _resembling(name: str, expression: str) -> Iterator[str]:
    """Other names that the expression may fit, the most telling first."""
    value = name.rpartition("=")[2]
    yield f"{name}.attacker.example" if _HOST_NAME.fullmatch(value) else f"{name}2"
    yield f"CN=mallory,O={name.partition(',')[0]}"
    if re.search(r"(?<!\\)\.(?![*+?{])", expression):
        yield name.replace(".", "-", 1)


def _name(door: Door) -> str:
    """The name of a door's client, as $ssl_client_s_dn has it."""
    subject = door.certificate.subject if door.certificate is not None else ""
    return ",".join(reversed(subject.strip("/").split("/")))
