"""`casedesk lab sample|samples|yield|redraw`: draw below a rule's line, and see what it came to."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casedesk.cli.printing import emit, say, table
from casedesk.cli.session import As, Json, Memory, opened
from casedesk.domain.counts import counted
from casedesk.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casedesk.domain.intervals import Proportion
    from casedesk.domain.line_yields import AboveLine, BandYield, LineReport
    from casedesk.services.line_tests import Asked, StoredLineTest

_Test = Annotated[str, typer.Argument(metavar="TEST", help="A sample's id, such as LT-000001.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("sample")(sample)
    app.command("samples")(samples)
    app.command("yield")(yields)
    app.command("redraw")(redraw)


def sample(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="A rule's name, such as structuring.")],
    band: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE[,...]", help="Looser values of one band; once for each, from the line outwards."
        ),
    ] = None,
    none_found: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PERCENT", help="Draw what it takes to rule out this share: once for all bands, or for each."
        ),
    ] = None,
    size: Annotated[
        list[int] | None, typer.Option(metavar="N", help="Draw so many customers: once for all bands, or for each.")
    ] = None,
    memory_mib: Memory = 4096,
    json: Json = False,
    user: As = "",
) -> None:
    """Draw below a rule's line: freeze what looser values find in addition, commit its hash, draw, and open the cases.

    The cases look like any other to those who work them.
    """
    with opened(user) as s:
        from casedesk.services import line_tests
        from casedesk.services.rule_titles import title

        asked = _asked(rule, band or [], none_found or [], size or [])
        stored = line_tests.draw_line_test(
            look=s.desk.reading(), freeze=s.desk.writing(), uow=s.desk.writing(), actor=s.actor, at=s.at,
            base_currency=s.desk.settings.base_currency, rule=rule, bands=asked,
            limits=line_tests.Limits(memory_mib=memory_mib),
        )  # fmt: skip
        found = line_tests.report(uow=s.desk.reading(), actor=s.actor, test_id=stored.test_id)
    if json:
        emit(_json(found))
        return
    say(
        f"{stored.test_id}: {_drawn(stored):,} of {counted(stored.population_size, 'episode')} below the line of {title(rule)}."
    )
    table(
        ("Band", "Moved", "Episodes", "Customers", "Drawn", "Cases of their own"),
        ((b.number, b.title, b.population, b.customers, b.drawn, b.alone) for b in found.bands),
    )
    say(f"Work the cases, then: casedesk lab yield {stored.test_id} --as USER. Do not tell who works them.")


def _asked(rule: str, bands: Sequence[str], none_found: Sequence[str], sizes: Sequence[int]) -> list[Asked]:
    from casedesk.services.band_texts import read_band
    from casedesk.services.line_tests import Asked

    if not bands:
        raise Invalid("Name at least one band below the line, such as --band count=4.")
    if bool(none_found) == bool(sizes):
        raise Invalid("Say how many to draw: either --none-found 5, or --size N.")
    given: Sequence[object] = none_found or sizes
    if len(given) not in (1, len(bands)):
        what = "--none-found" if none_found else "--size"
        raise Invalid(
            f"There are {len(bands)} bands and {len(given)} times {what}; give it once, or once for each band."
        )
    asked = []
    for position, text in enumerate(bands):
        one = given[position if len(given) > 1 else 0]
        values = read_band(rule, text)
        asked.append(Asked(values, none_found=_share(str(one))) if none_found else Asked(values, size=int(str(one))))
    return asked


def _share(text: str) -> Fraction:
    try:
        return Fraction(text.strip().removesuffix("%").strip()) / 100
    except (ValueError, ZeroDivisionError):
        raise Invalid(f"“--none-found {text}” is no share; write a number of percent, such as 5 or 0.5.") from None


def samples(json: Json = False, user: As = "") -> None:
    """List the samples below a line, newest first."""
    with opened(user) as s:
        from casedesk.services import line_tests
        from casedesk.services.rule_titles import title

        found = line_tests.all_tests(uow=s.desk.reading(), actor=s.actor)
        reports = [line_tests.report(uow=s.desk.reading(), actor=s.actor, test_id=one.test_id) for one in found]
    if json:
        emit([_json(one) for one in reports])
    elif reports:
        table(
            ("Sample", "Rule", "Drawn", "By", "Bands", "Episodes", "Picks", "Judged", "Open"),
            ((t.test_id, title(t.rule), f"{t.drawn_at:%Y-%m-%d}", t.drawn_by, len(r.bands), t.population_size, _drawn(t),
              sum(b.closed for b in r.bands), sum(b.open for b in r.bands))
             for t, r in zip(found, reports, strict=True)),
        )  # fmt: skip
    else:
        say("Nothing has been drawn below a line yet.")


def _drawn(stored: StoredLineTest) -> int:
    return len(stored.record.get("picks", ()))


def yields(
    test: _Test,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a document to repeat the test from.")] = False,
    json: Json = False,
    user: As = "",
) -> None:
    """Show the yield of each band beside that of the rule in force, with exact intervals."""
    with opened(user) as s:
        from casedesk.services import line_tests
        from casedesk.services.rule_titles import title

        if markdown:
            say(line_tests.document(uow=s.desk.reading(), actor=s.actor, at=s.at, test_id=test).rstrip("\n"))
            return
        found = line_tests.report(uow=s.desk.reading(), actor=s.actor, test_id=test)
    if json:
        emit(_json(found))
        return
    say(f"{test}: {title(found.test.rule)}, {found.test.period_from[:10]} to {found.test.period_to[:10]}.")
    table(
        ("Band", "Moved", "Episodes", "Customers", "Drawn", "Judged", "Open", "SARs of the judged (95 %)"),
        (
            ("in force", "", found.above.alerts, "", "", *_judged(found.above)),
            *((b.number, b.title, b.population, b.customers, b.drawn, b.closed, b.open, b.productive) for b in found.bands),
        ),
    )  # fmt: skip
    for band in found.bands:
        _tell(band)


def _judged(above: AboveLine) -> tuple[object, ...]:
    return above.productive.of, above.cases - above.productive.of, above.productive


def _tell(band: BandYield) -> None:
    from casedesk.domain.line_yields import WHY_APART

    if band.apart:
        reasons = "; ".join(f"{n:,} {WHY_APART[why]}" for why, n in sorted(band.apart.items()))
        say(
            f"Band {band.number}, counted apart: {reasons}. {band.apart_closed:,} closed, {band.apart_sars:,} with a SAR."
        )
    if band.hidden:
        say(
            f"Band {band.number}: {counted(band.hidden, 'more episode is', 'more episodes are')} hidden by suppressions and not drawn from."
        )
    if band.whole:
        say(f"Band {band.number}: every customer was judged, so the share is known.")
    elif not band.sars:
        enough = [f"{one.percent} %" for one in band.none_found if one.enough]
        short = [f"{one.percent} % ({one.needed - band.closed:,} more)" for one in band.none_found if not one.enough]
        said = f"none found, which rules out {', '.join(enough)}" if enough else "too few judged to rule anything out"
        say(f"Band {band.number}: {said}{'; not yet ' if short else ''}{', '.join(short)}.")


def redraw(
    test: _Test,
    from_data: Annotated[
        bool, typer.Option("--from-data", help="Also run the rule again over the data that had arrived then.")
    ] = False,
    memory_mib: Memory = 4096,
    json: Json = False,
    user: As = "",
) -> None:
    """Draw again from the record. Exits 0 when picks and populations agree with it and with the ledger, 1 otherwise."""
    with opened(user) as s:
        from casedesk.services import line_test_checks

        again = line_test_checks.redraw(
            look=s.desk.reading(), actor=s.actor, test_id=test, from_data=from_data,
            limits=line_test_checks.Limits(memory_mib=memory_mib),
        )  # fmt: skip
    if json:
        emit({"test_id": again.test_id, "agrees": again.agrees, "picks": again.picks,
              "found_again": again.found_again, "problems": list(again.problems)})  # fmt: skip
    elif again.agrees:
        data = " The rule finds the same populations in the same data." if again.found_again else ""
        say(f"{again.test_id}: the same {counted(again.picks, 'pick')}, and the hashes in the ledger agree.{data}")
    else:
        say(f"{again.test_id}: the draw does not repeat.")
        for problem in again.problems:
            say(f"  {problem}")
    raise typer.Exit(0 if again.agrees else 1)


def _json(found: LineReport) -> dict[str, Any]:
    test = found.test
    return {
        "test_id": test.test_id,
        "rule": test.rule,
        "rule_version": test.rule_version,
        "drawn_at": found.drawn_at,
        "drawn_by": found.drawn_by,
        "period_from": test.period_from,
        "period_to": test.period_to,
        "transactions": test.transactions,
        "data_fingerprint": test.data_fingerprint,
        "rule_set_hash": test.line_hash,
        "seed": test.seed,
        "in_force": {
            "alerts": found.above.alerts,
            "cases": found.above.cases,
            **_shares(found.above.productive),
        },
        "bands": [
            {
                "band": band.number,
                "moved": dict(band.moved),
                "rule_set_hash": test.bands[band.number - 1].rule_set_hash,
                "episodes": band.population,
                "hidden_by_suppressions": band.hidden,
                "customers": band.customers,
                "drawn": band.drawn,
                "alone": band.alone,
                "open": band.open,
                **_shares(band.productive),
                "whole_band_judged": band.whole,
                "none_found": [
                    {"percent": one.percent, "needed": one.needed, "enough": one.enough} for one in band.none_found
                ],
                "apart": {why.value: n for why, n in sorted(band.apart.items())},
                "apart_closed": band.apart_closed,
                "apart_sars": band.apart_sars,
            }
            for band in found.bands
        ],
    }


def _shares(found: Proportion) -> dict[str, Any]:
    return {
        "judged": found.of,
        "sars": found.hits,
        "sar_share_low": round(found.low, 6),
        "sar_share_high": round(found.high, 6),
    }
