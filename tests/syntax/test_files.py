"""Reading files: nothing hangs, nothing raises, every failure is named."""

import os
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from mtls_lint.syntax import files
from mtls_lint.syntax.files import looks_binary, read_text
from mtls_lint.syntax.source import SourceFile
from mtls_lint.syntax.tree import Problem, ProblemKind

AsNobody = Callable[[Path], AbstractContextManager[None]]


def failed(path: object) -> Problem:
    problem = read_text(str(path), "shown")
    assert isinstance(problem, Problem)
    assert problem.span is None
    assert problem.path == "shown"
    assert problem.hint
    return problem


def test_bytes_come_back_as_they_were(tmp_path: Path) -> None:
    data = bytes(range(256)) + "é\r\n".encode()
    (tmp_path / "f").write_bytes(data)
    source = read_text(str(tmp_path / "f"), "shown")
    assert isinstance(source, SourceFile)
    assert source.text.encode("utf-8", "surrogateescape") == data
    assert (source.path, source.real_path) == ("shown", str(tmp_path / "f"))


def test_dev_null_is_an_empty_file() -> None:
    source = read_text(os.devnull)
    assert isinstance(source, SourceFile)
    assert source.text == ""


def test_a_fifo_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "f")
    problem = failed(tmp_path / "f")
    assert problem.kind is ProblemKind.UNREADABLE
    assert "FIFO" in problem.message


def test_a_socket_is_not_opened(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        assert "socket" in failed(tmp_path / "s").message


def test_a_device_is_not_opened() -> None:
    assert "device" in failed("/dev/zero").message


def test_a_directory_is_refused(tmp_path: Path) -> None:
    problem = failed(tmp_path)
    assert problem.kind is ProblemKind.REFUSED
    assert "directory" in problem.message


def test_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    assert failed(tmp_path / "x").kind is ProblemKind.ABSENT
    assert failed(tmp_path / "file" / "x").kind is ProblemKind.ABSENT
    assert "symbolic link to nowhere" in failed(tmp_path / "link").message
    assert "loop of symbolic links" in failed(tmp_path / "loop").message
    assert failed(tmp_path / ("x" * 300)).kind is ProblemKind.UNREADABLE
    assert failed("a\0b").kind is ProblemKind.ABSENT
    assert failed("\ud800").kind is ProblemKind.ABSENT


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILE_SIZE", 10)
    (tmp_path / "f").write_bytes(b"#" * 10)
    assert isinstance(read_text(str(tmp_path / "f")), SourceFile)
    (tmp_path / "f").write_bytes(b"#" * 11)
    assert "larger than" in failed(tmp_path / "f").message


def test_without_permission(tmp_path: Path, as_nobody: AsNobody) -> None:
    (tmp_path / "f").write_text("secret", encoding="utf-8")
    (tmp_path / "f").chmod(0o000)
    with as_nobody(tmp_path):
        problem = failed("f")
    assert problem.kind is ProblemKind.UNREADABLE
    assert "permission denied" in problem.message


def test_binary_data_and_utf16_are_told_apart_from_text() -> None:
    assert looks_binary("\x7fELF\0\0")
    assert looks_binary("events {}".encode("utf-16").decode("utf-8", "surrogateescape"))
    assert not looks_binary("events {}")
