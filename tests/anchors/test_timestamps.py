"""Time-stamps of checkpoints by a local authority: asked, kept, checked, and never in the way."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from casedesk.anchors import keys, timestamps
from casedesk.anchors.timestamps import BadTimestamp, NoTimestamp
from casedesk.bootstrap import Desk, open_desk, upgrade_database
from casedesk.domain.events import DESK, NoteAdded
from casedesk.domain.verification import Report, Verdict
from casedesk.services import audit
from casedesk.settings import Settings
from tests.anchors.authority import Authority, certified, listening, openssl
from tests.store.builders import NOON

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None and os.environ.get("CI") != "true",  # there, its absence fails instead
    reason="openssl is not installed, so nothing stamps here",
)

MESSAGE = b"desk\n7\nroot\n"


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, Authority]:
    folder = tmp_path_factory.mktemp("authorities")
    return certified(folder / "one"), certified(folder / "other")


@pytest.fixture
def authority(authorities: tuple[Authority, Authority]) -> Iterator[Authority]:
    with listening(authorities[0]) as one:
        yield one
        one.answers.clear()


def desk_of(folder: Path, authority: Authority, **more: Any) -> Desk:
    url = f"sqlite:///{folder / 'desk.db'}"
    if not (folder / "desk.key").exists():
        upgrade_database(Settings(database_url=url))
        keys.save(folder / "desk.key", keys.generate("desk"))
    given = {"timestamp_url": authority.url, "timestamp_roots": str(authority.root), **more}
    return open_desk(Settings(database_url=url, checkpoint_every_events=0, checkpoint_every_seconds=0, **given))


def noted(desk: Desk) -> None:
    with desk.writing() as uow:
        uow.ledger.append(NoteAdded(notes="n", via="app"), stream=DESK, user="ana", at=NOON)
        uow.commit()


def verified(desk: Desk) -> Report:
    return audit.verify_database(uow=desk.reading(), anchors=desk.checkpoints.anchors())


def test_a_message_is_stamped_with_the_time_it_was_there(authority: Authority) -> None:
    answer = timestamps.request(authority.url, MESSAGE)
    at = timestamps.check(answer, MESSAGE, timestamps.load_roots(authority.root))
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=2)


def test_another_message_another_root_and_no_root_are_refused(
    authority: Authority, authorities: tuple[Authority, Authority]
) -> None:
    answer = timestamps.request(authority.url, MESSAGE)
    mine, other = (timestamps.load_roots(one.root) for one in authorities)
    for message, roots in ((MESSAGE + b"?", mine), (MESSAGE, other), (MESSAGE, ())):
        with pytest.raises(BadTimestamp, match="no valid time-stamp of this checkpoint"):
            timestamps.check(answer, message, roots)
    assert timestamps.check(answer, MESSAGE, (*other, *mine))


def test_a_bent_answer_is_refused(authority: Authority) -> None:
    answer = timestamps.request(authority.url, MESSAGE)
    roots = timestamps.load_roots(authority.root)
    for at in range(0, len(answer), 37):
        bent = bytearray(answer)
        bent[at] ^= 1
        try:
            timestamps.check(bytes(bent), MESSAGE, roots)
        except BadTimestamp:
            continue
        # a certificate that comes along beside the signer's is not signed by it, and may change
        assert at > len(answer) // 4, at
    with pytest.raises(BadTimestamp, match="not an answer"):
        timestamps.check(b"nothing", MESSAGE, roots)


@pytest.mark.parametrize(
    ("answer", "said"),
    [((500, b""), "refused (HTTP 500)"), ((200, b"nothing"), "is no time-stamp"), ((200, b"x" * 70_000), "refused")],
)
def test_an_authority_that_answers_nonsense_is_told(authority: Authority, answer: tuple[int, bytes], said: str) -> None:
    authority.answers.append(answer)
    with pytest.raises(NoTimestamp) as refused:
        timestamps.request(authority.url, MESSAGE)
    assert said in str(refused.value)


def test_an_old_answer_to_another_question_is_not_taken(authority: Authority) -> None:
    authority.answers.append((200, timestamps.request(authority.url, MESSAGE)))
    with pytest.raises(NoTimestamp, match="of something else"):
        timestamps.request(authority.url, MESSAGE)


def test_a_checkpoint_is_stamped_and_the_verdict_says_since_when(authority: Authority, tmp_path: Path) -> None:
    desk = desk_of(tmp_path, authority)
    noted(desk)
    signed = desk.checkpoints.make()
    assert desk.checkpoints.refusal == ""
    report = verified(desk)
    assert (report.verdict, report.stamped[0]) == (Verdict.VERIFIED, 1)
    assert "a time-stamp shows that events 1 to 1 existed on 20" in report.sentence()
    # and another tool agrees
    stamp = signed.path.with_suffix(".tsr")
    said = openssl("ts", "-verify", "-in", stamp, "-data", signed.path, "-CAfile", authority.root)
    assert said == b"" or b"OK" in said
    noted(desk)
    assert verified(desk).stamped[0] == 1
    desk.close()


def test_a_stamp_of_something_else_is_a_finding(authority: Authority, tmp_path: Path) -> None:
    desk = desk_of(tmp_path, authority)
    noted(desk)
    first = desk.checkpoints.make().path.with_suffix(".tsr")
    noted(desk)
    second = desk.checkpoints.make().path.with_suffix(".tsr")
    second.write_bytes(first.read_bytes())
    report = verified(desk)
    assert report.verdict is Verdict.TAMPERED
    assert report.first is not None
    assert (report.first.case_id, report.stamped) == (f"Checkpoint file {second.name}", (1, report.stamped[1]))
    desk.close()


def test_stamps_are_passed_over_where_no_root_is_named(authority: Authority, tmp_path: Path) -> None:
    desk = desk_of(tmp_path, authority, timestamp_roots="")
    noted(desk)
    desk.checkpoints.make()
    report = verified(desk)
    assert (report.verdict, report.anchored, report.stamped) == (Verdict.VERIFIED, 1, (0, ""))
    desk.close()


def test_a_silent_authority_leaves_the_checkpoint_valid(authority: Authority, tmp_path: Path) -> None:
    desk = desk_of(tmp_path, authority, timestamp_url="http://127.0.0.1:9/tsr")
    noted(desk)
    assert desk.checkpoints.make().new
    assert (
        "was not time-stamped. The time-stamp authority 127.0.0.1 does not answer" in desk.checkpoints.status().problem
    )
    assert verified(desk).anchored == 1
    desk.close()


@pytest.mark.parametrize("content", [None, b"", b"nothing"])
def test_roots_that_are_none_are_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "roots.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadTimestamp, match=r"roots\.pem holds no certificate in PEM form"):
        timestamps.load_roots(path)
