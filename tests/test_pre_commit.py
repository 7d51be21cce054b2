"""The hooks, run by the real ``pre-commit try-repo`` on a small repository."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HOOKS = {"mtls-lint", "mtls-lint-files", "mtls-lint-changed", "mtls-lint-fix"}
CLEAN = "events {}\nhttp {\n  server {\n    listen 443 ssl;\n    server_name api.example.com;\n%s  }\n}\n"
SETTINGS = (
    "    ssl_certificate server.pem;\n    ssl_certificate_key server.key;\n"
    "    ssl_client_certificate ca.pem;\n    ssl_verify_client on;\n"
)


def git(directory: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *identity, *arguments], cwd=directory, check=True, capture_output=True)


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project as a repository of its own: what a user's pre-commit would clone."""
    copy = tmp_path_factory.mktemp("hooks") / "mtls-lint"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    git(copy, "init")
    git(copy, "add", "--all")
    git(copy, "commit", "--message", "all")
    return copy


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose configuration is sound; its certificates are elsewhere, as usual."""
    directory = tmp_path / "user"
    (directory / "nginx" / "conf.d").mkdir(parents=True)
    (directory / "nginx" / "nginx.conf").write_text(CLEAN % SETTINGS)
    (directory / "README.md").write_text("nothing of nginx\n")
    git(directory, "init")
    git(directory, "add", "--all")
    git(directory, "commit", "--message", "all")
    return directory


def try_hooks(hooks: Path, repository: Path, home: Path) -> dict[str, str]:
    """All hooks at once, which are installed once: what is printed of each."""
    environment = {**os.environ, "PRE_COMMIT_HOME": str(home), "PRE_COMMIT_COLOR": "never"}
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(hooks), "--all-files", "--verbose"]
    done = subprocess.run(
        command, cwd=repository, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    parts = re.split(r"^(mtls-lint \(.*)$", done.stdout, flags=re.MULTILINE)
    assert len(parts) == 2 * len(HOOKS) + 1, done.stdout + done.stderr
    told = (headline + text for headline, text in zip(parts[1::2], parts[2::2], strict=True))
    return {re.search(r"hook id: (\S+)", text)[1]: text for text in told}  # type: ignore[index]


def test_every_hook_passes_what_is_sound_and_stops_what_is_not(
    hooks: Path, repository: Path, tmp_path: Path
) -> None:
    clean = try_hooks(hooks, repository, tmp_path / "home")
    assert set(clean) == HOOKS
    for text in clean.values():
        assert "Passed" in text, text
    (repository / "nginx" / "nginx.conf").write_text(CLEAN % SETTINGS.replace("client on", "client off"))
    git(repository, "add", "--all")
    failing = try_hooks(hooks, repository, tmp_path / "home")
    assert set(failing) == HOOKS
    for text in failing.values():
        assert "Failed" in text, text
        assert "exit code: 1" in text
        assert "error[mtls-not-enforced]" in text
        assert "nginx/nginx.conf:" in text
