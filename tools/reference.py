"""Make what is generated: a page for each rule, the reference of commands and options, the index of rules.

python tools/reference.py            # writes them
python tools/reference.py --check    # says what is stale, and writes nothing
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from mtls_lint.cli.app import NAME, app
from mtls_lint.lint.documentation import Example
from mtls_lint.lint.pack import INDEX, built_in_pack, load_packs, make_index
from mtls_lint.lint.rule import Rule
from mtls_lint.report.rule_page import facts

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
API = ROOT / "src" / "mtls_lint" / "api.py"
WIDTH = 80

FAMILIES = {
    "enforcement": "Is the requirement in force?",
    "exposure": "Ways in through other servers.",
    "files": "Who can read the keys, and replace what is trusted.",
    "forwarding": "What backends are told of clients.",
    "ignores": "Comments that hide findings.",
    "identity": "Certificates, keys and names, and checks of them.",
    "operations": "What nginx itself refuses; logs; reloads.",
    "protocol": "TLS versions and ciphers.",
    "revocation": "CRLs, OCSP, stapling.",
    "sessions": "TLS sessions that open other servers, or outlive a revocation.",
    "trust": "The client CAs.",
    "upstream": "What nginx verifies of backends, and what it presents to them.",
    "versions": "Advisories, and branches that nobody mends.",
}


def pages() -> dict[Path, str]:
    """Every generated page, by its place."""
    pack = built_in_pack(indexed=False)
    rules = load_packs([pack])
    tests = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
    }
    made = {DOCS / "rules" / rule.family / f"{rule.id}.md": rule_page(rule, tests) for rule in rules}
    made[DOCS / "rules" / "index.md"] = rules_page(rules)
    made[DOCS / "commands.md"] = commands_page()
    made[Path(pack.directory, INDEX)] = make_index(pack).decode()
    made[API.parent / "lint" / "api_homes.py"] = api_homes(API.read_text(encoding="utf-8"))
    return made


def api_homes(source: str) -> str:
    """The module that has each name of the rules' API, read from the imports for the type checker."""
    homes = {
        alias.asname or alias.name: f"{node.module.removeprefix('mtls_lint.')}.{alias.name}"
        for branch in ast.parse(source).body
        if isinstance(branch, ast.If)
        for node in branch.body
        if isinstance(node, ast.ImportFrom) and node.module is not None
        for alias in node.names
    }
    rows = "".join(f'    "{name}": "{homes[name]}",\n' for name in sorted(homes))
    return (
        '"""Where the names of ``mtls_lint.api`` are at home; made from it by tools/reference.py."""\n\n'
        f"HOMES = {{\n{rows}}}\n"
    )


def rules_page(rules: tuple[Rule, ...]) -> str:
    """The list of all rules, by family."""
    parts = [
        "# Rules",
        f"{len(rules)} rules in {len({rule.family for rule in rules})} families. Each page is also shown by"
        " `mtls-lint explain RULE`.",
    ]
    for family in sorted({rule.family for rule in rules}):
        own = [rule for rule in rules if rule.family == family]
        rows = [
            f"| [{rule.id}]({family}/{rule.id}.md) | {rule.severity.value} | {_cell(rule.title)} |"
            for rule in own
        ]
        parts += [
            f"## {family}",
            FAMILIES.get(family, ""),
            "\n".join(["| rule | severity | finds |", "|---|---|---|", *rows]),
            "```{toctree}\n:hidden:\n\n" + "\n".join(f"{family}/{rule.id}" for rule in own) + "\n```",
        ]
    return _document(parts)


def rule_page(rule: Rule, tests: dict[str, str]) -> str:
    """The page of one rule."""
    page = rule.documentation
    parts = [
        f"# {rule.id}",
        page.title,
        "\n".join(["| | |", "|---|---|", *(f"| {key} | {_cell(value)} |" for key, value in _facts(rule))]),
        page.text,
        "## Bad",
        *_fenced(page.bad),
        "## Good",
        *_fenced(page.good),
        "## How it was verified",
        "\n".join(verified(rule, tests)),
        "## References",
        page.references,
    ]
    return _document(parts)


def verified(rule: Rule, tests: dict[str, str]) -> Iterator[str]:
    """What is done on every run of the tests to see that the page is true."""
    asked: list[str] = []
    alone: list[str] = []
    for kind, examples in (("Bad", rule.documentation.bad), ("Good", rule.documentation.good)):
        for index, example in enumerate(examples, 1):
            name = f"{kind} {index}" if len(examples) > 1 else kind
            (alone if example.options.get("nginx") == "no" else asked).append(name)
    yield "- Each Bad example gives a finding, and no Good one does."
    if asked:
        binaries = "Real nginx (1.22.1 and 1.31.3, or the one that is named)"
        yield f"- {binaries} takes or refuses as said: {', '.join(asked)}."
    if alone:
        yield f"- Not put to nginx, because the builds at hand lack what they need: {', '.join(alone)}."
    own = re.compile(rf"(?<![\w-]){re.escape(rule.id)}(?![\w-])")
    if naming := [path for path, text in tests.items() if own.search(text)]:
        yield f"- Tests that name the rule: {', '.join(f'`{path}`' for path in naming)}."
    yield "- What these rules know of nginx, and how: [evidence](../../evidence.md)."


def commands_page() -> str:
    """Every command with its help screen."""
    parts = [
        "# Commands",
        f"The help screens of `{NAME}`, as `--help` shows them. Without a command, it is `check`.",
    ]
    for words, command in _commands(get_command(app), (NAME,)):
        parts += [f"## {' '.join(words)}", f"```text\n{_help(command, words)}\n```"]
    return _document(parts)


def _commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield words, command
    for name, inner in getattr(command, "commands", {}).items():
        if not inner.hidden:
            yield from _commands(inner, (*words, name))


def _help(command: Any, words: tuple[str, ...]) -> str:
    context = command.make_context(
        " ".join(words), [], resilient_parsing=True, terminal_width=WIDTH, max_content_width=WIDTH
    )
    text: str = command.get_help(context)
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


def _facts(rule: Rule) -> Iterator[tuple[str, str]]:
    yield from facts(rule)
    text = Path(rule.file).read_text(encoding="utf-8")
    if "fix=" in text:
        yield "fix", "`--fix`" if "safe=True" in text else "`--fix --unsafe-fixes`"


def _fenced(examples: tuple[Example, ...]) -> Iterator[str]:
    for example in examples:
        told = [f"{name} {example.options[key]}" for key, name in _OPTIONS.items() if key in example.options]
        if told:
            yield f"With {', '.join(told)}:"
        yield f"```nginx\n{example.text.rstrip()}\n```"


_OPTIONS = {
    "version": "nginx",
    "require": "--require",
    "now": "--now",
    "expiry_days": "--expiry-days",
    "loaded": "files read by a running nginx on",
}
"""What the fence of an example says that readers have to know."""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _document(parts: list[str]) -> str:
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def stale(made: dict[Path, str]) -> list[Path]:
    """The pages that are not as they should be: changed, absent, or of a rule that is no more."""
    there = {*(DOCS / "rules").rglob("*.md")}
    wrong = [path for path, text in made.items() if not path.is_file() or path.read_text("utf-8") != text]
    return sorted([*wrong, *(there - set(made))])


def main() -> int:
    made = pages()
    wrong = stale(made)
    for path in wrong:
        print(("stale: " if "--check" in sys.argv else "written: ") + path.relative_to(ROOT).as_posix())
    if "--check" in sys.argv:
        return int(bool(wrong))
    for path in wrong:
        if path in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[path], encoding="utf-8")
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
