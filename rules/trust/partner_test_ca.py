"""The CA of a partner's test environment is trusted where his production is expected.

A partner's test environment calls with certificates of a CA of its own, and what it is about is test data
that anybody with a test account can have sent. Efí publishes two chains for Pix,
`certificate-chain-prod.crt` and `certificate-chain-homolog.crt`: with the second in a production server,
payments are accepted that nobody has made, or, with it alone, no call of the production ever gets in.

Known are the names under which the partner publishes the files; where another name was given to the file,
the rule does not see it.

It is fine in a test server: where the server has no name, or its names or its file say `test`, `homolog`,
`hml`, `sandbox`, `staging`, `dev`, `qa` or the like, the rule is silent, unless the chain for production is
trusted beside.

Trust the chain for production alone, and give the test environment a server of its own.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name pix.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/certificate-chain-homolog.crt;
    ssl_verify_client       on;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name pix.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/certificate-chain-prod.crt;
    ssl_verify_client       on;
}
```

References:
- https://dev.efipay.com.br/en/docs/api-pix/webhooks/
"""

import re

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    VirtualServer,
    asks,
    partner_cas,
    rule,
    servers_in_words,
)

_TEST = re.compile(
    r"(?<![a-z])(hml|homol\w*|sandbox|staging|stage|stg|test\w*|dev\w*|qa|uat|preview|local\w*)(?![a-z])",
    re.IGNORECASE,
)


@rule(
    id="partner-test-ca",
    severity=Severity.WARNING,
    since="0.1",
    needs=("ssl_verify_client", "ssl_conf_command"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report the CAs of test environments in servers that are none."""
    for server in configuration.servers:
        if not asks(server):
            continue
        found = tuple(partner_cas(ctx, server))
        for test in (one for one in found if one.ca.test):
            beside = [one for one in found if one.partner == test.partner and not one.ca.test]
            if not beside and _is_for_tests(server):
                continue
            effect = (
                f"beside the one for production: calls from there pass for {test.partner.name}'s own"
                if beside
                else f"alone: calls of {test.partner.name}'s production are refused"
            )
            yield Finding(
                f"{servers_in_words((server,))} trusts {test.reference.written}, which has the name of"
                f" {test.ca.whose}, {effect}",
                test.reference.span,
                f"trust the CA for production alone; where to get it: {test.partner.source}",
                related=tuple(Related(one.reference.span, f"{one.ca.whose}") for one in beside),
                confidence=Confidence.LIKELY if beside else Confidence.POSSIBLE,
            )


def _is_for_tests(server: VirtualServer) -> bool:
    """Whether it says so itself; of a server without a name nobody knows."""
    names = [name.text for name in server.names if name.text not in {"", "_"}]
    file = server.span.path.rpartition("/")[2]
    return not names or any(_TEST.search(word) for word in (*names, file))
