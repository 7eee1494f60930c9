"""Logs that can be handed to anybody: only keys on a list, only values without prose, no message of any exception.

A log is read by people without need-to-know, and that a SAR exists is confidential (31 USC 5318(g)(2)). So what may be
written is listed, instead of what may not. There is no case id on the list: beside the action it would tell which case
has a report waiting. The event number leads those who may read the ledger to the case.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

#: Every key that can reach a log line.
ALLOWED: Final = frozenset(
    """action at bytes count database duplicates duration_ms error_chain error_type event event_id exit_code frames level
    logger method page read reference rejected role rule rule_version run_id status stored timestamp version via""".split()
)

#: A value is a name of ours, a number, a version, a path: one word. Prose has spaces, and so have people's names.
_WORD: Final = re.compile(r"[A-Za-z0-9_.:/<>+\-]{1,120}")
#: Words that say a report exists. Logged under a neutral name instead (`decided`, `approval`), or not at all.
_CONFIDENTIAL: Final = re.compile(
    r"(?<![A-Za-z])sar(?![a-z])|SAR|Sar(?![a-z])|(?i:narrative|disposition|(?<![a-z])filing)"
)
WITHHELD: Final = "withheld"

_OURS: Final = ("casedesk", "app", "seeds")
_FRAMES: Final = 30


class LogSettings(Protocol):
    """The part of the settings that logging needs."""

    @property
    def log_level(self) -> str: ...
    @property
    def log_format(self) -> str: ...


@dataclass(frozen=True, slots=True)
class _AsShipped:
    log_level: str = "INFO"
    log_format: str = "console"


#: How the log is where nobody read the settings.
AS_SHIPPED: Final = _AsShipped()


def reference() -> str:
    """Draw a short reference such as ``7f3a-21``: shown on a failure page, and written beside the failure in the log."""
    return f"{secrets.token_hex(2)}-{secrets.token_hex(1)}"


def configure(settings: LogSettings) -> None:
    """Send the desk's own log and every library's to standard error, in the chosen form. May be called again."""
    level = logging.getLevelNamesMapping()[settings.log_level]
    last: Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            describe_exception,
            keep_allowed,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # the command line configures again for each command under test
    )
    handler = _StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _describe_foreign],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, keep_allowed, last],
        )
    )
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _StandardError)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level if level == logging.DEBUG else max(level, logging.WARNING))  # libraries chat at INFO
    for name in _OURS:
        logging.getLogger(name).setLevel(level)
    _silence_own_handlers()
    logging.setLogRecordFactory(_Record)


def keep_allowed(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Drop every key that is not on the list, and replace every value that is not one plain word or a number."""
    return {key: plain(value) for key, value in event.items() if key in ALLOWED}


def describe_exception(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Turn ``exc_info`` into the type, the types that led to it, and the frames; its text and its locals stay behind."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event.update(described(error))
    return event


def described(error: BaseException) -> dict[str, Any]:
    """Say what failed and where, in words that hold nothing of the data it failed on."""
    led_to_it = [_type_name(cause) for cause in _causes(error)]
    return {"error_type": _type_name(error), "frames": list(_frames(error.__traceback__))[-_FRAMES:]} | (
        {"error_chain": led_to_it} if led_to_it else {}
    )


class _Record(logging.LogRecord):
    """A record that forgets a library's text when it is made, whoever's handler will print it.

    Streamlit gives each of its loggers a handler of its own, also to those made later.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.described: dict[str, Any] = {}
        if isinstance(self.msg, dict):  # it has come through our own chain
            return
        if self.exc_info and self.exc_info[1] is not None:
            self.described = described(self.exc_info[1])
        self.described["at"] = f"{_short(self.pathname)}:{self.lineno}"
        self.msg, self.args, self.exc_info, self.exc_text, self.stack_info = WITHHELD, (), None, None, None


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stderr` is now: a test or a server may have put another stream there since."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, _: TextIO) -> None:
        pass


def _describe_foreign(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    record = event.get("_record")
    if isinstance(record, _Record):
        event.update(record.described)
    return event


def _silence_own_handlers() -> None:
    """Let what Streamlit and its server log come to our handler, once and in our form."""
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and name.partition(".")[0] in {"streamlit", "uvicorn", "websockets"}:
            for handler in list(logger.handlers):
                logger.removeHandler(handler)
            logger.propagate = True
            logger.setLevel(logging.NOTSET)


def plain(value: object) -> object:
    """Return a value that may be read by anybody: a number, one plain word, or that it is withheld."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, str) and _WORD.fullmatch(value) and not _CONFIDENTIAL.search(value):
        return value
    return WITHHELD


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen = {id(error)}
    cause = error.__cause__ or error.__context__
    while cause is not None and id(cause) not in seen:
        yield cause
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__


def _type_name(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _frames(trace: TracebackType | None) -> Iterator[str]:
    while trace is not None:
        code = trace.tb_frame.f_code
        yield f"{_short(code.co_filename)}:{trace.tb_lineno}:{code.co_name}"
        trace = trace.tb_next


def _short(path: str) -> str:
    """Cut a path to the part inside the project or the library: what stands before may be somebody's home."""
    for mark in ("site-packages", *_OURS, "scripts", "tests"):
        parts = Path(path).parts
        if mark in parts:
            start = len(parts) - 1 - parts[::-1].index(mark)
            return "/".join(parts[start + (mark == "site-packages") :])
    return Path(path).name
