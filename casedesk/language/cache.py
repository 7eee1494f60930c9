"""Answers to questions that were asked before: in memory, or in Redis for several processes. They hold pseudonyms only.

What comes out is checked as if it came from the endpoint, so a cache that lies can do no more than an endpoint that does.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Protocol

from casedesk.errors import Unavailable

if TYPE_CHECKING:
    import redis

#: Characters of an answer; a longer one is not kept, and of a longer one no more is read.
MOST: Final = 16_384
_KEPT: Final = 256  # answers in memory
_SECONDS: Final = 7 * 86_400  # in Redis
_PREFIX: Final = "casedesk:language:"


class Cache(Protocol):
    """Keeps answers by the hash of what was asked."""

    def get(self, key: str) -> str | None:
        """Return an answer, or None."""

    def put(self, key: str, answer: str) -> None:
        """Keep an answer."""


class Memory:
    """Keeps the answers that were last used, in this process."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> str | None:
        with self._lock:
            if key not in self._answers:
                return None
            self._answers.move_to_end(key)
            return self._answers[key]

    def put(self, key: str, answer: str) -> None:
        if len(answer) > MOST:
            return
        with self._lock:
            self._answers[key] = answer
            if len(self._answers) > _KEPT:
                self._answers.popitem(last=False)


class Redis:
    """Keeps answers for a week in Redis. One that does not answer is no cache, and nothing else."""

    def __init__(self, url: str) -> None:
        """Nothing is connected yet.

        :raises Unavailable: without the extra, or for an address that is none.
        """
        try:
            import redis
        except ImportError:
            raise Unavailable(
                "The desk was installed without the extra “redis”; install it, or unset CASEDESK_REDIS_URL."
            ) from None
        self._errors: tuple[type[Exception], ...] = (redis.RedisError, OSError, ValueError)
        try:
            self._client: redis.Redis = redis.Redis.from_url(url, socket_timeout=1.0, socket_connect_timeout=1.0)
        except ValueError:
            raise Unavailable(
                "CASEDESK_REDIS_URL is no address of a Redis, such as redis://127.0.0.1:6379/0."
            ) from None

    def get(self, key: str) -> str | None:
        try:
            found: Any = self._client.getrange(_PREFIX + key, 0, MOST)
            return found.decode() if found else None
        except self._errors:
            return None

    def put(self, key: str, answer: str) -> None:
        if len(answer) > MOST:
            return
        try:
            self._client.set(_PREFIX + key, answer, ex=_SECONDS)
        except self._errors:
            return
