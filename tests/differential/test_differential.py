"""``decide`` against real nginx, on random configurations: no disagreement is allowed.

A fixed slice of seeds runs always; ``make test-all`` runs 300 configurations with 20 requests each, on every
nginx that is there. `python tests/differential/sweep.py FIRST LAST` tries other seeds.
"""

from pathlib import Path

import pytest

from differential.compare import compare, make_pki
from differential.scenario import Question, Scenario, make
from mtls_lint.testing.nginx import NginxBinary

QUESTIONS = 20


@pytest.fixture(scope="session")
def scenario_pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("scenario-pki")
    make_pki(directory)
    return directory


def disagreements(seeds: range, nginx: NginxBinary, directory: Path, pki: Path) -> list[object]:
    return [found for seed in seeds for found in compare(make(seed, QUESTIONS), nginx, directory, pki)]


# 4: a rewrite makes a request internal. 15: a file that is not there. 66: /x beats the redirect to /x/.
# 105: 444 stays 444 behind an error page. 209: an error page turns POST into GET, $request_method too.
# 1134: a location that is internal does not redirect to itself. 1288, 5153: @named sees the request's URI.
@pytest.mark.parametrize("seed", [*range(20), 43, 66, 105, 116, 209, 308, 1134, 1288, 5153])
def test_decide_agrees_with_nginx(seed: int, nginx: NginxBinary, tmp_path: Path, scenario_pki: Path) -> None:
    assert disagreements(range(seed, seed + 1), nginx, tmp_path, scenario_pki) == []


def test_a_subrequest_of_auth_request_passes_the_access_phase_by(
    nginx: NginxBinary, tmp_path: Path, scenario_pki: Path
) -> None:
    text = """events {} http { access_log off; auth_request /auth; server { listen 127.0.0.1:PORT_a;
        add_header X-Where m0 always;
        location / { add_header X-Where m1 always; proxy_pass http://127.0.0.1:PORT_backend; }
        location /auth { add_header X-Where m3 always; deny all; proxy_pass http://127.0.0.1:PORT_backend; } }
      server { listen 127.0.0.1:PORT_b; add_header X-Where m4 always;
        location / { add_header X-Where m5 always; proxy_pass http://127.0.0.1:PORT_backend; }
        location /auth { add_header X-Where m6 always; deny all; return 204; } }
      server { listen 127.0.0.1:PORT_backend; auth_request off; location / { return 200 backend; } } }"""
    questions = [
        Question("127.0.0.1", "b", None, None, "a.test", uri, "GET", "none") for uri in ("/", "/auth")
    ]
    assert compare(Scenario(0, text, tuple(questions)), nginx, tmp_path, scenario_pki) == []


@pytest.mark.sweep
@pytest.mark.parametrize("first", range(1000, 1300, 50))
def test_decide_agrees_with_nginx_everywhere(
    first: int, nginx: NginxBinary, tmp_path: Path, scenario_pki: Path
) -> None:
    assert disagreements(range(first, first + 50), nginx, tmp_path, scenario_pki) == []
