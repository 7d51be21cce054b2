"""The short way from a command line to a run, and Typer's: what both read has to mean the same."""

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from typer.exceptions import TyperException
from typer.main import get_command

import mtls_lint.cli.request
from cli.conftest import Run
from mtls_lint.cli.app import NAME, app, arrange, vocabulary
from mtls_lint.cli.choices import COMMANDS, By, CheckOptions, FailOn, Format
from mtls_lint.cli.quick import COMPLETION, COUNTS, SWITCHES, VALUED, options_of, quick
from mtls_lint.cli.streams import Color, UsageError

LEFT_TO_TYPER = {"--help", "-h"}


@cache
def command() -> Any:
    return get_command(app)


@cache
def words_of_all_commands() -> tuple[frozenset[str], frozenset[str]]:
    return vocabulary()


def by_typer(arguments: list[str]) -> CheckOptions | None:
    """What Typer hands over; None where it refuses, or where another command is meant."""
    given: list[CheckOptions] = []

    def take(options: CheckOptions) -> int:
        given.append(options)
        return 0

    line = arrange(arguments, *words_of_all_commands())
    if line[:1] != ["check"]:
        return None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mtls_lint.cli.request, "carry_out", take)
        try:
            command().main(line, prog_name=NAME, standalone_mode=False)
        except TyperException:
            return None
    return given[0] if given else None


def test_each_option_of_check_is_read_here_or_left_to_typer_by_name() -> None:
    known = {*VALUED, *SWITCHES, *COUNTS}
    options = [one for one in command().commands["check"].params if one.param_type_name == "option"]
    there = {name for one in options for name in (*one.opts, *one.secondary_opts)}
    assert there | LEFT_TO_TYPER == {*(name for name in known if not is_doubled(name)), *LEFT_TO_TYPER}
    for one in options:
        for name in one.opts:
            kind = VALUED if not (one.is_flag or one.count) else COUNTS if one.count else SWITCHES
            assert name in kind, name
            assert kind[name][0] == one.name
            if name in VALUED:
                assert VALUED[name][2] is one.multiple, name
        for name in one.secondary_opts:
            assert SWITCHES[name] == (one.name, False)


def is_doubled(name: str) -> bool:
    """-qq is -q twice."""
    return len(name) == 3 and name[1] == name[2] != "-"


def test_no_switch_of_check_takes_a_value_elsewhere() -> None:
    # Which word is the command would depend on the command then.
    assert not {*SWITCHES, *COUNTS} & words_of_all_commands()[1]


USUAL = {
    "x.conf": CheckOptions(paths=["x.conf"]),
    "check x.conf y.conf": CheckOptions(paths=["x.conf", "y.conf"]),
    "check": CheckOptions(),
    "check check": CheckOptions(paths=["check"]),
    "x.conf check trace": CheckOptions(paths=["x.conf", "check", "trace"]),
    "-": CheckOptions(paths=["-"]),
    "--format json x.conf -o out.json": CheckOptions(
        paths=["x.conf"], output_format=Format.JSON, output=Path("out.json")
    ),
    "--select rules check x.conf": CheckOptions(paths=["x.conf"], select=["rules"]),
    "x.conf --select=a,b --select c --ignore d": CheckOptions(
        paths=["x.conf"], select=["a,b", "c"], ignore=["d"]
    ),
    "-q --quiet -vv -qq x": CheckOptions(paths=["x"], quiet=4, verbose=2),
    "x --no-packs --packs --no-ignores --no-config": CheckOptions(
        paths=["x"], packs=True, ignores=False, no_config=True
    ),
    "x --fail-on never --fail-on=error --by control --color never": CheckOptions(
        paths=["x"], fail_on=FailOn.ERROR, by=By.CONTROL, color=Color.NEVER
    ),
    "x --map /etc/nginx=./n --root / --prefix a --context http,server --define a=b=c": CheckOptions(
        paths=["x"], mapped=["/etc/nginx=./n"], root="/", prefix="a", context="http,server", define=["a=b=c"]
    ),
    "x --expiry-days 0 --now 2026-01-01 --nginx-version 1.26": CheckOptions(
        paths=["x"], expiry_days=0, now="2026-01-01", nginx_version="1.26"
    ),
    "x --output-format sarif --output-file a.sarif --output-format=junit --output-file=b.xml": CheckOptions(
        paths=["x"],
        further_formats=[Format.SARIF, Format.JUNIT],
        further_files=[Path("a.sarif"), Path("b.xml")],
    ),
    "x --baseline b.json --config ./c.toml --rules r --rules s --nginx-binary /usr/sbin/nginx": CheckOptions(
        paths=["x"],
        baseline=Path("b.json"),
        config=Path("c.toml"),
        rules=[Path("r"), Path("s")],
        nginx_binary=Path("/usr/sbin/nginx"),
    ),
    "x --fix --unsafe-fixes --diff --changed-from main --profile p --require a,b": CheckOptions(
        paths=["x"],
        fix=True,
        unsafe_fixes=True,
        diff=True,
        changed_from="main",
        profile="p",
        require=["a,b"],
    ),
}


