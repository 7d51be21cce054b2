"""Coverage-guided fuzzing: ``python tests/fuzz/run.py TARGET [INPUTS] [-runs=N ...]``.

Needs atheris (``pip install atheris``), which is no development dependency: it has no wheel for every
Python. What makes a target fail is written to ``crash-*`` by libFuzzer; put it into
``tests/fuzz/inputs/TARGET``, where ``test_inputs.py`` tries it for ever after. ``--seeds DIR`` writes inputs
to begin with.
"""

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))
with atheris.instrument_imports(include=["mtls_lint"]):
    from fuzz import targets
    from mtls_lint.lint.pack import built_in_pack, load_packs
    from mtls_lint.testing import catalogue

SECONDS = 5
"""An input that takes longer is a hang."""
MEMORY = 1024
"""MiB that no input may take."""


def seeds(name: str) -> list[bytes]:
    """Inputs that reach far into a target: pages of rules, certificates, and what their own tests use."""
    if name in {"pem", "der"}:
        known = [data for data in map(catalogue.content, catalogue.names()) if len(data) < 10_000]
        return known if name == "pem" else [b"\0" + one for one in known]
    pages = load_packs([built_in_pack()])
    texts = [
        example.text for rule in pages for example in (*rule.documentation.bad, *rule.documentation.good)
    ]
    found = [text.encode() for text in texts[:: 1 if name == "rules" else 5]]
    return (
        found
        if name not in {"template", "embedded"}
        else [b"\0" + one for one in found]
        + [
            b"\0{% if x %}listen {{ x }}{% else %}listen 80{% endif %} ssl;\n{{ extra }}\n{# c #}",
            b'\1{{- if .X }}a {{ .Y | quote }};{{ else }}b "{{ .Z }}";{{ end -}}',
            b"\2<% if x -%>a <%= y %>;<% else -%>b { }<% end %>",
            b"\4listen ${PORT} ssl; server_name %%NAME%% <your name> @A@ __B__;",
            b"\0```nginx\nlisten 80;\n```\n> ~~~ nginx\n> a b;\n",
            b'\1a:\n  nginx.conf: |\n    server { listen 80; }\n  b: "server { a \\"b\\"; }"',
            b"\2cat <<EOF\nserver {\n listen $X;\n}\nEOF\n",
        ]
    )


def main() -> None:
    """Fuzz the target that is named."""
    name = sys.argv[1]
    if "--seeds" in sys.argv:
        directory = Path(sys.argv[sys.argv.index("--seeds") + 1])
        directory.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(seeds(name)):
            (directory / f"{name}-{number}").write_bytes(data)
        return
    options = [f"-timeout={SECONDS}", f"-rss_limit_mb={MEMORY}", "-max_len=20000"]
    atheris.Setup([sys.argv[0], *options, *sys.argv[2:]], targets.BY_NAME[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
