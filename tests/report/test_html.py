"""The page for auditors: complete, self-contained, and no text of others ever becomes markup."""

import hashlib
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec.structs import replace

from mtls_lint.__main__ import main
from mtls_lint.lint.finding import NotEvaluated, Severity
from mtls_lint.report.html import Circumstances, render_html
from mtls_lint.testing.catalogue import materialise
from mtls_lint.testing.pki import CLOCK
from report.samples import MAIN, OTHER
from report.test_reports import report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
VOID = {"meta", "br", "link", "img", "hr", "input"}
EVIL = '<script>alert("x")</script><img src=//evil.test/ onerror=alert(1)>&amp;\'"` \u202e'


class Page(HTMLParser):
    """Reads the page strictly: every element is closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.identifiers: set[str] = set()
        self.links: set[str] = set()
        self.text = ""
        self.style = ""
        self.feed(text)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        given = dict(attrs)
        if identifier := given.get("id"):
            assert identifier not in self.identifiers
            self.identifiers.add(identifier)
        if link := given.get("href"):
            self.links.add(link)
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1] == "style":
            self.style += data
        else:
            self.text += data


def rendered(**changes: object) -> str:
    circumstances = Circumstances(CLOCK, f"mtls-lint {EVIL}", EVIL)
    return render_html(report(**changes), (), circumstances)


def test_a_finding_with_everything() -> None:
    page = Page(rendered())
    for told in (
        "some-rule",
        "the listener is open, TLS was expected, everybody gets in",
        ["14", "listen 80;"][1],
        "asked for here",
        "This request gets in",
        "curl -i 'http://a.example.com/x?y=1&z=2'",
        "nginx refuses to start with this",
        "listen 443 ssl;",
        "Confidence: likely",
        "RFC 1",
        "0123456789abcdef",
        "nobody knows",
        "a-rule, b-rule",
        "2026-06-01",
        hashlib.sha256(MAIN.text.encode()).hexdigest(),
        hashlib.sha256(OTHER.text.encode()).hexdigest(),
    ):
        assert told in page.text, told
    assert {link.removeprefix("#") for link in page.links} <= page.identifiers


def test_it_needs_nothing_else() -> None:
    page = Page(rendered())
    assert page.tags.isdisjoint({"script", "link", "img", "iframe", "object", "form"})
    assert all(link.startswith("#") for link in page.links)
    assert not {name for name, _ in page.attributes if name.startswith("on") or name in {"src", "srcset"}}
    assert "url(" not in page.style
    assert "@import" not in page.style
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes


def test_text_of_others_stays_text() -> None:
    plain = Page(rendered())
    page = Page(
        rendered(message=f"found {EVIL}", remedy=EVIL, path=EVIL),
    )
    assert page.tags == plain.tags
    assert '<script>alert("x")</script>' in page.text
    assert "\u202e" not in page.text
    assert "\\u202e" in page.text


def test_hostile_configurations(tmp_path: Path) -> None:
    """Names, paths, locations and bytes that are no UTF-8, through the command itself."""
    directory = tmp_path / "<b>conf&"
    directory.mkdir()
    materialise(directory, ["server.pem", "server.key", "root.pem"])
    (directory / "root.pem").rename(directory / "<i>root.pem")
    text = b"""events {}