@pytest.mark.parametrize("line", USUAL)
def test_usual_command_lines_are_read(line: str) -> None:
    assert options_of(line.split()) == USUAL[line] == by_typer(line.split())


def test_every_field_of_the_options_is_reached() -> None:
    reached = {field for field, *_ in (*VALUED.values(), *SWITCHES.values(), *COUNTS.values())}
    assert reached | {"paths"} == set(CheckOptions.__struct_fields__)


@pytest.mark.parametrize(
    "line",
    [
        *(" ".join([name, "x"]) for name in COMMANDS if name != "check"),
        "",
        "--help",
        "-h",
        "x --help",
        "--version x",
        "-V",
        "--install-completion",
        "--",
        "x -- y",
        "x --sel a",
        "x --formats json",
        "x --format",
        "x --format yaml",
        "x --format JSON",
        "x --format=",
        "x --fix=1",
        "x --select --ignore",
        "x -o=out",
        "x -oout",
        "x -qv",
        "x -qqq",
        "x -vq",
        "x -q=1",
        "x --expiry-days -1",
        "x --expiry-days 1_0",
        "x --expiry-days ٣",
        "x --expiry-days 99999999999999999999",
        "x --connect a:1",
        "x --nonsense",
        "x -x",
    ],
)
def test_doubts_are_left_to_typer(line: str) -> None:
    assert options_of(line.split()) is None


def test_an_empty_word_is_a_doubt() -> None:
    assert options_of(["x", ""]) is None
    assert options_of(["x", "--select", ""]) is None


def words() -> st.SearchStrategy[str]:
    names = sorted({*VALUED, *SWITCHES, *COUNTS, *LEFT_TO_TYPER, *words_of_all_commands()[1], "--version"})
    choices = sorted({one.value for kind in (Format, By, FailOn, Color) for one in kind})
    values = ["", "-", "x.conf", "a,b", "5", "-1", "٣", "1_0", " 7", "/", "a=b", "=", "2026-01-01", "\udcff"]
    odd = ["--", "-qv", "-qqq", "-ox", "-o=x", "--fix=1", "--sel", "-x", "--=", "-="]
    word = st.sampled_from([*choices, *values, *COMMANDS])
    pair = st.builds("{}={}".format, st.sampled_from(names), word)
    return st.one_of(word, st.sampled_from(names), st.sampled_from(names), pair, st.sampled_from(odd))


@settings(max_examples=1000, deadline=None)
@given(st.lists(words(), max_size=7))
@example(["--by", "check", "x"])
@example(["-o", "check", "trace"])
def test_both_read_the_same(line: list[str]) -> None:
    found = options_of(line)
    if found is not None:
        assert found == by_typer(line)


