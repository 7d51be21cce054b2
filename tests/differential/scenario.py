"""Random configurations and requests, from a seed: the questions that are put to nginx and to ``decide``."""

import random
from dataclasses import dataclass, field

NAMES = (
    "a.test",
    "b.test",
    "x.w.test",
    "w.test",
    "dot.test",
    "s.dot.test",
    "c.one",
    "r7.test",
    "nowhere.test",
)
SERVER_NAMES = (
    "a.test", "a.test", "b.test", "b.test", "*.w.test", "w.test", ".dot.test", "c.*",
    "~^r(\\d+)\\.test$", '""', "B.test",
)  # fmt: skip
CLIENTS = (
    "none", "a", "a", "b", "a-via-sent", "a-via-missing", "self-signed", "a-expired", "stranger",
    "stranger-root", "a-server-eku", "a-revoked", "a-future", "a-deep",
)  # fmt: skip
URIS = (
    "/",
    "/x",
    "/x/y",
    "/X",
    "//x",
    "/%78",
    "/x/../e",
    "/e",
    "/img/a.php",
    "/x.php",
    "/deep/in/side",
    "/old/1",
)
PATTERNS = ("= /x", "/x", "^~ /x/", "~ \\.php$", "~* ^/X", "/deep/", "/e", "= /e", "/img/")
NESTED = {
    "/": ("/y", "~ \\.php$", "= /e"),
    "/x": ("/x/y", "~ \\.php$"),
    "/deep/": ("/deep/in", "= /deep/in/side", "~ side$"),
}
CONDITIONS = (
    "$ssl_client_verify != SUCCESS", "$ssl_client_verify = NONE", "$ssl_client_verify",
    "$ssl_client_verify ~ ^FAILED", "$passed != yes", '$passed = ""', "$known = 0", "$scheme = http",
    "$https != on", "$uri ~ ^/x", "$request_method = POST", "$host = b.test",
    "$ssl_client_s_dn ~* alice", "$args",
)  # fmt: skip
ACTIONS = (
    "return 403;",
    "return 200 stop;",
    "return 444;",
    "rewrite ^ /e last;",
    "set $passed yes;",
    "break;",
)
REWRITES = (
    "rewrite ^/old/(.*)$ /x/$1 last;", "rewrite ^/x$ /deep/x break;", "set $known 0;",
    "rewrite ^/img/ https://elsewhere.test/ redirect;", "rewrite ^/deep/(?<rest>.*)$ /x/$rest?a=b;",
)  # fmt: skip
MODES = ("off", "on", "on", "optional", "optional_no_ca")
ADDRESSES = ("127.0.0.1", "127.0.0.2")


@dataclass(frozen=True, slots=True)
class Question:
    """A connection, a request and a client, in the words of ``decide``; ``port`` is the name of a port."""

    address: str
    port: str
    tls: str | None
    sni: str | None
    host: str | None
    uri: str
    method: str
    client: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """A configuration (ports are words ``PORT_a``; certificates ``PKI/name``) and questions about it."""

    seed: int
    text: str
    questions: tuple[Question, ...]


