"""What a rule ``needs``: where a configuration has none of these directives, the rule has nothing to say.

A run then leaves the rule out unread. Here rules run as if they needed nothing: those that are left out, on
the examples and cases of all others; and each on its own examples and cases, with what it needs taken out.
They say nothing at all.
"""

import importlib
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from textwrap import dedent

import pytest
from msgspec import Struct
from msgspec.structs import replace

from differential import scenario, stream
from differential.compare import make_pki
from mtls_lint.lint.documentation import Example
from mtls_lint.lint.pack import built_in_pack, load_packs
from mtls_lint.lint.profile import load_profile
from mtls_lint.lint.requirements import Requirements
from mtls_lint.lint.rule import Loaded, Rule
from mtls_lint.lint.runner import Report, run
from mtls_lint.lint.settings import Settings
from mtls_lint.lint.templates import template_notes
from mtls_lint.nginx.model import build
from mtls_lint.nginx.version import NEWEST_STABLE, parse_version
from mtls_lint.pki.store import PemStore
from mtls_lint.syntax.directives import is_known
from mtls_lint.syntax.files import read_text
from mtls_lint.syntax.loader import load_each, load_text
from mtls_lint.syntax.source import SourceFile
from mtls_lint.syntax.tree import Directive, Tree
from mtls_lint.testing import with_material
from mtls_lint.testing.examples import examples_of, wrapped
from mtls_lint.testing.pki import CLOCK
from rules.cases import Case

RULES = load_packs([built_in_pack()])
NEEDY = [rule for rule in RULES if rule.declaration.needs]
TESTS = Path(__file__).resolve().parent.parent
CORPUS = TESTS.parents[1] / "shared" / "corpus"
MANY = [Settings(parse_version(version), version_told=True) for version in ("1.22.1", "1.31.3")]
STORE = PemStore()


class Sample(Struct, frozen=True):
    """A configuration of some rule's page or cases, with what its run is told."""

    name: str
    rule: str
    tree: Tree
    settings: Settings
    now: datetime = CLOCK


@cache
def heedless(rule: Rule) -> Rule:
    """The rule as if it needed nothing."""
    return replace(rule, declaration=replace(rule.declaration, needs=()))


def left_out(tree: Tree) -> list[Rule]:
    """The rules that a run leaves out of a configuration that was read in full."""
    names = {*build(tree).directives, *tree.context}
    return [rule for rule in NEEDY if names.isdisjoint(rule.declaration.needs)]


def said(rules: Iterable[Rule], tree: Tree, settings: Settings, now: datetime = CLOCK) -> list[str]:
    """What the rules say when they need nothing: findings, what they could not evaluate, crashes."""
    report = run(build(tree, settings.nginx_version), map(heedless, rules), settings, now, STORE)
    return [*_said(report), *(["a file could not be read"] if report.unreadable else [])]


def said_without(
    needs: Collection[str], rules: Iterable[Rule], tree: Tree, settings: Settings, now: datetime = CLOCK
) -> list[str]:
    """What they say when the tree has none of the directives that they need."""
    if not set(tree.context).isdisjoint(needs):
        return []
    with without(tree, needs) as rest:
        return said(rules, rest, settings, now) if rest.directives else []


def _said(report: Report) -> Iterator[str]:
    yield from (f"{one.rule}: {one.finding.message}" for one in report.findings)
    yield from (f"{one.rule}: not evaluated: {one.reason}" for one in report.not_evaluated)
    yield from (f"{one.rule}: {one.traceback}" for one in report.crashes)


@contextmanager
def without(tree: Tree, names: Collection[str]) -> Iterator[Tree]:
    """The tree without any directive of these names."""
    blocks: list[tuple[Directive, tuple[Directive, ...]]] = []

    def kept(directives: Iterable[Directive]) -> tuple[Directive, ...]:
        rest = tuple(one for one in directives if one.name not in names)
        for one in rest:
            if one.block is not None:
                blocks.append((one, one.block))
                _set_block(one, kept(one.block))
        return rest

    try:
        yield replace(tree, directives=kept(tree.directives))
    finally:
        for one, block in blocks:
            _set_block(one, block)


def _set_block(directive: Directive, block: tuple[Directive, ...]) -> None:
    directive.block = block
    directive._index = None


@cache
def samples() -> tuple[Sample, ...]:
    """The examples of all pages and the cases of all tables; fragments by themselves, and made whole."""
    return tuple(sample for sample in (*_examples(), *_cases()) if is_read_in_full(sample.tree))


