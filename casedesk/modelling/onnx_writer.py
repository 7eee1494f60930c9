"""Trees as ONNX: every node and leaf as it stands in LightGBM's model, in double precision.

The operator is ``TreeEnsemble`` (ai.onnx.ml, version 5). Comparisons are then those of LightGBM, to the bit; a conversion to
32 bits would move thresholds and send some payments the other way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from casedesk.modelling.extra import onnx
from casedesk.modelling.trees import divisor

#: ``BRANCH_LEQ`` of the operator: left if the value is at most the threshold.
_AT_MOST: Final = 0
#: The names of the graph's one input and one output.
INPUT, OUTPUT = "features", "raw"


@dataclass(slots=True)
class _Ensemble:
    """The operator's attributes, grown tree by tree."""

    roots: list[int] = field(default_factory=list)
    features: list[int] = field(default_factory=list)
    thresholds: list[float] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    left_is_leaf: list[int] = field(default_factory=list)
    right_is_leaf: list[int] = field(default_factory=list)
    missing_left: list[int] = field(default_factory=list)
    leaves: list[float] = field(default_factory=list)

    def node(self, one: dict[str, Any]) -> int:
        number = len(self.features)
        self.features.append(one["split_feature"])
        self.thresholds.append(one["threshold"])
        self.missing_left.append(_missing_left(one))
        for side in (self.left, self.right, self.left_is_leaf, self.right_is_leaf):
            side.append(0)
        for child, at, is_leaf in (
            (one["left_child"], self.left, self.left_is_leaf), (one["right_child"], self.right, self.right_is_leaf)
        ):  # fmt: skip
            leaf = "leaf_value" in child
            at[number], is_leaf[number] = self.leaf(child["leaf_value"]) if leaf else self.node(child), int(leaf)
        return number

    def leaf(self, value: float) -> int:
        self.leaves.append(value)
        return len(self.leaves) - 1

    def tree(self, structure: dict[str, Any]) -> None:
        if "leaf_value" in structure:  # a tree of one leaf: the operator wants a node, and both ways lead to the same
            one = {"split_feature": 0, "threshold": 0.0, "default_left": True, "missing_type": "NaN"}
            structure = one | {"left_child": structure, "right_child": structure}
        self.roots.append(self.node(structure))


def _missing_left(node: dict[str, Any]) -> int:
    """Say whether NaN goes left: as trained; where training met none, LightGBM takes it for 0."""
    return int(node["default_left"] if node["missing_type"] == "NaN" else node["threshold"] >= 0.0)


def write(booster: Any) -> bytes:
    """Return the model as an ONNX file: ``features`` (double, N × columns) to ``raw`` (double, N × 1)."""
    o = onnx()
    helper, double = o.helper, o.TensorProto.DOUBLE
    made = _Ensemble()
    for tree in booster.dump_model()["tree_info"]:
        made.tree(tree["tree_structure"])

    def tensor(name: str, values: list[float], kind: int, dtype: Any) -> Any:
        return helper.make_tensor(name, kind, [len(values)], np.asarray(values, dtype))

    scale = 1.0 / divisor(booster)
    node = helper.make_node(
        "TreeEnsemble",
        [INPUT],
        [OUTPUT],
        domain="ai.onnx.ml",
        n_targets=1,
        aggregate_function=1,  # the sum
        post_transform=0,  # none: calibration is the desk's
        tree_roots=made.roots,
        nodes_featureids=made.features,
        nodes_splits=tensor("splits", made.thresholds, double, np.float64),
        nodes_modes=tensor("modes", [_AT_MOST] * len(made.features), o.TensorProto.UINT8, np.uint8),
        nodes_truenodeids=made.left,
        nodes_trueleafs=made.left_is_leaf,
        nodes_falsenodeids=made.right,
        nodes_falseleafs=made.right_is_leaf,
        nodes_missing_value_tracks_true=made.missing_left,
        leaf_targetids=[0] * len(made.leaves),
        leaf_weights=tensor("weights", [value * scale for value in made.leaves], double, np.float64),
    )
    graph = helper.make_graph(
        [node],
        "casedesk",
        [helper.make_tensor_value_info(INPUT, double, [None, booster.num_feature()])],
        [helper.make_tensor_value_info(OUTPUT, double, [None, 1])],
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 5)]
    model = helper.make_model(graph, producer_name="casedesk", opset_imports=opsets, ir_version=10)
    return bytes(model.SerializeToString(deterministic=True))
