"""Streams that end, are full or are not there; terminals; signals; errors of our own."""

import gc
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

import mtls_lint.cli.app
from cli.conftest import Run, WriteRule
from mtls_lint import __main__ as entry
from mtls_lint.cli.app import arrange, vocabulary
from mtls_lint.cli.choices import COMMANDS
from mtls_lint.cli.streams import columns

SOURCES = Path(__file__).resolve().parent.parent.parent / "src"
COMMAND = f"{sys.executable} -m mtls_lint"

SLOW = '''@rule(id="{id}", severity=Severity.ERROR, since="0.1")
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Take long."""
    import time

    time.sleep({seconds})
    yield from ()
'''


def shell(script: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    return subprocess.run(
        ["bash", "-c", script],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def many_findings(path: Path, count: int = 3000) -> None:
    servers = "server { listen 80; }\n" * count
    path.write_text(f"events {{}}\nhttp {{\n{servers}}}\n", encoding="utf-8")


def test_a_reader_that_goes_away_is_no_error(conf: Path, write_rule: WriteRule) -> None:
    many_findings(conf)
    pack = write_rule("port-open")
    for form in ("text", "concise", "json"):
        run = f"{COMMAND} nginx.conf --rules {pack} --select 'pack/*' --format {form} -q"
        result = shell(f"{run} | head -1; echo ${{PIPESTATUS[0]}}", conf.parent)
        assert result.stdout.splitlines()[1:] == ["1"], "the exit code is that of the run"
        assert result.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", ["nginx.conf --ignore all", "--version", "rules"])
def test_a_full_disk_is_3(conf: Path, arguments: str) -> None:
    result = shell(f"{COMMAND} {arguments} > /dev/full", conf.parent)
    assert result.returncode == 3
    assert "Traceback" not in result.stderr
    assert "internal error" not in result.stderr


def test_streams_that_are_not_there(conf: Path) -> None:
    closed = shell(f"{COMMAND} nginx.conf --ignore all >&-", conf.parent)
    assert (closed.returncode, closed.stderr.splitlines()[0]) == (
        3,
        "mtls-lint: error: there is no stdout to write to",
    )
    assert shell(f"{COMMAND} nginx.conf --ignore all -qq >&-", conf.parent).returncode == 0
    assert shell(f"{COMMAND} no-such-file 2>&-", conf.parent).returncode == 2
    absent = shell(f"{COMMAND} - <&-", conf.parent)
    assert (absent.returncode, "no stdin" in absent.stderr) == (2, True)


def test_an_ascii_terminal_gets_what_it_can_show(conf: Path, cli: Run, write_rule: WriteRule) -> None:
    conf.write_text("server { set $x " + "é" * 200 + "; listen 80; server_name é; }\n", encoding="utf-8")
    pack = write_rule("port-open")
    options = ("nginx.conf", "--rules", pack, "--select", "pack/*")
    shown = cli(*options, env={"PYTHONIOENCODING": "ascii"}).stdout
    assert shown.isascii()
    assert "..." in shown
    assert "…" in cli(*options, env={"PYTHONIOENCODING": "utf-8"}).stdout


def on_a_terminal(arguments: Sequence[str], cwd: Path, columns: int = 80) -> tuple[int, str]:
    """Exit code and output of a run whose stdout and stderr are a terminal."""
    pid, descriptor = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        environment = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        environment |= {
            "TERM": "xterm",
            "COLUMNS": str(columns),
            "PYTHONPATH": str(SOURCES),
            "LC_ALL": "C.UTF-8",
        }
        os.execvpe(sys.executable, [sys.executable, "-m", "mtls_lint", *arguments], environment)
    data = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not select.select([descriptor], [], [], 1)[0]:
            continue
        try:
            more = os.read(descriptor, 65536)
        except OSError:  # the other end is gone
            break
        if not more:
            break
        data += more
    os.close(descriptor)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), data.decode("utf-8").replace("\r\n", "\n")


# pty.fork() in a process with threads is deprecated; the child does nothing but exec.
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_terminal_gets_colours_and_links_and_two_runs_are_equal(conf: Path, write_rule: WriteRule) -> None:
    pack = write_rule("port-open")
    arguments = ("nginx.conf", "--rules", str(pack), "--select", "pack/*")
    code, shown = on_a_terminal(arguments, conf.parent)
    assert code == 1
    assert f"\x1b]8;;file://{conf}\x1b\\nginx.conf:4:9\x1b]8;;\x1b\\" in shown
    assert "\x1b[1;31merror\x1b[0m" in shown
    assert on_a_terminal(arguments, conf.parent) == (code, shown)
    _, bare = on_a_terminal((*arguments, "--color", "never"), conf.parent)
    assert "\x1b" not in bare
    assert re.sub(r"\x1b(\[[0-9;]*m|\]8;[^\x1b]*\x1b\\)", "", shown) == bare


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_long_run_shows_on_a_terminal_what_it_does_and_cleans_up(conf: Path, write_rule: WriteRule) -> None:
    pack = write_rule("slow", SLOW.replace("{seconds}", "2"))
    arguments = ("nginx.conf", "--rules", str(pack), "--select", "pack/*", "--color", "never")
    code, shown = on_a_terminal(arguments, conf.parent)
    assert code == 0
    assert "nginx.conf: pack/slow" in shown
    assert shown.index("\x1b[2K") < shown.index("No findings"), "the line is erased before the report"


def test_a_long_run_shows_nothing_without_a_terminal(cli: Run, conf: Path, write_rule: WriteRule) -> None:
    pack = write_rule("slow", SLOW.replace("{seconds}", "1.5"))
    result = cli(conf, "--rules", pack, "--select", "pack/*")
    assert (result.returncode, result.stderr) == (0, "")


def test_an_interrupt_is_130_without_a_traceback(conf: Path, write_rule: WriteRule) -> None:
    pack = write_rule(
        "slow",
        SLOW.replace("{seconds}", "60").replace("import time", "import time; print('now', flush=True)"),
    )
    with subprocess.Popen(
        [sys.executable, "-m", "mtls_lint", str(conf), "--rules", str(pack), "--select", "pack/*"],
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A job in the background of a script is born deaf to it, and Python leaves it at that.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "now\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "")


@pytest.mark.parametrize("verbose", [False, True])
def test_an_error_of_our_own_is_3_and_asks_for_a_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verbose: bool
) -> None:
    def fail(arguments: Sequence[str]) -> int:
        raise RuntimeError(f"\x1b[31m{len(arguments)}")

    monkeypatch.setattr(mtls_lint.cli.app, "run", fail)
    monkeypatch.setattr(sys, "argv", ["mtls-lint", "rules", *(["-v"] if verbose else [])])
    assert entry.main() == 3
    assert not gc.isenabled()
    said = capsys.readouterr()
    assert said.out == ""
    assert "\x1b" not in said.err
    assert "internal error: RuntimeError: \\x1b[31m" in said.err
    assert "lease report this" in said.err
    assert ("Traceback" in said.err) is verbose


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("x.conf", "check x.conf"),
        ("-", "check -"),
        ("--format json x.conf", "check --format json x.conf"),
        ("--format json check x.conf", "check --format json x.conf"),
        ("--sni a.example trace x.conf", "trace --sni a.example x.conf"),
        ("-v rules test x", "rules -v test x"),
        ("--select rules x.conf", "check --select rules x.conf"),
        ("x.conf rules", "check x.conf rules"),
        ("-- rules", "check -- rules"),
        ("--help", "--help"),
        ("--help explain", "explain --help"),
        ("x.conf --help", "check x.conf --help"),
        ("--show-completion", "--show-completion"),
        ("-v", "check -v"),
    ],
)
def test_which_command_is_meant(given: str, meant: str) -> None:
    assert " ".join(arrange(given.split(), *vocabulary())) == meant