def is_read_in_full(tree: Tree) -> bool:
    return not (tree.problems or any(template_notes(tree.sources)))


def _examples() -> Iterator[Sample]:
    for case in examples_of():
        yield from _of_example(f"{case.rule.id}:{case.kind}-{case.index}", case.rule.id, case.example)


def _of_example(name: str, rule: str, example: Example) -> Iterator[Sample]:
    options = example.options
    settings = Settings(
        parse_version(options["version"]) if "version" in options else NEWEST_STABLE,
        tuple(filter(None, options.get("require", "").split(","))),
        int(options["expiry_days"]) if "expiry_days" in options else None,
        "version" in options,
    )
    if "profile" in options:
        settings = replace(settings, requirements=load_profile(options["profile"]).requirements)
    context = tuple(options["context"].split(",")) if "context" in options else None
    now = datetime.fromisoformat(options["now"]).replace(tzinfo=CLOCK.tzinfo) if "now" in options else CLOCK
    for tree in trees(example.text, context):
        yield Sample(name, rule, tree, settings, now)


def _cases() -> Iterator[Sample]:
    for file in sorted(TESTS.glob("rules/**/test_*cases.py")):
        module = importlib.import_module(".".join(file.relative_to(TESTS).with_suffix("").parts))
        for rule, case in _tables(vars(module).values()):
            # What their files hold is for the tests of their own.
            if {"files", "directory"}.isdisjoint(case.options):
                yield from _of_case(rule, case)


def _tables(values: Iterable[object]) -> Iterator[tuple[str, Case]]:
    for value in values:
        for rule, table in value.items() if isinstance(value, dict) else ():
            for case in table if isinstance(table, list) else ():
                if isinstance(case, Case):
                    yield rule, case


def _of_case(rule: str, case: Case) -> Iterator[Sample]:
    options: dict[str, object] = {"profile": None, "require": (), "expiry_days": None, **case.options}
    settings = Settings(
        parse_version(case.version),
        tuple(options["require"]),  # type: ignore[arg-type]
        options["expiry_days"],  # type: ignore[arg-type]
        version_told=True,
    )
    if isinstance(options["profile"], str):
        settings = replace(settings, requirements=load_profile(options["profile"]).requirements)
    now = options.get("now")
    for tree in trees(dedent(case.text), options.get("context")):  # type: ignore[arg-type]
        yield Sample(f"{rule}:{case}", rule, tree, settings, now if isinstance(now, datetime) else CLOCK)


def trees(text: str, context: tuple[str, ...] | None = None) -> Iterator[Tree]:
    """The configuration; a fragment by itself, and in the blocks that it belongs in."""
    text = with_material(text)
    tree = load_text(text, "nginx.conf", context=context, main_directory="/nowhere")
    yield tree
    if tree.is_fragment:
        yield load_text(wrapped(text, tree.context), "nginx.conf", main_directory="/nowhere")


def test_rules_that_are_left_out_would_say_nothing() -> None:
    wrong = {
        sample.name: found
        for sample in samples()
        if (found := said(left_out(sample.tree), sample.tree, sample.settings, sample.now))
    }
    assert wrong == {}


def test_without_what_it_needs_no_rule_says_anything() -> None:
    by_id = {rule.id: rule for rule in NEEDY}
    wrong = {}
    for sample in samples():
        rules = [by_id[sample.rule]] if sample.rule in by_id else []
        needs = rules[0].declaration.needs if rules else ()
        if found := said_without(needs, rules, sample.tree, sample.settings, sample.now):
            wrong[sample.name] = found
    assert wrong == {}


def test_without_a_profile_no_rule_about_profiles_says_anything() -> None:
    unasked = [
        replace(rule, declaration=replace(rule.declaration, profiled=False, needs=()))
        for rule in RULES
        if rule.declaration.profiled
    ]
    assert unasked
    wrong = {}
    for sample in samples():
        settings = replace(sample.settings, requirements=Requirements())
        if found := said(unasked, sample.tree, settings, sample.now):
            wrong[sample.name] = found
    assert wrong == {}


