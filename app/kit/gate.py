"""One door to the pen: SQLite has a single writer, and writers that race starve each other."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Gate:
    """Lets one write transaction through at a time, and those who may not wait before the rest."""

    def __init__(self) -> None:
        self._free = Condition()
        self._taken = False
        self._urgent = 0

    @contextmanager
    def through(self, *, urgent: bool = False) -> Iterator[None]:
        with self._free:
            self._urgent += urgent
            while self._taken or (self._urgent and not urgent):
                self._free.wait()
            self._urgent -= urgent
            self._taken = True
        try:
            yield
        finally:
            with self._free:
                self._taken = False
                self._free.notify_all()


class OpenGate(Gate):
    """No gate at all: PostgreSQL lets many write at once."""

    @contextmanager
    def through(self, *, urgent: bool = False) -> Iterator[None]:  # noqa: ARG002
        yield
