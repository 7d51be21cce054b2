"""Settings files: which one counts, what it may say, and what the command line overrides."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mtls_lint.lint.settings_file import SettingsError, find_settings, read_settings
from mtls_lint.lint.settings_keys import KEYS, flaw, schema, template

Run = Callable[..., subprocess.CompletedProcess[str]]
WriteRule = Callable[..., Path]

ROOT = Path(__file__).resolve().parent.parent.parent
CONF = "events {}\nhttp {\n    server {\n        listen 80;\n    }\n}\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a configuration in ``nginx/`` that has one plain listener."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "nginx").mkdir()
    (tmp_path / "nginx" / "nginx.conf").write_text(CONF)
    return tmp_path


def settings(repository: Path, text: str, name: str = "mtls-lint.toml") -> None:
    (repository / name).write_text(text)


def test_nearest_file_up_to_the_root_of_the_repository(repository: Path) -> None:
    conf = str(repository / "nginx" / "nginx.conf")
    (repository.parent / "mtls-lint.toml").write_text("")
    try:
        assert find_settings(conf) is None
        settings(repository, "[tool.mtls-lint]\n", "pyproject.toml")
        assert find_settings(conf) == str(repository / "pyproject.toml")
        settings(repository, "")
        assert find_settings(conf) == str(repository / "mtls-lint.toml")
        (repository / "nginx" / "mtls-lint.toml").write_text("")
        assert find_settings(conf) == str(repository / "nginx" / "mtls-lint.toml")
        assert find_settings(str(repository)) == str(repository / "mtls-lint.toml")
    finally:
        (repository.parent / "mtls-lint.toml").unlink()


@pytest.mark.parametrize(
    "text", ["", "[project]\nname = 'mtls-lint'\n", "[tool.mtls-lint-other]\n", "mtls-lint = 1\n", "no toml"]
)
def test_a_project_file_without_the_table_is_none(repository: Path, text: str) -> None:
    settings(repository, text, "pyproject.toml")
    assert find_settings(str(repository)) is None


def test_a_broken_project_file_with_the_table_stops_the_run(repository: Path, cli: Run) -> None:
    settings(repository, "[tool.mtls-lint]\nfail-on = \n", "pyproject.toml")
    result = cli("nginx")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("mtls-lint: error: pyproject.toml:2: no valid TOML: ")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_belongs_to_a_stranger_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text(CONF)
    settings(tmp_path, "")
    assert find_settings(str(tmp_path / "nginx.conf")) is not None
    os.chown(tmp_path / "mtls-lint.toml", 12345, 12345)
    assert find_settings(str(tmp_path / "nginx.conf")) is None
    os.chown(tmp_path / "nginx.conf", 12345, 12345)  # a checkout that is mounted: all of it is the stranger's
    assert find_settings(str(tmp_path / "nginx.conf")) is not None


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("\nrequires = ['a']", "mtls-lint.toml:2: there is no key 'requires'", "Did you mean 'require'?"),
        ("fail_on = 'error'", "mtls-lint.toml:1: there is no key 'fail_on'", "Did you mean 'fail-on'?"),
        ("zzz = 1", "mtls-lint.toml:1: there is no key 'zzz'", "`mtls-lint config init` writes"),
        ("[severities]\n", "mtls-lint.toml:1: there is no key 'severities'", "Did you mean 'severity'?"),
        ("rules = ['.']", "mtls-lint.toml:1: rules are code, which a settings file never names", ""),
        ("nginx-binary = './x'", "mtls-lint.toml:1: a program to run is never named", ""),
        ("fail-on = 'fatal'", "mtls-lint.toml:1: fail-on: expected error, warning, info or never", "example"),
        ("expiry-days = -1", "expiry-days: expected a whole number from 0 on", ""),
        ("expiry-days = true", "expiry-days: expected a whole number from 0 on", ""),
        ("select = 'trust'", "select: expected a list of strings", ""),
        ("map = ['/a=b']", "map: expected a table of strings", ""),
        ("[severity]\ncert-expired = 'fatal'", "severity: expected a table of error, warning or info", ""),
        ("nginx-version = '1.x'", "mtls-lint.toml:1: nginx-version: not an nginx version", ""),
        ("context = 'https'", "mtls-lint.toml:1: context: 'https' is none", "There are: http,server; "),
        ("prefix = 'absent'", "mtls-lint.toml:1: prefix: 'absent' is no directory", ""),
        ("[map]\n'/x' = 'x'\nnginx = 'x'", "mtls-lint.toml:3: map: 'nginx' is not absolute", ""),
        ("select = ['trsut']", "mtls-lint.toml:1: select: no rule or family is called 'trsut'", "'trust'"),
        (
            "[severity]\ncert-expired = 'info'\ncert-expire = 'info'",
            "mtls-lint.toml:3: severity: no rule or family is called 'cert-expire'",
            "'cert-expired'",
        ),
        ("[per-path-ignores]\n'*' = ['x-y']", "mtls-lint.toml:2: per-path-ignores: no rule", ""),
        ("select = [", "no valid TOML", ""),
        ("a = 1\na = 2", "no valid TOML", ""),
        ("select = " + "[" * 90000, "no valid TOML: it is nested too deep", ""),
    ],
    ids=lambda text: text[:30],
)
def test_mistakes_are_usage_errors(repository: Path, cli: Run, text: str, message: str, hint: str) -> None:
    settings(repository, text)
    result = cli("nginx")
    assert (result.returncode, result.stdout) == (2, "")
    first, *rest = result.stderr.splitlines()
    assert message in first
    assert hint in "".join(rest)


def test_the_command_line_wins(repository: Path, cli: Run, write_rule: WriteRule) -> None:
    pack = ("--rules", str(write_rule("port-open")))
    settings(repository, "select = ['pack/*']\nfail-on = 'never'\n")
    assert cli("nginx", *pack).returncode == 0
    assert cli("nginx", *pack, "--fail-on", "error").returncode == 1
    assert cli("nginx", *pack, "--fail-on", "error", "--ignore", "all").returncode == 0
    assert cli("nginx", *pack, "--no-config", "--select", "pack/*").returncode == 1
    settings(repository, "no = 'key'")
    assert cli("nginx", *pack, "--no-config", "--select", "pack/*").returncode == 1
    (repository / "other.toml").write_text("ignore = ['all']\n")
    assert "0 rules" in cli("nginx", *pack, "--config", "other.toml").stdout


def test_severities_and_paths(repository: Path, cli: Run, write_rule: WriteRule) -> None:
    pack = ("--rules", str(write_rule("port-open")), "--format", "json")
    settings(repository, "select = ['pack/*']\n[severity]\nfamily = 'info'\n'pack/*' = 'warning'\n")
    (finding,) = json.loads(cli("nginx", *pack).stdout)["findings"]
    assert finding["severity"] == "warning"
    settings(repository, "select = ['pack/*']\n[per-path-ignores]\n'nginx/*' = ['family']\n")
    result = cli("nginx", *pack)
    (finding,) = json.loads(result.stdout)["findings"]
    assert result.returncode == 0
    assert finding["suppressed"] == 'per-path-ignores of mtls-lint.toml ("nginx/*")'
    assert finding["suppressed_by"] == "settings"
    # From elsewhere, the patterns still count from the file's directory.
    result = cli("nginx.conf", *pack, cwd=repository / "nginx")
    assert result.returncode == 0


def test_paths_and_what_is_relative_count_from_the_file(repository: Path, cli: Run) -> None:
    copy = repository / "copy"
    copy.mkdir()
    (copy / "site.conf").write_text("server { listen 81; }\n")
    (repository / "nginx" / "nginx.conf").write_text(
        "events {}\nhttp { include /etc/elsewhere/site.conf; }\n"
    )
    settings(repository, "paths = ['nginx']\nignore = ['all']\n[map]\n'/etc/elsewhere' = 'copy'\n")
    result = cli("check", cwd=copy)
    assert (result.returncode, result.stderr) == (0, "")
    assert "in 2 files (1 server" in result.stdout
    assert cli("matrix", "nginx").returncode == 0
    assert cli("matrix", "nginx", "--no-config").returncode == 2  # no server there


def test_the_version_of_the_file_counts_for_every_command(repository: Path, cli: Run) -> None:
    settings(repository, "nginx-version = '1.22.1'\n")
    assert json.loads(cli("nginx", "--format", "json").stdout)["nginx"]["version"] == "1.22.1"
    told = json.loads(cli("nginx", "--format", "json", "--nginx-version", "1.26.0").stdout)["nginx"]
    assert (told["version"], told["told"]) == ("1.26.0", True)


def test_paths_with_different_settings_are_not_mixed(repository: Path, cli: Run) -> None:
    other = repository / "other"
    other.mkdir()
    (other / "nginx.conf").write_text(CONF)
    (other / "mtls-lint.toml").write_text("ignore = ['all']\n")
    result = cli("nginx", "other")
    assert result.returncode == 2
    assert "the paths have different settings: none and other/mtls-lint.toml" in result.stderr
    assert cli("nginx", "other", "--config", "other/mtls-lint.toml").returncode == 0


def test_no_path_and_no_paths(repository: Path, cli: Run) -> None:
    result = cli("check", cwd=repository)
    assert (result.returncode, result.stdout) == (2, "")
    assert "write `paths` in the settings" in result.stderr


def test_no_code_of_the_tree_runs(repository: Path, cli: Run) -> None:
    (repository / "rules").mkdir()
    (repository / "rules" / "evil.py").write_text("open('ran', 'w')\n")
    settings(repository, "ignore = ['all']\n")
    assert cli("nginx", "--no-packs").returncode == 0
    assert not (repository / "ran").exists()


@pytest.mark.parametrize("name", ["mtls-lint.toml", "known.json"])
def test_what_a_run_reads_is_not_overwritten_by_its_report(repository: Path, cli: Run, name: str) -> None:
    settings(repository, "baseline = 'known.json'\n")
    assert cli("baseline", "write", "nginx").returncode == 0
    before = (repository / name).read_bytes()
    result = cli("nginx", "--output", name)
    assert result.returncode == 2
    assert "was not overwritten" in result.stderr
    assert (repository / name).read_bytes() == before


def test_show(repository: Path, cli: Run) -> None:
    assert cli("config", "show").stdout.startswith("# no settings file for .\npaths: not set\n")
    settings(repository, "[tool.mtls-lint]\nfail-on = 'info'\nseverity.trust = 'info'\n", "pyproject.toml")
    lines = cli("config", "show", "nginx").stdout.splitlines()
    assert lines[0] == "# pyproject.toml"
    assert 'fail-on: "info"  # pyproject.toml:2' in lines
    assert 'severity: {"trust": "info"}  # pyproject.toml:3' in lines


def test_init_writes_what_holds_and_never_overwrites(repository: Path, cli: Run) -> None:
    result = cli("config", "init")
    assert (result.returncode, result.stdout) == (0, "mtls-lint.toml\n")
    assert cli("nginx", "--ignore", "all").returncode == 0
    assert cli("config", "init").returncode == 2
    examples = template().replace("# ", "").splitlines()
    text = "\n".join(line for line in examples if line.split(" = ")[0] in {key.name for key in KEYS})
    (repository / "copy.toml").write_text(text)
    assert set(read_settings(str(repository / "copy.toml")).values) == {key.name for key in KEYS}


def test_the_schema_in_the_repository_is_fresh(cli: Run) -> None:
    shown = cli("config", "schema").stdout
    assert json.loads(shown) == schema()
    assert (ROOT / "docs" / "mtls-lint.schema.json").read_text(encoding="utf-8") == shown


def test_the_page_lists_all_keys() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert rows == [f"| `{key.name}` | {key.kind.value} | {key.help} | `{key.example}` |" for key in KEYS]


VALUES: tuple[object, ...] = (
    1,
    -1,
    True,
    "error",
    "x",
    [],
    ["a"],
    [1],
    {},
    {"a": "error"},
    {"a": "x"},
    {"a": ["b"]},
)


def test_schema_and_reading_agree() -> None:
    properties = schema()["properties"]
    assert list(properties) == [key.name for key in KEYS]
    for key in KEYS:
        for value in (
            1,
            -1,
            True,
            "error",
            "x",
            [],
            ["a"],
            [1],
            {},
            {"a": "error"},
            {"a": "x"},
            {"a": ["b"]},
        ):
            assert _fits(properties[key.name], value) is not bool(flaw(key.kind, value)), (key.name, value)


def _fits(rule: dict[str, object], value: object) -> bool:
    """What a validator says of the few words that the schema uses."""
    if "enum" in rule:
        return value in rule["enum"]  # type: ignore[operator]
    kind = rule["type"]
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if kind == "array":
        return isinstance(value, list) and all(_fits(rule["items"], one) for one in value)  # type: ignore[arg-type]
    if kind == "object":
        inner = rule["additionalProperties"]
        return isinstance(value, dict) and all(_fits(inner, one) for one in value.values())  # type: ignore[arg-type]
    return isinstance(value, {"string": str, "boolean": bool}[str(kind)])


def test_what_is_no_file_is_no_settings_file(repository: Path) -> None:
    (repository / "mtls-lint.toml").mkdir()
    os.mkfifo(repository / "pyproject.toml")
    os.symlink("loop", repository / "nginx" / "loop")
    os.symlink("loop", repository / "nginx" / "mtls-lint.toml")
    for path in ("nginx", "nginx/loop", "absent/nginx.conf", "nul\0"):
        assert find_settings(str(repository / path)) is None


def test_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"a = '\xff'")
    with pytest.raises(SettingsError, match="not UTF-8"):
        read_settings(str(tmp_path / "a.toml"))
    with pytest.raises(SettingsError, match="could not be read"):
        read_settings(str(tmp_path))


def test_runs_without_settings_do_not_load_the_parser(conf: Path) -> None:
    code = (
        "import sys; from mtls_lint.cli.app import run; run([sys.argv[1], '--ignore', 'all']); "
        "sys.exit('tomllib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, conf], capture_output=True, check=False)
    assert done.returncode == 0
