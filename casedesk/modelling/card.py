"""The model card: what a model was made of, how good it was on what it had not seen, and what it fails at."""

from __future__ import annotations

from typing import Any, Final

from casedesk.domain.counts import counted
from casedesk.domain.model_trust import AT_HOME
from casedesk.modelling.features import catalogue
from casedesk.modelling.training import Options

#: True of every model of this kind, whatever its figures.
FAILURES: Final = (
    "It knows typologies that were labelled in its training data; a new one looks innocent to it until somebody labels it.",
    "The first payments of a scheme look like any others: it sees nothing later than the payment it scores.",
    "What a party does at other banks is not in the features.",
    "A hub (more than 256 payments with named parties in a week) is judged without those around it.",
    "An account's first 30 days (90 for pairs) have less history behind them, so scores there are less sure.",
    "Labels of synthetic data are complete; those of a bank are what somebody looked at. Figures on the first flatter.",
    "Where labels come from accounts, an innocent payment between two labelled accounts counts as guilty.",
)  # fmt: skip
#: True as well of every model that learnt from closed cases.
FAILURES_OF_DISPOSITIONS: Final = (
    "Only what rules or samples raised was ever looked at: a payment in no case counts as innocent, at a lower weight.",
    "All evidence of a case counts alike, innocent payments among it included.",
    "The newest payments are the least decided, so the spans that calibrate and test hold fewer reports than there will be.",
)  # fmt: skip


def markdown(card: dict[str, Any]) -> bytes:
    """Write the card for people."""
    labelled, total = (sum(one[what] for one in card["data"]) for what in ("guilty", "transactions"))
    lines = [f"# Model card: {card['name']}", "", card["statement"], "", "## Data", ""]
    lines += [
        f"- {one['name']}: {counted(one['transactions'], 'transaction')}, {counted(one['accounts'], 'account')}, {one['guilty']:,} labelled; "
        f"{one['from'][:10]} to {one['until'][:10]}; SHA-256 of payments and labels {one['sha256']}"
        for one in card["data"]
    ]
    lines += ["", f"Labels: {card['labels']}", "", "## Split", "", card["split"]["words"], ""]
    lines += _dispositions(card.get("dispositions"))
    lines += _trained(card)
    for part, words in (("transactions", "Transactions"), ("accounts", "Accounts")):
        if part in card["measured"]:
            lines += _figures(words, card["measured"][part])
    lines += _calibration(card["measured"].get("calibration"))
    lines += ["## Known failures", "", *(f"- {one}" for one in card["failures"]), ""]
    lines += ["## Drift baseline", "", ("Shares of each feature's tenths in the training span stand in `model.json`. A population stability "
              f"index above 0.1 asks for a look, above {AT_HOME} for another training. Where its mean over all features is above {AT_HOME} on payments "
              f"that are scored, their probabilities keep {AT_HOME} ÷ mean of their distance, in log odds, from {labelled / total:.4f}, the "
              "share that is labelled in the data above. Figures above are without that."), ""]  # fmt: skip
    lines += ["## Features", "", "| feature | says | weight (share of gain) |", "|---|---|---|"]
    means = {one.name: one.means for one in catalogue()}
    lines += [f"| `{name}` | {means[name]} | {share:.4f} |" for name, share in card["features"]]
    lines += [
        "",
        "## Files",
        "",
        *(f"- `{name}`: SHA-256 {digest}" for name, digest in sorted(card["files"].items())),
        "",
    ]
    lines += [
        "The card itself, its JSON and the plot are hashed in `manifest.json`; the model's id is the SHA-256 of that file.",
        "",
    ]
    return "\n".join(lines).encode("utf-8")


def _dispositions(told: dict[str, Any] | None) -> list[str]:
    """Say what closed cases labelled the payments: counts, and nothing of a single case."""
    if told is None:
        return []
    rows = (f"| {one['disposition']} | {one['review']} | {one['cases']:,} |" for one in told["cases"])
    weights = ", ".join(f"{name} {weight:g}" for name, weight in sorted(told["weights"].items()))
    head = ["## Closed cases", "", "| closed as | review | cases |", "|---|---|---|"]
    return [*head, *rows, "", f"How much a payment counts: {weights}.", ""]


def _trained(card: dict[str, Any]) -> list[str]:
    options = card["options"]
    kind = "Boosted trees" if options["kind"] == "boosted" else "A random forest"
    blind = " Features that amounts go into were left out (amount-blind)." if options["blind"] else ""
    words = (
        f"{kind} by LightGBM: {options['rounds']} trees, seed {options['seed']}, {card['trained_on']['guilty']:,} labelled and "
        f"{card['trained_on']['others']:,} other payments.{blind} Calibration: {card['calibration']}, fitted on the span after "
        "that of training."
    )
    return ["## Training", "", words, ""]


def _figures(words: str, measured: dict[str, Any]) -> list[str]:
    rows = [("PR-AUC", f"{measured['pr_auc']:.4f}")]
    rows += [(f"precision at {count}", f"{value:.3f}") for count, value in measured["precision_at"].items()]
    rows += [
        (f"recall at a budget of {float(share):.1%}", f"{value:.3f}")
        for share, value in measured["recall_at_budget"].items()
    ]
    head = f"{measured['count']:,} of the span that tests, {measured['guilty']:,} labelled."
    return [f"## {words}", "", head, "", "| what | figure |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows), ""]


def _calibration(measured: dict[str, Any] | None) -> list[str]:
    if measured is None:
        return ["## Calibration", "", "Not measured: no span was kept for testing.", ""]
    return [
        "## Calibration",
        "",
        (
            f"Expected calibration error {measured['error']:.4f} over all; {measured['error_of_the_suspicious']:.4f} over the "
            f"{measured['suspicious']:,} payments with a probability of 0.05 and more, which is the harder figure."
        ),
        "",
        "![Reliability](reliability.svg)",
        "",
    ]


def weights(booster: Any, options: Options) -> list[tuple[str, float]]:
    """Return each feature with its share of the trees' gain, the largest first."""
    gain = booster.feature_importance("gain")
    total = float(gain.sum()) or 1.0
    found = zip(booster.feature_name(), (float(one) / total for one in gain), strict=True)
    return sorted(found, key=lambda one: (-one[1], one[0]))
