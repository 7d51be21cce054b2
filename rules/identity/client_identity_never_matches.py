r"""A client's name, serial number or fingerprint is compared with something that nginx never writes.

nginx has one way to write each of them, and compares texts:

- `$ssl_client_s_dn` and `$ssl_client_i_dn` (from 1.11.6 on): `CN=alice,O=Acme,C=US`, the most specific part
  first, types as OpenSSL calls them (`emailAddress`, `ST`), no blanks around `,` and `=`, a comma in a value
  as `\,`, letters outside ASCII as `\C3\BC`. What `openssl x509 -subject` prints
  (`C = US, O = Acme, CN = alice`) is another text, and so is the old form `/C=US/O=Acme/CN=alice`: that one
  is `$ssl_client_s_dn_legacy`.
- `$ssl_client_serial`: upper-case hexadecimal digits, two for each byte, no colons, no `0x`.
- `$ssl_client_fingerprint`: the SHA-1 digest in 40 lower-case hexadecimal digits, no colons.

In an `if` upper and lower case are different, among the keys of a `map` they are not. Where such a comparison
is to let a client in, that client is locked out, and whoever notices may loosen the check. Where it is to
keep a client out, that client gets in.

That a name has its parts in the order of the certificate (`O=Acme,CN=alice`) is a warning: there are
certificates whose order is reversed, for which that is right.

Fine: several forms of one name side by side, of which one is right; what is only written to a log.

Write the value as nginx does. A request to a server with `return 200 "$ssl_client_s_dn";` shows it.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    if ($ssl_client_s_dn = "/O=Acme/CN=mallory") {
        return 403;
    }
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    if ($ssl_client_serial = "0x1a2b3c") {
        return 403;
    }
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

Good:
```nginx
map $ssl_client_serial $revoked {
    default 0;
    1a2b3c  1;
}
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    if ($ssl_client_s_dn = "CN=mallory,O=Acme") {
        return 403;
    }
    if ($revoked) {
        return 403;
    }
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#variables
- https://nginx.org/en/docs/http/ngx_http_map_module.html#map
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mtls_lint.api import (
    FINGERPRINT,
    SERIAL,
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
    checks_identity,
    read_name,
    rule,
    supposing,
    witness_of,
)

_LEGACY_UNTIL = (1, 11, 6)
"""Before this version ``$ssl_client_s_dn`` had the form that is now ``$ssl_client_s_dn_legacy``."""

_PLACEHOLDER = re.compile(r"[A-Z0-9]+_[A-Z0-9_]+|.*[<>{}$%@*]{2}.*|<.*>|.*\\.\\.\\..*")
_GENERAL = frozenset({"C", "O", "OU", "ST", "L", "DC"})
_SPECIFIC = frozenset({"CN", "UID", "emailAddress"})
_SHOWN = 5


@dataclass(frozen=True)
class _Mismatch:
    """The test is for ``value``, and nginx writes ``shown`` (None: no certificate has it).

    ``given`` is what the holder of the certificate that is meant gets though the test is to refuse it; None
    where the test is to let it in. ``reversed`` tells that only the order of the parts is in doubt.
    """

    test: IdentityTest
    value: str
    shown: str | None
    holder: Holder
    given: Served | None
    reversed: bool = False


@rule(
    id="client-identity-never-matches",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each ``if`` and ``map`` once that looks in vain, where it matters to who gets in."""
    found: dict[tuple[Directive, bool, bool], dict[IdentityTest, tuple[_Mismatch, Reception]]] = {}
    for server in configuration.servers_of("http"):
        if checks_identity(server):
            reception = Reception(ctx, server)
            for test in reception.tests:
                for one in _mismatch(test, reception, ctx):
                    key = (test.block, one.given is None, one.reversed)
                    found.setdefault(key, {}).setdefault(test, (one, reception))
    for mismatches in found.values():
        (first, reception), *others = mismatches.values()
        yield _finding(first, [one for one, _ in others], reception, ctx)


