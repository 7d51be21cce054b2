"""nginx's defaults by version, for the settings this tool reasons about.

Source: docs/evidence.md: settings, protocols (nginx source and CHANGES, observed on 1.22.1 and
1.31.3), and the directive pages of the nginx documentation. A directive that is not here has no default,
or none that matters.
"""

from mtls_lint.nginx.version import NginxVersion

_Table = dict[str, tuple[tuple[NginxVersion, tuple[str, ...]], ...]]

_ALWAYS = NginxVersion(0, 0, 0)


def _fixed(*words: str) -> tuple[tuple[NginxVersion, tuple[str, ...]], ...]:
    return ((_ALWAYS, words),)


# Newest first: the first entry whose version is not above the chosen one holds.
_PROTOCOLS = (
    (NginxVersion(1, 27, 3), ("TLSv1.2", "TLSv1.3")),
    (NginxVersion(1, 23, 4), ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")),
    (NginxVersion(1, 9, 1), ("TLSv1", "TLSv1.1", "TLSv1.2")),
    (_ALWAYS, ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2")),
)

_COMMON: _Table = {
    "ssl_ciphers": _fixed("HIGH:!aNULL:!MD5"),
    "ssl_ecdh_curve": _fixed("auto"),
    "ssl_ocsp": _fixed("off"),
    "ssl_ocsp_cache": _fixed("off"),
    "ssl_prefer_server_ciphers": _fixed("off"),
    "ssl_protocols": _PROTOCOLS,
    "ssl_reject_handshake": _fixed("off"),
    "ssl_session_cache": _fixed("none"),
    "ssl_session_tickets": _fixed("on"),
    "ssl_session_timeout": _fixed("5m"),
    "ssl_stapling": _fixed("off"),
    "ssl_verify_client": _fixed("off"),
    "ssl_verify_depth": _fixed("1"),
}

_UPSTREAM: _Table = {
    f"{module}_{name}": value
    for module in ("proxy", "grpc", "uwsgi")
    for name, value in {
        "ssl_ciphers": _fixed("DEFAULT"),
        "ssl_protocols": _PROTOCOLS,
        "ssl_server_name": _fixed("off"),
        "ssl_session_reuse": _fixed("on"),
        "ssl_verify": _fixed("off"),
        "ssl_verify_depth": _fixed("1"),
    }.items()
}

_BY_MODULE: dict[str, _Table] = {
    "http": {
        **_COMMON,
        **_UPSTREAM,
        "merge_slashes": _fixed("on"),
        "root": _fixed("html"),
        "satisfy": _fixed("all"),
        "ssl": _fixed("off"),
        "ssl_early_data": _fixed("off"),
        "underscores_in_headers": _fixed("off"),
    },
    "stream": {**_COMMON, **_UPSTREAM, "proxy_ssl": _fixed("off"), "ssl_preread": _fixed("off")},
    "mail": {**_COMMON, "ssl": _fixed("off"), "starttls": _fixed("off")},
}


def default_of(name: str, module: str, version: NginxVersion) -> tuple[str, ...] | None:
    """The words nginx of this version behaves by when ``name`` is set nowhere; None when it has none.

    ``module`` is ``http``, ``stream`` or ``mail``.
    """
    for since, words in _BY_MODULE.get(module, {}).get(name, ()):
        if version >= since:
            return words
    return None
