"""How DuckDB parts the legs near something new from those before: by time alone, as far as that tells.

Each account has a moment of its own from which on a rule is shown its legs. After an import in order of booking nearly all of
these lie close together. So the legs after the last moment are near, and those before all but the earliest moments are
past, whoever they belong to: DuckDB knows from when to when each block of rows reaches and passes most of them over. Only
between these times, and of the few accounts with an early moment, is an account's own moment asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from casedesk.detection.legs import LEGS, MOMENTS, PAST
from casedesk.detection.subjects import NEVER

#: One account in so many may have an early moment and be asked for its own over all of its legs.
_EARLY: Final = 20

_NEAR: Final = """
CREATE OR REPLACE TEMP TABLE near_legs AS
SELECT {legs}.* FROM {legs} SEMI JOIN {moments} USING (account) WHERE "at" >= {last}
UNION ALL
SELECT {legs}.* FROM {legs} JOIN {moments} USING (account) WHERE "at" >= {early} AND "at" < {last} AND "at" >= read_from
UNION ALL
SELECT {legs}.* FROM {legs} JOIN (FROM {moments} WHERE read_from < {early}) USING (account)
WHERE "at" >= {first} AND "at" < {early} AND "at" >= read_from"""

#: The same of few accounts, of whose legs alone there is a table: each row is asked for its account's own moment.
_NEAR_FEW: Final = """
CREATE OR REPLACE TEMP TABLE near_legs AS
SELECT {legs}.* FROM {legs} JOIN {moments} USING (account) WHERE "at" >= read_from"""

_PAST: Final = """
CREATE OR REPLACE TEMP VIEW {past} AS
SELECT {legs}.* FROM {legs} JOIN {moments} USING (account) WHERE "at" >= {early} AND "at" < {last} AND "at" < read_from
UNION ALL
SELECT {legs}.* FROM {legs} JOIN {moments} USING (account) WHERE "at" < {early} AND "at" < read_from"""

_PAST_FEW: Final = """
CREATE OR REPLACE TEMP VIEW {past} AS SELECT {legs}.* FROM {legs} JOIN {moments} USING (account) WHERE "at" < read_from"""

_SHOWN: Final = "CREATE OR REPLACE TEMP VIEW {shown} AS FROM near_legs"


def parted(legs: str, moments: Sequence[int], *, few: bool) -> tuple[str, ...]:
    """Return the statements that let the legs be those from these moments on, and the past those before.

    :param legs: the table of the legs of these accounts and others.
    :param moments: from when on each account's legs are shown, as ``MOMENTS`` has them; nothing is shown of others.
    :param few: there are hardly any others in the table, and one pass over it takes less time than three over parts of it.
    """
    ordered = sorted(moments)
    names = {
        "legs": legs,
        "moments": MOMENTS.get_name(),
        "past": PAST.get_name(),
        "shown": LEGS.get_name(),
    }
    times = {
        "first": ordered[0] if ordered else NEVER,
        "early": ordered[len(ordered) // _EARLY] if ordered else NEVER,
        "last": ordered[-1] if ordered else NEVER,
    }
    near, past = (_NEAR_FEW, _PAST_FEW) if few else (_NEAR, _PAST)
    return tuple(text.format(**names, **times) for text in (near, _SHOWN, past))
