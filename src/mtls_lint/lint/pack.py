"""Rule packs: directories of rule files, all loaded in one way.

A pack is loaded under a private package name that no import statement can reach by accident; ``sys.path``
is never touched, so a ``rules/`` folder in the linted directory never runs.

The built-in pack has an index (``index.json``, made by tools/reference.py) of what its files declare, so that
a run loads only the rules that have something to visit: to load all of them takes longer than to lint a small
file. A file that is not the one the index speaks of is loaded at once, as all files of other packs are.
"""

import importlib.util
import os
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import ModuleType
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from mtls_lint.lint.rule import Declaration, Declared, Loaded, Rule, RuleError

if TYPE_CHECKING:
    from pathlib import Path

BUILT_IN = "mtls-lint"
ENTRY_POINTS = "mtls_lint.rules"
INDEX = "index.json"


class Pack(Struct, frozen=True):
    """A name and a directory.

    ``trusted_cache`` allows Python to keep compiled files beside the rules; ``indexed`` tells to believe the
    pack's index, and ``installed`` that nobody edits its files, so that the index is right about them.
    """

    name: str
    directory: str
    trusted_cache: bool = False
    indexed: bool = False
    installed: bool = False


class Entry(Struct, frozen=True):
    """What the index says of one file: its place in the pack, a checksum (CRC-32), what it declares."""

    file: str
    checksum: int
    declaration: Declaration


class _NoCacheLoader(SourceFileLoader):
    """Loads without writing ``__pycache__``: nothing is written into other people's directories."""

    def _cache_bytecode(self, source_path: str, cache_path: str, data: bytes) -> None:  # noqa: ARG002
        return


def built_in_pack(*, indexed: bool = True) -> Pack:
    """The rules that come with the tool: beside the code when installed, ``rules/`` in a checkout.

    Raises RuleError when the installation has lost them.
    """
    package = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    installed = os.path.join(package, "_rules")
    if os.path.isdir(installed):
        return Pack(BUILT_IN, installed, trusted_cache=True, indexed=indexed, installed=True)
    checkout = os.path.dirname(os.path.dirname(package))
    rules = os.path.join(checkout, "rules")
    if os.path.isdir(rules) and os.path.isfile(os.path.join(checkout, "pyproject.toml")):
        return Pack(BUILT_IN, rules, trusted_cache=True, indexed=indexed)
    raise RuleError(f"the built-in rules are missing: neither {installed} nor {rules} is there")


def installed_packs() -> Iterator[Pack]:
    """The packs that installed distributions offer through the entry-point group ``mtls_lint.rules``.

    The value of an entry point is a package; its directory is the pack, the entry point's name its name.
    Raises RuleError when the package cannot be found.
    """
    if not _some_pack_installed():
        return
    from importlib.metadata import entry_points  # noqa: PLC0415 - 100 ms that only a run with packs should pay

    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        spec = importlib.util.find_spec(point.value)
        if spec is None or not spec.submodule_search_locations:
            raise RuleError(f"rule pack {point.name}: package {point.value} is not there")
        yield Pack(point.name, next(iter(spec.submodule_search_locations)), trusted_cache=True)


def _some_pack_installed() -> bool:
    """Whether some distribution on the module path may offer a pack.

    A look at the files is 100 times cheaper than importlib.metadata.
    """
    section = f"[{ENTRY_POINTS}]".encode()
    for entry in sys.path:
        if os.path.isfile(entry):  # an archive: let importlib.metadata look into it
            return True
        for name in _names_in(entry or os.curdir):
            if name.endswith("-info") and "." in name[:-5]:
                file = os.path.join(entry, name, "entry_points.txt")
                if section in _bytes_of(file):
                    return True
    return False


