"""Do ``fatal`` findings and the refusals of ``nginx -t`` agree? Random configurations with mistakes."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from differential import mistakes
from differential.compare import make_pki
from differential.scenario import make
from mtls_lint.testing import catalogue, lint_text
from mtls_lint.testing.nginx import NginxBinary, free_ports

# What is refused for reasons that no rule here knows with certainty. Each entry: nginx's words, and why.
BEYOND = (
    (r'unknown "\w+" variable|the duplicate "\w+" variable|the \$\w+ variable cannot be used',
     "any module may define variables; which there are is not known"),
    (r'unknown directive "|requires ngx_http_v3_module|"load_module" directive is specified too late'
     r"|dlopen\(\)",
     "which modules nginx was built with, or loads, is not known"),
    (r"host not found in|getpwnam\(|ENGINE_by_id",
     "names that the machine resolves: hosts, users, engines"),
    (r'open\(\) "[^"]*(?:\.log|/log|\.conf|mime\.types|no-such-file)" failed|mkdir\(',
     "an include, a log or a cache directory that is absent here may stand where nginx runs"),
    (r"no-such-directory",
     "a certificate in a directory none of whose files is here: it may stand where nginx runs"),
    (r"SSL_CONF_cmd\(|SSL_CTX_set1_curves_list\(",
     "which commands, groups and signature algorithms there are is OpenSSL's to say"),
    (r"PEM_read_bio_DHparams|must be 48 or 80 bytes|read\(\) \"[^\"]*\" failed \(21",
     "what DH parameters, ticket keys and password files hold is not read"),
    (r"log format|log_format|log level|buffer size|invalid parameter \"main\"|closing bracket in"
     r"|\"(?:expires|keepalive_timeout|worker_processes)\" directive|invalid threads"
     r"|zero size shared memory zone|zone \"[^\"]*\" is (?:unknown|too small)|for a different use"
     r"|invalid zone size|burst|number of connections|invalid parameter \"x\"|invalid time value|valid=1q",
     "arguments of directives that have no say about who gets in: logs, limits, caches, times"),
    (r"(?:inside|in|duplicate) upstream|in \"keepalive\" directive|invalid parameter "
     r"\"(?:nope|weight=x|fail_timeout=x)\""
     r"|no \"listen\" is defined|no handler for server|geo parameters|invalid network|percent total",
     "the inside of upstreams, of stream servers, and of geo and split_clients"),
)  # fmt: skip
_PORT = re.compile(r"\bPORT_(\w+)\b")


class Broken(Struct, frozen=True):
    """A configuration, and what was planted in it (nothing, in many)."""

    seed: int
    text: str
    planted: tuple[str, ...]


class Verdicts(Struct, frozen=True):
    """What nginx and the rules said of one configuration."""

    broken: Broken
    version: str
    accepted: bool
    output: str
    fatal: tuple[str, ...]

    @property
    def agree(self) -> bool:
        """Whether there are fatal findings exactly where nginx refuses."""
        return self.accepted is not bool(self.fatal)

    @property
    def beyond(self) -> str | None:
        """Why no rule knows of this refusal, where that is on the list; never for a fatal finding."""
        if self.accepted or self.fatal:
            return None
        return next((why for pattern, why in BEYOND if re.search(pattern, self.complaint)), None)

    @property
    def complaint(self) -> str:
        """nginx's own words, the first of them."""
        found = re.search(r"\[emerg\] (?:\d+#\d+: )?(.*)", self.output)
        return found[1] if found else self.output.strip()

    def __str__(self) -> str:
        kind = "false fatal" if self.accepted else "missed refusal"
        said = "; ".join(self.fatal) if self.accepted else self.complaint
        return f"{kind} by seed {self.broken.seed} on {self.version}: {self.broken.planted}: {said}"


def make_broken(seed: int) -> Broken:
    """The random configuration of a seed, with no, one or two mistakes (or what only looks like one)."""
    chooser = random.Random(f"mistakes {seed}")
    text = make(seed, 0).text
    planted = []
    for number in range(chooser.choice((0, 1, 1, 1, 1, 1, 2, 2))):
        text, what = _plant(text, chooser, number)
        planted.append(what)
    return Broken(seed, text, tuple(planted))


def alone() -> Iterator[Broken]:
    """Every snippet of the tables by itself, in a small configuration."""
    number = 0
    for where, snippets in dict.fromkeys(_WHERE):
        for snippet in snippets:
            number += 1
            lines = _PLAIN.splitlines()
            opening = max(index for index, line in enumerate(lines) if where.search(line))
            yield Broken(number, _put(lines, where, opening, snippet.replace("%N", "0")), (snippet,))


def make_material(directory: Path) -> None:
    """Write everything that these configurations name."""
    make_pki(directory)
    catalogue.materialise(directory)


