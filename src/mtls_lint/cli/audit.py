"""What a report says of controls, and the page for auditors."""

import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from mtls_lint.lint.rule import Rule
from mtls_lint.lint.runner import Report
from mtls_lint.nginx.model import Configuration
from mtls_lint.pki.store import PemStore

if TYPE_CHECKING:
    from mtls_lint.lint.controls import Assessment
    from mtls_lint.lint.profile import Profile
    from mtls_lint.report.html import Examined
    from mtls_lint.report.lines import Line


class Audit(Struct):
    """One run as auditors see it: the profile, the rules there are and those that ran, what was examined."""

    profile: "Profile | None"
    known: Sequence[Rule]
    ran: Sequence[Rule]
    now: datetime
    examined: "list[Examined]" = []

    def judged(self, report: Report) -> Report:
        """The report with the severities and controls of the profile."""
        if self.profile is None:
            return report
        from mtls_lint.lint.profile import under_profile  # noqa: PLC0415 - most runs have none

        return under_profile(report, self.profile, self.known)

    def examine(self, configuration: Configuration, store: PemStore) -> None:
        """Take the access matrix and the inventory of a configuration for the page."""
        from mtls_lint.lint.evidence import Evidence  # noqa: PLC0415 - for the page alone
        from mtls_lint.lint.inventory import inventory  # noqa: PLC0415
        from mtls_lint.nginx.chain_check import reader  # noqa: PLC0415
        from mtls_lint.nginx.matrix import matrix  # noqa: PLC0415
        from mtls_lint.report.html import Examined  # noqa: PLC0415

        rows = tuple(matrix(configuration, self.now, reader(store)))
        found = inventory(configuration, Evidence(configuration, store), self.now)
        self.examined.append(Examined(configuration.tree.path, rows, found))

    def assessments(self, report: Report) -> "tuple[Assessment, ...]":
        """What became of the controls."""
        from mtls_lint.lint.controls import assess  # noqa: PLC0415 - for these reports alone

        return assess(report, self.known, self.ran, self.profile)

    def page(self, report: Report, *, by_control: bool) -> str:
        """The page; a profile that has controls, or ``--by control``, adds them."""
        import shlex  # noqa: PLC0415

        from mtls_lint.report.html import Circumstances, render_html  # noqa: PLC0415 - for the page alone

        profile = self.profile
        told = f"{profile.title} ({profile.name})" if profile is not None else ""
        circumstances = Circumstances(self.now, shlex.join(["mtls-lint", *sys.argv[1:]]), told)
        shown = by_control or (profile is not None and profile.controls)
        return render_html(report, self.examined, circumstances, self.assessments(report) if shown else ())

    def control_lines(self, report: Report, columns: int, verbosity: int) -> "Iterator[Line]":
        """The report by controls, for people."""
        from mtls_lint.report.controls import control_lines  # noqa: PLC0415 - for this report alone

        shown = self.assessments(report)
        return control_lines(report, shown, self.profile, columns, verbosity=verbosity)

    def controls_data(self, report: Report) -> dict[str, Any]:
        """The report by controls, for programs."""
        from mtls_lint.report.controls import controls_data  # noqa: PLC0415 - for this report alone

        return controls_data(report, self.assessments(report), self.profile)
