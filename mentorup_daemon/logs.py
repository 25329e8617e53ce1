"""Logging: structlog for ours, the libraries' loggers led into the same stream, one line an event, on standard error.

For people on a terminal, JSON elsewhere. What libraries log below WARNING is left out: it may quote mail. Every value
goes through `_plain` before it is rendered, which is the one hard thing here: passwords that were read (`conceal`) and
whatever stands under a telling key are blotted out wherever they hide, tracebacks included, and control characters
(a title from a stranger's event) can neither start a line of their own nor colour a terminal.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

BLOT = "***"
_TELLING = ("password", "passwd", "token", "authorization", "secret", "cookie")
_MOST_CONCEALED = 1000  # secrets kept to be blotted out: those of all passes that a worker makes at once, and more
_FRAMES = 4

_concealed: dict[str, None] = {}
_blots: tuple[str, ...] = ()
_concealing = threading.Lock()


def conceal(secret: str) -> None:
    """Blot this password out of everything that is logged from now on. The one read longest ago goes first."""
    if not secret:
        return
    global _blots  # noqa: PLW0603 - what is concealed is the process's
    with _concealing:
        known = secret in _concealed
        _concealed.pop(secret, None)
        _concealed[secret] = None
        while len(_concealed) > _MOST_CONCEALED:
            del _concealed[next(iter(_concealed))]
        if not known:
            _blots = tuple(sorted(_concealed, key=len, reverse=True))  # one may begin as another does


def configure(
    level: Literal["debug", "info", "warning", "error"] = "info",
    format: Literal["auto", "console", "json"] = "auto",  # noqa: A002 - the config's own name
    stream: TextIO | None = None,
) -> None:
    """Set logging up, or anew after a reload: ours from `level`, the libraries' from WARNING, to `stream` (stderr)."""
    stream = stream or sys.stderr
    on_terminal = stream.isatty()
    console = format == "console" or (format == "auto" and on_terminal)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S" if console else "iso", utc=not console),
    ]
    rendering: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _short_exception if console else structlog.processors.format_exc_info,
        _plain_event,
        _console(colors=on_terminal and not os.environ.get("NO_COLOR"))
        if console
        else structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=rendering, foreign_pre_chain=shared))
    root, ours = logging.getLogger(), logging.getLogger("mentorup_daemon")
    for old in root.handlers[:]:
        if isinstance(old.formatter, structlog.stdlib.ProcessorFormatter):
            root.removeHandler(old)
    root.addHandler(handler)
    ours.setLevel(level.upper())
    root.setLevel(max(logging.WARNING, ours.level))
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,  # a reload may change the level
    )


def _console(*, colors: bool) -> Processor:
    return structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=0)


def _short_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """On a terminal an exception is one line too: what, and the innermost places it came through."""
    told = event.pop("exc_info", None)
    error = sys.exc_info()[1] if told is True else told[1] if isinstance(told, tuple) else told
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
        places = " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
        event["error"] = f"{type(error).__name__}: {error}" + (f" ({places})" if places else "")
    return event


def _plain_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: _plain(value, key) for key, value in event.items()}


def _plain(value: Any, key: str = "") -> Any:
    """The value as text, numbers, lists and tables only, without secrets and control characters."""
    if any(telling in key.lower() for telling in _TELLING):
        return BLOT
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {blotted(str(inner)): _plain(item, str(inner)) for inner, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    return blotted(value if isinstance(value, str) else str(value))


def blotted(text: str) -> str:
    """The text without any secret that was read so far, and without control characters."""
    for secret in _blots:
        text = text.replace(secret, BLOT)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
