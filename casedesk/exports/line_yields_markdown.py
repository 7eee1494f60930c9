"""The yields below a line as Markdown, from which an examiner can repeat the test."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from casedesk.domain.counts import counted
from casedesk.domain.intervals import Proportion
from casedesk.domain.line_sampling import LineTest, population_digest
from casedesk.domain.line_yields import WHY_APART, BandYield, LineReport
from casedesk.exports import confidentiality


def write(report: LineReport, at: str, title: str) -> str:
    """Write the report as it stands at ``at``, a canonical time; ``title`` is the rule's. It tells of SARs: it is for those with need to know."""
    test = report.test
    parts = [
        f"# Below the line: {title} ({test.test_id})",
        confidentiality.LINE,
        _SCOPE.format(
            r=report,
            seen=counted(test.transactions, "transaction"),
            at=at,
            since=test.period_from[:10],
            until=test.period_to[:10],
        ),
        "## Yield",
        _yields(report),
        "The first row counts the alerts that the rule raised with the values in force, and the cases they stand in.",
        "## Is it enough to say “none found”?",
        _table(
            ("Band", *(f"Fewer than {one.percent} % ({one.needed})" for one in report.bands[0].none_found)),
            [(f"{band.number}: {band.title}", *_enough(band)) for band in report.bands],
        ),
        *_apart(report.bands),
        "## To repeat it",
        _VALUES.format(t=test),
        *(_bounds(test, number) for number in range(1, len(test.bands) + 1)),
        _METHOD.format(t=test),
        f"Draw again: `casedesk lab redraw {test.test_id} --from-data --as USER`.",
    ]
    return "\n\n".join(parts) + "\n"


_SCOPE: Final = (
    "Drawn {r.drawn_at} by {r.drawn_by}; this report {at}. Looked at: {seen} from {since} to {until}. "
    "SAR shares stand with their exact 95 % interval (Clopper and Pearson, 1934). Only cases that were opened for one drawn "
    "episode and hold nothing else are judged; the others are counted apart."
)
_VALUES: Final = (
    "Rule `{t.rule}`, version {t.rule_version}, base currency {t.base_currency}. Values in force: `{t.line}`. Rule-set hash "
    "`{t.line_hash}`. Data fingerprint `{t.data_fingerprint}`."
)
_METHOD: Final = (
    "Seed `{t.seed}`, drawn after the populations' hashes stood in the ledger. A customer's rank in a band is the SHA-256 of the "
    "canonical JSON (RFC 8785) of an object with `band`, `format`, `name` (the customer), `seed`, `test` and `what` (`customer`); "
    "the smallest ranks are drawn, and of each customer the episode with the smallest rank (`what` is `episode`, `name` its id). A "
    "customer whom a tighter band drew is passed over."
)


def _bounds(test: LineTest, number: int) -> str:
    band = test.bands[number - 1]
    why = f", so that none found rules out {band.none_found} %" if band.none_found else ""
    return (
        f"- Band {number}, moved: `{_json(band.moved)}`; rule-set hash `{band.rule_set_hash}`; population SHA-256 "
        f"`{population_digest(test, band)}`; asked for: {counted(band.size, 'customer')}{why}; hidden by suppressions and not drawn from: "
        f"{counted(len(band.hidden), 'episode')}."
    )


def _yields(report: LineReport) -> str:
    above = report.above.productive
    return _table(
        ("Band", "Episodes", "Customers", "Drawn", "Judged", "Open", "SARs", "Share", "95 % interval"),
        [
            (
                "In force",
                report.above.alerts,
                "",
                "",
                above.of,
                report.above.cases - above.of,
                above.hits,
                *_share(above),
            ),
            *(_band(band) for band in report.bands),
        ],
    )


def _band(band: BandYield) -> tuple[object, ...]:
    return (
        f"{band.number}: {band.title}", band.population, band.customers, band.drawn, band.closed, band.open, band.sars,
        *_share(band.productive),
    )  # fmt: skip


def _share(found: Proportion) -> tuple[str, str]:
    if found.share is None:
        return "", "nothing judged"
    return f"{found.share * 100:.1f} %", f"{found.low * 100:.1f} to {found.high * 100:.1f} %"


def _enough(band: BandYield) -> list[str]:
    if band.whole:
        return ["the whole band was judged"] * len(band.none_found)
    if band.sars:
        return [f"{band.sars:,} found"] * len(band.none_found)
    return ["yes" if one.enough else f"no, {one.needed - band.closed:,} more" for one in band.none_found]


def _apart(bands: Sequence[BandYield]) -> list[str]:
    lines = [
        f"- Band {band.number}: {'; '.join(f'{n:,} {WHY_APART[why]}' for why, n in sorted(band.apart.items()))}. "
        f"{band.apart_closed:,} closed, {band.apart_sars:,} with a SAR."
        for band in bands
        if band.apart
    ]
    return ["## Counted apart", "\n".join(lines)] if lines else []


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|")


def _json(value: Any) -> str:
    return json.dumps(dict(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
