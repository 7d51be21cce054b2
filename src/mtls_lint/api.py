"""What a rule file imports: everything a rule needs, and nothing else of this package.

A name is looked for in the module that has it when it is asked for: a run imports what its rules need.
``lint/api_homes.py`` says which module that is; tools/reference.py makes it from the imports here.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from mtls_lint.lint.api_homes import HOMES

if TYPE_CHECKING:
    from mtls_lint.lint.advice import advised
    from mtls_lint.lint.carriers import Carrier
    from mtls_lint.lint.context import Context
    from mtls_lint.lint.crl_checks import (
        CheckedClients,
        LockOut,
        checked_clients,
        issuer_at_hand,
        passing_intermediates,
    )
    from mtls_lint.lint.crossings import Crossing, crossings
    from mtls_lint.lint.file_access import Readers, Writer
    from mtls_lint.lint.finding import (
        ClientCertificate,
        Confidence,
        Edit,
        Finding,
        Findings,
        Fix,
        Related,
        Severity,
        StreamWitness,
        Witness,
    )
    from mtls_lint.lint.fixes import (
        add_word,
        cut,
        delete_directive,
        delete_words,
        fix,
        insert_after,
        set_word,
        set_words,
    )
    from mtls_lint.lint.forgeries import (
        Alias,
        Forgery,
        doors,
        find_aliases,
        find_forgeries,
        forged_headers,
        forged_value,
        lets_forge,
        unverified_doors,
    )
    from mtls_lint.lint.guards import Guards
    from mtls_lint.lint.holders import (
        Holder,
        Issuer,
        Reception,
        receiving_servers,
        supposing,
        unread_cas,
        was_judged,
    )
    from mtls_lint.lint.ignore import Ignore
    from mtls_lint.lint.openings import (
        Cause,
        Opening,
        find_openings,
        identity_check,
        is_inside,
        leads_to_app,
    )
    from mtls_lint.lint.other_cas import Double, doubles, is_client_name, is_serial
    from mtls_lint.lint.partners import TrustedPartnerCA, partner_cas, partners_compared
    from mtls_lint.lint.refused_sessions import refused_session
    from mtls_lint.lint.requirements import Requirements
    from mtls_lint.lint.rule import rule
    from mtls_lint.lint.running import Unloaded
    from mtls_lint.lint.socket_crossings import SocketCrossing, socket_crossings
    from mtls_lint.lint.tls_values import TlsValue, tls_values
    from mtls_lint.lint.upstream_checks import (
        CheckedUpstreams,
        ShownCertificate,
        checked_upstreams,
        is_seen_to_match,
        names_of,
        shown_certificates,
        verifying,
    )
    from mtls_lint.lint.witnesses import Door, behind, find_door, witness_of
    from mtls_lint.lint.words import (
        day,
        due_on,
        expired_on,
        holders_in_words,
        lasting,
        listed,
        load_failure,
        minute,
        passes_in_words,
        presented,
        refusal,
        servers_in_words,
    )
    from mtls_lint.nginx.access import access_rules
    from mtls_lint.nginx.advisories import MAINLINE, STABLE
    from mtls_lint.nginx.anonymous import (
        Served,
        Visitor,
        content_places,
        is_housekeeping,
        open_places,
        passes_on,
        uris_of,
    )
    from mtls_lint.nginx.answering import (
        answering,
        example_name,
        handshake_name,
        listen_span,
        other_handshakes,
        repeats_another,
    )
    from mtls_lint.nginx.answers import keeps_request
    from mtls_lint.nginx.asking import (
        asks,
        asks_ocsp,
        backend_is_misled,
        backend_is_told,
        backend_learns_identity,
        client_ca,
        command_that_asks,
        names_without_verify,
    )
    from mtls_lint.nginx.backends import Destination, backend_addresses, destination, server_addresses
    from mtls_lint.nginx.caching import Cache, cache_of
    from mtls_lint.nginx.chain_check import ChainCheck, crl_file_defect, trusts_all
    from mtls_lint.nginx.checks import Check, client_checks
    from mtls_lint.nginx.decision import Answer
    from mtls_lint.nginx.early_data import repeatable_places
    from mtls_lint.nginx.file_uses import KEYS, PASSWORDS, FileUse, Purpose
    from mtls_lint.nginx.flaws import REVOKED, TOO_DEEP, passing_flaws
    from mtls_lint.nginx.forwarding import Fate, Forwarded, ForwardingPath, forwarding_paths
    from mtls_lint.nginx.header_tests import HeaderTest, header_tests, passing_values
    from mtls_lint.nginx.hosts import is_private, is_this_machine
    from mtls_lint.nginx.identity_tests import FINGERPRINT, SERIAL, Comparison, IdentityTest
    from mtls_lint.nginx.inheritance import Origin, Scope, Setting
    from mtls_lint.nginx.listen import Listen, SocketKey
    from mtls_lint.nginx.logs import AccessLog, ErrorLog, access_logs, error_logs, unidentified
    from mtls_lint.nginx.lookup import looks_names_up
    from mtls_lint.nginx.material import (
        CrlFile,
        FileReference,
        KeyPair,
        ServerCertificate,
        TrustFile,
        ca_files,
        ca_names,
        certificates_of,
        client_trust,
        crl_files,
        is_named,
        opened_ca_files,
        reference_to,
        server_certificates,
    )
    from mtls_lint.nginx.matrix import socket_rows
    from mtls_lint.nginx.matrix_rows import Hole, Row
    from mtls_lint.nginx.model import Configuration, Location, Socket, VirtualServer
    from mtls_lint.nginx.names import NameKind, ServerName
    from mtls_lint.nginx.ocsp import ocsp_servers, usable_responder
    from mtls_lint.nginx.passage import Barrier, barriers, is_said_elsewhere, lets_anybody_in, lets_clients_in
    from mtls_lint.nginx.possible import possible_texts
    from mtls_lint.nginx.refusals import Refusals, Refused
    from mtls_lint.nginx.regex import compile_regex
    from mtls_lint.nginx.resumption import (
        EARLY_NAME,
        RESUMPTION_CVE,
        has_fix,
        makes_resumable_sessions,
        tickets_on,
    )
    from mtls_lint.nginx.session_life import Survival, survival
    from mtls_lint.nginx.stream_decide import mixes_modes
    from mtls_lint.nginx.stream_matrix import stream_rows
    from mtls_lint.nginx.stream_targets import (
        content_directive,
        mentioned_variables,
        passed_listener,
        passed_to_checks,
        passes_tls_through,
        stream_backends,
    )
    from mtls_lint.nginx.tls import (
        LEGACY,
        SSL,
        CipherString,
        Use,
        by_default,
        chooses_suites,
        cipher_strings,
        command_words,
        commanded_protocols,
        conf_commands,
        in_order,
        level_in,
        loading_level,
        may_speak_tls,
        only_legacy,
        protocol_words,
        protocols_of,
        security_level,
        spoken_protocols,
        uses,
    )
    from mtls_lint.nginx.upstream_certificates import UpstreamCertificate, upstream_certificates
    from mtls_lint.nginx.upstream_names import ExpectedName, NameSource
    from mtls_lint.nginx.upstream_sharing import Sharing, parting, shared_by_requests, sharings
    from mtls_lint.nginx.upstream_tls import Target, UpstreamPass, is_unix, server_passes
    from mtls_lint.nginx.variables import is_made, variables_in
    from mtls_lint.nginx.webroots import Webroot
    from mtls_lint.pki.certificate import Certificate
    from mtls_lint.pki.chain import ChainReport, Missing
    from mtls_lint.pki.ciphers import CipherEvaluation, Suite, Weakness
    from mtls_lint.pki.ciphers import evaluate as evaluate_ciphers
    from mtls_lint.pki.client_trust import ClientTrust, ends_chain, is_pinned, why_useless
    from mtls_lint.pki.content import command_for_pem
    from mtls_lint.pki.crl import RevocationList
    from mtls_lint.pki.identity import covers
    from mtls_lint.pki.name_forms import as_rfc2253, read_name
    from mtls_lint.pki.partners import PARTNERS, Partner, PartnerCA, shared_ca, shared_ca_file
    from mtls_lint.pki.pem import BlockKind
    from mtls_lint.pki.public_cas import (
        comes_from_public_ca,
        is_bundle,
        is_system_bundle,
        public_cas,
    )
    from mtls_lint.pki.store import FileState, PemFile
    from mtls_lint.pki.strength import (
        LEVEL_BITS,
        key_security_bits,
        signature_security_bits,
        weak_digest,
        weak_key,
        weak_signature,
    )
    from mtls_lint.pki.validity import LifetimeState, lifetime_state, longest_public_validity
    from mtls_lint.pki.verify_errors import VerifyError
    from mtls_lint.syntax.source import Span
    from mtls_lint.syntax.tree import Directive, Problem, ProblemKind, Unknown

__all__ = [
    "EARLY_NAME",
    "FINGERPRINT",
    "KEYS",
    "LEGACY",
    "LEVEL_BITS",
    "MAINLINE",
    "PARTNERS",
    "PASSWORDS",
    "RESUMPTION_CVE",
    "REVOKED",
    "SERIAL",
    "SSL",
    "STABLE",
    "TOO_DEEP",
    "AccessLog",
    "Alias",
    "Answer",
    "Barrier",
    "BlockKind",
    "Cache",
    "Carrier",
    "Cause",
    "Certificate",
    "ChainCheck",
    "ChainReport",
    "Check",
    "CheckedClients",
    "CheckedUpstreams",
    "CipherEvaluation",
    "CipherString",
    "ClientCertificate",
    "ClientTrust",
    "Comparison",
    "Confidence",
    "Configuration",
    "Context",
    "CrlFile",
    "Crossing",
    "Destination",
    "Directive",
    "Door",
    "Double",
    "Edit",
    "ErrorLog",
    "ExpectedName",
    "Fate",
    "FileReference",
    "FileState",
    "FileUse",
    "Finding",
    "Findings",
    "Fix",
    "Forgery",
    "Forwarded",
    "ForwardingPath",
    "Guards",
    "HeaderTest",
    "Holder",
    "Hole",
    "IdentityTest",
    "Ignore",
    "Issuer",
    "KeyPair",
    "LifetimeState",
    "Listen",
    "Location",
    "LockOut",
    "Missing",
    "NameKind",
    "NameSource",
    "Opening",
    "Origin",
    "Partner",
    "PartnerCA",
    "PemFile",
    "Problem",
    "ProblemKind",
    "Purpose",
    "Readers",
    "Reception",
    "Refusals",
    "Refused",
    "Related",
    "Requirements",
    "RevocationList",
    "Row",
    "Scope",
    "Served",
    "ServerCertificate",
    "ServerName",
    "Setting",
    "Severity",
    "Sharing",
    "ShownCertificate",
    "Socket",
    "SocketCrossing",
    "SocketKey",
    "Span",
    "StreamWitness",
    "Suite",
    "Survival",
    "Target",
    "TlsValue",
    "TrustFile",
    "TrustedPartnerCA",
    "Unknown",
    "Unloaded",
    "UpstreamCertificate",
    "UpstreamPass",
    "Use",
    "VerifyError",
    "VirtualServer",
    "Visitor",
    "Weakness",
    "Webroot",
    "Witness",
    "Writer",
    "access_logs",
    "access_rules",
    "add_word",
    "advised",
    "answering",
    "as_rfc2253",
    "asks",
    "asks_ocsp",
    "backend_addresses",
    "backend_is_misled",
    "backend_is_told",
    "backend_learns_identity",
    "barriers",
    "behind",
    "by_default",
    "ca_files",
    "ca_names",
    "cache_of",
    "certificates_of",
    "checked_clients",
    "checked_upstreams",
    "chooses_suites",
    "cipher_strings",
    "client_ca",
    "client_checks",
    "client_trust",
    "comes_from_public_ca",
    "command_for_pem",
    "command_that_asks",
    "command_words",
    "commanded_protocols",
    "compile_regex",
    "conf_commands",
    "content_directive",
    "content_places",
    "covers",
    "crl_file_defect",
    "crl_files",
    "crossings",
    "cut",
    "day",
    "delete_directive",
    "delete_words",
    "destination",
    "doors",
    "doubles",
    "due_on",
    "ends_chain",
    "error_logs",
    "evaluate_ciphers",
    "example_name",
    "expired_on",
    "find_aliases",
    "find_door",
    "find_forgeries",
    "find_openings",
    "fix",
    "forged_headers",
    "forged_value",
    "forwarding_paths",
    "handshake_name",
    "has_fix",
    "header_tests",
    "holders_in_words",
    "identity_check",
    "in_order",
    "insert_after",
    "is_bundle",
    "is_client_name",
    "is_housekeeping",
    "is_inside",
    "is_made",
    "is_named",
    "is_pinned",
    "is_private",
    "is_said_elsewhere",
    "is_seen_to_match",
    "is_serial",
    "is_system_bundle",
    "is_this_machine",
    "is_unix",
    "issuer_at_hand",
    "keeps_request",
    "key_security_bits",
    "lasting",
    "leads_to_app",
    "lets_anybody_in",
    "lets_clients_in",
    "lets_forge",
    "level_in",
    "lifetime_state",
    "listed",
    "listen_span",
    "load_failure",
    "loading_level",
    "longest_public_validity",
    "looks_names_up",
    "makes_resumable_sessions",
    "may_speak_tls",
    "mentioned_variables",
    "minute",
    "mixes_modes",
    "names_of",
    "names_without_verify",
    "ocsp_servers",
    "only_legacy",
    "open_places",
    "opened_ca_files",
    "other_handshakes",
    "parting",
    "partner_cas",
    "partners_compared",
    "passed_listener",
    "passed_to_checks",
    "passes_in_words",
    "passes_on",
    "passes_tls_through",
    "passing_flaws",
    "passing_intermediates",
    "passing_values",
    "possible_texts",
    "presented",
    "protocol_words",
    "protocols_of",
    "public_cas",
    "read_name",
    "receiving_servers",
    "reference_to",
    "refusal",
    "refused_session",
    "repeatable_places",
    "repeats_another",
    "rule",
    "security_level",
    "server_addresses",
    "server_certificates",
    "server_passes",
    "servers_in_words",
    "set_word",
    "set_words",
    "shared_by_requests",
    "shared_ca",
    "shared_ca_file",
    "sharings",
    "shown_certificates",
    "signature_security_bits",
    "socket_crossings",
    "socket_rows",
    "spoken_protocols",
    "stream_backends",
    "stream_rows",
    "supposing",
    "survival",
    "tickets_on",
    "tls_values",
    "trusts_all",
    "unidentified",
    "unread_cas",
    "unverified_doors",
    "upstream_certificates",
    "uris_of",
    "usable_responder",
    "uses",
    "variables_in",
    "verifying",
    "was_judged",
    "weak_digest",
    "weak_key",
    "weak_signature",
    "why_useless",
    "witness_of",
]


def __getattr__(name: str) -> object:
    module, _, own_name = HOMES.get(name, "").rpartition(".")
    if not module:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"mtls_lint.{module}"), own_name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *HOMES})
