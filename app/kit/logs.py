"""Lines for the log: what went wrong and where, and never what a customer typed.

The words of an exception may hold a whole row: a database names the values that it refuses,
Pydantic those that it could not read. So an exception is told as its kind and the places it came
through; its words only where they were made for people (`public`).
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import suppress
from traceback import walk_tb
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict
from typing_extensions import override

TALKATIVE = ("apprise",)
"""Libraries whose own lines name recipients: what came of a message is told by us."""


class Lossy:
    """A stream that may lose a line: a full disk under the log, or a pipe whose reader has gone,
    stops no thread that only wanted to tell of something.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def speak_plainly() -> None:
    """Structured lines on standard error: events and ids, never a token, a code or a person."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            without_words,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", Lossy(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(Wordless())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def without_words(_: Any, __: str, line: EventDict) -> EventDict:  # noqa: ANN401  # structlog's
    """A processor: an exception as its kinds and places."""
    told = line.pop("exc_info", None)
    failure = sys.exc_info()[1] if told is True else told
    if isinstance(failure, BaseException):
        line["failure"], line["trace"] = kinds(failure), list(places(failure))
    return line


class Wordless(logging.Formatter):
    """The same for what libraries log: the server tells of a page that failed."""

    @override
    def formatException(self, ei: Any) -> str:
        return "\n".join([kinds(ei[1]), *places(ei[1])])


def kinds(failure: BaseException) -> str:
    """`ValueError, after KeyError`; with the words of the first where they are for people."""
    first = type(failure).__name__
    if getattr(failure, "public", False):
        first = f"{first}: {failure}"
    cause = failure.__cause__ or failure.__context__
    return f"{first}, after {kinds(cause)}" if cause else first


def places(failure: BaseException) -> Iterator[str]:
    """`app.carts.flows:81 touch`, the outermost first."""
    for frame, line in walk_tb(failure.__traceback__):
        yield f"{frame.f_globals.get('__name__')}:{line} {frame.f_code.co_name}"
