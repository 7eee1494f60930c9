"""How good the rules are with their default parameters, on worlds with labels.

Usage: python -m benchmarks.detection_quality [PART ...] [--shared ../shared] [--markdown] [--svg docs/detection-curve.svg]
Parts: hi-small benign demo seeds accounts smoke delay parameters; all when none is named. With --markdown the tables are written as
docs/detection.md holds them, without it as plain lines. No rule sees a label: ``quality_worlds`` keeps them apart, and only
``quality_measures`` compares.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from benchmarks import quality_measures as measures
from benchmarks import quality_worlds as worlds
from benchmarks.quality_curve import draw
from benchmarks.quality_measures import Caught, Point
from benchmarks.quality_worlds import World
from casedesk.detection.engine import detect
from casedesk.detection.rules import RULES
from casedesk.domain.alerts import Alert

#: Recall by the rule of the typology that is asked for on AMLworld's HI-Small.
TARGETS: Final = {"fan-out": 0.62, "fan-in": 0.65, "cycle": 0.91, "stack": 0.70, "gather-scatter": 0.85}
#: Precision and recall that any rule must exceed, measured with fan-in >= 10, fan-out >= 10 and pass-through.
BASELINES: Final = {"s11": (0.54, 0.51), "s12": (0.22, 0.10)}
#: Demo banks that no default was chosen on: seed, customers, days, last day.
OTHER_BANKS: Final = (
    (11, 400, 120, date(2026, 6, 30)),
    (23, 300, 90, date(2025, 2, 2)),
    (31, 600, 120, date(2024, 11, 17)),
)
SEVERITIES: Final = (0, 30, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90)
SUMS: Final = (30, 50, 70, 80, 90, 100, 110, 120, 130, 140, 160, 180, 200)
COUNTS: Final = (1, 2, 3, 4, 5)

#: What a bank like s11 would set in the lab: more names for the fans, fewer rules. Found on s11 with its labels in view.
LAB_VALUES: Final = {"fan_in": {"parties": 6}, "fan_out": {"parties": 6}, "gather_scatter": {"parties": 10}}
LAB_OFF: Final = ("cycle", "pass_through")

Rows = list[Sequence[object]]
Write = Callable[[str, Sequence[str], Rows], None]


def alerts_of(world: World) -> tuple[Alert, ...]:
    """Run all rules with their defaults."""
    return detect(world.transactions, world.accounts, rules=RULES).alerts


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("parts", nargs="*", metavar="PART", choices=[*PARTS, []], default=[])
    options.add_argument("--shared", type=Path, default=Path(os.environ.get("CASEDESK_SHARED_DIR") or "../shared"))
    options.add_argument("--markdown", action="store_true", help="write the tables of docs/detection.md")
    options.add_argument("--svg", type=Path, help="draw the curve of the part accounts into this file")
    given = options.parse_args()
    write = _markdown if given.markdown else _plain
    for part in given.parts or PARTS:
        PARTS[part](given, write)


def hi_small(given: argparse.Namespace, write: Write) -> None:
    world = worlds.hi_small(given.shared)
    found = measures.caught(world.patterns, alerts_of(world))
    write("HI-Small: attempts caught", _CAUGHT, [_caught(one, TARGETS.get(one.typology)) for one in found])


def benign(given: argparse.Namespace, write: Write) -> None:
    world = worlds.benign(given.shared)
    found, accounts = alerts_of(world), measures.own_accounts(world)
    counts = Counter(alert.rule for alert in found)
    rows: Rows = [(rule.name, counts[rule.name], f"{counts[rule.name] * 100 / accounts:.3f}") for rule in RULES]
    rows.append(("all rules", len(found), f"{len(found) * 100 / accounts:.3f}"))
    write(f"Benign half hour: alerts on {accounts:,} accounts", ("rule", "alerts", "per 100 accounts"), rows)


def demo(given: argparse.Namespace, write: Write) -> None:
    world = worlds.demo()
    found = alerts_of(world)
    write("Demo bank: patterns caught", _CAUGHT, [_caught(one) for one in measures.caught(world.patterns, found)])
    about = measures.about(world, found)
    kinds = ("planted", *sorted(set(world.innocent.values())), "ordinary")
    rows: Rows = [(rule.name, *(about[rule.name][kind] or "" for kind in kinds)) for rule in RULES]
    rows.append(("all rules", *(sum(c[kind] for c in about.values()) for kind in kinds)))
    write("Demo bank: whom the alerts are about", ("rule", *kinds), rows)


def seeds(given: argparse.Namespace, write: Write) -> None:
    banks = {f"seed {seed}": worlds.demo(seed, customers, days, end) for seed, customers, days, end in OTHER_BANKS}
    found = {name: alerts_of(world) for name, world in banks.items()}
    each = [measures.caught(world.patterns, found[name]) for name, world in banks.items()]
    rows: Rows = [
        (same[0].typology, same[0].rule, *(f"{one.own} of {one.attempts}" for one in same))
        for same in zip(*each, strict=True)
    ]
    write("Other banks: patterns caught by their rule", ("typology", "its rule", *banks), rows)
    about = [measures.about(world, found[name]) for name, world in banks.items()]
    rows = [(rule.name, *(_mix(one[rule.name]) for one in about)) for rule in RULES]
    rows.append(("all rules", *(_mix(sum(one.values(), Counter())) for one in about)))
    write("Other banks: planted alerts, and whom the others are about", ("rule", *banks), rows)


def _mix(counts: Counter[str]) -> str:
    others = (f" + {number} {kind}" for kind, number in sorted(counts.items()) if kind != "planted")
    return f"{counts['planted']}{''.join(others)}"


def accounts(given: argparse.Namespace, write: Write) -> None:
    panels: dict[str, dict[str, list[Point]]] = {}
    for name in BASELINES:
        world = worlds.gentex(given.shared, name)
        found = alerts_of(world)
        panels[name] = _lines(world, found)
        points = [point for line in panels[name].values() for point in line]
        points.append(measures.alerted(world, _as_a_lab_would(world), "as set in the lab"))
        write(f"{name}: accounts over thresholds", _POINT, [_point(point, BASELINES[name]) for point in points])
        alone = [measures.one_rule(world, found, rule.name) for rule in RULES]
        write(f"{name}: accounts by rule", _POINT, [_point(one, BASELINES[name]) for one in alone if one.selected])
        attempts = measures.caught(world.patterns, found)
        write(f"{name}: attempts caught", _CAUGHT, [_caught(one) for one in attempts])
    if given.svg:
        given.svg.write_text(draw(panels, BASELINES), encoding="utf-8")
    world = worlds.amlsim(given.shared)
    found = alerts_of(world)
    points = [*measures.by_severity(world, found, (0, 50, 60, 70, 80)), *measures.by_rules(world, found, (2, 3))]
    write("AMLSim sample: accounts over thresholds", _POINT, [_point(point) for point in points])


def _lines(world: World, found: Sequence[Alert]) -> dict[str, list[Point]]:
    return {
        "severity of the worst alert": measures.by_severity(world, found, SEVERITIES),
        "worst severities of all rules, added": measures.by_sum(world, found, SUMS),
        "number of rules": measures.by_rules(world, found, COUNTS),
    }


def _as_a_lab_would(world: World) -> tuple[Alert, ...]:
    rules = [rule.with_values(LAB_VALUES.get(rule.name, {})) for rule in RULES if rule.name not in LAB_OFF]
    return detect(world.transactions, world.accounts, rules=rules).alerts


def smoke(given: argparse.Namespace, write: Write) -> None:
    world = worlds.smoke(given.shared)
    found = alerts_of(world)
    write(
        "Smoke set: labelled transactions caught", _CAUGHT, [_caught(o) for o in measures.caught(world.patterns, found)]
    )
    # of cuts that select the same accounts, the highest says all
    last = {(kind, one.selected): one for kind, line in _lines(world, found).items() for one in line if one.selected}
    write("Smoke set: accounts over thresholds", _POINT[:-1], [_point(one)[:-1] for one in last.values()])
    rows: Rows = [(rule, c["planted"], c["ordinary"]) for rule, c in sorted(measures.about(world, found).items())]
    write("Smoke set: alerts", ("rule", "with a labelled transaction", "without"), rows)


def delay(given: argparse.Namespace, write: Write) -> None:
    rows: Rows = []
    for name, world, near in (("HI-Small", worlds.hi_small(given.shared), False), ("demo bank", worlds.demo(), True)):
        found = alerts_of(world)
        known = {one.typology: one.own for one in measures.caught(world.patterns, found)}
        late = Counter(pattern.typology for pattern in measures.late(world, world.patterns, RULES, near))
        rows += [(name, kind, number, number - late[kind], late[kind]) for kind, number in known.items() if number]
    head = ("world", "typology", "caught", "at the last transaction: 0 windows", "only by a later transaction")
    write("Delay: what is caught with nothing booked after the pattern's last transaction", head, rows)


def parameters(given: argparse.Namespace, write: Write) -> None:
    head = ("parameter", "default", "unit", "reason", "source")
    for rule in RULES:
        rows: Rows = [
            (one.name, _short(one.value), one.unit, one.reason, one.source) for one in rule.parameters.described()
        ]
        write(f"{rule.title} (`{rule.name}`, version {rule.version})", head, rows)


def _short(value: object) -> object:
    if not isinstance(value, frozenset):
        return f"{value:,}" if isinstance(value, int) else value
    return ", ".join(sorted(map(str, value))) if len(value) < 9 else f"{len(value)} entries"


PARTS: Final[dict[str, Callable[[argparse.Namespace, Write], None]]] = {
    "hi-small": hi_small, "benign": benign, "demo": demo, "seeds": seeds, "accounts": accounts, "smoke": smoke,
    "delay": delay, "parameters": parameters,
}  # fmt: skip
_CAUGHT: Final = (
    "typology",
    "its rule",
    "attempts",
    "caught by it",
    "half of it",
    "by any rule",
    "half by any",
    "target",
)
_POINT: Final = ("threshold", "accounts", "precision", "recall", "above the baseline")


def _caught(one: Caught, target: float | None = None) -> Sequence[object]:
    def share(number: int) -> str:
        return f"{number} ({number / one.attempts:.3f})"

    own = (share(one.own), share(one.own_half)) if one.rule else ("", "")
    verdict = "" if target is None else f"{target:.2f} {'reached' if one.recall >= target else '**missed**'}"
    return one.typology, one.rule or "none", one.attempts, *own, share(one.any_rule), share(one.any_half), verdict


def _point(point: Point, baseline: tuple[float, float] | None = None) -> Sequence[object]:
    above = "" if baseline is None else "yes" if point.precision > baseline[0] and point.recall > baseline[1] else "no"
    return point.name, point.selected, f"{point.precision:.3f}", f"{point.recall:.3f}", above


def _markdown(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    lines = [f"### {title}", "", f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(map(str, row))} |" for row in rows]
    sys.stdout.write("\n".join([*lines, "", ""]))
    sys.stdout.flush()


def _plain(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    lines = [title, *("  " + ", ".join(f"{h} {v}" for h, v in zip(head, r, strict=True) if v != "") for r in rows)]
    sys.stdout.write("\n".join([*lines, "", ""]))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
