"""Traces by OpenTelemetry: what a request, a group that is stored, a run of the rules took, for those who collect such things.

Off until a collector is named (`CASEDESK_TRACES_URL`). Who reads traces need not have need-to-know (logs.py), so what a span may say is
listed: its name, numbers, and words of ours. An address is told by its page, never by the ids in it; a failure by its type.

The desk has a provider of its own and sets none for the process, so that no library adds spans with what it knows.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

import casedesk
from casedesk.errors import Unavailable
from casedesk.logs import plain

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

#: Every figure that can stand on a span.
FIGURES: Final = frozenset(
    "alerts announced callers duplicates grown lapsed messages method page read rejected status stored transactions".split()
)
#: Seconds that a collector has to take a batch; one that is away costs its batches and nothing else.
_TIMEOUT: Final = 5

_lock = threading.Lock()
_provider: TracerProvider | None = None
_tracer: Tracer | None = None


class TraceSettings(Protocol):
    """The part of the settings that traces need."""

    @property
    def traces_url(self) -> str: ...
    @property
    def traces_share(self) -> float: ...


class Spanned:
    """What is under way. Without traces it takes figures and forgets them."""

    def __init__(self, span: Span | None) -> None:
        self._span = span

    def note(self, **figures: int | str) -> None:
        """Add figures.

        :raises ValueError: for one that is not listed.
        """
        if strange := figures.keys() - FIGURES:
            raise ValueError(f"No span may say {', '.join(sorted(strange))}; traces.FIGURES lists what it may.")
        if self._span is not None:
            self._span.set_attributes({f"casedesk.{name}": _told(value) for name, value in figures.items()})


def configure(settings: TraceSettings, part: str) -> None:
    """Begin to send traces where the settings name a collector. Called again it changes nothing.

    :param part: what this process is: api, stream or command.
    :raises Unavailable: if a collector is named and the extra is not installed.
    """
    global _provider, _tracer
    with _lock:
        if not settings.traces_url or _provider is not None:
            return
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
        except ImportError as error:
            raise Unavailable(
                "The desk was installed without the extra “traces”; install it, or unset CASEDESK_TRACES_URL."
            ) from error
        resource = Resource({"service.name": f"casedesk-{part}", "service.version": casedesk.__version__})
        provider = TracerProvider(resource=resource, sampler=ParentBasedTraceIdRatio(settings.traces_share))
        exporter = OTLPSpanExporter(endpoint=settings.traces_url.rstrip("/") + "/v1/traces", timeout=_TIMEOUT)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        _provider, _tracer = provider, provider.get_tracer("casedesk", casedesk.__version__)


def close() -> None:
    """Send what was not sent yet, and end."""
    global _provider, _tracer
    with _lock:
        provider, _provider, _tracer = _provider, None, None
    if provider is not None:
        provider.shutdown()


@contextmanager
def sending(settings: TraceSettings, part: str) -> Iterator[None]:
    """Send traces, where the settings name a collector, for as long as this lasts.

    :raises Unavailable: as :func:`configure` does.
    """
    configure(settings, part)
    try:
        yield
    finally:
        close()


@contextmanager
def span(name: str, headers: Mapping[str, str] | None = None, **figures: int | str) -> Iterator[Spanned]:
    """Trace what is done within, as part of what is under way in this thread or task.

    :param headers: where another program's trace goes on: its W3C ``traceparent``.
    """
    tracer = _tracer
    if tracer is None:
        yield Spanned(None)
        return
    from opentelemetry.trace import StatusCode

    with tracer.start_as_current_span(
        name, context=_begun_elsewhere(headers), record_exception=False, set_status_on_exception=False
    ) as under_way:
        spanned = Spanned(under_way)
        spanned.note(**figures)
        try:
            yield spanned
        except BaseException as failure:
            under_way.set_status(StatusCode.ERROR, type(failure).__name__)
            raise


def _told(value: int | str) -> int | str:
    told = plain(value)
    return told if isinstance(told, int) else str(told)


def _begun_elsewhere(headers: Mapping[str, str] | None) -> Context | None:
    if not headers:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract(headers)
