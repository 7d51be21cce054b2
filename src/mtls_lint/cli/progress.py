"""A status line on stderr for runs that people wait for."""

import sys
from _thread import allocate_lock
from types import TracebackType
from typing import TYPE_CHECKING

from mtls_lint.cli.streams import is_terminal
from mtls_lint.report.characters import visible

if TYPE_CHECKING:
    from threading import Timer

    from rich.status import Status

DELAY = 1.0
"""Seconds after which the line appears; most runs end before."""


class Progress:
    """Shows what is being done, on a terminal, after a while; leaves nothing behind."""

    def __init__(self) -> None:
        self._text = ""
        self._status: Status | None = None
        self._lock = allocate_lock()  # threading.Lock, without the rest of threading
        self._over = False
        self._timer: Timer | None = None

    def __enter__(self) -> "Progress":
        """Start to wait."""
        if is_terminal(sys.stderr):
            from threading import Timer  # noqa: PLC0415 - where nobody watches, none is needed

            self._timer = Timer(DELAY, self._appear)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the line away."""
        if self._timer is None:
            return
        self._timer.cancel()
        with self._lock:
            self._over = True
            if self._status is not None:
                self._status.stop()

    def say(self, text: str) -> None:
        """What is being done now."""
        self._text = visible(text)
        if self._status is not None:
            with self._lock:
                self._status.update(self._escaped())

    def _appear(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - most runs never get here

        with self._lock:
            if not self._over:
                self._status = Console(stderr=True).status(self._escaped(), spinner="line")
                self._status.start()

    def _escaped(self) -> str:
        from rich.markup import escape  # noqa: PLC0415

        return escape(self._text)
