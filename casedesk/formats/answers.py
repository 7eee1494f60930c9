"""Answers for training and evaluation: which transactions, or which accounts, somebody labelled as laundering.

Known layouts are read as in ``labels``. Any other CSV or Parquet file will do that has a column of ids and one of labels; a
list of ids with no label column, such as the demo bank's ``labels.csv``, names the guilty ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from casedesk.errors import Invalid
from casedesk.formats.choosing import UnknownFormat
from casedesk.formats.labels import NoLabels, read_labels

#: Columns that say whether a row is laundering, folded to lower case without spaces and underscores.
_YES_NO: Final = ("issar", "islaundering", "isfraud", "label", "laundering", "y", "guilty", "suspicious")
_YES: Final = ("1", "1.0", "true", "t", "yes", "y", "sar", "fraud", "guilty")
_NO: Final = ("0", "0.0", "false", "f", "no", "n", "", "none", "nan")
_IDS: Final = {
    "transaction_id": "transactions",
    "tx_id": "transactions",
    "account_id": "accounts",
    "account": "accounts",
}


class NoAnswers(Invalid):
    """A file of labels holds none that can be read."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The guilty ids, of ``transactions`` or of ``accounts``."""

    kind: str
    guilty: frozenset[str]


def read_answers(
    path: Path, format: str | None = None, *, zone: str | None = None, start: str | None = None
) -> Answers:
    """Read who or what is guilty.

    :raises NoAnswers: if there is no column of ids, or a label is neither yes nor no.
    :raises Invalid: what reading a file raises.
    """
    try:
        table = read_labels(path, format, zone=zone, start=start)
    except (NoLabels, UnknownFormat) as refusal:
        table = _plain(path, refusal)
    found = {name.casefold(): name for name in table.column_names}
    # where a row names a payment and its account, as the demo bank's labels do, the payment is what is labelled
    ids = next((found[name] for name in _IDS if name in found), None)
    if ids is None:
        raise NoAnswers(
            f"{path.name} has no column transaction_id or account_id; name the ids so. It has: {', '.join(table.column_names)}."
        )
    told = next((name for name in table.column_names if _folded(name) in _YES_NO), None)
    named = pc.cast(table[ids], pa.string())
    if told is not None:
        named = named.filter(_is_yes(path, told, table[told]))
    return Answers(_IDS[ids.casefold()], frozenset(named.drop_null().to_pylist()))


def joined(answers: Sequence[Answers]) -> Answers:
    """Take the answers of several files for one.

    :raises NoAnswers: if some are of transactions and others of accounts, or there are none.
    """
    kinds = {one.kind for one in answers}
    if len(kinds) != 1:
        raise NoAnswers(
            "The labels are partly of transactions and partly of accounts; give one of the two."
            if kinds
            else "There are no labels."
        )
    return Answers(kinds.pop(), frozenset().union(*(one.guilty for one in answers)))


def _folded(name: str) -> str:
    return name.casefold().replace(" ", "").replace("_", "")


def _is_yes(path: Path, name: str, column: Any) -> Any:
    words = pc.utf8_lower(pc.utf8_trim_whitespace(pc.fill_null(pc.cast(column, pa.string()), "")))
    wrong = words.filter(pc.invert(pc.is_in(words, pa.array([*_YES, *_NO]))))
    if len(wrong):
        raise NoAnswers(f"{path.name}, column “{name}”: “{wrong[0].as_py()[:40]}” is neither yes nor no; write 1 or 0.")
    return pc.is_in(words, pa.array(_YES))


def _plain(path: Path, refusal: Invalid) -> pa.Table:
    try:
        if path.suffix == ".parquet":
            return pq.read_table(path)
        if ".csv" in path.suffixes:
            return pa_csv.read_csv(path, convert_options=pa_csv.ConvertOptions(strings_can_be_null=False))
    except (pa.ArrowInvalid, OSError):
        raise NoAnswers(
            f"{path.name} cannot be read as a table of labels; write a CSV with transaction_id and label."
        ) from None
    raise refusal
