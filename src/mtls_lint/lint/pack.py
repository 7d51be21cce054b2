"""Rule packs: directories of rule files, all loaded in one way.

A pack is loaded under a private package name that no import statement can reach by accident; ``sys.path``
is never touched, so a ``rules/`` folder in the linted directory never runs.
"""

import hashlib
import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType

from msgspec import Struct

from mtls_lint.lint.documentation import DocumentationError, parse_documentation
from mtls_lint.lint.rule import Declaration, Rule, RuleError

BUILT_IN = "mtls-lint"
ENTRY_POINTS = "mtls_lint.rules"


class Pack(Struct, frozen=True):
    """A name and a directory. ``trusted_cache`` allows Python to keep compiled files beside the rules."""

    name: str
    directory: Path
    trusted_cache: bool = False


class _NoCacheLoader(SourceFileLoader):
    """Loads without writing ``__pycache__``: nothing is written into other people's directories."""

    def _cache_bytecode(self, source_path: str, cache_path: str, data: bytes) -> None:  # noqa: ARG002
        return


def built_in_pack() -> Pack:
    """The rules that come with the tool: beside the code when installed, ``rules/`` in a checkout.

    Raises RuleError when the installation has lost them.
    """
    package = Path(__file__).resolve().parent.parent
    installed = package / "_rules"
    if installed.is_dir():
        return Pack(BUILT_IN, installed, trusted_cache=True)
    checkout = package.parent.parent
    if (checkout / "rules").is_dir() and (checkout / "pyproject.toml").is_file():
        return Pack(BUILT_IN, checkout / "rules", trusted_cache=True)
    raise RuleError(f"the built-in rules are missing: neither {installed} nor {checkout / 'rules'} is there")


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
        yield Pack(point.name, Path(next(iter(spec.submodule_search_locations))), trusted_cache=True)


def _some_pack_installed() -> bool:
    """Whether some distribution on the module path may offer a pack.

    A look at the files is 100 times cheaper than importlib.metadata.
    """
    section = f"[{ENTRY_POINTS}]".encode()
    for entry in sys.path:
        place = Path(entry)
        if place.is_file():  # an archive: let importlib.metadata look into it
            return True
        for file in place.glob("*.*-info/entry_points.txt"):
            if section in _bytes_of(file):
                return True
    return False


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def directory_pack(directory: Path) -> Pack:
    """The pack of ``--rules DIR``, named after the directory.

    Raises RuleError when it is no directory.
    """
    if not directory.is_dir():
        raise RuleError(f"{directory}: no such directory of rules")
    name = re.sub(r"[^a-z0-9]+", "-", directory.resolve().name.lower()).strip("-") or "local"
    return Pack(name, directory.resolve())


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
    # Two directories may bear one name; the digest keeps their packages apart.
    digest = hashlib.sha256(str(pack.directory).encode()).hexdigest()[:8]
    package = f"_mtls_lint_pack_{re.sub('[^a-z0-9]', '_', pack.name)}_{digest}"
    _make_package(package, pack.directory)
    for file in sorted(pack.directory.rglob("*.py")):
        inside = file.relative_to(pack.directory)
        if inside.name.startswith("_") or any(part.startswith((".", "_")) for part in inside.parts[:-1]):
            continue
        parent = package
        for part in inside.parts[:-1]:
            parent = f"{parent}.{part}"
            if parent not in sys.modules:
                _make_package(parent, file.parent)
        yield _load_rule(pack, file, f"{parent}.{file.stem}")


def _make_package(name: str, directory: Path) -> None:
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [str(directory)]
    sys.modules[name] = importlib.util.module_from_spec(spec)


def _load_rule(pack: Pack, file: Path, module_name: str) -> Rule:
    loader = (SourceFileLoader if pack.trusted_cache else _NoCacheLoader)(module_name, str(file))
    spec = importlib.util.spec_from_file_location(module_name, file, loader=loader)
    if spec is None:
        raise RuleError(f"{file}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        loader.exec_module(module)
    except RuleError as error:
        raise RuleError(f"{file}: {error}") from error
    except Exception as error:
        raise RuleError(f"{file}: the rule cannot be loaded: {type(error).__name__}: {error}") from error
    declaration = _declaration(module, file)
    if declaration.id != file.stem.replace("_", "-"):
        raise RuleError(
            f"{file}: the rule is called {declaration.id}; its file must be {_file_name(declaration)}"
        )
    try:
        documentation = parse_documentation(module.__doc__)
    except DocumentationError as error:
        raise RuleError(f"{file}: {error}") from error
    prefix = "" if pack.name == BUILT_IN else f"{pack.name}/"
    family = file.parent.name if file.parent != pack.directory else pack.name
    return Rule(prefix + declaration.id, family, pack.name, str(file), declaration, documentation)


def _declaration(module: ModuleType, file: Path) -> Declaration:
    found = [value for value in vars(module).values() if isinstance(value, Declaration)]
    if len(found) != 1:
        raise RuleError(f"{file}: expected exactly one function decorated with @rule, found {len(found)}")
    return found[0]


def _file_name(declaration: Declaration) -> str:
    return declaration.id.replace("-", "_") + ".py"