http {
    server {
        listen 443 ssl;
        server_name "<script>alert(1)</script>.test" b\xffd.test;
        ssl_certificate server.pem;
        ssl_certificate_key server.key;
        ssl_client_certificate "<i>root.pem";
        ssl_verify_client optional;
        location "/<u>a" { proxy_pass http://127.0.0.1:8080; }
        location "/\xe2\x80\xae" { return 200 "</pre></style><script>"; }
    }
}
"""
    (directory / "nginx.conf").write_bytes(text)
    page = Page(command(directory / "nginx.conf", tmp_path))
    assert page.tags.isdisjoint({"script", "i", "u"})
    for told in ("<script>alert(1)</script>.test", "<i>root.pem", "/<u>a", "\\xff"):
        assert told in page.text, told


def command(configuration: Path, directory: Path, *options: str) -> str:
    output = directory / "report.html"
    with pytest.MonkeyPatch.context() as patch:
        words = ["mtls-lint", str(configuration), "--format", "html", "--output", str(output), *options]
        patch.setattr(sys, "argv", words)
        main()
    return output.read_text("utf-8")


CONFIGURATION = """events {}
http {
    server {
        listen 443 ssl; server_name a.test;
        ssl_certificate expired.pem; ssl_certificate_key expired.key;
        ssl_client_certificate root.pem; ssl_verify_client on; ssl_crl absent.pem;
        location / { return 200; }
    }
    server {
        listen 80; server_name b.test;
        location / { proxy_pass http://127.0.0.1:8080; }
    }
}
"""


@pytest.fixture
def audited(tmp_path: Path) -> Path:
    materialise(tmp_path, ["expired.pem", "expired.key", "root.pem"])
    path = tmp_path / "nginx.conf"
    path.write_text(CONFIGURATION)
    return path


def test_the_whole_page(audited: Path) -> None:
    options = ("--now", "2026-06-01", "--profile", "pci-dss-4.0.1", "--nginx-version", "1.30.0")
    text = command(audited, audited.parent, *options)
    page = Page(text)
    for told in (
        "Judged at",
        "2026-06-01 00:00 UTC",
        "1.30.0",
        "PCI DSS 4.0.1 (pci-dss-4.0.1)",
        "--profile pci-dss-4.0.1",
        "Not covered",
        "*:443 TLS",
        "*:80 plain",
        "certificates of root.pem",
        "anyone",
        "expired 2025-01-01, 516 days ago",
        "ssl_crl absent.pem",
    ):
        assert told in page.text, told
    assert {
        "summary",
        "controls",
        "findings",
        "access",
        "inventory",
        "not-evaluated",
        "files",
    } <= page.identifiers
    assert {link.removeprefix("#") for link in page.links} <= page.identifiers
    assert text == command(audited, audited.parent, *options)
    assert "PRIVATE KEY" not in text


def test_a_text_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text("http { server { listen 80\n}")
    page = Page(command(tmp_path / "nginx.conf", tmp_path))
    assert "The run is incomplete" in page.text


def test_suppressed_findings_stand_apart() -> None:
    given = report()
    hidden = replace(given, findings=tuple(replace(one, suppressed="agreed") for one in given.findings))
    page = Page(render_html(hidden, (), Circumstances(CLOCK, "mtls-lint")))
    assert "Suppressed" in page.text
    assert "agreed" in page.text
    assert hidden.count(Severity.ERROR) == 0


def test_a_rule_that_could_not_decide_is_named_whatever_its_text() -> None:
    entry = NotEvaluated("a-rule", "<a>.conf", 1, "`<b>` is not `known`")
    page = Page(render_html(replace(report(), not_evaluated=(entry,)), (), Circumstances(CLOCK, "x")))
    assert "<b> is not known" in page.text
    assert "b" in page.tags  # the counts of the summary
    assert "<a>.conf:1" in page.text


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
class TestInChromium:
    def run(self, page: Path, *options: str) -> str:
        assert CHROMIUM is not None
        done = subprocess.run(
            [CHROMIUM, *FLAGS, f"--user-data-dir={page.parent / 'profile'}", *options, page.as_uri()],
            capture_output=True,
            text=True,
            check=True,
            timeout=90,
        )
        return done.stdout

    def test_it_renders_light_and_dark_and_prints(self, audited: Path) -> None:
        page = audited.parent / "report.html"
        command(audited, audited.parent, "--now", "2026-06-01", "--profile", "cis-3.0.0")
        light, dark, printed = (audited.parent / name for name in ("light.png", "dark.png", "page.pdf"))
        shown = self.run(page, "--dump-dom")
        assert "Who gets in" in Page(shown.partition("<!DOCTYPE html>")[2]).text
        self.run(page, f"--screenshot={light}")
        self.run(page, f"--screenshot={dark}", "--blink-settings=preferredColorScheme=0")
        self.run(page, f"--print-to-pdf={printed}")
        assert light.read_bytes() != dark.read_bytes()
        assert printed.read_bytes().startswith(b"%PDF")

    def test_hostile_text_does_not_run(self, tmp_path: Path) -> None:
        page = tmp_path / "page.html"
        page.write_text(rendered(message=EVIL, remedy=EVIL), encoding="utf-8")
        assert "<script" not in self.run(page, "--dump-dom")
