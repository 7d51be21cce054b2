"""File name patterns: glibc's rules, and real nginx as the judge of matches and order."""

import os
import random
import re
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from mtls_lint.syntax.nginx_glob import MAX_MATCHES, escape, has_magic, nginx_glob, translate
from mtls_lint.testing.nginx import NginxBinary

AsNobody = Callable[[Path], AbstractContextManager[None]]


def matches(pattern: bytes, name: bytes) -> bool:
    return translate(pattern).fullmatch(name) is not None


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        (b"*.conf", b"a.conf", True),
        (b"*.conf", b".conf", False),
        (b".*", b".conf", True),
        (rb"\.*", b".conf", True),
        (b"?conf", b".conf", False),
        (b"[.]conf", b".conf", False),
        (b"[^a]b", b"ab", False),
        (b"[^a]b", b"xb", True),
        (b"[!a]b", b"ab", False),
        (b"[^a]b", b"^b", True),
        (b"[a^]b", b"^b", True),
        (b"[]a]", b"]", True),
        (b"[^]a]", b"]", False),
        (b"[a-c]", b"b", True),
        (b"[c-a]", b"b", False),
        (b"[a-]", b"-", True),
        (rb"[\]]", b"]", True),
        (b"[[:digit:]x]", b"7", True),
        (b"[[:nothing:]x]", b"x", False),
        (b"[[.-.]]", b"-", True),
        (b"[a", b"[a", True),
        (rb"\*", b"*", True),
        (rb"\*", b"a", False),
        (b"{a,b}", b"a", False),
        (b"**", b"abc", True),
        (b"a*b*c", b"aXbXc", True),
        (b"a*b*c", b"aXcXb", False),
        (b"*a", b"aaa", True),
        (b"\xc3?", "é".encode(), True),
        (b"?", "é".encode(), False),
        (b"*", b"\xff\n", True),
    ],
)
def test_one_name(pattern: bytes, name: bytes, expected: bool) -> None:
    assert matches(pattern, name) is expected


def test_many_stars_take_no_time() -> None:
    begun = time.process_time()
    assert not matches(b"*a" * 60 + b"*b", b"a" * 255)
    assert time.process_time() - begun < 2


def test_what_nginx_takes_as_a_pattern() -> None:
    assert [has_magic(name) for name in ("a*", "a?", "a[", "a]{x,y}", "a\\b")] == [True] * 3 + [False] * 2


def test_escaped_text_matches_itself(tmp_path: Path) -> None:
    directory = tmp_path / "a[b]*\\?"
    directory.mkdir()
    (directory / "x.conf").touch()
    found = nginx_glob(escape(str(directory)) + "/*.conf")
    assert found.paths == (str(directory / "x.conf"),)


def test_directories_that_are_missing_or_not_listed(tmp_path: Path) -> None:
    assert nginx_glob(f"{tmp_path}/no/*.conf").missing == (f"{tmp_path}/no/",)
    (tmp_path / "file").touch()
    (tmp_path / "d").mkdir()
    assert nginx_glob(f"{tmp_path}/*/x/*.conf").missing == ()
    assert nginx_glob(f"{tmp_path}/d/*.conf") == nginx_glob(f"{tmp_path}/*/*.conf")
    assert nginx_glob("a\0*").paths == ()


def test_an_unreadable_directory_is_named(tmp_path: Path, as_nobody: AsNobody) -> None:
    (tmp_path / "locked").mkdir(mode=0o311)
    with as_nobody(tmp_path):
        assert nginx_glob("locked/*").unreadable == ("locked/",)


def test_links_that_multiply_come_to_an_end(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).symlink_to(".")
    found = nginx_glob(f"{tmp_path}" + "/*" * 30)
    assert found.too_many
    assert len(found.paths) <= MAX_MATCHES


# Where glibc and musl agree: not [\\]], [[=a=]], [z-a] and the like.
PATTERNS = [
    *rb"a b c * * ? [ab] [!a] [^a] [ ] [a-c] []a] [^]a] \* \a . [[:alpha:]] [[:digit:]b] [a-] - ^ **".split(),
    b".conf",
    b"[A-z]",
    b"\xc3\xa9",
]
LETTERS = [*(bytes([letter]) for letter in rb"abcA.^![]-\*?1_"), b"\xc3\xa9"]
PREFIXES = [b"", b"", *rb"d1/ d*/ d?/ .d/ [x/ d1// ./ d[12]/ nodir/ \d1/".split()]


def test_matches_and_order_are_nginxs(nginx: NginxBinary, tmp_path: Path) -> None:
    generator = random.Random(11)
    base = os.fsencode(tmp_path)
    names = {b"".join(generator.choices(LETTERS, k=generator.randint(1, 4))) for _ in range(60)}
    names |= {b"a.conf", b".h.conf", b"b.conf", b"\xff"}
    names -= {b".", b".."}
    for directory in (b"", b"d1/", b"d2/", b".d/", b"[x/"):
        os.makedirs(base + b"/t/" + directory, exist_ok=True)
        for name in sorted(names) if not directory else [*generator.sample(sorted(names), 12), b"a.conf"]:
            os.close(os.open(base + b"/t/" + directory + name, os.O_CREAT))
    for _ in range(150):
        pattern = generator.choice(PREFIXES) + b"".join(
            generator.choices(PATTERNS, k=generator.randint(1, 4))
        )
        if not re.search(rb"[*?\[]", pattern):
            continue
        whole = base + b"/t/" + pattern
        found = [os.fsencode(path) for path in nginx_glob(os.fsdecode(whole)).paths]
        if any(map(os.path.isdir, found)):
            continue
        quoted = whole.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
        (tmp_path / "c").write_bytes(
            b'events {} pid "%b/pid"; error_log stderr; include "%b";' % (base, quoted)
        )
        done = subprocess.run(
            [nginx.path, "-T", "-q", "-e", "stderr", "-p", tmp_path, "-c", tmp_path / "c"],
            capture_output=True,
            check=True,
            timeout=20,
        )
        included = re.findall(rb"^# configuration file (.*):$", done.stdout, re.MULTILINE)[1:]
        assert included == found, pattern
