"""Messages that cannot be taken: each goes aside with its bytes, its place and the reason, and holds up nothing."""

from __future__ import annotations

import random
from hashlib import sha256
from typing import Any

import orjson
import pytest

from casedesk.bootstrap import Desk
from casedesk.domain.people import SYSTEM
from casedesk.services import posting
from casedesk.stream.assembly import Job
from casedesk.stream.dead_letters import CUT
from casedesk.stream.messages import Message
from casedesk.stream.storing import TRIES, Storing, Unforeseen
from tests.stream.brokers import MockCluster, drained, put
from tests.stream.conftest import until
from tests.stream.desks import outcome

GOOD = {
    "booked_at": "2026-06-01T09:00:00Z",
    "to_account": "10-00001-1",
    "amount": "5.00",
    "currency": "USD",
    "channel": "CASH",
}
NOISE = random.Random(5).randbytes(1_000_000)


def good(name: str, **changed: str) -> bytes:
    return orjson.dumps({"transaction_id": name, **GOOD, **changed})


BAD: dict[bytes | None, str] = {
    b"\xff\xfe{": "not JSON in UTF-8",
    b'{"transaction_id":' + b"[" * 5_000 + b"]" * 5_000 + b"}": "not JSON in UTF-8",
    good("B-1") + b"," + good("B-2"): "not JSON in UTF-8",  # between brackets it would be two
    b"[" + good("B-3") + b"]": "no object",
    None: "has no value",
    NOISE: "1,000,000 bytes; the most is 100,000",
    good("B-4", amount="many"): "The amount is not a number",
    good("G-0", amount="6.00"): "is stored already, with another content",
}


def test_poison_goes_aside_with_reason_bytes_and_place_and_what_is_good_is_stored(
    desk: Desk, mock_cluster: MockCluster, job: Job, working: Any
) -> None:
    messages: list[tuple[str | None, bytes | None]] = [("k", good("G-0"))]
    for n, value in enumerate(BAD, 1):
        messages += [("k", value), ("k", good(f"G-{n}"))]
    messages += [(None, NOISE[n : n + 500]) for n in range(0, len(NOISE), 500)]
    put(mock_cluster.address, job.topic, messages)
    with working(desk, mock_cluster.address, job) as worker:
        until(lambda: worker.stored + worker.refused == len(messages))
    assert outcome(desk).transactions == {f"G-{n}" for n in range(len(BAD) + 1)}
    letters = drained(mock_cluster.address, job.dead_letters, len(BAD) + 2_000)
    assert len(letters) == len(BAD) + 2_000
    assert len({one.key() for one in letters}) == len(letters)
    reasons = {one.value(): dict(one.headers()) for one in letters}
    for value, reason in BAD.items():
        assert reason in reasons[value]["casedesk-reason"].decode()
        assert reasons[value]["casedesk-topic"].decode() == job.topic
    assert {value for _, value in messages[-2_000:]} <= set(reasons)


def test_a_message_of_50_megabytes_goes_aside_cut_to_what_the_broker_takes_and_what_follows_is_stored(
    desk: Desk, on_real: str, job: Job, working: Any
) -> None:
    huge = NOISE * 50
    put(on_real, job.topic, [("k", good("G-1")), ("k", huge), ("k", good("G-2"))])
    with working(desk, on_real, job) as worker:
        until(lambda: worker.stored + worker.refused == 3)
    assert outcome(desk).transactions == {"G-1", "G-2"}
    letter = drained(on_real, job.dead_letters, 1)[0]
    headers = {name: value.decode() for name, value in letter.headers()}
    assert letter.value() == huge[:CUT]
    assert (headers["casedesk-bytes"], headers["casedesk-sha256"]) == ("50000000", sha256(huge).hexdigest())
    assert (headers["casedesk-offset"], headers["casedesk-key"]) == ("1", "k")


def test_a_message_that_fails_in_a_way_nobody_foresaw_is_found_among_the_others_after_some_tries(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = posting.post

    def fragile(**what: Any) -> posting.Posted:
        if b"B-7" in what["body"]:
            raise ZeroDivisionError
        return real(**what)

    monkeypatch.setattr(posting, "post", fragile)
    storing = Storing(desk, SYSTEM, "test", largest=1_000)
    messages = [Message("t", 0, n, None, good(f"{'B' if n == 7 else 'G'}-{n}")) for n in range(20)]
    for tried in range(TRIES):
        with pytest.raises(Unforeseen):
            storing.store(messages, tried)
    kept = storing.store(messages, TRIES)
    assert (kept.stored, [one.message.offset for one in kept.letters]) == (19, [7])
    assert "Tell its operator" in kept.letters[0].reason
