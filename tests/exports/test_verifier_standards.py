"""The verifier's own Ed25519 and canonical JSON, against RFC 8032 and RFC 8785."""

from __future__ import annotations

from pathlib import Path

import pytest

from casedesk.anchors import keys
from casedesk.domain.checkpoints import Checkpoint
from casedesk.exports.verifier import verify
from tests.exports.packets import KEY, TRUSTED


def test_every_bit_of_a_signature_counts() -> None:
    note = keys.sign(KEY, Checkpoint(KEY.public.name, 3, bytes(32)))
    text, _, _, _, ((_, value),) = verify.read_checkpoint(note)
    raw = TRUSTED[0][2]
    assert verify.ed25519_valid(raw, text.encode(), value[4:])
    for bit in range(0, 512, 7):
        bent = bytearray(value[4:])
        bent[bit // 8] ^= 1 << bit % 8
        assert not verify.ed25519_valid(raw, text.encode(), bytes(bent))
    assert not verify.ed25519_valid(raw, b"another text", value[4:])
    assert not verify.ed25519_valid(raw, text.encode(), value[4:-1])
    # RFC 8032 section 5.1.7: s must lie below the order of the group, or one signature had many writings
    high = (int.from_bytes(value[36:], "little") + verify._L).to_bytes(32, "little")
    assert not verify.ed25519_valid(raw, text.encode(), value[4:36] + high)


#: RFC 8032 section 7.1, tests 1 to 3: public key, message, signature.
RFC_8032 = (
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
)


@pytest.mark.parametrize(("key", "message", "signature"), RFC_8032)
def test_the_standard_s_own_signatures_are_valid(key: str, message: str, signature: str) -> None:
    raw, said, value = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
    assert verify.ed25519_valid(raw, said, value)
    assert not verify.ed25519_valid(raw, said + b"?", value)


@pytest.mark.shared
def test_the_shared_vectors_of_canonical_json_are_written_as_they_say(shared: Path) -> None:
    folder = shared / "formats" / "jcs"
    whole_numbers = 0
    for path in sorted((folder / "input").glob("*.json")):
        try:
            value = verify.parse(path.read_text(encoding="utf-8"))
        except ValueError:
            continue  # bodies hold no fractions, and the verifier refuses them
        written = verify.canonical(value).encode("utf-8")
        assert written == (folder / "output" / path.name).read_bytes(), path.name
        assert written.hex(" ").split() == (folder / "outhex" / f"{path.stem}.txt").read_text().split(), path.name
        whole_numbers += 1
    assert whole_numbers >= 3