def _finding(first: _Mismatch, others: list[_Mismatch], reception: Reception, ctx: Context) -> Finding:
    door = reception.door(first.holder, first.given) if first.given is not None else None
    more = f" (and {len(others)} more here)" if others else ""
    fragment = Confidence.LIKELY if ctx.configuration.tree.is_fragment else None
    return Finding(
        f"`{first.test.operand}`{more} {_why(first)}, so that {_consequence(first)}",
        first.test.span,
        f"write {_form(first.test)}" + (f": `{first.shown}`" if first.shown is not None else ""),
        related=(
            *(Related(one.test.span, "this one as well") for one in others[:_SHOWN]),
            *behind(door, "served to that client"),
        ),
        witness=witness_of(door),
        severity=Severity.WARNING if first.reversed else None,
        confidence=Confidence.POSSIBLE if first.reversed else fragment,
    )


def _consequence(mismatch: _Mismatch) -> str:
    who = "that CA's clients" if mismatch.test.of_issuer else "its holder"
    if mismatch.shown is None:
        return "it lets nobody in" if mismatch.given is None else "it refuses nobody"
    verb = "are" if mismatch.test.of_issuer else "is"
    if mismatch.given is None:
        return f"{who} {verb} locked out"
    return f"{who}, who {verb} to be refused, get{'' if mismatch.test.of_issuer else 's'} in"


def _why(mismatch: _Mismatch) -> str:
    test, shown = mismatch.test, mismatch.shown
    if mismatch.reversed:
        return (
            f"has its parts in the order of the certificate, and ${test.variable} begins with the most"
            f" specific: `{shown}`"
        )
    if shown is None:
        return f"fits no value of ${test.variable}, which is {_form(test)}"
    return f"does not fit what nginx writes into ${test.variable}: `{shown}`"


def _form(test: IdentityTest) -> str:
    if test.variable == SERIAL:
        return "upper-case hexadecimal digits, two for each byte, without colons"
    if test.variable == FINGERPRINT:
        return "the SHA-1 digest in 40 lower-case hexadecimal digits, without colons"
    if test.variable.endswith("legacy"):
        return "the name in the form /O=Acme/CN=alice"
    return "the name in the form CN=alice,O=Acme"


def _mismatch(test: IdentityTest, reception: Reception, ctx: Context) -> Iterator[_Mismatch]:
    """The test's value that nginx writes otherwise, where it makes a difference to what somebody gets."""
    if (test.is_name and ctx.version < _LEGACY_UNTIL) or not test.examples:
        return
    value = test.examples[0]
    if not value or _PLACEHOLDER.fullmatch(value):
        return
    backwards = False
    if reception.passing(test):
        other = _in_other_order(test, reception)
        if other is None or test.matches(other):
            return
        shown: str | None = other
        backwards = True
    else:
        shown = test.shown(value)
        if shown is None and not _is_of_other_length(test, value):
            return
    for holder in reception.holders(test, shown):
        supposed = reception.given(supposing(holder, test, value))
        given = reception.given(holder.client)
        refused = [given[uri] for uri in sorted(given.keys() - supposed.keys())]
        if refused or supposed.keys() - given.keys():
            yield _Mismatch(test, value, shown, holder, refused[0] if refused else None, backwards)
            return


def _is_of_other_length(test: IdentityTest, value: str) -> bool:
    """Whether it is a fingerprint by another digest than SHA-1."""
    digits = value.replace(":", "").replace(" ", "")
    return test.variable == FINGERPRINT and re.fullmatch(r"[0-9A-Fa-f]{20,}", digits) is not None


def _in_other_order(test: IdentityTest, reception: Reception) -> str | None:
    """The name the other way round, where it is written in the usual order of certificates."""
    name = read_name(test.examples[0]) if test.is_name and not test.variable.endswith("legacy") else None
    if name is None or len(name) < 2 or any(attribute.joined for attribute in name):
        return None
    if name[0].type not in _SPECIFIC or name[-1].type not in _GENERAL:
        return None
    for issuer in reception.issuers:
        own = read_name(issuer.name or "") or ()
        if len(own) > 1 and own[0].type in _SPECIFIC:
            return None  # the CA writes names in this order
    return as_rfc2253(tuple(reversed(name)))
