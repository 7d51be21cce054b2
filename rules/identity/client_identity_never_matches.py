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

That a name has its parts in the usual order of certificates (`O=Acme,CN=alice`) is a warning where the CA has
its own name in that order, and hygiene where the order of its names is not known: there are certificates
that are made the other way round (`-subj /CN=alice/O=Acme`), for which that is right.

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

from msgspec import Struct

from mtls_lint.api import (
    FINGERPRINT,
    SERIAL,
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
    read_name,
    receiving_servers,
    rule,
    supposing,
    witness_of,
)

_LEGACY_UNTIL = (1, 11, 6)
"""Before this version ``$ssl_client_s_dn`` had the form that is now ``$ssl_client_s_dn_legacy``."""

_PLACEHOLDER = re.compile(r"[A-Z0-9]+_[A-Z0-9_]+|.*[<>{}$%@*]{2}.*|<.*>|.*\\.\\.\\..*")
_GENERAL = frozenset({"C", "O", "OU", "ST", "L", "DC"})
_SPECIFIC = frozenset({"CN", "UID", "emailAddress"})
_SHOWN, _TRIED = 5, 5


class _Suspect(Struct, frozen=True):
    """The test is for ``value``, and nginx writes ``shown`` (None: no certificate has it).

    ``backwards`` tells that only the order of the parts is in doubt, ``likely`` that the CA's own name speaks
    for the other order.
    """

    test: IdentityTest
    value: str
    shown: str | None
    backwards: bool = False
    likely: bool = False

    @property
    def severity(self) -> Severity | None:
        """How bad it is, where that is not what the rule says."""
        if not self.backwards:
            return None
        return Severity.WARNING if self.likely else Severity.INFO

    @property
    def confidence(self) -> Confidence | None:
        """How sure that is, where it is not certain."""
        if not self.backwards:
            return None
        return Confidence.LIKELY if self.likely else Confidence.POSSIBLE


class _Effect(Struct, frozen=True):
    """What comes of it for the ``holder`` of the certificate that is meant.

    ``given`` is what that one gets though the test is to refuse it; None where the test is to let it in. Then
    ``impostor`` may be somebody who gets in instead.
    """

    suspect: _Suspect
    holder: Holder
    given: Served | None
    impostor: tuple[Holder, Served] | None = None


