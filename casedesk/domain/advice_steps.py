"""What an investigator usually does first, by the rule that fired. Advice names it; nobody has to follow it."""

from __future__ import annotations

from typing import Final

#: For a rule without a line of its own, and for a bank's own rules.
GENERAL: Final = "Read the evidence in the order of booking, and ask the customer's branch what the money was for."

#: By the rule of the worst alert. Source: FFIEC BSA/AML Manual, Appendix F (red flags) and Appendix L.
STEPS: Final[dict[str, str]] = {
    "structuring": "Get the deposit slips, and compare who deposited, where and within which hours.",
    "structuring_over_days": "Get the deposit slips of all days, and compare branches and depositors.",
    "cash_aggregation": "Check whether a currency report was filed for the day, and by whom the cash was handed over.",
    "round_amounts": "Ask which invoices or contracts the round amounts belong to.",
    "velocity": "Compare the burst with the account's usual month, and ask what set it off.",
    "pass_through": "Follow where the money went within the hours after it came, and who owns the accounts there.",
    "fan_in": "List the senders, and look for what they share: address, employer, day of opening.",
    "fan_out": "List the receivers, and look for what they share: address, employer, day of opening.",
    "funnel": "Compare where the cash came in with where it was taken out, and who did either.",
    "gather_scatter": "Draw the flow through the account, and match what was gathered with what left.",
    "scatter_gather": "Look at the accounts in between: who opened them, when, and who uses them.",
    "cycle": "Follow the money round, and ask what each payment on the way was for.",
    "stack": "Lay the layers side by side, and look for the accounts that stand in several.",
    "dormant": "Ask why the account came to life, and check that its owner is who uses it.",
    "new_account": "Read the opening documents again, and compare the stated purpose with what was done.",
    "out_of_profile": "Compare with the stated occupation and income, and ask for proof of the source of funds.",
    "geography": "Check where the customer was, and whether the card or the sign-in was theirs.",
    "high_risk_geography": "Screen the counterparties abroad, and ask for the documents of the trade.",
}


def next_step(rule: str) -> str:
    """Return what is usually done first where this rule fired."""
    return STEPS.get(rule, GENERAL)