def test_the_names_that_are_suggested_are_the_commands() -> None:
    assert set(COMMANDS) == vocabulary()[0]


def test_completion_knows_commands_and_the_options_of_check(cli: Run) -> None:
    def complete(line: str) -> list[str]:
        words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
        return cli(env={"_MTLS_LINT_COMPLETE": "complete_bash", **words}).stdout.split()

    assert complete("mtls-lint ex") == ["explain"]
    assert complete("mtls-lint --fail") == ["--fail-on"]
    assert complete("mtls-lint nginx.conf --fail") == ["--fail-on"]
    assert complete("mtls-lint check --color ") == ["auto", "always", "never"]


@pytest.mark.parametrize("told", ["", "0", "-5", "x", "100", " 7 "])
def test_the_width_is_what_the_standard_library_says(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    def of_terminal(_: int) -> os.terminal_size:
        return os.terminal_size((0 if told == "0" else 61, 20))

    monkeypatch.setenv("COLUMNS", told)
    assert columns() == shutil.get_terminal_size((80, 24)).columns
    monkeypatch.setattr(os, "get_terminal_size", of_terminal)
    monkeypatch.setattr(sys, "__stdout__", sys.stderr if sys.__stdout__ is None else sys.__stdout__)
    assert columns() == shutil.get_terminal_size((80, 24)).columns
    monkeypatch.setattr(sys, "__stdout__", None)
    assert columns() == shutil.get_terminal_size((80, 24)).columns
