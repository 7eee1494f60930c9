"""`casedesk audit keygen`, `checkpoint`, `prove` and `consistency`, as an operator and an outsider use them."""

from __future__ import annotations

import base64
import stat
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.builders import TestDesk
from tests.cli.conftest import Command, Told
from tests.databases import drop_guard

Signing = Callable[..., Told]


@pytest.fixture
def signing(casedesk: Command, desk: TestDesk, tmp_path: Path) -> Signing:
    """The command line of a desk with a case, told where its checkpoints and its key are."""
    desk.customer()
    desk.take("ann", desk.open())

    def call(*arguments: object) -> Told:
        return casedesk(
            *arguments, checkpoint_dir=tmp_path / "checkpoints", checkpoint_key=tmp_path / "keys" / "desk.key"
        )

    return call


def by_hand(note: str, public: str) -> tuple[int, str]:
    """Check a checkpoint with nothing of ours: return its size and its root in hex."""
    name, key_id, encoded = public.split("+", 2)
    key = base64.b64decode(encoded)
    assert key[:1] == b"\x01"
    assert sha256(name.encode() + b"\n" + key).digest()[:4].hex() == key_id
    text, signature = note.split("\n\n")
    dash, signer, value = signature.removesuffix("\n").split(" ")
    raw = base64.b64decode(value)
    assert (dash, signer, raw[:4].hex()) == ("—", name, key_id)
    Ed25519PublicKey.from_public_bytes(key[1:]).verify(raw[4:], f"{text}\n".encode())
    origin, size, root = text.split("\n")
    assert origin == name
    return int(size), base64.b64decode(root).hex()


def test_a_key_is_made_and_the_ledger_signed_so_that_others_can_check_it(
    signing: Signing, desk: TestDesk, tmp_path: Path
) -> None:
    made = signing("audit", "keygen", "--name", "desk.bank.example/ledger")
    public = made.out.splitlines()[-1]
    assert (made.code, public) == (0, (tmp_path / "keys" / "desk.key.pub").read_text().strip())
    assert stat.S_IMODE((tmp_path / "keys" / "desk.key").stat().st_mode) == 0o600
    signed = signing("audit", "checkpoint", "--json").json
    (file,) = (tmp_path / "checkpoints").glob("*.checkpoint")
    assert by_hand(file.read_text(), public) == (desk.size(), signed["root"])
    assert (signed["origin"], signed["size"], signed["new"]) == ("desk.bank.example/ledger", desk.size(), True)
    again = signing("audit", "checkpoint")
    assert (again.code, again.out.startswith("Signed already: ")) == (0, True)
    report = signing("audit", "verify", "--json").json
    assert (report["verdict"], report["anchored"], report["events"]) == ("VERIFIED", desk.size(), desk.size())
    assert "a signed checkpoint covers all of them" in signing("audit", "verify").out


def test_a_second_key_is_refused_and_the_first_kept(signing: Signing, tmp_path: Path) -> None:
    assert signing("audit", "keygen").code == 0
    before = (tmp_path / "keys" / "desk.key").read_bytes()
    refused = signing("audit", "keygen")
    assert (refused.code != 0, "There is a key at" in refused.err) == (True, True)
    assert (tmp_path / "keys" / "desk.key").read_bytes() == before


def test_two_desks_get_different_origins(signing: Signing, tmp_path: Path) -> None:
    signing("audit", "keygen")
    first = (tmp_path / "keys" / "desk.key.pub").read_text().split("+")[0]
    (tmp_path / "keys").rename(tmp_path / "old")
    signing("audit", "keygen")
    assert (tmp_path / "keys" / "desk.key.pub").read_text().split("+")[0] != first


def test_a_name_with_a_space_is_refused(signing: Signing, tmp_path: Path) -> None:
    refused = signing("audit", "keygen", "--name", "our desk")
    assert (refused.code != 0, "“our desk” cannot name a key" in refused.err) == (True, True)
    assert not (tmp_path / "keys").exists()


def test_without_a_key_the_command_that_makes_one_is_named(signing: Signing) -> None:
    refused = signing("audit", "checkpoint")
    assert (refused.code != 0, "run: casedesk audit keygen" in refused.err) == (True, True)


def test_a_shortened_ledger_is_neither_signed_nor_verified(signing: Signing, desk: TestDesk) -> None:
    signing("audit", "keygen")
    signing("audit", "checkpoint")
    drop_guard(desk.engine)
    desk.tamper(sa.text(f"DELETE FROM case_events WHERE event_id = {desk.size()}"))
    told = signing("audit", "verify")
    assert told.code == 1
    assert "covers more events than there are" in told.out
    desk.tamper(sa.text("UPDATE ledger_head SET size = size - 1"))
    refused = signing("audit", "checkpoint")
    assert refused.code != 0
    assert "or an older backup was restored. Nothing was signed." in refused.err


def test_a_foreign_file_in_the_folder_is_a_finding(signing: Signing, tmp_path: Path) -> None:
    signing("audit", "keygen")
    signing("audit", "checkpoint")
    (tmp_path / "checkpoints" / "000000000001.checkpoint").write_text("not a note")
    told = signing("audit", "verify")
    assert (told.code, "Checkpoint file 000000000001.checkpoint" in told.out) == (1, True)


def root_from(proof: dict[str, Any]) -> str:
    """The audit path followed by the definition, top down."""
    steps = [bytes.fromhex(step) for step in proof["proof"]]

    def follow(leaf: int, size: int) -> bytes:
        if size == 1:
            return bytes.fromhex(proof["leaf_hash"])
        left = 1
        while left * 2 < size:
            left *= 2
        other = steps.pop()
        if leaf < left:
            return sha256(b"\x01" + follow(leaf, left) + other).digest()
        return sha256(b"\x01" + other + follow(leaf - left, size - left)).digest()

    found = follow(proof["leaf_index"], proof["tree_size"]).hex()
    assert not steps
    return found


def test_proofs_are_printed_for_outsiders(signing: Signing, desk: TestDesk) -> None:
    signing("audit", "keygen")
    old = signing("audit", "checkpoint", "--json").json
    desk.note("ann", next(row[0] for row in desk.dump()["cases"]))
    new = signing("audit", "checkpoint", "--json").json
    for event in range(1, new["size"] + 1):
        proof = signing("audit", "prove", event).json
        assert root_from(proof) == proof["root"] == new["root"]
    assert signing("audit", "prove", 1, "--size", old["size"]).json["root"] == old["root"]
    proof = signing("audit", "consistency", old["size"], new["size"]).json
    assert (proof["old_root"], proof["new_root"]) == (old["root"], new["root"])
    assert proof["proof"]
    missing = signing("audit", "prove", 999)
    assert (missing.code != 0, "Event 999 does not stand" in missing.err) == (True, True)
    missing = signing("audit", "consistency", 1, new["size"])
    assert (missing.code != 0, "no valid checkpoint of size 1" in missing.err) == (True, True)
