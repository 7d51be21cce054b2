"""Settings of the documentation site; `make docs` builds it into site/."""

from pathlib import Path

_INIT = Path(__file__).resolve().parent.parent / "src" / "mtls_lint" / "__init__.py"

project = "mtls-lint"
release = _INIT.read_text(encoding="utf-8").partition('__version__ = "')[2].partition('"')[0]
extensions = ["myst_parser"]
myst_heading_anchors = 3
# Examples of rules show what nginx refuses, and consoles show output: not all of it can be coloured.
suppress_warnings = ["misc.highlighting_failure"]
html_theme = "furo"
html_title = f"mtls-lint {release}"
html_copy_source = False
