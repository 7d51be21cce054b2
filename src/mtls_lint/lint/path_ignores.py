"""``per-path-ignores``: rules whose findings are hidden in some files."""

import os
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec.structs import replace

from mtls_lint.lint.finding import Reported, Suppression
from mtls_lint.lint.rule import Rule
from mtls_lint.lint.runner import Report
from mtls_lint.lint.selection import chosen


def hide_by_path(
    report: Report, patterns: Mapping[str, Sequence[str]], base: str, named: str, rules: Sequence[Rule]
) -> Report:
    """The report with the findings hidden whose file and rule stand together in ``patterns``.

    Patterns count from ``base``, the directory of the settings file that is called ``named``; in them ``*``
    fits slashes, too.
    """
    meant = [
        (pattern, {rule.id for rule in rules if any(chosen(rule, word) for word in words)})
        for pattern, words in patterns.items()
    ]

    def marked(found: Reported) -> Reported:
        if found.suppressed is not None:
            return found
        path = os.path.relpath(found.span.source.real_path, base or ".")
        for pattern, hidden in meant:
            if found.rule in hidden and fnmatchcase(path, pattern):
                reason = f'per-path-ignores of {named} ("{pattern}")'
                return replace(found, suppressed=reason, suppression=Suppression.SETTINGS)
        return found

    return replace(report, findings=tuple(map(marked, report.findings))) if meant else report
