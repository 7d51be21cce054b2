"""Random configurations and requests, from a seed: the questions that are put to nginx and to ``decide``."""

import random

from msgspec import Struct

from mtls_lint.nginx.decision import Fault

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
    "~^(?<sub>r)(\\d+)\\.test$", '""', "B.test",
)  # fmt: skip
HOSTS = (*NAMES, None, "B.test:99")
ODD_HOSTS = ("a..test", "", "b.test:x", "[::1]", "b.test.", "a/b", "a^b")
CLIENTS = (
    "none", "a", "a", "b", "a-via-sent", "a-via-missing", "self-signed", "a-expired", "stranger",
    "stranger-root", "a-server-eku", "a-revoked", "a-future", "a-deep",
)  # fmt: skip
URIS = (
    "/", "/x", "/x/y", "/X", "//x", "/x//y", "/%78", "/x/../e", "/e", "/img/a.php", "/x.php", "/deep/in/side",
    "/old/1", "/e?flag=1", "/auth",
)  # fmt: skip
ODD_TARGETS = (
    "http://b.test/x", "http://A.test:8/e", "https://nowhere.test", "http://b.test//x/../e?a=b", "http://a..b/x",
    "http://r7.test?x", "/..", "/%zz", "*", "http:///x", "/x#y?z", "ftp://w.test/x/y",
)  # fmt: skip
METHODS = ("GET", "GET", "GET", "POST", "HEAD")
ODD_METHODS = ("TRACE", "CONNECT", "OPTIONS", "get", "PATCH")
PATTERNS = ("= /x", "/x", "^~ /x/", "~ \\.php$", "~* ^/X", "/deep/", "/e", "= /e", "/img/", "~ ^/(x)/(.*)$")
NESTED = {
    "/": ("/y", "~ \\.php$", "= /e"),
    "/x": ("/x/y", "~ \\.php$"),
    "/deep/": ("/deep/in", "= /deep/in/side", "~ side$"),
}
CONDITIONS = (
    "$ssl_client_verify != SUCCESS", "$ssl_client_verify = NONE", "$ssl_client_verify",
    "$ssl_client_verify ~ ^FAILED", "$passed != yes", '$passed = ""', "$known = 0", "$scheme = http",
    "$https != on", "$uri ~ ^/x", "$request_method = POST", "$host = b.test",
    "$ssl_client_s_dn ~* alice", "$args", "$level = high", "$combined", "$first = x", "$first",
    "$chain ~ ^(x)-yes", "$uri ~ ^/(\\w+)/(\\w+)", "$host ~ ^(\\w+)\\.", "$request_uri ~ //",
    "$http_host = b.test", "$arg_flag", "$sub", "$first = r",
)  # fmt: skip
ACTIONS = (
    "return 403;",
    "return 200 stop;",
    "return 444;",
    "rewrite ^ /e last;",
    "set $passed yes;",
    "set $first $1;",
    "set $chain $first-$passed;",
    "break;",
)
REWRITES = (
    "rewrite ^/old/(.*)$ /x/$1 last;", "rewrite ^/x$ /deep/x break;", "set $known 0;",
    "rewrite ^/img/ https://elsewhere.test/ redirect;", "rewrite ^/deep/(?<rest>.*)$ /x/$rest?a=b;",
    "set $first $rest; set $chain $first-$level;",
)  # fmt: skip
MAPS = (
    'map $ssl_client_verify $passed { default ""; SUCCESS yes; ~^FAILED failed; }',
    'map $ssl_client_s_dn $known { default 0; "~^CN=alice" 1; }',
    "map $passed $level { default low; yes high; failed $known; }",
    'map "$level:$request_method" $combined { default 0; "~^high:" 1; low:POST $uri; }',
)
MODES = ("off", "on", "on", "optional", "optional_no_ca")
COMMANDS = (
    "VerifyMode Request", "VerifyMode Require", "VerifyMode RequestPostHandshake", "VerifyMode -Request",
    "VerifyMode RequirePostHandshake", "VerifyCAFile PKI/ca-b.pem", "VerifyCAFile PKI/ca-a.pem",
    "MinProtocol TLSv1.3", "MaxProtocol TLSv1.2", "Protocol -TLSv1.3", "Protocol TLSv1.3",
    "ClientCAFile PKI/ca-b.pem", "ChainCAFile PKI/ca-a.pem",
)  # fmt: skip
PASSWORD = "auth_basic staff; auth_basic_user_file PKI/users;"
ACCESS = (
    "deny all;", "allow all;", "allow all; deny all;", PASSWORD, "auth_basic off;",
    f"satisfy any; deny all; {PASSWORD}", f"satisfy any; allow all; {PASSWORD}", "satisfy any; deny all;",
)  # fmt: skip
LIMITS = (
    "limit_except GET { deny all; }", f"limit_except POST HEAD {{ {PASSWORD} }}",
    "limit_except POST { deny all; }",
)  # fmt: skip
ADDRESSES = ("127.0.0.1", "127.0.0.2")
# Where servers listen: on port d, [::] takes IPv4 too, so that nothing else may.
LISTENS = {"a": ("*", "*", *ADDRESSES, "[::1]", "[::]"), "d": ("[::]", "[::]", "[::1]")}
LISTENS["b"] = LISTENS["a"]