def ask(broken: Broken, binary: NginxBinary, directory: Path, material: Path) -> Verdicts:
    """Put the configuration to nginx and to all rules."""
    text = broken.text.replace("PKI/", f"{material}/")
    text = re.sub(r"(?<![\w.-])/pki\b", str(material), text)
    names = sorted(set(_PORT.findall(text)))
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    text = _PORT.sub(lambda match: str(ports[match[1]]), text)
    result = binary.check(text, directory)
    report = lint_text(text, version=binary.version, directory=directory)
    assert report.crashes == (), [crash.error for crash in report.crashes]
    fatal = tuple(
        f"{found.rule}: {found.finding.message}" for found in report.findings if found.finding.fatal
    )
    return Verdicts(broken, str(binary.version), result.accepted, result.output, fatal)


def _plant(text: str, chooser: random.Random, number: int) -> tuple[str, str]:
    """``text`` with one mistake, and what that was."""
    lines = text.splitlines()
    how = chooser.randrange(100)
    if how < 12:
        return _spoil(lines, chooser)
    where, snippets = chooser.choice(_WHERE)
    snippet = chooser.choice(snippets).replace("%N", str(number))
    openings = [index for index, line in enumerate(lines) if where.search(line)]
    if not openings:
        return text, "nothing"
    opening = chooser.choice(openings)
    return _put(lines, where, opening, snippet), f"{snippet} behind line {opening + 1}"


def _put(lines: list[str], where: re.Pattern[str], opening: int, snippet: str) -> str:
    """The text with the snippet in the block that opens at that line (before it, for the top level)."""
    if where is _TOP:
        return "\n".join([*lines[:opening], snippet, *lines[opening:], ""])
    indent = len(lines[opening]) - len(lines[opening].lstrip())
    _make_room(lines, opening + 1, indent + 2, snippet)
    return "\n".join([*lines[: opening + 1], snippet, *lines[opening + 1 :], ""])


def _make_room(lines: list[str], start: int, indent: int, snippet: str) -> None:
    """Take away what the block says already of the settings that are planted, or they would be duplicates."""
    names = {match[1] for match in re.finditer(r"(?:^|; )(ssl_\w+)", snippet)}
    for index in range(start, len(lines)):
        line = lines[index]
        if len(line) - len(line.lstrip()) < indent:
            return
        if line[indent:].partition(" ")[0] in names:
            lines[index] = ""


def _spoil(lines: list[str], chooser: random.Random) -> tuple[str, str]:
    """A slip of the hand somewhere in the text: a character, a word or a line too many or too few."""
    index = chooser.choice([number for number, line in enumerate(lines) if line.strip()])
    line = lines[index]
    kind = chooser.choice(
        ("no ;", "no {", "no }", "twice", "gone", "quote", "word", "no word", "typo", "moved")
    )
    words = line.split(" ")
    changed: list[str] = [line]
    if kind.startswith("no ") and len(kind) == 4:
        changed = [line.replace(kind[-1], "", 1)]
    elif kind == "twice":
        changed = [line, line]
    elif kind == "gone":
        changed = []
    elif kind == "quote":
        changed = [line.replace(" ", ' "', 1) if line[:1] != " " else f'{line}"']
    elif kind == "word":
        changed = [line.replace(";", " word;", 1)]
    elif kind == "no word":
        changed = [" ".join(words[:-1]) + line[-1]] if line.endswith((";", "{")) else [line]
    elif kind == "typo":
        position = chooser.randrange(len(line) - len(line.lstrip()), len(line))
        changed = [line[:position] + line[position + 1 :]]
    else:
        changed = []
        lines.insert(chooser.randrange(len(lines)) + 1, line)
        index = lines.index(line)
    spoilt = [*lines[:index], *changed, *lines[index + 1 :], ""]
    return "\n".join(spoilt), f"{kind} in line {index + 1}: {line.strip()}"


_TOP = re.compile(r"^(?:http|events) ")
_HTTP = re.compile(r"^http \{")
_SERVER = re.compile(r"^  server \{$")
_LOCATION = re.compile(r"^ {4,}location .*\{$")
_WHERE = (
    (_SERVER, mistakes.FILES),
    (_SERVER, mistakes.FILES),
    (_SERVER, mistakes.MODES),
    (_SERVER, mistakes.MODES),
    (_HTTP, mistakes.MODES),
    (_SERVER, mistakes.SERVER),
    (_SERVER, mistakes.SERVER),
    (_SERVER, mistakes.REWRITES),
    (_LOCATION, mistakes.REWRITES),
    (_LOCATION, mistakes.LOCATION),
    (_LOCATION, mistakes.LOCATION),
    (_HTTP, mistakes.HTTP),
    (_HTTP, mistakes.HTTP),
    (_HTTP, mistakes.ANYWHERE),
    (_SERVER, mistakes.ANYWHERE),
    (_LOCATION, mistakes.ANYWHERE),
    (_TOP, mistakes.MAIN),
)
_PLAIN = """events { worker_connections 64; }
http {
  access_log off;
  ssl_certificate PKI/server.pem; ssl_certificate_key PKI/server.key;
  ssl_client_certificate PKI/ca-a.pem;
  server {
    listen 127.0.0.1:PORT_a ssl;
    server_name a.test;
    location / {
      add_header X-Where m1 always;
    }
  }
}
"""
