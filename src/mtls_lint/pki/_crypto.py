"""The parts of ``cryptography`` used here, imported when first touched.

Importing ``cryptography`` costs more than linting a configuration without certificates, so that the
modules of this package name it through stand-ins: the first attribute taken imports the module.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from mtls_lint.expressions import expression

if TYPE_CHECKING:
    from cryptography import exceptions, x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
    from cryptography.x509 import ocsp
else:

    @contextmanager
    def _late_expressions() -> Iterator[None]:
        """Have the modules of the library compile their expressions when they use them.

        Those that read names from RFC 4514 text, which is not done here, take as long to compile as all
        the rest of the library to load (94 of 268 million instructions). Others' modules are left alone.
        """
        compile_now = re.compile

        def compile_late(pattern: str | bytes, flags: int = 0) -> re.Pattern[str] | re.Pattern[bytes]:
            caller = sys._getframe(1).f_globals.get("__name__", "")
            return (expression if caller.startswith("cryptography.") else compile_now)(pattern, flags)

        re.compile = compile_late
        try:
            yield
        finally:
            re.compile = compile_now

    class _Deferred:
        """Stands for a module until one of its attributes is needed."""

        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, attribute: str) -> object:
            if attribute.startswith(
                "__"
            ):  # a question about this object (copy, inspect), not about the module
                raise AttributeError(attribute)
            if self._name in sys.modules:
                module = sys.modules[self._name]
            else:
                with _late_expressions():
                    module = import_module(self._name)
            value = getattr(module, attribute)
            setattr(self, attribute, value)
            return value

    _ASYMMETRIC = "cryptography.hazmat.primitives.asymmetric"
    x509 = _Deferred("cryptography.x509")
    ocsp = _Deferred("cryptography.x509.ocsp")
    exceptions = _Deferred("cryptography.exceptions")
    hashes = _Deferred("cryptography.hazmat.primitives.hashes")
    serialization = _Deferred("cryptography.hazmat.primitives.serialization")
    dsa = _Deferred(f"{_ASYMMETRIC}.dsa")
    ec = _Deferred(f"{_ASYMMETRIC}.ec")
    ed448 = _Deferred(f"{_ASYMMETRIC}.ed448")
    ed25519 = _Deferred(f"{_ASYMMETRIC}.ed25519")
    padding = _Deferred(f"{_ASYMMETRIC}.padding")
    rsa = _Deferred(f"{_ASYMMETRIC}.rsa")

__all__ = [
    "dsa",
    "ec",
    "ed448",
    "ed25519",
    "exceptions",
    "hashes",
    "ocsp",
    "padding",
    "rsa",
    "serialization",
    "x509",
]