Socket = tuple[str, str]


class Question(Struct, frozen=True):
    """A connection, a request and a client, in the words of ``decide``; ``port`` is the name of a port."""

    address: str
    port: str
    tls: str | None
    sni: str | None
    host: str | None
    uri: str
    method: str
    client: str
    fault: Fault | None = None


class Scenario(Struct, frozen=True):
    """A configuration (ports are words ``PORT_a``; certificates ``PKI/name``) and questions about it."""

    seed: int
    text: str
    questions: tuple[Question, ...]


class _Server(Struct):
    """Where a server listens; whether it has a certificate of its own is seen when all are known."""

    listens: dict[Socket, str] = {}
    certified: bool = True


class _Maker(Struct):
    """Writes one configuration; every server and location marks its answers with a header of its own."""

    random: random.Random
    lines: list[str] = []
    sockets: dict[Socket, bool] = {}
    """Whether it speaks TLS."""
    defaults: set[Socket] = set()
    marks: int = 0
    mode: str = "off"
    shared_ca: bool = True
    asks: bool = False
    """Whether the server at hand asks with ``auth_request``: no backend may decide what that answers."""

    def chance(self, of_ten: int) -> bool:
        return self.random.randrange(10) < of_ten

    def add(self, indent: str, text: str) -> None:
        self.lines.append(indent + text)

    def mark(self, indent: str) -> None:
        self.marks += 1
        self.add(indent, f"add_header X-Where m{self.marks} always;")

    def text(self) -> str:
        self.lines = ["events { worker_connections 64; }", "http {", "  access_log off;"]
        for line in MAPS:
            self.add("  ", line)
        servers = self.planned(self.random.randint(1, 4))
        shared = self.chance(7)
        self.shared_ca = self.chance(7)
        if shared:
            self.add("  ", "ssl_certificate PKI/server.pem; ssl_certificate_key PKI/server.key;")
        if self.shared_ca:
            self.add("  ", "ssl_client_certificate PKI/ca-a.pem;")
        self.mode = self.ssl_settings("  ", inside=False)
        if self.chance(2):
            self.error_page("  ")
        for server in servers:
            self.server(server, own_certificate=server.certified and not shared)
        self.add("  ", "server { listen 127.0.0.1:PORT_backend; ssl_verify_client off; location / {")
        self.add("    ", 'set $first ""; set $chain ""; set $rest ""; set $sub ""; return 200 backend; } }')
        return "\n".join([*self.lines, "}", ""])

    def planned(self, count: int) -> list[_Server]:
        servers = [_Server() for _ in range(count)]
        chosen: dict[Socket, _Server] = {}
        for server in servers:
            server.certified = self.chance(6)
            for _ in range(self.random.choice((1, 1, 2))):
                if (socket := self.listen(server)) is not None:
                    chosen.setdefault(socket, server)
                    if "default_server" in server.listens[socket]:
                        chosen[socket] = server
        for socket, default in chosen.items():
            default.certified |= self.sockets[socket]
        return servers

    def listen(self, server: _Server) -> Socket | None:
        port = self.random.choice(("a", "a", "b", "d"))
        socket = (self.random.choice(LISTENS[port]), port)
        if socket in server.listens:
            return None
        tls = self.chance(7)
        flags = " ssl" if tls else ""
        if socket[0] == "[::]" and socket not in self.sockets:
            flags += " ipv6only=off" if port == "d" else self.random.choice(("", " ipv6only=on"))
        self.sockets[socket] = self.sockets.get(socket, False) or tls
        if socket not in self.defaults and self.chance(2):
            self.defaults.add(socket)
            flags += " default_server"
        server.listens[socket] = f"listen {socket[0]}:PORT_{port}{flags};"
        return socket

    def ssl_settings(self, indent: str, *, inside: bool) -> str:
        mode = self.mode
        if self.chance(7 if inside else 2):
            mode = self.random.choice(MODES)
            self.add(indent, f"ssl_verify_client {mode};")
        needed = inside and not self.shared_ca and mode in {"on", "optional"}
        if inside and (self.chance(4) or needed):
            authorities = self.random.choice(("ca-a", "ca-b", "ca-ab"))
            self.add(indent, f"ssl_client_certificate PKI/{authorities}.pem;")
        if self.chance(2 if inside else 1):
            self.add(indent, f"ssl_trusted_certificate PKI/{self.random.choice(('ca-a', 'ca-b'))}.pem;")
        if self.chance(2):
            self.add(indent, f"ssl_verify_depth {self.random.randint(0, 2)};")
        if inside and self.chance(2):
            self.add(indent, f"ssl_crl PKI/{self.random.choice(('crl-a', 'crl-all', 'crl-a-expired'))}.pem;")
        if self.chance(1):
            protocols = self.random.choice(("TLSv1.2", "TLSv1.3", "TLSv1.2 TLSv1.3"))
            self.add(indent, f"ssl_protocols {protocols};")
        if self.chance(2 if inside else 1):
            for command in self.random.sample(COMMANDS, self.random.choice((1, 1, 2))):
                self.add(indent, f"ssl_conf_command {command};")
        return mode

    def server(self, server: _Server, *, own_certificate: bool) -> None:
        self.add("  ", "server {")
        for listen in server.listens.values():
            self.add("    ", listen)
        if own_certificate:
            self.add("    ", "ssl_certificate PKI/server.pem; ssl_certificate_key PKI/server.key;")
        if names := self.random.sample(SERVER_NAMES, self.random.choice((0, 1, 1, 2))):
            self.add("    ", f"server_name {' '.join(dict.fromkeys(names))};")
        self.mark("    ")
        self.ssl_settings("    ", inside=True)
        self.asks = self.chance(2)
        unusual = (
            "ssl_reject_handshake on;",
            "merge_slashes off;",
            "recursive_error_pages on;",
            self.random.choice(ACCESS),
        )
        for line in unusual:
            if self.chance(1):
                self.add("    ", line)
        if self.chance(3):
            self.error_page("    ")
        if self.chance(4):
            self.rewrites("    ")
        if self.asks and self.chance(5):
            self.add("    ", "auth_request /auth;")
        for pattern in ("/", *self.random.sample(PATTERNS, self.random.randint(0, 4))):
            self.location(pattern, "    ", nested=False)
        if self.asks:
            self.location("= /auth", "    ", nested=True)
        self.location("@named", "    ", nested=True)
        self.add("  ", "}")

    def error_page(self, indent: str) -> None:
        all_codes = (
            "495",
            "496",
            "497",
            "400",
            "401",
            "403",
            "404",
            "421",
            "405",
            "414",
            "494",
            "501",
            "505",
        )
        codes = " ".join(self.random.sample(all_codes, 3))
        how = self.random.choice(("", " =200", " =", " =403"))
        page = self.random.choice(("/e", "/x", "@named", "https://elsewhere.test/"))
        self.add(indent, f"error_page {codes}{'' if page.startswith('https') else how} {page};")

    def rewrites(self, indent: str) -> None:
        for _ in range(self.random.choice((1, 1, 2))):
            condition, action = self.random.choice(CONDITIONS), self.random.choice(ACTIONS)
            text = self.random.choice((*[f"if ({condition}) {{ {action} }}"] * 3, *REWRITES))
            if not (self.asks and "break" in text):
                self.add(indent, text)

    def location(self, pattern: str, indent: str, *, nested: bool) -> None:
        self.add(indent, f"location {pattern} {{")
        inner, start = indent + "  ", len(self.lines)
        self.mark(inner)
        if self.chance(3):
            self.rewrites(inner)
        if self.chance(2):
            self.add(inner, self.random.choice(ACCESS))
        if self.chance(1) and pattern != "@named":
            self.add(inner, "internal;")
        if self.chance(1):
            self.error_page(inner)
        if self.asks and self.chance(3):
            self.add(inner, self.random.choice(("auth_request /auth;", "auth_request off;")))
        if not nested and pattern in NESTED and self.chance(4):
            self.location(self.random.choice(NESTED[pattern]), inner, nested=True)
        answers = ["proxy_pass http://127.0.0.1:PORT_backend;", "return 200 text;", "return 403;"]
        if self.asks:
            answers[0] = "return 204;"
        elif self.chance(2):
            self.add(inner, self.random.choice(LIMITS))
        # Behind a break, and for methods that limit_except takes, no return is run: where no backend is, the
        # answer is a file, and whether that exists is not decide's.
        skips = any("break" in line or "limit_except" in line for line in self.lines[start:])
        self.add(inner, answers[0] if skips else self.random.choice(answers))
        self.add(indent, "}")

    def question(self) -> Question:
        choose = self.random.choice
        address, port = choose(list(self.sockets))
        if address == "*" or self.random.random() < 0.1:
            address = choose(ADDRESSES)
        elif address == "[::]":
            address = choose(("::1", "127.0.0.1")) if port == "d" else "::1"
        address = address.strip("[]")
        speaks_tls = self.speaks_tls(address, port)
        if self.random.random() < 0.06:
            speaks_tls = not speaks_tls
        sni = choose((*NAMES, None, "A.TEST")) if speaks_tls else None
        host = sni if sni is not None and self.random.random() < 0.7 else choose(HOSTS)
        uri, method, fault = choose(URIS), choose(METHODS), None
        odd = self.random.random()
        if odd < 0.05:
            host = choose(ODD_HOSTS)
        elif odd < 0.12:
            uri = choose(ODD_TARGETS)
        elif odd < 0.17:
            method = choose(ODD_METHODS)
            uri = choose((uri, "b.test:443", "b.test")) if method == "CONNECT" else uri
        elif odd < 0.24:
            fault = choose(list(Fault))
            host = None if fault is Fault.NO_HOST else host
            # nginx has not read HEAD yet when the line is at fault, and asks a backend without any method.
            method = "GET" if fault.in_line else method
        client = choose(CLIENTS) if speaks_tls else "none"
        tls = choose(("1.2", "1.3")) if speaks_tls else None
        return Question(address, port, tls, sni, host, uri, method, client, fault)

    def speaks_tls(self, address: str, port: str) -> bool:
        exact = f"[{address}]" if ":" in address else address
        wildcard = "[::]" if ":" in address or port == "d" else "*"
        return self.sockets.get((exact, port), self.sockets.get((wildcard, port), False))


def make(seed: int, questions: int) -> Scenario:
    """The scenario of a seed, with so many questions."""
    maker = _Maker(random.Random(seed))
    text = maker.text()
    return Scenario(seed, text, tuple(maker.question() for _ in range(questions)))
