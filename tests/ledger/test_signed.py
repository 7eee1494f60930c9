"""What only a signed checkpoint betrays: edits by somebody who owns the database and makes all of it agree again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import rfc8785
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casedesk.anchors import keys
from casedesk.anchors.folder import CheckpointFolder
from casedesk.domain.checkpoints import Checkpoint, PrivateKey
from casedesk.domain.events import DESK, NoteAdded
from casedesk.domain.ledger import ZERO_HASH, Recorded, commitment
from casedesk.domain.merkle import Frontier, root_of_inclusion, roots_of_consistency
from casedesk.domain.verification import Report, Verdict
from casedesk.errors import Invalid
from casedesk.services import audit, checkpoints
from casedesk.services.checkpoints import NoSuchCheckpoint, NotExtended, Signed
from casedesk.store.tables import alerts, case_events, cases, ledger_head, metadata
from casedesk.store.unit_of_work import Reading, Writing
from tests.ledger.asking import Tamper, everything, verdict
from tests.ledger.test_tampered_events import values
from tests.store.builders import NOON, alert, open_case

KEY = keys.generate("desk.bank.example/ledger")


@dataclass
class Signing:
    """A desk, and the folder of its checkpoints."""

    engine: Engine
    folder: CheckpointFolder

    def sign(self, key: PrivateKey = KEY) -> Signed:
        return checkpoints.make(look=Reading(self.engine), folder=self.folder, keys=[key.public], key=key)

    def verify(self) -> Report:
        anchors = checkpoints.anchors(self.folder, [KEY.public])
        return audit.verify_database(uow=Reading(self.engine), anchors=anchors)

    def found(self, column: str) -> Report:
        report = self.verify()
        assert report.verdict is Verdict.TAMPERED, report.sentence()
        assert report.first is not None
        assert report.first.column == column, report.sentence()
        assert report.first.expected != report.first.got
        return report

    def write(self, checkpoint: Checkpoint, key: PrivateKey = KEY) -> Path:
        path = self.folder.path / f"{checkpoint.size:012}.checkpoint"
        path.write_text(keys.sign(key, checkpoint), encoding="utf-8")
        return path

    def more(self, count: int = 1) -> None:
        with Writing(self.engine) as uow:
            for n in range(count):
                note = NoteAdded(notes=f"Later, {n}", via="app")
                uow.ledger.append(note, stream=DESK, user="ana", at=NOON)
            uow.commit()


@pytest.fixture
def signing(desk: Engine, tmp_path: Path) -> Signing:
    """A desk signed twice: in the middle of its life, and at the end."""
    signing = Signing(desk, CheckpointFolder(tmp_path / "checkpoints"))
    signing.sign()
    signing.more(3)
    signing.sign()
    return signing


def rebuilt(rows: Iterable[Recorded]) -> list[Recorded]:
    """Number and chain events anew, as a ledger that had never held anything else."""
    tips: dict[str, tuple[int, str]] = {}
    done: list[Recorded] = []
    for event_id, row in enumerate(rows, 1):
        seq, prev_hash = tips.get(row.case_id, (0, ZERO_HASH))
        place = {"event_id": event_id, "case_seq": seq + 1, "prev_hash": prev_hash}
        body = rfc8785.dumps({**json.loads(row.body), **place, "notes": commitment(row)})
        new = row._replace(**place, body=body, event_hash=sha256(body).hexdigest())
        tips[row.case_id] = (new.case_seq, new.event_hash)
        done.append(new)
    return done


def rewrite(tamper: Tamper, rows: Iterable[Recorded], *more: Any) -> None:
    """Put other events in the place of all, with a head that agrees."""
    new = rebuilt(rows)
    frontier = Frontier()
    for row in new:
        frontier.append(row.body)
    head = {"size": frontier.size, "root": frontier.root(), "frontier": frontier.dump()}
    inserts = [sa.insert(case_events).values(values(row)) for row in new]
    tamper(sa.delete(case_events), *inserts, sa.update(ledger_head).values(head), *more)


def edited(rows: list[Recorded], at: int) -> list[Recorded]:
    return [*rows[:at], rows[at]._replace(notes="Nothing to see here."), *rows[at + 1 :]]


def place_of_a_note(rows: list[Recorded]) -> int:
    return next(at for at, row in enumerate(rows) if row.action == "note_added")


def test_an_untouched_desk_is_anchored_to_its_end(signing: Signing) -> None:
    report = signing.verify()
    assert (report.verdict, report.anchored) == (Verdict.VERIFIED, report.events)
    assert report.sentence().endswith("a signed checkpoint covers all of them.")


def test_the_report_says_how_far_signatures_reach(signing: Signing) -> None:
    signing.more(2)
    report = signing.verify()
    assert (report.verdict, report.events - report.anchored) == (Verdict.VERIFIED, 2)
    assert report.sentence().endswith(f"covers events 1 to {report.anchored:,}, the 2 after it none.")
    assert verdict(signing.engine).anchored == 0


def test_a_whole_ledger_rebuilt_is_found(signing: Signing, tamper: Tamper) -> None:
    rows = everything(signing.engine)
    rewrite(tamper, edited(rows, place_of_a_note(rows)))
    assert verdict(signing.engine).verdict is Verdict.VERIFIED  # nothing inside the database tells
    report = signing.found("root")
    assert report.first is not None
    assert report.first.problem.startswith("The first ")
    assert len(report.findings) == 2


def test_the_finding_says_between_which_checkpoints_the_edit_lies(signing: Signing, tamper: Tamper) -> None:
    rows = everything(signing.engine)
    rewrite(tamper, edited(rows, len(rows) - 2))
    assert verdict(signing.engine).verdict is Verdict.VERIFIED
    report = signing.found("root")
    assert report.anchored == len(rows) - 3
    assert report.first is not None
    assert report.first.problem == f"Events {len(rows) - 2:,} to {len(rows):,} are not those that were signed."


def test_a_tail_cut_below_the_last_checkpoint_is_found(signing: Signing, tamper: Tamper) -> None:
    rows = everything(signing.engine)
    rewrite(tamper, rows[:-1])
    assert verdict(signing.engine).verdict is Verdict.VERIFIED
    first = signing.found("size").first
    assert first is not None
    assert (first.expected, first.got) == (str(len(rows)), str(len(rows) - 1))


def test_a_tail_cut_above_the_last_checkpoint_is_the_residual_risk(signing: Signing, tamper: Tamper) -> None:
    rows = everything(signing.engine)
    signing.more()
    rewrite(tamper, rows)
    report = signing.verify()
    assert (report.verdict, report.anchored) == (Verdict.VERIFIED, len(rows))


def test_a_whole_case_deleted_with_all_its_traces_is_found(signing: Signing, tamper: Tamper) -> None:
    rows = everything(signing.engine)
    gone = rows[0].case_id
    rewrite(
        tamper,
        [row for row in rows if row.case_id != gone],
        sa.update(alerts).where(alerts.c.case_id == gone).values(case_id=None),
        sa.delete(cases).where(cases.c.case_id == gone),
    )
    signing.found("root")


def test_a_case_deleted_and_made_again_under_its_id_is_found(signing: Signing, tamper: Tamper) -> None:
    rows = everything(signing.engine)
    gone = rows[0].case_id
    rewrite(
        tamper,
        [row for row in rows if row.case_id != gone],
        sa.update(alerts).where(alerts.c.case_id == gone).values(case_id=None),
        sa.delete(cases).where(cases.c.case_id == gone),
        sa.text("UPDATE counters SET value = 0"),
    )
    with Writing(signing.engine) as uow:
        assert open_case(uow, alert(1)).case_id == gone
        uow.commit()
    signing.found("root")


def test_an_older_backup_is_found(signing: Signing, tamper: Tamper) -> None:
    with signing.engine.connect() as connection:
        backup = {table: connection.execute(sa.select(table)).mappings().all() for table in metadata.sorted_tables}
    size = len(everything(signing.engine))
    with Writing(signing.engine) as uow:
        open_case(uow, alert(4))
        uow.commit()
    signing.sign()
    filled = [(table, rows) for table, rows in backup.items() if rows]
    tamper(
        *(sa.delete(table) for table, _ in reversed(filled)),
        *(sa.insert(table).values([dict(row) for row in rows]) for table, rows in filled),
    )
    assert len(everything(signing.engine)) == size
    assert verdict(signing.engine).verdict is Verdict.VERIFIED
    signing.found("size")


def test_a_desk_reset_to_nothing_is_found(signing: Signing, tamper: Tamper) -> None:
    empty = sha256(b"").hexdigest()
    tamper(
        sa.delete(case_events),
        sa.update(alerts).where(alerts.c.case_id.is_not(None)).values(case_id=None),
        sa.delete(cases),
        sa.update(ledger_head).values(size=0, root=empty, frontier=""),
    )
    assert verdict(signing.engine).verdict is Verdict.NOT_EVALUATED
    signing.found("size")


@pytest.mark.parametrize("what", ["another key", "a key of that name", "another origin", "torn", "renamed", "emptied"])
def test_a_checkpoint_that_is_not_ours_is_found(signing: Signing, what: str) -> None:
    newest = signing.folder.newest()
    assert newest is not None
    assert newest.note is not None
    ours = newest.note.checkpoint
    if what == "another key":
        other = keys.generate("other.example")
        signing.write(replace(ours, origin="other.example"), other)
    elif what == "a key of that name":
        signing.write(ours, keys.generate(KEY.public.name))
    elif what == "another origin":
        signing.write(replace(ours, origin="other.example"))
    elif what == "torn":
        newest.path.write_bytes(newest.path.read_bytes()[:-10])
    elif what == "emptied":
        newest.path.write_bytes(b"")
    else:
        newest.path.rename(newest.path.with_name("000000000999.checkpoint"))
    first = signing.found("checkpoint").first
    assert first is not None
    assert first.case_id.startswith("Checkpoint file 000000000")
    with pytest.raises(NotExtended, match="Nothing was signed"):
        signing.sign()


@pytest.mark.parametrize("step", [1, -1])
def test_a_checkpoint_of_another_size_is_found(signing: Signing, step: int) -> None:
    newest = signing.folder.newest()
    assert newest is not None
    assert newest.note is not None
    ours = newest.note.checkpoint
    newest.path.unlink()
    signing.write(replace(ours, size=ours.size + step))  # signed by our key, and still not so
    signing.found("size" if step == 1 else "root")


def test_without_the_keys_a_folder_proves_nothing(signing: Signing) -> None:
    anchors = checkpoints.anchors(signing.folder, [])
    assert not anchors.valid
    assert len(anchors.problems) == 2


def test_an_old_key_s_checkpoints_stay_valid_beside_a_new_one(signing: Signing) -> None:
    new = keys.generate("desk.bank.example/second")
    signing.more()
    both = [new.public, KEY.public]
    checkpoints.make(look=Reading(signing.engine), folder=signing.folder, keys=both, key=new)
    anchors = checkpoints.anchors(signing.folder, both)
    report = audit.verify_database(uow=Reading(signing.engine), anchors=anchors)
    assert (report.verdict, report.anchored, len(anchors.valid)) == (Verdict.VERIFIED, report.events, 3)


def test_nothing_new_is_not_signed_twice(signing: Signing) -> None:
    before = sorted(path.name for path in signing.folder.path.iterdir())
    assert signing.sign().new is False
    assert sorted(path.name for path in signing.folder.path.iterdir()) == before


def test_an_empty_ledger_is_not_signed(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="nothing to sign"):
        Signing(engine, CheckpointFolder(tmp_path)).sign()


@pytest.mark.parametrize("kept", [True, False])
def test_a_rewritten_past_is_not_signed(signing: Signing, tamper: Tamper, kept: bool) -> None:
    if not kept:
        for path in signing.folder.path.glob("*.frontier"):
            path.unlink()
    rows = everything(signing.engine)
    rewrite(tamper, edited(rows, place_of_a_note(rows)))
    signing.more()
    with pytest.raises(NotExtended, match="do not add up|are not those"):
        signing.sign()
    assert len(signing.folder.stored()) == 2


def test_a_shortened_ledger_is_not_signed_even_after_it_grew_again(signing: Signing, tamper: Tamper) -> None:
    rewrite(tamper, everything(signing.engine)[:-2])
    with pytest.raises(NotExtended, match="its end was cut off, or an older backup was restored"):
        signing.sign()
    signing.more(5)
    with pytest.raises(NotExtended, match="do not add up"):
        signing.sign()


def test_a_first_signature_needs_a_head_that_agrees(desk: Engine, tamper: Tamper, tmp_path: Path) -> None:
    tamper(sa.update(ledger_head).values(root="0" * 64))
    with pytest.raises(NotExtended, match="from the first on"):
        Signing(desk, CheckpointFolder(tmp_path)).sign()


@pytest.mark.parametrize("damage", ["gone", "torn", "another", "nonsense"])
def test_the_next_checkpoint_does_not_trust_what_lies_beside_the_last(signing: Signing, damage: str) -> None:
    first, second = sorted(signing.folder.path.glob("*.frontier"))
    if damage == "gone":
        second.unlink()
    elif damage == "torn":
        second.write_bytes(second.read_bytes()[:-2])
    elif damage == "another":
        second.write_bytes(first.read_bytes())
    else:
        second.write_bytes("é".encode())
    signing.more()
    assert signing.sign().new
    assert signing.verify().anchored == len(everything(signing.engine))


def test_only_new_events_are_read_for_the_next_checkpoint(signing: Signing, tamper: Tamper) -> None:
    # an edit of an old body that leaves the head alone is for the verifier; signing builds on what was signed before
    rows = everything(signing.engine)
    tamper(sa.update(case_events).where(case_events.c.event_id == 1).values(body=b"{}"))
    signing.more()
    assert signing.sign().checkpoint.size == len(rows) + 1
    assert signing.verify().verdict is Verdict.TAMPERED


def test_any_event_is_proved_to_stand_in_any_later_ledger(signing: Signing) -> None:
    rows = everything(signing.engine)
    for size in (len(rows), len(rows) - 3):
        for event_id in (1, size // 2, size):
            proof = checkpoints.inclusion(look=Reading(signing.engine), event_id=event_id, size=size)
            leaf = sha256(b"\x00" + rows[event_id - 1].body).digest()
            assert root_of_inclusion(leaf, event_id - 1, size, proof.hashes) == proof.root
            assert proof.leaf_hash == leaf
    signed = [stored.note.checkpoint.root for stored in signing.folder.stored() if stored.note]
    assert proof.root == signed[0]
    with pytest.raises(Invalid, match="does not stand in a ledger of"):
        checkpoints.inclusion(look=Reading(signing.engine), event_id=len(rows) + 1)


def test_a_checkpoint_is_proved_to_go_on_from_an_earlier_one(signing: Signing) -> None:
    old, new = (stored.note.checkpoint for stored in signing.folder.stored() if stored.note)
    asked: dict[str, Any] = {"look": Reading(signing.engine), "folder": signing.folder, "keys": [KEY.public]}
    proof = checkpoints.consistency(**asked, old=old.size, new=new.size)
    assert roots_of_consistency(old.size, new.size, old.root, proof.hashes) == (old.root, new.root)
    with pytest.raises(NoSuchCheckpoint, match="no valid checkpoint of size 2; the newest sizes are: "):
        checkpoints.consistency(**asked, old=2, new=new.size)
    with pytest.raises(Invalid, match="older checkpoint first"):
        checkpoints.consistency(**asked, old=new.size, new=old.size)


def test_no_consistency_is_shown_over_a_rewritten_ledger(signing: Signing, tamper: Tamper) -> None:
    rows = everything(signing.engine)
    rewrite(tamper, edited(rows, place_of_a_note(rows)))
    sizes = [stored.note.checkpoint.size for stored in signing.folder.stored() if stored.note]
    with pytest.raises(NotExtended, match="are not those of the checkpoint"):
        checkpoints.consistency(
            look=Reading(signing.engine), folder=signing.folder, keys=[KEY.public], old=sizes[0], new=sizes[1]
        )