@rule(
    id="client-identity-never-matches",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
    needs=("ssl_verify_client",),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each ``if`` and ``map`` once that looks in vain, where it matters to who gets in."""
    judged: set[tuple[Directive, bool]] = set()
    known: dict[tuple[Comparison, bool | None], dict[bool, list[_Suspect]]] = {}
    for server in receiving_servers(configuration):
        reception = Reception(ctx, server)
        order = _usual_order(reception) if reception.comparisons else None
        for one in reception.comparisons:
            if (one, order) not in known:
                known[one, order] = _suspects(one, order, ctx)
            for backwards, alike in known[one, order].items():
                key = one.first.block, backwards
                for suspect in alike[:_TRIED] if key not in judged else ():
                    effect = _effect(suspect, reception)
                    if effect is not None:
                        judged.add(key)
                        yield _finding(
                            effect, [other for other in alike if other is not suspect], reception, ctx
                        )
                        break


def _suspects(comparison: Comparison, order: bool | None, ctx: Context) -> dict[bool, list[_Suspect]]:
    """What a comparison looks for in vain: those whose parts stand backwards apart from the others."""
    found: dict[bool, list[_Suspect]] = {}
    for test in comparison.tests:
        suspect = _suspect(test, order, ctx)
        if suspect is not None:
            found.setdefault(suspect.backwards, []).append(suspect)
    return found


def _finding(effect: _Effect, others: list[_Suspect], reception: Reception, ctx: Context) -> Finding:
    suspect, test = effect.suspect, effect.suspect.test
    door = reception.door(effect.holder, effect.given) if effect.given is not None else None
    door = reception.door(*effect.impostor) if effect.impostor is not None else door
    more = f" (and {len(others)} more here)" if others else ""
    fragment = Confidence.LIKELY if ctx.configuration.tree.is_fragment else None
    return Finding(
        f"`{test.operand}`{more} {_why(suspect)}, so that {_consequence(effect)}",
        test.span,
        f"write {_form(test)}" + (f": `{suspect.shown}`" if suspect.shown is not None else ""),
        related=(
            *(Related(one.test.span, "this one as well") for one in others[:_SHOWN]),
            *behind(door, "served to that client"),
        ),
        witness=witness_of(door),
        severity=suspect.severity,
        confidence=suspect.confidence or fragment,
    )


def _consequence(effect: _Effect) -> str:
    of_issuer = effect.suspect.test.of_issuer
    who, verb = ("that CA's clients", "are") if of_issuer else ("its holder", "is")
    if effect.suspect.shown is None:
        return "it lets nobody in" if effect.given is None else "it refuses nobody"
    if effect.given is None:
        locked_out = f"{who} {verb} locked out"
        impostor = effect.impostor[0].facts.subject if effect.impostor is not None else None
        return locked_out if impostor is None else f"{locked_out}, and one for `{impostor}` gets in"
    return f"{who}, who {verb} to be refused, get{'' if of_issuer else 's'} in"


def _why(suspect: _Suspect) -> str:
    test, shown = suspect.test, suspect.shown
    if suspect.backwards:
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


def _suspect(test: IdentityTest, order: bool | None, ctx: Context) -> _Suspect | None:
    """The value that nginx writes otherwise than the test does; None where they agree, or none is known."""
    if (test.is_name and ctx.version < _LEGACY_UNTIL) or not test.examples:
        return None
    value = test.examples[0]
    if not value or _PLACEHOLDER.fullmatch(value):
        return None
    if test.passing:
        other = _in_other_order(test)
        if other is None or order is False or test.matches(other):
            return None
        return _Suspect(test, value, other, backwards=True, likely=order is True)
    shown = test.shown(value)
    if shown is None and not _is_of_other_length(test, value):
        return None
    return _Suspect(test, value, shown)


def _effect(suspect: _Suspect, reception: Reception) -> _Effect | None:
    """What it means that nginx writes the value otherwise; None where it makes no difference to anybody."""
    for holder in reception.holders(suspect.test, suspect.shown):
        supposed = reception.given(supposing(holder, suspect.test, suspect.value))
        given = reception.given(holder.client)
        refused = [given[uri] for uri in sorted(given.keys() - supposed.keys())]
        if refused or supposed.keys() - given.keys():
            impostor = None if refused else _impostor(suspect, holder, reception)
            return _Effect(suspect, holder, refused[0] if refused else None, impostor)
    return None


def _impostor(suspect: _Suspect, holder: Holder, reception: Reception) -> tuple[Holder, Served] | None:
    """Somebody in whose name the old form stands as a value, which an expression takes for that form."""
    if suspect.test.operator == "=" or suspect.test.of_issuer or not suspect.value.startswith("/"):
        return None
    other = holder.another(f"CN=mallory,O=x{suspect.value}")
    place = next(iter(reception.privileges(other).values()), None)
    return (other, place) if place is not None else None


def _is_of_other_length(test: IdentityTest, value: str) -> bool:
    """Whether it is a fingerprint by another digest than SHA-1."""
    digits = value.replace(":", "").replace(" ", "")
    return test.variable == FINGERPRINT and re.fullmatch(r"[0-9A-Fa-f]{20,}", digits) is not None


def _in_other_order(test: IdentityTest) -> str | None:
    """The name the other way round, where it is written in the usual order of certificates."""
    name = read_name(test.examples[0]) if test.is_name and not test.variable.endswith("legacy") else None
    if name is None or len(name) < 2 or any(attribute.joined for attribute in name):
        return None
    if name[0].type not in _SPECIFIC or name[-1].type not in _GENERAL:
        return None
    return as_rfc2253(tuple(reversed(name)))


def _usual_order(reception: Reception) -> bool | None:
    """Whether the names of the CAs begin with their general parts; None where they do not tell."""
    names = [read_name(issuer.name or "") or () for issuer in reception.issuers]
    if any(len(name) > 1 and name[0].type in _SPECIFIC for name in names):
        return False
    return any(len(name) > 1 and name[-1].type in _SPECIFIC for name in names) or None
