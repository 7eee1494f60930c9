"""One question and one answer with the client of OpenAI's protocol, with a deadline that holds whatever the endpoint does."""

from __future__ import annotations

import queue
import time
from threading import Thread
from typing import Final

import httpx2
import openai

from casedesk.language.bounds import Bounded

#: Headers in which the client would tell of this machine, and of who pays as the environment names them.
_UNTOLD: Final = (
    "X-Stainless-Arch", "X-Stainless-Async", "X-Stainless-Lang", "X-Stainless-OS", "X-Stainless-Package-Version",
    "X-Stainless-Runtime", "X-Stainless-Runtime-Version", "X-Stainless-Retry-Count", "X-Stainless-Read-Timeout",
    "OpenAI-Organization", "OpenAI-Project",
)  # fmt: skip


def within(
    seconds: float, *, url: str, key: str, model: str, most_tokens: int, instructions: str, text: str
) -> bytes | None:
    """Ask once and return the response's bytes; None if there is none that could be read in time.

    Timeouts of sockets begin anew with every byte that trickles in, so the caller waits beside and shuts the connection.
    """
    transport = Bounded(httpx2.HTTPTransport(trust_env=False), until=time.monotonic() + seconds)
    box: queue.Queue[bytes | None] = queue.Queue(1)

    def talk() -> None:
        try:
            box.put(_ask(transport, seconds, url, key, model, most_tokens, instructions, text))
        except (openai.OpenAIError, httpx2.HTTPError, OSError, ValueError, RecursionError):
            box.put(None)

    Thread(target=talk, name="language-model", daemon=True).start()
    try:
        return box.get(timeout=seconds)
    except queue.Empty:
        transport.abort()
        return None


def _ask(
    transport: httpx2.BaseTransport,
    seconds: float,
    url: str,
    key: str,
    model: str,
    most_tokens: int,
    instructions: str,
    text: str,
) -> bytes:
    # no redirects and no proxies of the environment: what is sent goes where the settings say and nowhere else
    with httpx2.Client(transport=transport, timeout=seconds, follow_redirects=False, trust_env=False) as http:
        client = openai.OpenAI(api_key=key or "none", base_url=url, max_retries=0, http_client=http)
        answer = client.chat.completions.with_raw_response.create(
            model=model,
            messages=[{"role": "system", "content": instructions}, {"role": "user", "content": text}],
            temperature=0,
            max_tokens=most_tokens,
            response_format={"type": "json_object"},
            extra_headers={name: openai.Omit() for name in _UNTOLD},
        )
        return bytes(answer.http_response.content)
