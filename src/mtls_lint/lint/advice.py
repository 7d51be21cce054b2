"""What rules say about advisories: by the version's number, or by the build that was asked."""

from collections.abc import Iterator

from mtls_lint.lint.context import Context
from mtls_lint.lint.finding import Confidence, Finding, Related, Severity
from mtls_lint.lint.words import listed
from mtls_lint.nginx.advisories import ADVISORIES, Advisory, Concerned
from mtls_lint.nginx.model import Configuration

SHOWN = 4
"""Places that are shown: the first, and this many less one behind it."""


def advised(cve: str, configuration: Configuration, ctx: Context) -> Iterator[Finding]:
    """The finding of an advisory: one for a configuration, at the first place that meets its precondition.

    Nothing where the version is mended, or the package's changelog says that the build is. Where nobody said
    which nginx it is, that is recorded, once for all advisories.
    """
    advisory = ADVISORIES[cve]
    places = list(advisory.precondition(configuration))
    concerned = [place for place in places if place.doubt is None]
    if not ctx.settings.version_told:
        if concerned:
            ctx.version_unknown()
        return
    if not advisory.affects(ctx.version) or ctx.carries_fix(cve):
        return
    if concerned:
        yield _finding(advisory, concerned, ctx)
    else:
        for place in places:
            ctx.not_evaluated(place.span, f"{cve} (nginx {ctx.version}): {place.doubt}")


def _finding(advisory: Advisory, places: list[Concerned], ctx: Context) -> Finding:
    first, *others = places
    known = ctx.carries_fix(advisory.cve) is False
    build = ctx.settings.build
    fixed = listed([str(version) for version in advisory.fixed])
    until = f"; until then {advisory.workaround}" if advisory.workaround else ""
    look = "; with `--nginx-binary` the package's changelog is asked" if build is None else ""
    whole = not ctx.configuration.tree.is_fragment and build is not None and build.package is not None
    sure = Confidence.CERTAIN if whole else Confidence.LIKELY
    return Finding(
        f"{_who(ctx, known=known)} has {advisory.cve}, and {first.what}: {advisory.leads_to}",
        first.span,
        f"update nginx: mended in {fixed}{until}{look}",
        related=tuple(Related(place.span, "here, too") for place in others[: SHOWN - 1]),
        severity=_severity(known=known, grave=any(place.grave for place in places)),
        confidence=sure if known else Confidence.POSSIBLE,
    )


def _severity(*, known: bool, grave: bool) -> Severity:
    """By the number alone one step less: distributions mend most of it."""
    if known:
        return Severity.ERROR if grave else Severity.WARNING
    return Severity.WARNING if grave else Severity.INFO


def _who(ctx: Context, *, known: bool) -> str:
    build = ctx.settings.build
    if build is None:
        return f"nginx {ctx.version}, if built from upstream's source,"
    if not known:
        return f"nginx {ctx.version} ({_why_not_known(ctx)})"
    if build.package is None:
        return f"{build.path}, {build.name} {build.version},"
    return f"nginx {ctx.version} of package {build.package}, whose changelog does not name it,"


def _why_not_known(ctx: Context) -> str:
    build = ctx.settings.build
    if build is None or build.package is None:
        return "whether its makers have mended it is not known"
    if build.package.fixed is None:
        return f"package {build.package}; {build.package.reason}"
    return f"package {build.package}; the end of its changelog, where it would stand, was cut off"