def _names_in(directory: str) -> Sequence[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return ()


def _bytes_of(file: str) -> bytes:
    try:
        with open(file, "rb") as stream:
            return stream.read()
    except OSError:
        return b""


def directory_pack(directory: "Path") -> Pack:
    """The pack of ``--rules DIR``, named after the directory.

    Raises RuleError when it is no directory.
    """
    if not directory.is_dir():
        raise RuleError(f"{directory}: no such directory of rules")
    letters = "".join(c if c.isascii() and c.isalnum() else " " for c in directory.resolve().name.lower())
    return Pack("-".join(letters.split()) or "local", str(directory.resolve()))


def load_packs(packs: Iterable[Pack]) -> tuple[Rule, ...]:
    """All rules of all packs, by id.

    Raises RuleError for a rule that cannot be loaded, is declared badly, or has the id of another.
    """
    rules: dict[str, Rule] = {}
    for pack in packs:
        for loaded in load_pack(pack):
            other = rules.setdefault(loaded.id, loaded)
            if other is not loaded:
                raise RuleError(f"{loaded.file}: rule id {loaded.id} is taken by {other.file}")
    return tuple(sorted(rules.values(), key=lambda loaded: loaded.id))


def load_pack(pack: Pack) -> Iterator[Rule]:
    """The rules of one pack, in the order of their files. Raises RuleError like ``load_packs``."""
    # Two directories may bear one name; the checksum keeps their packages apart.
    directory = pack.directory
    name = "".join(c if c.isascii() and c.isalnum() else "_" for c in pack.name.lower())
    package = f"_mtls_lint_pack_{name}_{zlib.crc32(os.fsencode(directory)):08x}"
    _make_package(package, directory)
    known = read_index(pack) if pack.indexed else {}
    for inside in known if pack.installed and known else sorted(_rule_files(directory)):
        file = os.path.join(directory, *inside.split("/"))
        entry = known.get(inside)
        if entry is not None and (pack.installed or entry.checksum == checksum(file)):
            load = partial(_load_declared, pack, file, f"{package}.{_dotted(inside)}", entry.declaration)
            yield _rule(pack, inside, file, entry.declaration, load)
        else:
            check, page = _load(pack, file, f"{package}.{_dotted(inside)}")
            loaded = Loaded(check.function, page)
            made = _rule(pack, inside, file, check.declaration, partial(_given, loaded))
            _check_page(made)
            yield made


def read_index(pack: Pack) -> dict[str, Entry]:
    """What the pack's index says, by file; nothing where it has none, or one of another version."""
    try:
        entries = msgspec.json.decode(_bytes_of(os.path.join(pack.directory, INDEX)), type=tuple[Entry, ...])
    except msgspec.MsgspecError:
        return {}
    return {entry.file: entry for entry in entries}


def make_index(pack: Pack) -> bytes:
    """The index of a pack, from its files alone."""
    entries = []
    for inside in sorted(_rule_files(pack.directory)):
        file = os.path.join(pack.directory, inside)
        check, _ = _load(pack, file, f"_mtls_lint_index.{_dotted(inside)}")
        entries.append(Entry(inside, checksum(file), check.declaration))
    return b"[\n" + b",\n".join(msgspec.json.encode(entry) for entry in entries) + b"\n]\n"


def checksum(file: str) -> int:
    """The CRC-32 of a file: whether it is the one that the index was made from."""
    return zlib.crc32(_bytes_of(file))


def _rule_files(directory: str, inside: str = "") -> Iterator[str]:
    """The rule files of a pack, as paths from its directory with ``/``."""
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.startswith(("_", ".")):
                continue
            if entry.is_dir():
                yield from _rule_files(entry.path, f"{inside}{entry.name}/")
            elif entry.name.endswith(".py"):
                yield inside + entry.name


def _dotted(inside: str) -> str:
    return inside[: -len(".py")].replace("/", ".")


def _make_package(name: str, directory: str) -> None:
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [directory]
    sys.modules[name] = importlib.util.module_from_spec(spec)


def _rule(pack: Pack, inside: str, file: str, declaration: Declaration, load: "partial[Loaded]") -> Rule:
    stem = inside.rpartition("/")[2][: -len(".py")]
    if declaration.id != stem.replace("_", "-"):
        name = declaration.id.replace("-", "_") + ".py"
        raise RuleError(f"{file}: the rule is called {declaration.id}; its file must be {name}")
    prefix = "" if pack.name == BUILT_IN else f"{pack.name}/"
    family = inside.split("/")[-2] if "/" in inside else pack.name
    return Rule(prefix + declaration.id, family, pack.name, file, declaration, load)


def _given(loaded: Loaded) -> Loaded:
    return loaded


def _load_declared(pack: Pack, file: str, module_name: str, declaration: Declaration) -> Loaded:
    check, page = _load(pack, file, module_name)
    if check.declaration != declaration:
        raise RuleError(f"{file}: the rule is not the one of {INDEX}: `make reference` makes the index anew")
    return Loaded(check.function, page)


def _check_page(rule: Rule) -> None:
    from mtls_lint.lint.documentation import DocumentationError  # noqa: PLC0415 - for packs that have no index

    try:
        _ = rule.documentation
    except DocumentationError as error:
        raise RuleError(f"{rule.file}: {error}") from error


def _load(pack: Pack, file: str, module_name: str) -> tuple[Declared, str | None]:
    parent, _, _ = module_name.rpartition(".")
    directory = os.path.dirname(file)
    while parent not in sys.modules:
        _make_package(parent, directory)
        parent, directory = parent.rpartition(".")[0] or parent, os.path.dirname(directory)
    loader = (SourceFileLoader if pack.trusted_cache else _NoCacheLoader)(module_name, file)
    spec = ModuleSpec(module_name, loader, origin=file)
    spec.has_location = True
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        loader.exec_module(module)
    except RuleError as error:
        raise RuleError(f"{file}: {error}") from error
    except Exception as error:
        raise RuleError(f"{file}: the rule cannot be loaded: {type(error).__name__}: {error}") from error
    return _declared(module, file), module.__doc__


def _declared(module: ModuleType, file: str) -> Declared:
    found = [value for value in vars(module).values() if isinstance(value, Declared)]
    if len(found) != 1:
        raise RuleError(f"{file}: expected exactly one function decorated with @rule, found {len(found)}")
    return found[0]
