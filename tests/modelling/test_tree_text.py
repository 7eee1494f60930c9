from __future__ import annotations

import re
from random import Random

import numpy as np
import pytest

from casedesk.modelling import trees
from casedesk.modelling.model_files import TREES, UnusableModel
from casedesk.modelling.tree_text import Malformed, safe
from casedesk.services.default_model import FOLDER

TEXT = (FOLDER / TREES).read_text()
FIRST = TEXT.index("\nTree=0\n")


def altered(pattern: str, by: str) -> str:
    """Change the first line of the first tree that fits, or the first of the head where no tree has one."""
    found = re.compile(pattern, re.MULTILINE).search(TEXT, FIRST) or re.compile(pattern, re.MULTILINE).search(TEXT)
    assert found
    return TEXT[: found.start()] + by + TEXT[found.end() :]


@pytest.mark.parametrize(
    ("pattern", "by", "said"),
    [
        (r"^num_leaves=16$", "num_leaves=0", "Tree 0 has no leaf"),
        (r"^num_leaves=16$", "num_leaves=17", "leaf_value of tree 0 has 16 numbers instead of 17"),
        (r"^num_leaves=16$", "num_leaves=1.6e1", "num_leaves of tree 0 is no list of numbers"),
        (r"^num_leaves=16\n", "", "num_leaves of tree 0 has 0 numbers instead of 1"),
        (r"^num_leaves=16$", "num_leaves=16\nnum_leaves=2000000000", "num_leaves stands twice in tree 0"),
        (r"^num_cat=0$", "num_cat=1", "Tree 0 is of a kind that the desk does not make"),
        (r"^is_linear=0$", "is_linear=1", "Tree 0 is of a kind that the desk does not make"),
        (r"^split_feature=\d+ ", "split_feature=99 ", "Tree 0 splits by a feature that is not there"),
        (r"^split_feature=\d+ ", "split_feature=-1 ", "Tree 0 splits by a feature that is not there"),
        (r"^left_child=\S+ ", "left_child=15 ", "Tree 0 does not hang together"),
        (r"^left_child=\S+ ", "left_child=0 ", "Tree 0 does not hang together"),
        (r"^right_child=\S+ ", "right_child=-17 ", "Tree 0 does not hang together"),
        (r"^threshold=\S+ ", "threshold=", "threshold of tree 0 has 14 numbers instead of 15"),
        (r"^leaf_value=\S+ ", "leaf_value=much ", "leaf_value of tree 0 is no list of numbers"),
        (r"^Tree=0$", "Tree=7", "Tree 0 is missing"),
        (r"^end of trees$", "end", "The trees have no end"),
        (r"^num_class=1$", "num_class=2", "The trees are of more than one class"),
        (r"^max_feature_idx=98$", "max_feature_idx=2147483647", "feature_names is not of 2147483648 features"),
        (r"^feature_infos=\S+ ", "feature_infos=", "feature_infos is not of 99 features"),
    ],
)  # fmt: skip
def test_trees_that_do_not_hang_together_are_refused_by_what_is_wrong(pattern: str, by: str, said: str) -> None:
    with pytest.raises(Malformed, match=said):
        safe(altered(pattern, by))
    with pytest.raises(UnusableModel, match=said):
        trees.from_text(altered(pattern, by))


def test_a_split_that_leads_back_to_an_earlier_one_is_refused() -> None:
    """Each child hangs below one split, and two splits lead to each other: LightGBM would follow them for ever."""
    tree = "Tree=0\nnum_leaves=4\nnum_cat=0\nsplit_feature=0 0 0\nthreshold=1 1 1\ndecision_type=2 2 2\n"
    tree += "split_gain=1 1 1\ninternal_value=0 0 0\ninternal_weight=1 1 1\ninternal_count=1 1 1\n"
    tree += "leaf_value=1 2 3 4\nleaf_weight=1 1 1 1\nleaf_count=1 1 1 1\n"
    head = "tree\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=0\nfeature_names=a\nfeature_infos=[0:1]\n\n"
    end = "\n\nend of trees\n"
    assert safe(f"{head}{tree}left_child=-1 2 -2\nright_child=1 -3 -4{end}")
    with pytest.raises(Malformed, match="does not hang together"):
        safe(f"{head}{tree}left_child=-1 2 1\nright_child=-2 -3 -4{end}")


def test_trees_score_alike_without_the_lengths_that_end_a_process_where_they_are_wrong() -> None:
    rows = np.random.default_rng(1).normal(size=(500, 99)).astype(np.float32) * 1000
    expected = trees.raw_scores(trees.lightgbm().Booster(model_str=TEXT), rows)
    assert (trees.raw_scores(trees.from_text(TEXT), rows) == expected).all()
    other = altered(r"^tree_sizes=\d+ ", "tree_sizes=9 ")
    assert (trees.raw_scores(trees.from_text(other), rows) == expected).all()


def test_no_alteration_ends_the_process() -> None:
    """The process is this one: where LightGBM ended it, no test after this would be told of."""
    throw, rows = Random(1), np.zeros((2, 99), np.float32)
    read = 0
    for _ in range(40):
        start = throw.randrange(FIRST, FIRST + 8_000)
        text = TEXT[:start] + throw.choice(["", "\n", "x", "-", "9" * 12, "0 "]) + TEXT[start + throw.randrange(12) :]
        try:
            trees.raw_scores(trees.from_text(text), rows)
            read += 1
        except UnusableModel:
            continue
    assert read < 40


def test_the_shipped_trees_are_read() -> None:
    assert safe(TEXT).count("\nTree=") == TEXT.count("\nTree=") == 80
    assert "tree_sizes" not in safe(TEXT)