def parts() -> st.SearchStrategy[list[str]]:
    """What is right on a command line, so that few are left to Typer."""
    formats = [one.value for one in Format]
    values = {
        "--format": formats,
        "--output-format": formats,
        "--fail-on": [one.value for one in FailOn],
        "--by": [one.value for one in By],
        "--color": [one.value for one in Color],
        "--expiry-days": ["0", "007", "400"],
    }
    text = ["x", "a,b", "-", "check", "trace", "/etc=.", "1.26", "json"]
    both = st.sampled_from([[name, value] for name in sorted(VALUED) for value in values.get(name, text)])
    joined = both.filter(lambda one: one[0] != "-o").map(lambda one: ["=".join(one)])
    alone = st.sampled_from([[word] for word in (*SWITCHES, *COUNTS, "x.conf", "-", "check", "trace")])
    return st.one_of(alone, both, joined)


@settings(max_examples=1000, deadline=None)
@given(st.lists(parts(), min_size=1, max_size=8))
def test_both_read_right_lines_the_same(given: list[list[str]]) -> None:
    line = [word for part in given for word in part]
    found = options_of(line)
    first = next((part[0] for part in given if part[0] == "-" or not part[0].startswith("-")), "")
    if first == "trace":
        assert found is None
    else:
        assert found is not None
        assert found == by_typer(line)


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that may not be read; root may read all, so what the system says is changed for it."""
    path = tmp_path / "closed.json"
    path.write_text("[]")
    access = os.access
    monkeypatch.setattr(os, "access", lambda name, mode: str(name) != str(path) and access(name, mode))
    return path


def test_a_file_that_cannot_be_read_is_left_to_typer(closed: Path) -> None:
    line = ["x", "--baseline", str(closed)]
    assert options_of(line) is None
    assert by_typer(line) is None


def test_completion_is_left_to_typer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(COMPLETION, "complete_bash")
    assert quick(["check", "x.conf"]) is None


def test_what_is_asked_wrongly_is_left_to_typer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: CheckOptions) -> int:
        raise UsageError("no", "--now")

    monkeypatch.setattr(mtls_lint.cli.request, "carry_out", refuse)
    assert quick(["x.conf"]) is None


WRONG = {
    "nginx.conf --now never": "Invalid value for '--now': 'never' is no date.",
    "nginx.conf --by control --format sarif": "Invalid value for '--by': text, json and html can be grouped",
    "nginx.conf --unsafe-fixes": "Invalid value for '--unsafe-fixes': it goes with --fix or --diff.",
    "nginx.conf --map a": "Invalid value for '--map': ",
    "nginx.conf --root nowhere": "Invalid value for '--root': 'nowhere' is no directory.",
    "nginx.conf --prefix nowhere": "Invalid value for '--prefix': 'nowhere' is no directory.",
    "nginx.conf --context x": "Invalid value for '--context': 'x' is none. There are: ",
    "nginx.conf --define x": "Invalid value for '--define': 'x' is not NAME=VALUE.",
    "nginx.conf --nginx-version x": "Invalid value for '--nginx-version': ",
    "nginx.conf --nginx-version 1.26.0 --nginx-binary nginx": "Invalid value for '--nginx-version': it is",
    "nginx.conf --output-format json": "Invalid value for '--output-format': 1 formats for 0 files",
    "nginx.conf --config x --no-config": "Invalid value for '--config': give one of --config and",
    "-q": "Invalid value for 'PATH...': give one, or write `paths` in the settings.",
    "nginx.conf --format yaml": "Invalid value for '--format': 'yaml' is not one of",
    "nginx.conf --formt json": "No such option: --formt",
    "nginx.conf --select": "Option '--select' requires an argument.",
}


@pytest.mark.usefixtures("conf")
@pytest.mark.parametrize("line", WRONG)
def test_mistakes_are_told_as_typer_does(cli: Run, line: str) -> None:
    result = cli(*line.split())
    assert (result.returncode, result.stdout) == (2, "")
    usage = "Usage: mtls-lint check [OPTIONS] [PATH...]\nTry 'mtls-lint check -h' for help.\n\n"
    assert result.stderr.removeprefix(usage).startswith(f"Error: {WRONG[line]}")
    assert ("--select" in line) or result.stderr.startswith(usage)
