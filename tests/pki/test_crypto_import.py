"""The library of certificates is loaded late, and its expressions compiled later; it works all the same."""

import subprocess
import sys

CODE = """
import re
compile_now = re.compile
from mtls_lint.pki._crypto import x509
name = x509.Name.from_rfc4514_string(r"CN=a\\,b,O=\\48\\69,2.5.4.6=GB")
assert re.compile is compile_now
from cryptography.x509.name import _RFC4514NameParser
print([(one.oid.dotted_string, one.value) for one in name], type(_RFC4514NameParser._OID_RE).__name__)
"""


def test_names_are_parsed_by_expressions_that_were_compiled_late() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    expected = "[('2.5.4.6', 'GB'), ('2.5.4.10', 'Hi'), ('2.5.4.3', 'a,b')] _Expression"
    assert done.stdout.strip() == expected
