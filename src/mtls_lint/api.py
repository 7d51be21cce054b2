"""What a rule file imports: everything a rule needs, and nothing else of this package."""

from collections.abc import Iterator

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
from mtls_lint.lint.finding import ClientCertificate, Confidence, Finding, Related, Severity, Witness
from mtls_lint.lint.holders import (
    Holder,
    Issuer,
    Reception,
    checks_identity,
    supposing,
    unread_cas,
    was_judged,
)
from mtls_lint.lint.openings import (
    Cause,
    Opening,
    find_openings,
    identity_check,
    is_inside,
    leads_to_app,
)
from mtls_lint.lint.other_cas import Double, doubles
from mtls_lint.lint.partners import TrustedPartnerCA, partner_cas, partners_compared
from mtls_lint.lint.rule import rule
from mtls_lint.lint.running import Unloaded
from mtls_lint.lint.witnesses import Door, behind, find_door, witness_of
from mtls_lint.lint.words import day, due_on, expired_on, listed, load_failure, minute, servers_in_words
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
    backend_is_told,
    backend_learns_identity,
    client_ca,
    command_that_asks,
)
from mtls_lint.nginx.backends import Destination, destination, server_addresses
from mtls_lint.nginx.chain_check import ChainCheck, crl_file_defect, trusts_all
from mtls_lint.nginx.checks import Check, client_checks
from mtls_lint.nginx.decision import Answer
from mtls_lint.nginx.file_uses import KEYS, PASSWORDS, FileUse, Purpose
from mtls_lint.nginx.flaws import REVOKED, TOO_DEEP, passing_flaws
from mtls_lint.nginx.identity_tests import FINGERPRINT, SERIAL, IdentityTest
from mtls_lint.nginx.inheritance import Origin, Setting
from mtls_lint.nginx.listen import Listen, SocketKey
from mtls_lint.nginx.logs import AccessLog, ErrorLog, access_logs, error_logs, unidentified
from mtls_lint.nginx.lookup import looks_names_up
from mtls_lint.nginx.material import (
    CrlFile,
    FileReference,
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
from mtls_lint.nginx.matrix import Hole, Row, socket_rows
from mtls_lint.nginx.model import Configuration, Location, Socket, VirtualServer
from mtls_lint.nginx.names import NameKind, ServerName
from mtls_lint.nginx.ocsp import ocsp_servers, usable_responder
from mtls_lint.nginx.passage import Barrier, barriers, is_said_elsewhere, lets_anybody_in, lets_clients_in
from mtls_lint.nginx.refusals import Refusals, Refused
from mtls_lint.nginx.regex import compile_regex
from mtls_lint.nginx.resumption import EARLY_NAME, has_fix
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

Findings = Iterator[Finding]

__all__ = [
    "EARLY_NAME",
    "FINGERPRINT",
    "KEYS",
    "LEGACY",
    "LEVEL_BITS",
    "PARTNERS",
    "PASSWORDS",
    "REVOKED",
    "SERIAL",
    "SSL",
    "TOO_DEEP",
    "AccessLog",
    "Answer",
    "Barrier",
    "BlockKind",
    "Cause",
    "Certificate",
    "ChainCheck",
    "ChainReport",
    "Check",
    "CheckedClients",
    "CipherEvaluation",
    "CipherString",
    "ClientCertificate",
    "ClientTrust",
    "Confidence",
    "Configuration",
    "Context",
    "CrlFile",
    "Crossing",
    "Destination",
    "Directive",
    "Door",
    "Double",
    "ErrorLog",
    "FileReference",
    "FileState",
    "FileUse",
    "Finding",
    "Findings",
    "Holder",
    "Hole",
    "IdentityTest",
    "Issuer",
    "LifetimeState",
    "Listen",
    "Location",
    "LockOut",
    "Missing",
    "NameKind",
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
    "RevocationList",
    "Row",
    "Served",
    "ServerCertificate",
    "ServerName",
    "Setting",
    "Severity",
    "Socket",
    "SocketKey",
    "Span",
    "Suite",
    "TrustFile",
    "TrustedPartnerCA",
    "Unknown",
    "Unloaded",
    "Use",
    "VerifyError",
    "VirtualServer",
    "Visitor",
    "Weakness",
    "Webroot",
    "Witness",
    "Writer",
    "access_logs",
    "answering",
    "as_rfc2253",
    "asks",
    "backend_is_told",
    "backend_learns_identity",
    "barriers",
    "behind",
    "by_default",
    "ca_files",
    "ca_names",
    "certificates_of",
    "checked_clients",
    "checks_identity",
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
    "content_places",
    "covers",
    "crl_file_defect",
    "crl_files",
    "crossings",
    "day",
    "destination",
    "doubles",
    "due_on",
    "ends_chain",
    "error_logs",
    "evaluate_ciphers",
    "example_name",
    "expired_on",
    "find_door",
    "find_openings",
    "handshake_name",
    "has_fix",
    "identity_check",
    "in_order",
    "is_bundle",
    "is_housekeeping",
    "is_inside",
    "is_named",
    "is_pinned",
    "is_said_elsewhere",
    "is_system_bundle",
    "issuer_at_hand",
    "keeps_request",
    "key_security_bits",
    "leads_to_app",
    "lets_anybody_in",
    "lets_clients_in",
    "level_in",
    "lifetime_state",
    "listed",
    "listen_span",
    "load_failure",
    "loading_level",
    "longest_public_validity",
    "looks_names_up",
    "may_speak_tls",
    "minute",
    "ocsp_servers",
    "only_legacy",
    "open_places",
    "opened_ca_files",
    "other_handshakes",
    "partner_cas",
    "partners_compared",
    "passes_on",
    "passing_flaws",
    "passing_intermediates",
    "protocol_words",
    "protocols_of",
    "public_cas",
    "read_name",
    "reference_to",
    "repeats_another",
    "rule",
    "security_level",
    "server_addresses",
    "server_certificates",
    "servers_in_words",
    "shared_ca",
    "shared_ca_file",
    "signature_security_bits",
    "socket_rows",
    "spoken_protocols",
    "supposing",
    "trusts_all",
    "unidentified",
    "unread_cas",
    "uris_of",
    "usable_responder",
    "uses",
    "was_judged",
    "weak_digest",
    "weak_key",
    "weak_signature",
    "why_useless",
    "witness_of",
]
