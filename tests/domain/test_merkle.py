"""The RFC 6962 tree, held against published roots and against the definition written down naively."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casedesk.domain.merkle import (
    EMPTY_ROOT,
    Frontier,
    Tree,
    leaf_hash,
    root_of_inclusion,
    roots_of_consistency,
)

#: The leaves and the roots of the first n of them that Certificate Transparency implementations test themselves with.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def grown(bodies: list[bytes]) -> Frontier:
    frontier = Frontier()
    for body in bodies:
        frontier.append(body)
    return frontier


def defined(bodies: list[bytes]) -> bytes:
    """The tree hash as RFC 6962 section 2.1 writes it down."""
    if not bodies:
        return sha256(b"").digest()
    if len(bodies) == 1:
        return sha256(b"\x00" + bodies[0]).digest()
    split = 1
    while split * 2 < len(bodies):
        split *= 2
    return sha256(b"\x01" + defined(bodies[:split]) + defined(bodies[split:])).digest()


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    assert grown(LEAVES[:size]).root() == ROOTS[size]


def test_the_empty_root_is_the_hash_of_nothing() -> None:
    assert ROOTS[0] == EMPTY_ROOT == Frontier().root()


@pytest.mark.shared
def test_the_shared_vectors_of_inclusion_agree_with_these_leaves(shared: Path) -> None:
    seen = set()
    for path in sorted((shared / "formats" / "merkle" / "inclusion").glob("[0-9]/happy-path.json")):
        vector = json.loads(path.read_text())
        size, index = vector["treeSize"], vector["leafIdx"]
        assert base64.b64decode(vector["root"]).hex() == grown(LEAVES[:size]).root(), path
        assert base64.b64decode(vector["leafHash"]) == leaf_hash(LEAVES[index]), path
        seen.add((size, index))
    assert len(seen) >= 4


@given(st.integers(0, 200), st.binary(max_size=8))
def test_every_size_gives_the_root_that_the_standard_defines(size: int, salt: bytes) -> None:
    bodies = [salt + n.to_bytes(2, "big") for n in range(size)]
    assert grown(bodies).root() == defined(bodies).hex()


@given(st.integers(0, 200), st.integers(0, 20))
def test_a_tree_goes_on_from_its_stored_frontier(size: int, more: int) -> None:
    bodies = [n.to_bytes(2, "big") for n in range(size + more)]
    before = grown(bodies[:size])
    again = Frontier.load(before.size, before.dump())
    for body in bodies[size:]:
        again.append(body)
    assert again.root() == grown(bodies).root()
    assert again.dump() == grown(bodies).dump()
    assert len(again.hashes()) == again.size.bit_count()


@pytest.mark.parametrize("size", [511, 512, 513, 1024, 1537])
@pytest.mark.parametrize("looked_at", [1, 3, 600])
def test_leaves_that_are_joined_together_give_the_defined_root(size: int, looked_at: int) -> None:
    bodies = [n.to_bytes(2, "big") for n in range(size)]
    frontier = Frontier()
    for n, body in enumerate(bodies, start=1):
        frontier.append(body)
        if n % looked_at == 0 and n < 20:
            assert frontier.root() == defined(bodies[:n]).hex()
    assert frontier.root() == defined(bodies).hex()
    assert Frontier.load(size, frontier.dump()).root() == frontier.root()


@given(st.integers(1, 60), st.data())
def test_no_leaf_can_change_move_or_go_without_changing_the_root(size: int, data: st.DataObject) -> None:
    bodies = [n.to_bytes(2, "big") for n in range(size)]
    place = data.draw(st.integers(0, size - 1))
    root = grown(bodies).root()
    assert grown([*bodies[:place], b"other", *bodies[place + 1 :]]).root() != root
    assert grown([*bodies[:place], *bodies[place + 1 :]]).root() != root
    assert grown([*bodies, bodies[place]]).root() != root
    if place:
        bodies[0], bodies[place] = bodies[place], bodies[0]
        assert grown(bodies).root() != root


def test_a_node_does_not_pass_for_a_leaf() -> None:
    two = grown([b"a", b"b"])
    inner = leaf_hash(b"a") + leaf_hash(b"b")
    assert grown([inner]).root() != two.root()


def test_a_frontier_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="a tree of 3 leaves has 2 frontier hashes, not 1"):
        Frontier.load(3, "00" * 32)


def bodies_of(size: int) -> list[bytes]:
    return [n.to_bytes(2, "big") for n in range(size)]


@pytest.mark.shared
def test_the_shared_vectors_of_inclusion_are_accepted_and_refused_as_they_say(shared: Path) -> None:
    seen = {True: 0, False: 0}
    for path in sorted((shared / "formats" / "merkle" / "inclusion").rglob("*.json")):
        vector = json.loads(path.read_text())
        proof = [base64.b64decode(step) for step in vector["proof"] or ()]
        leaf = base64.b64decode(vector["leafHash"] or "")
        try:
            found = root_of_inclusion(leaf, vector["leafIdx"], vector["treeSize"], proof)
        except ValueError:
            found = None
        accepted = len(leaf) == 32 and found == base64.b64decode(vector["root"] or "")
        assert accepted is not vector["wantErr"], f"{path}: {vector['desc']}"
        seen[accepted] += 1
    assert seen[True] >= 5, seen
    assert seen[False] >= 50, seen


@given(st.integers(1, 130), st.data())
def test_each_leaf_of_each_size_has_a_path_to_the_root_and_to_no_other(size: int, data: st.DataObject) -> None:
    bodies = bodies_of(size)
    tree = Tree(bodies)
    upto = data.draw(st.integers(1, size))
    leaf = data.draw(st.integers(0, upto - 1))
    path = tree.inclusion(leaf, upto)
    root = defined(bodies[:upto])
    assert tree.root(upto) == root
    assert root_of_inclusion(leaf_hash(bodies[leaf]), leaf, upto, path) == root
    assert root_of_inclusion(leaf_hash(b"other"), leaf, upto, path) != root
    for step in range(len(path)):
        bent = [*path[:step], sha256(path[step]).digest(), *path[step + 1 :]]
        assert root_of_inclusion(leaf_hash(bodies[leaf]), leaf, upto, bent) != root
    for wrong in ([*path, root], path[:-1]):
        if len(wrong) != len(path):
            with pytest.raises(ValueError, match="than the tree is high"):
                root_of_inclusion(leaf_hash(bodies[leaf]), leaf, upto, wrong)


@given(st.integers(1, 130), st.data())
def test_any_two_sizes_have_a_proof_that_the_larger_begins_with_the_smaller(size: int, data: st.DataObject) -> None:
    bodies = bodies_of(size)
    tree = Tree(bodies)
    new = data.draw(st.integers(1, size))
    old = data.draw(st.integers(1, new))
    proof = tree.consistency(old, new)
    roots = defined(bodies[:old]), defined(bodies[:new])
    assert roots_of_consistency(old, new, roots[0], proof) == roots
    for step in range(len(proof)):
        bent = [*proof[:step], sha256(proof[step]).digest(), *proof[step + 1 :]]
        assert roots_of_consistency(old, new, roots[0], bent) != roots
    rewritten = Tree([b"other", *bodies[1:]])
    if old < new:
        claimed = roots[0], rewritten.root(new)
        assert roots_of_consistency(old, new, roots[0], rewritten.consistency(old, new)) != claimed
        with pytest.raises(ValueError, match="proof is"):
            roots_of_consistency(old, new, roots[0], proof[:-1])
    with pytest.raises(ValueError, match="proof"):
        roots_of_consistency(old, new, roots[0], [*proof, roots[1]])


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3), (1, 4)])
def test_no_proof_is_made_for_sizes_that_there_are_not(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="leaves"):
        Tree(bodies_of(3)).consistency(old, new)


def test_no_path_is_made_for_a_leaf_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="leaf 2 is not among the first 2"):
        Tree(bodies_of(3)).inclusion(2, 2)
    with pytest.raises(ValueError, match="there are 3 leaves, not 4"):
        Tree(bodies_of(3)).inclusion(0, 4)


def test_a_copied_frontier_grows_by_itself() -> None:
    first = grown(bodies_of(5))
    second = first.copy()
    second.append(b"more")
    assert (first.root(), second.root()) == (grown(bodies_of(5)).root(), grown([*bodies_of(5), b"more"]).root())
