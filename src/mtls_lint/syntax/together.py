"""Fragments that make one configuration: the files of a directory, as ``include conf.d/*.conf`` has it."""

import os
from collections.abc import Iterable, Sequence

from mtls_lint.syntax.tree import Tree

_SHARED = ("http", "stream", "mail")

INCLUDED_DIRECTORIES = frozenset(
    {"conf.d", "http.d", "servers", "sites", "sites-enabled", "stream.d", "vhost.d", "vhosts", "vhosts.d"}
)
"""Directories whose files a main file includes together; alternatives stand in others."""


def together(trees: Iterable[tuple[Tree, bool]]) -> list[Tree]:
    """The trees, with those made one that stand in one directory and hold server blocks of one module.

    With each goes whether people named its file: then it belongs together with its neighbours whatever their
    directory is called. Snippets for a server or a location stay by themselves; so do whole configurations.
    """
    groups: dict[object, list[Tree]] = {}
    for tree, named in trees:
        directory = os.path.dirname(tree.path)
        shared = len(tree.context) == 1 and tree.context[0] in _SHARED and not _is_part(tree)
        joins = shared and (named or os.path.basename(directory) in INCLUDED_DIRECTORIES)
        groups.setdefault((directory, tree.context) if joins else id(tree), []).append(tree)
    return [_one(group) for group in groups.values()]


def _is_part(tree: Tree) -> bool:
    return any(source.inside is not None for source in tree.sources)


def _one(group: Sequence[Tree]) -> Tree:
    first = group[0]
    if len(group) == 1:
        return first
    return Tree(
        first.path,
        first.main_directory,
        first.context,
        tuple(directive for tree in group for directive in tree.directives),
        tuple(source for tree in group for source in tree.sources),
        tuple(dict.fromkeys(problem for tree in group for problem in tree.problems)),
    )
