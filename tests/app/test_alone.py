"""The app without the API beside it."""

from __future__ import annotations

import httpx
from starlette.responses import PlainTextResponse

from app.alone import Alive
from tests.loops import finished


def test_the_app_alone_says_that_it_is_alive_and_leaves_everything_else_to_streamlit() -> None:
    async def asked() -> list[str]:
        transport = httpx.ASGITransport(Alive(PlainTextResponse("streamlit")))
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            return [(await client.get(path)).text for path in ("/health", "/", "/healthy")]

    assert finished(asked()) == ['{"status":"alive"}', "streamlit", "streamlit"]