@pytest.mark.parametrize(("prefix", "scheme"), [("grpc", "grpcs"), ("uwsgi", "suwsgi")])
def test_what_is_written_for_another_protocol_counts_too(prefix: str, scheme: str) -> None:
    words = {"proxy_ssl_": f"{prefix}_ssl_", "proxy_pass https:": f"{prefix}_pass {scheme}:"}
    wrong = {}
    for sample in samples():
        text = sample.tree.sources[0].text
        if "proxy_ssl_" in text:
            for old, new in words.items():
                text = text.replace(old, new)
            tree = load_text(text, "nginx.conf", context=sample.tree.context, main_directory="/nowhere")
            if found := said(left_out(tree), tree, sample.settings, sample.now):
                wrong[sample.name] = found
    assert wrong == {}


@pytest.mark.parametrize("rule", NEEDY, ids=lambda rule: rule.id)
def test_what_is_needed_is_there_where_the_rule_speaks(rule: Rule) -> None:
    needs = rule.declaration.needs
    assert [name for name in needs if not is_known(name)] == []
    bad = [tree for example in rule.documentation.bad for tree in trees(example.text)]
    assert any(rule not in left_out(tree) for tree in bad)


SMALL = "events {} http { include mime.types; server { listen 80; return 200 ok; } }"


def test_what_is_left_out_is_not_even_loaded() -> None:
    tree = next(trees(SMALL))
    out = {rule.id for rule in left_out(tree)}
    assert len(out) > len(NEEDY) // 2
    assert not out & loaded(tree)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SMALL.replace("mime.types", "absent.conf"), id="an include is absent"),
        pytest.param(SMALL.replace("80", "{{ port }}"), id="a template"),
    ],
)
def test_nothing_is_left_out_where_something_is_not_known(text: str) -> None:
    tree = next(trees(text))
    servers = {rule.id for rule in NEEDY if rule.declaration.subject == "VirtualServer"}
    assert servers <= loaded(tree)


def loaded(tree: Tree) -> set[str]:
    """The rules that are loaded for a run."""
    seen: set[str] = set()

    def load(rule: Rule) -> Loaded:
        seen.add(rule.id)
        return rule.loaded

    run(build(tree), [replace(rule, load=partial(load, rule)) for rule in RULES], Settings(), CLOCK)
    return seen


@pytest.mark.sweep
def test_made_configurations(tmp_path: Path) -> None:
    make_pki(tmp_path)
    found = {text: wrongly_left_out(tree_of(text, tmp_path)) for text in made()}
    assert {text: said for text, said in found.items() if said} == {}


def made() -> Iterator[str]:
    for seed in range(150):
        yield scenario.make(seed, 0).text
        yield from (stream.make(seed, 0, settings.nginx_version).text for settings in MANY)


def tree_of(text: str, directory: Path) -> Tree:
    for number, name in enumerate(sorted(set(re.findall(r"PORT_\w+", text))), 8000):
        text = text.replace(name, str(number))
    return load_text(text.replace("PKI", str(directory)), "nginx.conf", main_directory=str(directory))


@pytest.mark.sweep
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not part of the repository")
def test_real_configurations() -> None:
    wrong = {}
    for path in sorted(path for path in CORPUS.glob("*/*") if path.name not in {"KIND", "META"}):
        source = read_text(str(path))
        assert isinstance(source, SourceFile)
        for tree in load_each(source):
            if tree.directives and (found := wrongly_left_out(tree)):
                wrong[path] = found
    assert wrong == {}


@pytest.mark.sweep
def test_blocks_by_themselves() -> None:
    wrong = {}
    for sample in samples():
        for tree in (sample.tree, *_blocks(sample.tree)):
            if found := wrongly_left_out(tree, (sample.settings,)):
                wrong[sample.name] = found
    assert wrong == {}


def _blocks(tree: Tree) -> Iterator[Tree]:
    """Fragments: the lines of a server, and those of a location, without what stands around them."""
    for server in tree.walk():
        outer = str(server.parent.name) if server.parent is not None else tree.context[0]
        if server.name == "server" and server.block and outer != "upstream":
            yield replace(tree, context=(outer, "server"), directives=server.block)
            for location in server.find("location")[:1]:
                if location.block:
                    yield replace(tree, context=(outer, "server", "location"), directives=location.block)


def wrongly_left_out(tree: Tree, told: Iterable[Settings] = MANY) -> list[str]:
    """What rules say of a configuration where they are left out, and of it without what they need."""
    if not is_read_in_full(tree):
        return []
    found = []
    for settings in told:
        found += said(left_out(tree), tree, settings)
        for needs, rules in groupby(sorted(NEEDY, key=_needs), _needs):
            found += said_without(needs, rules, tree, settings)
    return found


def _needs(rule: Rule) -> tuple[str, ...]:
    return rule.declaration.needs