@dataclass
class _Maker:
    """Writes one configuration; every server and location marks its answers with a header of its own."""

    random: random.Random
    lines: list[str] = field(default_factory=list)
    sockets: dict[tuple[str, str], bool] = field(default_factory=dict)
    defaults: set[tuple[str, str]] = field(default_factory=set)
    marks: int = 0

    def chance(self, of_ten: int) -> bool:
        return self.random.randrange(10) < of_ten

    def add(self, indent: str, text: str) -> None:
        self.lines.append(indent + text)

    def mark(self, indent: str) -> None:
        self.marks += 1
        self.add(indent, f"add_header X-Where m{self.marks} always;")

    def text(self) -> str:
        self.lines = ["events { worker_connections 64; }", "http {", "  access_log off;"]
        self.add("  ", 'map $ssl_client_verify $passed { default ""; SUCCESS yes; ~^FAILED failed; }')
        self.add("  ", 'map $ssl_client_s_dn $known { default 0; "~^CN=alice" 1; }')
        self.add("  ", "ssl_certificate PKI/server.pem; ssl_certificate_key PKI/server.key;")
        self.add("  ", "ssl_client_certificate PKI/ca-a.pem;")
        self.ssl_settings("  ", inside=False)
        if self.chance(2):
            self.error_page("  ")
        for _ in range(self.random.randint(1, 4)):
            self.server()
        self.add("  ", "server { listen 127.0.0.1:PORT_backend; location / { return 200 backend; } }")
        return "\n".join([*self.lines, "}", ""])

    def ssl_settings(self, indent: str, *, inside: bool) -> None:
        if self.chance(7 if inside else 2):
            self.add(indent, f"ssl_verify_client {self.random.choice(MODES)};")
        if inside and self.chance(4):
            self.add(
                indent, f"ssl_client_certificate PKI/{self.random.choice(('ca-a', 'ca-b', 'ca-ab'))}.pem;"
            )
        if self.chance(2 if inside else 1):
            self.add(indent, f"ssl_trusted_certificate PKI/{self.random.choice(('ca-a', 'ca-b'))}.pem;")
        if self.chance(2):
            self.add(indent, f"ssl_verify_depth {self.random.randint(0, 2)};")
        if inside and self.chance(2):
            self.add(indent, f"ssl_crl PKI/{self.random.choice(('crl-a', 'crl-all', 'crl-a-expired'))}.pem;")
        if self.chance(1):
            protocols = self.random.choice(("TLSv1.2", "TLSv1.3", "TLSv1.2 TLSv1.3"))
            self.add(indent, f"ssl_protocols {protocols};")

    def server(self) -> None:
        self.add("  ", "server {")
        own: set[tuple[str, str]] = set()
        for _ in range(self.random.choice((1, 1, 2))):
            self.listen(own)
        if names := self.random.sample(SERVER_NAMES, self.random.choice((0, 1, 1, 2))):
            self.add("    ", f"server_name {' '.join(dict.fromkeys(names))};")
        self.mark("    ")
        self.ssl_settings("    ", inside=True)
        if self.chance(1):
            self.add("    ", "ssl_reject_handshake on;")
        if self.chance(3):
            self.error_page("    ")
        if self.chance(4):
            self.rewrites("    ")
        for pattern in ("/", *self.random.sample(PATTERNS, self.random.randint(0, 4))):
            self.location(pattern, "    ", nested=False)
        self.location("@named", "    ", nested=True)
        self.add("  ", "}")

    def listen(self, own: set[tuple[str, str]]) -> None:
        socket = (self.random.choice(("*", "*", *ADDRESSES)), self.random.choice(("a", "a", "b")))
        if socket in own:
            return
        own.add(socket)
        tls = self.chance(7)
        self.sockets[socket] = self.sockets.get(socket, False) or tls
        flags = " ssl" if tls else ""
        if socket not in self.defaults and self.chance(2):
            self.defaults.add(socket)
            flags += " default_server"
        self.add("    ", f"listen {socket[0]}:PORT_{socket[1]}{flags};")

    def error_page(self, indent: str) -> None:
        codes = " ".join(self.random.sample(("495", "496", "497", "400", "403", "404", "421", "405"), 2))
        how = self.random.choice(("", " =200", " =", " =403"))
        page = self.random.choice(("/e", "/x", "@named", "https://elsewhere.test/"))
        self.add(indent, f"error_page {codes}{'' if page.startswith('https') else how} {page};")

    def rewrites(self, indent: str) -> None:
        for _ in range(self.random.choice((1, 1, 2))):
            condition, action = self.random.choice(CONDITIONS), self.random.choice(ACTIONS)
            self.add(indent, self.random.choice((*[f"if ({condition}) {{ {action} }}"] * 3, *REWRITES)))

    def location(self, pattern: str, indent: str, *, nested: bool) -> None:
        self.add(indent, f"location {pattern} {{")
        inner, start = indent + "  ", len(self.lines)
        self.mark(inner)
        if self.chance(3):
            self.rewrites(inner)
        for unusual in ("deny all;", "internal;"):
            if self.chance(1) and pattern != "@named":
                self.add(inner, unusual)
        if self.chance(1):
            self.error_page(inner)
        if not nested and pattern in NESTED and self.chance(4):
            self.location(self.random.choice(NESTED[pattern]), inner, nested=True)
        answers = ("proxy_pass http://127.0.0.1:PORT_backend;", "return 200 text;", "return 403;")
        # Behind a break the answer is a file where no backend is, and whether that exists is not decide's.
        breaks = any("break" in line for line in self.lines[start:])
        answer = answers[0] if breaks else self.random.choice(answers)
        self.add(inner, answer)
        self.add(indent, "}")


def make(seed: int, questions: int) -> Scenario:
    """The scenario of a seed, with so many questions."""
    chooser = random.Random(seed)
    maker = _Maker(chooser)
    text = maker.text()
    asked = []
    for _ in range(questions):
        address, port = chooser.choice(list(maker.sockets))
        if address == "*" or chooser.random() < 0.1:
            address = chooser.choice(ADDRESSES)
        speaks_tls = maker.sockets.get((address, port), maker.sockets.get(("*", port), False))
        if chooser.random() < 0.06:
            speaks_tls = not speaks_tls
        sni = chooser.choice((*NAMES, None, "A.TEST")) if speaks_tls else None
        host = (
            sni if sni is not None and chooser.random() < 0.7 else chooser.choice((*NAMES, None, "B.test:99"))
        )
        asked.append(
            Question(
                address,
                port,
                chooser.choice(("1.2", "1.3")) if speaks_tls else None,
                sni,
                host,
                chooser.choice(URIS),
                chooser.choice(("GET", "GET", "GET", "POST", "HEAD")),
                chooser.choice(CLIENTS) if speaks_tls else "none",
            )
        )
    return Scenario(seed, text, tuple(asked))
