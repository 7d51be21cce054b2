r"""A regular expression on the client's name accepts more names than it says.

`$ssl_client_s_dn` is the whole name of the certificate as one text, such as `CN=alice,O=ACME`. A regular
expression without `^` and `$` is looked for anywhere in it: `CN=alice` also fits `CN=alice2`, and
`CN=mallory,O=CN=alice`, where somebody calls his organisation so. A dot that is not escaped fits any
character: `CN=api.example.com` fits `CN=api-example.com`. Whoever gets a certificate with such a name from a
trusted CA gets in; with a public CA that is anybody who owns `api.example.com.attacker.example`.

`(^|,)CN=alice(,|$)` is no better: a comma in a value is shown as `\,`, so that `CN=mallory,O=x\,CN=alice`
fits. Nor is a `map` that takes the common name out (`~CN=(?<cn>[^,]+)`) and has it compared elsewhere: out of
`UID=CN=alice,CN=mallory` it takes `alice`. In `$ssl_client_s_dn_legacy` a slash in a value is shown as `\/`,
with the same result.

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
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from mtls_lint.api import (
    Comparison,
    Confidence,
    Configuration,
    Context,
    Directive,
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
    client_trust,
    read_name,
    receiving_servers,
    rule,
    was_judged,
    witness_of,
)

_SHOWN, _TRIED = 5, 5
_HOST_NAME = re.compile(r"[\w-]+(\.[\w-]+)+")


@rule(
    id="dn-regex-unanchored",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
    needs=("ssl_verify_client",),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each ``if`` and ``map`` once that lets in a name which only resembles the one that is meant."""
    judged: set[Directive] = set()
    loose: dict[Comparison, list[IdentityTest]] = {}
    for server in receiving_servers(configuration):
        if not client_trust(configuration, server):
            continue
        reception = Reception(ctx, server)
        for one in reception.comparisons:
            block = one.first.block
            if block in judged:
                continue
            if one not in loose:
                loose[one] = _loose(one, ctx)
            tests = loose[one]
            for test in tests[:_TRIED]:
                found = _impostor(test, reception, ctx)
                if found is not None:
                    judged.add(block)
                    yield _finding(found, [one for one in tests if one is not test], reception)
                    break


def _loose(comparison: Comparison, ctx: Context) -> list[IdentityTest]:
    """Its regular expressions that fit more names than they are for; where that is not known is recorded."""
    found = []
    for test in comparison.tests:
        if test.operator != "=" and test.is_name and not test.of_issuer:
            if not test.examples:
                reason = f"which names `{test.operand}` fits: no example of one was found"
                ctx.not_evaluated(test.span, reason)
            elif _fits_more(test):
                found.append(test)
    return found


def _fits_more(test: IdentityTest) -> bool:
    """Whether a name passes the test that only resembles the one that is meant."""
    return any(
        test.matches(test.shown(name) or "")
        for wanted in test.passing[:1]
        for name in _resembling(wanted, test.operand)
    )


class _Impostor(Struct, frozen=True):
    """Somebody who gets the ``place`` by a ``test`` that is for somebody called ``wanted``."""

    test: IdentityTest
    wanted: str
    holder: Holder
    place: Served


def _impostor(test: IdentityTest, reception: Reception, ctx: Context) -> _Impostor | None:
    """The first who resembles the one that is meant and gets what that one is privileged to, by this test."""
    wanted = test.passing[0]
    holder = reception.privileged(test, wanted)
    if holder is None:
        somebody = reception.somebody(test, wanted)
        doubt = reception.doubt(somebody.client) if somebody is not None else None
        if doubt is not None:
            ctx.not_evaluated(test.span, f"what a certificate for `{wanted}` gets: {doubt}")
        return None
    privileges = reception.privileges(holder, test)
    for name in _resembling(wanted, test.operand):
        other = holder.another(name)
        fits = other.certificate is not None and test.matches(test.shown(name) or "")
        given = reception.given(other.client, tuple(privileges)) if fits else {}
        for uri in sorted(given):
            if was_judged(test, given[uri]):
                return _Impostor(test, wanted, other, given[uri])
    return None


def _finding(impostor: _Impostor, others: Sequence[IdentityTest], reception: Reception) -> Finding:
    door = reception.door(impostor.holder, impostor.place)
    more = f" (and {len(others)} more here)" if others else ""
    return Finding(
        f"`{impostor.test.operand}`{more} fits more than it says: a certificate for"
        f" `{impostor.holder.facts.subject}` gets in as one for `{impostor.wanted}` does",
        impostor.test.span,
        'compare the whole name: "^CN=...,O=...$" with its dots escaped, or "=" with the text',
        related=(
            *(Related(one.span, "this one as well") for one in others[:_SHOWN]),
            Related(impostor.holder.issuer.reference.span, "certificates of these CAs are accepted"),
            *behind(door, "served to that name"),
        ),
        witness=witness_of(door),
        confidence=Confidence.LIKELY,
    )


def _resembling(wanted: str, expression: str) -> Iterator[str]:
    """Other names that the expression may fit, in the form of $ssl_client_s_dn, the most telling first."""
    name = read_name(wanted) or ()
    subject = as_rfc2253(name)
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
    for more in ("", "x\\,"):
        yield f"UID={more}{first},CN=mallory"  # what stands in front of the common name is looked at first
    if re.search(r"(?<!\\)\.(?![*+?{])", expression):
        yield subject.replace(".", "-", 1)
