"""Messages that a schema registry explains: Avro, or JSON with a schema, in Confluent's wire format.

The format: a zero byte, the schema's number in four bytes, most significant first, then the content. What begins with
another byte is read as plain JSON, so a topic may change from one to the other while workers run.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import orjson

from casedesk.domain.moments import canonical
from casedesk.errors import Unavailable
from casedesk.stream.decoding import Decode, Unreadable, plain

_MAGIC: Final = b"\0"
_HEAD: Final = struct.Struct(">xI")
_NOT_FOUND: Final = 404
#: Seconds in which the registry must have answered.
_PATIENCE: Final = 10


class NoRegistry(Unavailable):
    """The registry does not answer, or its client is not installed."""


def by_registry(url: str, topic: str) -> Decode:
    """Return what reads the messages of a topic whose schemas are kept at an address.

    :raises NoRegistry: if its client is not installed.
    """
    try:
        from confluent_kafka.schema_registry import SchemaRegistryClient
        from confluent_kafka.schema_registry.avro import AvroDeserializer
        from confluent_kafka.schema_registry.json_schema import JSONDeserializer
        from confluent_kafka.serialization import MessageField, SerializationContext
    except ImportError as error:
        raise NoRegistry(
            f"The registry’s client is not installed ({error.name}); run: .venv/bin/python -m pip install "
            "'confluent-kafka[avro,json,schemaregistry]>=2.16,<3' (extra registry)."
        ) from None
    client = SchemaRegistryClient({"url": url, "timeout": _PATIENCE})
    readers: dict[str, Callable[..., Any]] = {
        "AVRO": AvroDeserializer(client), "JSON": JSONDeserializer(None, schema_registry_client=client),
    }  # fmt: skip
    where = SerializationContext(topic, MessageField.VALUE)

    def decode(value: bytes) -> bytes:
        if not value.startswith(_MAGIC):
            return plain(value)
        if len(value) <= _HEAD.size:
            raise Unreadable("The message ends within the number of its schema.")
        number = _HEAD.unpack_from(value)[0]
        kind = _kind(client, number, url)
        if kind not in readers:
            raise Unreadable(f"Schema {number} is of the kind {kind}; the desk reads AVRO and JSON.")
        try:
            found = readers[kind](value, where)
        except Exception as error:  # noqa: BLE001  # three libraries, each with errors of its own for bad content
            raise Unreadable(f"The message is not as its schema {number} says ({type(error).__name__}).") from None
        if not isinstance(found, dict):
            raise Unreadable(f"Schema {number} makes no record; send one transaction a message.")
        return orjson.dumps(found, default=_text, option=orjson.OPT_PASSTHROUGH_DATETIME)

    return decode


def _kind(client: Any, number: int, url: str) -> str:
    """Return the kind of a schema; it is asked for once and kept.

    :raises NoRegistry: if the registry does not say, so that the message is tried again.
    """
    from confluent_kafka.schema_registry.error import SchemaRegistryError

    try:
        return str(client.get_schema(number).schema_type)
    except SchemaRegistryError as error:
        if error.http_status_code == _NOT_FOUND:
            raise Unreadable(f"The registry knows no schema {number}.") from None
        raise NoRegistry(f"The schema registry at {url} answers with {error.http_status_code}.") from None
    except Exception:  # noqa: BLE001  # whatever its HTTP client says, the message is tried again
        raise NoRegistry(f"The schema registry at {url} does not answer; is it running?") from None


def _text(value: object) -> str:
    """Write what Avro's logical types make: instants, days, decimals."""
    if isinstance(value, datetime):
        return canonical(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} has no JSON form")
