"""Print the figures of docs/evidence.md: witnesses sent, requests refused, verdicts compared with `nginx -t`.

Usage: python tests/differential/figures.py FIRST LAST, the seeds of the configurations with mistakes.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from differential.refusals import Broken, alone, ask, make_broken, make_material
from mtls_lint.nginx.version import parse_version
from mtls_lint.testing.nginx import NginxBinary, find_nginx
from rules import test_good_examples_refuse as refusing
from rules import test_witnesses as getting_in
from rules.live import CONTENT, runnable, write_files


def main(first: int, last: int) -> int:
    """The number of answers that are not as they should be, each kind printed."""
    wrong = 0
    with _directory() as material:
        make_material(material)
        for binary in find_nginx():
            wrong += _witnesses(binary) + _refused(binary)
            broken = [make_broken(seed) for seed in range(first, last)]
            wrong += _verdicts(binary, f"seeds {first} to {last}", broken, material)
            wrong += _verdicts(binary, "each mistake by itself", list(alone()), material)
    return wrong


def _witnesses(binary: NginxBinary) -> int:
    sent = content = 0
    for example in getting_in.EXAMPLES:
        rule, text, options = example.values
        assert isinstance(rule, str)
        assert isinstance(text, str)
        assert isinstance(options, dict)
        version = options.get("version", str(binary.version))
        found = getting_in.witnesses(rule, text, options, version)
        if "stream" in text or not found or parse_version(version) != binary.version:
            continue
        with _directory() as directory:
            write_files(directory)
            with binary.run(runnable(text, directory), directory) as server:
                replies = [getting_in.send(witness, server, directory) for witness in found]
        sent += len(replies)
        content += sum((reply.status, reply.body) == (200, CONTENT) for reply in replies)
    print(f"{binary}: {sent} witnesses of Bad examples sent, {content} got content")
    return sent - content


def _refused(binary: NginxBinary) -> int:
    count: Counter[str] = Counter()
    for sound in refusing.configurations():
        if sound.version is not None and parse_version(sound.version) != binary.version:
            continue
        with _directory() as directory:
            answers = refusing.ask(runnable(sound.text, directory), binary, directory)
        count["configurations"] += 1
        count["requests"] += len(answers)
        count["differ"] += sum(map(refusing.differs, answers))
        known = refusing.OPEN.get(sound.name, ("",))[0]
        count["got in"] += sum(refusing.gets_in(one) and one.uri != known for one in answers)
    print(
        f"{binary}: {count['configurations']} Good examples and near misses, {count['requests']} requests"
        f" without a trusted certificate, {count['got in']} got in, {count['differ']} answered otherwise than"
        " decide says"
    )
    return count["differ"] + count["got in"]


def _verdicts(binary: NginxBinary, what: str, configurations: list[Broken], material: Path) -> int:
    with _directory() as directory:
        found = [ask(broken, binary, directory, material) for broken in configurations]
    false = [one for one in found if one.accepted and one.fatal]
    missed = [one for one in found if not one.agree and not one.accepted and one.beyond is None]
    listed = sum(one.beyond is not None for one in found)
    refused = sum(not one.accepted for one in found)
    print(f"{binary}: {what}: {len(found)} configurations, {refused} refused by nginx -t,", end=" ")
    print(f"{len(false)} false fatal findings, {len(missed)} refusals missed, {listed} on the list BEYOND")
    for one in (*false, *missed):
        print(f"  {one}")
    return len(false) + len(missed)


@contextmanager
def _directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mtls-lint-figures-") as name:
        yield Path(name).resolve()


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1]), int(sys.argv[2])) else 0)
