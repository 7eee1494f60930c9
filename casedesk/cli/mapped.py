"""The options that say which column of a file is which field, wherever files are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from casedesk.formats.mapping import Mapping

Map = Annotated[
    list[str] | None, typer.Option("--map", metavar="COLUMN=FIELD", help="Which column of the file is which field.")
]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="A field that is the same in every row.")
]
MapValue = Annotated[
    list[str] | None,
    typer.Option("--map-value", metavar="COLUMN:WORD=VALUE", help="What a word of a mapped column means."),
]


def mapping_of(columns: Sequence[str] | None, fixed: Sequence[str] | None, words: Sequence[str] | None) -> Mapping:
    """Read the options.

    :raises BadMapping: if one cannot be followed.
    """
    from casedesk.formats.mapping import Mapping

    return Mapping.parse(columns or (), fixed or (), words or ())
