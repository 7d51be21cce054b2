"""Exit codes, streams and options of ``check``."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mtls_lint.cli.request import moment

Run = Callable[..., subprocess.CompletedProcess[str]]
WriteRule = Callable[..., Path]

NOTHING = ("--ignore", "all")


def only(pack: Path) -> tuple[str, ...]:
    """The options that run the rules of ``pack`` and no others."""
    return ("--rules", str(pack), "--select", "pack/*")


def test_nothing_found_is_0_and_said_on_stdout(cli: Run, conf: Path) -> None:
    result = cli("check", conf, *NOTHING)
    assert result.returncode == 0
    assert result.stdout == "No findings in 1 file (1 server, 0 rules); everything evaluated.\n"
    assert result.stderr == ""


def test_findings_are_1(cli: Run, conf: Path, write_rule: WriteRule) -> None:
    result = cli("check", conf, *only(write_rule("port-open")))
    assert result.returncode == 1
    assert "error[pack/port-open]: port 80 answers [bold]everybody[/bold]" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "nginx.conf"),
        ("nginx.conf",),
        ("nginx.conf", "--fail-on", "error"),
        ("--fail-on", "error", "nginx.conf"),
        ("--fail-on=error", "nginx.conf"),
        ("--fail-on", "error", "check", "nginx.conf"),
        ("-q", "check", "nginx.conf"),
        ("-q", "nginx.conf", "-q"),
        ("-q", "--", "nginx.conf"),
        (".",),
    ],
    ids=" ".join,
)
def test_check_is_the_command_that_needs_no_name(
    cli: Run, conf: Path, write_rule: WriteRule, arguments: tuple[str, ...]
) -> None:
    assert conf.name == "nginx.conf"
    pack = only(write_rule("port-open"))
    result = cli(*(pack + arguments if "--" in arguments else arguments + pack))
    assert (result.returncode, result.stderr) == (1, "")


def test_a_file_that_is_named_like_a_command_can_be_checked(cli: Run, conf: Path) -> None:
    conf.rename(conf.with_name("rules"))
    assert cli("check", "rules", *NOTHING).returncode == 0
    assert cli("./rules", *NOTHING).returncode == 0


@pytest.mark.parametrize(
    ("severity", "fail_on", "code"),
    [
        ("ERROR", "error", 1),
        ("WARNING", "error", 0),
        ("WARNING", "warning", 1),
        ("INFO", "warning", 0),
        ("INFO", "info", 1),
        ("ERROR", "never", 0),
    ],
)
def test_fail_on(cli: Run, conf: Path, write_rule: WriteRule, severity: str, fail_on: str, code: int) -> None:
    pack = write_rule("port-open", severity=severity)
    assert cli(conf, *only(pack), "--fail-on", fail_on).returncode == code


def test_without_fail_on_warnings_count(cli: Run, conf: Path, write_rule: WriteRule) -> None:
    assert cli(conf, *only(write_rule("port-open", severity="WARNING"))).returncode == 1
    assert cli(conf, *only(write_rule("port-open", severity="INFO"))).returncode == 0


def test_what_is_not_evaluated_is_said_and_no_failure(cli: Run, conf: Path, write_rule: WriteRule) -> None:
    result = cli(conf, *only(write_rule("unsure", "unsure")))
    assert result.returncode == 0
    assert "Not evaluated" in result.stdout
    assert "nginx.conf:3: nobody knows (pack/unsure)" in " ".join(result.stdout.split())
    assert "1 check not evaluated at 1 place." in result.stdout


def test_a_rule_that_crashes_is_3_and_the_others_go_on(cli: Run, conf: Path, write_rule: WriteRule) -> None:
    write_rule("port-open")
    pack = write_rule("broken", "crashes")
    result = cli(conf, *only(pack))
    assert result.returncode == 3
    assert "error[pack/port-open]" in result.stdout
    assert "the rule crashed: LookupError: the rule is broken" in " ".join(result.stdout.split())
    assert "The run is incomplete: 1 rule crashed." in result.stdout
    assert "Traceback" not in result.stderr
    assert "Traceback" in cli(conf, *only(pack), "-v").stderr


def test_an_include_that_is_absent_is_3_and_wins_over_findings(
    cli: Run, conf: Path, write_rule: WriteRule
) -> None:
    conf.write_text("events {}\nhttp { include gone.conf; server { listen 80; } }\n", encoding="utf-8")
    result = cli(conf, *only(write_rule("port-open")))
    assert result.returncode == 3
    assert "1 error" in result.stdout
    assert "The run is incomplete: 1 include absent." in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nginx.conf", "--nginx-version", "1"), "not an nginx version: '1'"),
        (("nginx.conf", "--now", "yesterday"), "'yesterday' is no date"),
        (("nginx.conf", "--format", "xml"), "'xml' is not one of 'text', 'concise', 'json'"),
        (("nginx.conf", "--formt", "json"), "--format"),
        (("nginx.conf", "--fail-on", "fatal"), "'fatal' is not one of"),
        (("nginx.conf", "--expiry-days", "-1"), "--expiry-days"),
        (("nginx.conf", "--select", "trst"), "did you mean 'trust'?"),
        (("nginx.conf", "--ignore", "no-such-rule"), "no rule or family is called 'no-such-rule'"),
        (("nginx.conf", "--rules", "nowhere"), "nowhere: no such directory of rules"),
        (("nginx.conf", "--output", "no/such/directory"), "there is no directory no/such"),
        (("nginx.conf", "--output", "."), "is a directory"),
        (("ngnix.conf",), "Did you mean nginx.conf?"),
        (("chekc",), "Did you mean the command 'check'?"),
        (("nginx.conf/x",), "nginx.conf/x does not exist"),
        (("",), "does not exist"),
        (("check",), "PATH"),
        (("-v",), "PATH"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_usage_errors_are_2_and_say_what_was_meant(
    cli: Run, conf: Path, arguments: tuple[str, ...], words: str
) -> None:
    assert conf.exists()
    result = cli(*arguments)
    assert result.returncode == 2
    assert words in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_alone_it_shows_the_help_on_stderr(cli: Run) -> None:
    result = cli()
    assert result.returncode == 2
    assert result.stdout == ""
    assert "Usage: mtls-lint [check] [OPTIONS] PATH..." in result.stderr
    assert "explain" in result.stderr


@pytest.mark.parametrize(
    "command", [(), ("check",), ("explain",), ("rules",), ("rules", "test"), ("new-rule",)], ids=" ".join
)
def test_help_fits_a_screen(cli: Run, command: tuple[str, ...]) -> None:
    result = cli(*command, "--help", env={"COLUMNS": "80"})
    lines = result.stdout.splitlines()
    assert (result.returncode, result.stderr) == (0, "")
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 54


def test_help_groups_the_options_of_a_run(cli: Run) -> None:
    text = cli("--color", "never", "check", "--help").stdout
    assert [line for line in text.splitlines() if line.endswith(":")] == [
        "Arguments:",
        "What is checked:",
        "How it is judged:",
        "How it is reported:",
        "How it is mended:",
        "Options:",
    ]


def test_quiet_shows_the_findings_alone(cli: Run, conf: Path, write_rule: WriteRule) -> None:
    write_rule("unsure", "unsure")
    pack = only(write_rule("port-open"))
    result = cli(conf, *pack, "-q")
    assert result.returncode == 1
    assert "error[pack/port-open]" in result.stdout
    assert "Not evaluated" not in result.stdout
    assert "1 file" not in result.stdout
    silent = cli(conf, *pack, "-qq")
    assert (silent.returncode, silent.stdout, silent.stderr) == (1, "", "")


def test_verbose_says_on_stderr_what_was_read(cli: Run, conf: Path) -> None:
    result = cli("nginx.conf", *NOTHING, "-v")
    assert conf.exists()
    assert "nginx.conf: a whole configuration, judged as nginx 1." in result.stderr
    assert "1 file, 1 server, 1 socket; relative names count from ." in result.stderr
    assert "read nginx.conf" in result.stderr


def test_verbose_lists_all_that_was_not_evaluated(cli: Run, conf: Path, write_rule: WriteRule) -> None:
    servers = "".join(f"server {{ listen {port}; }}\n" for port in range(8000, 8030))
    conf.write_text(f"events {{}}\nhttp {{\n{servers}}}\n", encoding="utf-8")
    pack = only(write_rule("unsure", "unsure"))
    short = cli("nginx.conf", *pack).stdout
    assert short.count("nobody knows") == 1
    assert "nobody knows: nginx.conf:3, 4, 5," in " ".join(short.split())
    assert "30 checks not evaluated at 30 places" in " ".join(short.split())
    assert cli("nginx.conf", *pack, "-v").stdout.count("nobody knows") == 30


def test_stdin(cli: Run, write_rule: WriteRule) -> None:
    result = cli("-", *only(write_rule("port-open")), stdin=b"server { listen 80; }")
    assert result.returncode == 1
    assert "--> -:1:10" in result.stdout


def test_several_paths_make_one_report(cli: Run, tmp_path: Path, write_rule: WriteRule) -> None:
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "nginx.conf").write_text("http { server { listen 80; } }\n", encoding="utf-8")
    result = cli("b", "a", "b", *only(write_rule("port-open")), "--format", "concise")
    places = [line.split(":")[0] for line in result.stdout.splitlines()]
    assert places == ["b/nginx.conf", "a/nginx.conf"]
    assert "2 errors in 2 files (2 servers, 1 rule)" in result.stderr


def test_select_and_ignore_take_commas_and_come_again(cli: Run, conf: Path, write_rule: WriteRule) -> None:
    for name in ("one", "two", "three"):
        pack = write_rule(name)
    rules = ("--rules", str(pack), "--format", "concise", "-q")
    run = cli(conf, *rules, "--select", "pack/one,pack/two", "--select", "pack/three", "--ignore", "pack/two")
    assert sorted(line.split()[2] for line in run.stdout.splitlines()) == ["pack/one", "pack/three"]


def test_output_goes_to_the_file_alone(cli: Run, conf: Path, tmp_path: Path, write_rule: WriteRule) -> None:
    report = tmp_path / "report.json"
    result = cli(conf, *only(write_rule("port-open")), "--format", "json", "--output", report)
    assert (result.returncode, result.stdout, result.stderr) == (1, "", "")
    assert json.loads(report.read_bytes())["summary"]["error"] == 1
    text = tmp_path / "report.txt"
    cli(conf, *NOTHING, "-o", text, env={"FORCE_COLOR": "1"})
    assert "\x1b" not in text.read_text(encoding="utf-8")


def test_output_never_overwrites_the_configuration(cli: Run, conf: Path) -> None:
    before = conf.read_bytes()
    result = cli("nginx.conf", *NOTHING, "--output", "./nginx.conf")
    assert result.returncode == 2
    assert "is part of what is checked and was not overwritten" in result.stderr
    assert conf.read_bytes() == before


def test_output_never_overwrites_a_key_that_the_configuration_names(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text(
        "events {} http { server { listen 443 ssl; ssl_certificate s.pem; ssl_certificate_key s.key; } }\n"
    )
    (tmp_path / "s.key").write_text("a key")
    result = cli("nginx.conf", "-o", "s.key")
    assert result.returncode == 2
    assert "was not overwritten" in result.stderr
    assert (tmp_path / "s.key").read_text() == "a key"


@pytest.mark.parametrize(
    ("option", "environment", "coloured"),
    [
        ((), {}, False),
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "0"}, False),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
    ],
)
def test_color(
    cli: Run,
    conf: Path,
    write_rule: WriteRule,
    option: tuple[str, ...],
    environment: dict[str, str],
    coloured: bool,
) -> None:
    pack = only(write_rule("port-open"))
    out = cli(conf, *pack, *option, env=environment).stdout
    assert ("\x1b[" in out) is coloured
    assert "\x1b]8" not in out, "no links where there is no terminal"
    plain = cli(conf, *pack, env={"NO_COLOR": "1"}).stdout
    if coloured:
        assert re.sub(r"\x1b\[[0-9;]*m", "", out) == plain, "nothing depends on colour"


@pytest.mark.parametrize("form", ["text", "concise", "json"])
def test_two_runs_are_byte_equal(cli: Run, tmp_path: Path, form: str) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.conf").write_text(
            f"server {{ listen 443 ssl; server_name {name}.example.com; ssl_certificate x.pem;\n"
            "ssl_certificate_key x.key; ssl_client_certificate ca.pem; ssl_verify_client optional; }\n",
            encoding="utf-8",
        )
    options = (".", "--format", form, "--now", "2026-06-01", "--color", "always")
    first = cli(*options, env={"PYTHONHASHSEED": "1"})
    second = cli(*options, env={"PYTHONHASHSEED": "2"})
    assert first.stdout == second.stdout
    assert first.stderr == second.stderr
    assert first.stdout


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("2026-06-01", "2026-06-01T00:00:00+00:00"),
        ("2026-06-01T12:30", "2026-06-01T12:30:00+00:00"),
        ("2026-06-01T12:30:00Z", "2026-06-01T12:30:00+00:00"),
        ("2026-06-01T12:30:00+02:00", "2026-06-01T12:30:00+02:00"),
    ],
)
def test_now(given: str, meant: str) -> None:
    assert moment(given).isoformat() == meant


def test_rules_see_the_settings(cli: Run, conf: Path, write_rule: WriteRule) -> None:
    body = '''@rule(id="{id}", severity=Severity.ERROR, since="0.1")
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Say what was set."""
    settings = ctx.settings
    ctx.not_evaluated(
        server.span,
        f"{{ctx.version}} {{settings.require}} {{settings.expiry_days}} {{ctx.now.isoformat()}}",
    )
    yield from ()
