"""The parts of ``cryptography`` used here, imported when first touched.

Importing ``cryptography`` costs more than linting a configuration without certificates, so that the
modules of this package name it through stand-ins: the first attribute taken imports the module.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import exceptions, x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
    from cryptography.x509 import ocsp
else:

    class _Deferred:
        """Stands for a module until one of its attributes is needed."""

        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, attribute: str) -> object:
            if attribute.startswith(
                "__"
            ):  # a question about this object (copy, inspect), not about the module
                raise AttributeError(attribute)
            value = getattr(import_module(self._name), attribute)
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
