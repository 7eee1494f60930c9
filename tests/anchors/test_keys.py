"""The signing key: its file, its signatures, and that others cannot read it."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from casedesk.anchors import keys
from casedesk.anchors.keys import KeyExists, KeyUnusable
from casedesk.domain.checkpoints import Checkpoint, Signature, SignedCheckpoint, parse_note, write_note

#: The example of the signed note format's first implementation: a key pair, a text, and its signature.
SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
CHECKPOINT = Checkpoint("desk", 7, bytes(32))

posix = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")


def read(note: str) -> SignedCheckpoint:
    return parse_note(note)


def test_a_published_signature_is_accepted(tmp_path: Path) -> None:
    import base64

    (tmp_path / "key.pub").write_text(PUBLIC + "\n")
    raw = base64.b64decode(SIGNATURE)
    signature = Signature("PeterNeumann", raw[:4], raw[4:])
    note = SignedCheckpoint(Checkpoint("PeterNeumann", 0, bytes(32)), TEXT, (signature,))
    (key,) = keys.load_public(tmp_path / "key.pub")
    assert keys.signer(note, [key]) == key
    assert keys.signer(replace(note, signed=TEXT.replace("answer", "Answer")), [key]) is None


def test_a_published_private_key_gives_its_public_key(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(SECRET + "\n")
    path.chmod(0o600)
    assert keys.load_private(path).public.text() == PUBLIC


def test_a_key_is_made_saved_and_read_back(tmp_path: Path) -> None:
    key = keys.generate("desk.bank.example/ledger")
    path = tmp_path / "new" / "checkpoint.key"
    keys.save(path, key)
    assert keys.load_private(path) == key
    assert keys.load_public(keys.public_path(path)) == (key.public,)
    assert keys.generate("desk.bank.example/ledger") != key


@posix
def test_nobody_but_the_owner_can_read_a_new_key(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.key"
    before = os.umask(0)  # the most generous
    try:
        keys.save(path, keys.generate("desk"))
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_not_used(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "checkpoint.key"
    keys.save(path, keys.generate("desk"))
    path.chmod(mode)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        keys.load_private(path)


@pytest.mark.parametrize("there", ["checkpoint.key", "checkpoint.key.pub"])
def test_a_key_is_never_overwritten(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine")
    with pytest.raises(KeyExists, match="left as it is|was left"):
        keys.save(tmp_path / "checkpoint.key", keys.generate("desk"))
    assert (tmp_path / there).read_text() == "mine"


def test_a_private_key_does_not_show_in_a_log() -> None:
    key = keys.generate("desk")
    assert key.seed.hex() not in repr(key)
    assert repr(key.seed) not in repr(key)


def test_a_checkpoint_is_signed_by_its_key_and_no_other() -> None:
    mine, other, namesake = keys.generate("desk"), keys.generate("other"), keys.generate("desk")
    note = read(keys.sign(mine, CHECKPOINT))
    assert keys.signer(note, [other.public, namesake.public, mine.public]) == mine.public
    assert keys.signer(note, [other.public]) is None
    assert keys.signer(note, [namesake.public]) is None
    assert keys.signer(note, []) is None


@pytest.mark.parametrize("line", range(3))
def test_no_line_of_a_signed_checkpoint_can_change(line: int) -> None:
    key = keys.generate("desk")
    note = keys.sign(key, CHECKPOINT)
    lines = note.split("\n")
    lines[line] = ("task", "8", lines[2].replace("AAAA", "AAAB", 1))[line]
    assert keys.signer(read("\n".join(lines)), [key.public]) is None


def test_a_checkpoint_of_another_origin_is_not_ours_whoever_signed_it() -> None:
    key = keys.generate("desk")
    assert keys.signer(read(keys.sign(key, replace(CHECKPOINT, origin="elsewhere"))), [key.public]) is None


def test_a_valid_signature_counts_beside_others() -> None:
    key, witness = keys.generate("desk"), keys.generate("witness")
    own = read(keys.sign(key, CHECKPOINT)).signatures[0]
    torn = replace(own, value=own.value[:-1])
    both = read(write_note(CHECKPOINT.text(), [Signature("witness", witness.public.key_id, b"?" * 64), torn, own]))
    assert keys.signer(both, [key.public]) == key.public
    assert keys.signer(both, [witness.public]) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read"), (b"", "NAME|PRIVATE"), (b"\xff\xfe", "not text"), (PUBLIC.encode(), "PRIVATE")],
)
def test_a_private_key_that_is_none_is_refused_with_its_path(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "checkpoint.key"
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o600)
    with pytest.raises(KeyUnusable, match=said) as refused:
        keys.load_private(path)
    assert str(path) in str(refused.value)


def test_a_private_key_whose_id_was_altered_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.key"
    path.write_text(SECRET.replace("c74f20a3", "c74f20a4"))
    path.chmod(0o600)
    with pytest.raises(KeyUnusable, match="has the id c74f20a3, but its text says c74f20a4"):
        keys.load_private(path)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"nothing", b"\xff", (PUBLIC + "\nnothing").encode()])
def test_a_public_key_that_is_none_is_refused_with_its_path(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key.pub"
    path.write_bytes(content)
    with pytest.raises(KeyUnusable) as refused:
        keys.load_public(path)
    assert str(path) in str(refused.value)