'''
    result = cli(
        conf,
        *only(write_rule("says", body)),
        *("--nginx-version", "1.22.1", "--require", "a.example,b.example", "--require", "c.example"),
        *("--expiry-days", "30", "--now", "2026-06-01", "--format", "json"),
    )
    assert [entry["reason"] for entry in json.loads(result.stdout)["not_evaluated"]] == [
        "1.22.1 ('a.example', 'b.example', 'c.example') 30 2026-06-01T00:00:00+00:00"
    ]


@pytest.mark.parametrize(
    ("body", "file", "page", "words"),
    [
        (
            "def check() -> None: ...",
            "family/x.py",
            None,
            "expected exactly one function decorated with @rule",
        ),
        ("listens", "family/other.py", None, "its file must be x.py"),
        ("listens", "", '"""No full stop"""\nfrom mtls_lint.api import *\n', "the docstring lacks a title"),
        ("import nothing_of_that_name", "", None, "ModuleNotFoundError"),
        ("this is no Python", "", None, "SyntaxError"),
        (
            '@rule(id="Bad_Id", severity=Severity.INFO, since="1")\ndef check(): ...',
            "",
            None,
            "is not kebab-case",
        ),
    ],
)
def test_a_pack_that_does_not_load_is_2(
    cli: Run, conf: Path, write_rule: WriteRule, body: str, file: str, page: str | None, words: str
) -> None:
    kwargs = {"page": page} if page else {}
    pack = write_rule("x", body, file=file, **kwargs)
    result = cli(conf, "--rules", pack)
    assert result.returncode == 2
    assert words in result.stderr
    assert result.stdout == ""


def test_two_rules_of_one_id_are_2(cli: Run, conf: Path, write_rule: WriteRule) -> None:
    write_rule("same", file="one/same.py")
    result = cli(conf, "--rules", write_rule("same", file="two/same.py"))
    assert result.returncode == 2
    assert "rule id pack/same is taken by" in result.stderr


def test_installed_packs_are_used_without_asking(
    cli: Run, conf: Path, tmp_path: Path, write_rule: WriteRule
) -> None:
    write_rule("port-open").rename(tmp_path / "acme_rules")
    metadata = tmp_path / "acme-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text("[mtls_lint.rules]\nacme = acme_rules\n", encoding="utf-8")
    path = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2] / "src"), str(tmp_path)])}
    assert "error[acme/port-open]" in cli(conf, env=path).stdout
    assert "acme" not in cli(conf, "--no-packs", env=path).stdout


def test_files_of_the_linted_directory_never_run(cli: Run, conf: Path, tmp_path: Path) -> None:
    for name in ("typer", "rich", "json", "rules", "mtls_lint_rules"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(99)\n", encoding="utf-8")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "evil.py").write_text("raise SystemExit(99)\n", encoding="utf-8")
    assert cli(".", *NOTHING, "--color", "always", cwd=conf.parent).returncode == 0


@pytest.mark.parametrize(
    ("words", "shown"), [("mtls-lint ma", "matrix"), ("mtls-lint check --pro", "--profile")]
)
def test_shells_complete_commands_and_options(cli: Run, words: str, shown: str) -> None:
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    result = cli(env={"_MTLS_LINT_COMPLETE": "complete_bash", **asked})
    assert shown in result.stdout.split()


def test_where_the_time_goes_is_said_on_stderr(cli: Run, conf: Path) -> None:
    done = cli(str(conf), "--timings")
    assert "timings" not in done.stdout
    lines = done.stderr.splitlines()
    assert re.fullmatch(r"timings: \d+\.\d{3} s of CPU", lines[0])
    stages = [line.split()[-1] for line in lines[1:9]]
    assert stages == ["start", "files", "rules", "read", "model", "rules", "report", "other"]
    assert re.fullmatch(r"  \d+ rules, \d+\.\d{3} s:", lines[9])
    assert lines[-1].endswith("others (-v lists them)")
