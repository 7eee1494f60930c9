"""`casedesk watch --mode api`: what the API pushes, from now on, and again after a broken line."""

from __future__ import annotations

import threading
import time

import pytest

from casedesk.errors import NotPermitted
from casedesk.services.api_keys import Scope
from casedesk.stream.watching import pushed
from tests.api.conftest import Server


def test_alerts_are_pushed_to_whoever_watches_and_to_nobody_with_another_key(server: Server) -> None:
    server.desk.customer("K-W")
    seen: list[str] = []
    listening = threading.Event()

    def watch() -> None:
        for alert in pushed(server.url, server.key("ann", Scope.READ)):
            listening.set()
            if alert is not None:
                seen.append(alert["customer_id"])
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    assert listening.wait(10)
    time.sleep(0.3)
    server.desk.open("K-W")
    thread.join(10)
    assert seen == ["K-W"]
    with pytest.raises(NotPermitted, match="needs one with the scope “read”"):
        next(pushed(server.url, "cd_no_key"))
