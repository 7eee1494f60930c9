"""Look at LightGBM's text of trees before LightGBM does.

LightGBM follows lengths and numbers of a text without checking them: where one is wrong it does not refuse, it ends the process, and
with it everybody's desk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

Number = TypeVar("Number", int, float)

#: How many bytes each tree takes. LightGBM reads the trees one after the other where it does not stand there.
_SIZES: Final = re.compile(r"^tree_sizes=.*\n", re.MULTILINE)
#: Of each split a number, of each split a whole number, and of each leaf a number.
_NUMBERS: Final = ("threshold", "decision_type", "split_gain", "internal_value", "internal_weight", "internal_count")
_WHOLE: Final = ("split_feature", "left_child", "right_child")
_LEAVES: Final = ("leaf_value", "leaf_weight", "leaf_count")


class Malformed(ValueError):
    """A text that is no trees; says which tree and what of it."""


def safe(text: str) -> str:
    """Return the text of trees in a form that LightGBM can do no worse with than refuse it.

    :raises Malformed: if a tree does not hang together.
    """
    head, *trees = re.split(r"^Tree=", text.partition("\nend of trees\n")[0], flags=re.MULTILINE)
    columns = _columns(_fields(head, "the head"))
    for number, tree in enumerate(trees):
        if tree.partition("\n")[0] != str(number):
            raise Malformed(f"Tree {number} is missing.")
        _check(_fields(tree, f"tree {number}"), f"tree {number}", columns)
    if not trees or "\nend of trees\n" not in text:
        raise Malformed("The trees have no end.")
    return _SIZES.sub("", text, count=1)


def _fields(block: str, where: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in block.splitlines():
        name, separator, value = line.partition("=")
        if separator:
            if name in found:
                raise Malformed(f"{name} stands twice in {where}.")
            found[name] = value
    return found


def _columns(head: dict[str, str]) -> int:
    columns = _whole(head, "max_feature_idx", 1, "the head")[0] + 1
    for name in ("feature_names", "feature_infos"):
        if len(head.get(name, "").split()) != columns:
            raise Malformed(f"{name} is not of {columns} features.")
    if (head.get("num_class"), head.get("num_tree_per_iteration")) != ("1", "1"):
        raise Malformed("The trees are of more than one class.")
    return columns


def _check(tree: dict[str, str], where: str, columns: int) -> None:
    leaves = _whole(tree, "num_leaves", 1, where)[0]
    if (tree.get("num_cat"), tree.get("is_linear", "0")) != ("0", "0"):
        raise Malformed(f"{where.capitalize()} is of a kind that the desk does not make.")
    if leaves < 1:
        raise Malformed(f"{where.capitalize()} has no leaf.")
    for name in _LEAVES if leaves > 1 else _LEAVES[:1]:  # of a tree without splits LightGBM reads one value alone
        _numbers(tree, name, leaves, where)
    for name in _NUMBERS:
        _numbers(tree, name, leaves - 1, where)
    features, left, right = (_whole(tree, name, leaves - 1, where) for name in _WHOLE)
    if not all(0 <= feature < columns for feature in features):
        raise Malformed(f"{where.capitalize()} splits by a feature that is not there.")
    # Each split but the first, and each leaf, hangs below one split that comes before it; leaf n is written as -n - 1.
    expected = [*range(-leaves, 0), *range(1, leaves - 1)] if leaves > 1 else []
    if sorted(left + right) != expected or not all(_below(left)) or not all(_below(right)):
        raise Malformed(f"{where.capitalize()} does not hang together.")


def _below(children: list[int]) -> Iterator[bool]:
    for split, child in enumerate(children):
        yield child < 0 or child > split


def _numbers(block: dict[str, str], name: str, count: int, where: str) -> list[float]:
    return _read(block, name, count, where, float)


def _whole(block: dict[str, str], name: str, count: int, where: str) -> list[int]:
    return _read(block, name, count, where, int)


def _read(block: dict[str, str], name: str, count: int, where: str, number: Callable[[str], Number]) -> list[Number]:
    try:
        found = [number(one) for one in block.get(name, "").split()]
    except ValueError:
        raise Malformed(f"{name} of {where} is no list of numbers.") from None
    if len(found) != count:
        raise Malformed(f"{name} of {where} has {len(found)} numbers instead of {count}.")
    return found
