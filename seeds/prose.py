"""What the demo desk's people write: notes, rationales, narratives, reasons. Every figure comes from the case."""

from __future__ import annotations

from casedesk.domain.counts import counted
from casedesk.services.casefile import CaseFile
from seeds.chance import Dice

_FIRST_NOTES = (
    "Opened the account history for the last 90 days and compared it with the stated occupation ({occupation}).",
    "Read the onboarding file of {name}: segment {segment}, customer since {since}. Nothing there explains the alert yet.",
    "Counterparties listed and sorted by amount; next, where the money goes within two days.",
)
_LATER_NOTES = (
    "Adverse media and sanctions screening of subject and main counterparties: no match.",
    "Earlier cases of this customer read: {earlier}.",
    "Asked the relationship manager for the purpose of the account. Answer expected this week.",
)
#: What is only written about one kind of alert.
_FIRST_OF = {
    "structuring": ("Branch confirms the deposits were made in person. Copies of the deposit slips requested.",),
    "velocity": ("Asked card operations whether the payments came from one device. Terminal list requested.",),
    "geography": ("Compared the terminals with the customer's travel bookings on file. None match so far.",),
}
_LATER_OF = {
    "structuring": (
        "Deposit slips received: the same handwriting on several of them. Teller remembers two people taking turns.",
        "Customer called on the registered number. Says the money comes from {segment} takings; no documents offered so far.",
    ),
    "velocity": (
        "Card operations: one device, no report of loss. The merchants were new to this account on that day.",
    ),
    "geography": ("Customer says a relative used the card abroad; a copy of the passport stamps was asked for.",),
}
_CLEARED = (
    (
        "{what} The customer's documents explain the activity: amounts and dates agree with {explanation}. The pattern fits the "
        "segment ({segment}) and the account's own history, and no adverse information was found. No further action."
    ),
    (
        "{what} Compared with the {segment} peer group the volume is ordinary, and the counterparties have been the same for the "
        "whole period. Source of funds: {explanation}. No reason to suspect that funds derive from illegal activity."
    ),
)
_EXPLANATIONS = (
    "till rolls and bank-in receipts", "the signed employment contracts", "seller payout statements",
    "invoices and shipping documents", "the travel booking and hotel bills", "the sale of a car with the purchase contract",
)  # fmt: skip
_ESCALATIONS = (
    (
        "The customer is known to the branch management and two of the counterparties hold accounts here as well. I would like a "
        "manager to decide before anybody contacts them."
    ),
    "The amounts involved and a possible link to a second customer go beyond what I should decide alone.",
)
RETURNS = (
    "Please name the branches and dates of the single deposits, and say who made them.",
    "The narrative does not say how the funds were used after they arrived. Add the outgoing transfers with dates.",
    "State whether earlier reports exist on this subject; the introduction leaves it open.",
)
FINDINGS = (
    "The rationale does not mention the counterparties abroad; they were not screened.",
    "Source of funds rests on the customer's word alone. Documents should be on file before closing.",
    "The second alert is not addressed in the rationale.",
)
HANDOVERS = ("On leave from tomorrow, back in two weeks.", "I looked after this customer at the branch until last year.",
             "Moving to the screening project.")  # fmt: skip
REOPENINGS = ("New information from a correspondent bank concerns the same counterparty.",
              "The branch reports a further deposit of the same kind after closing.")  # fmt: skip
SUSPICIONS = ("The deposit slips came in on this day; before that the pattern had an ordinary explanation.",
              "Statement of the teller taken on this day is the first fact that speaks for a filing.")  # fmt: skip
RELEASES = ("Wrong language skills; needs somebody who reads Polish.", "Overloaded this week, back to the queue.")


def first_note(dice: Dice, file: CaseFile) -> str:
    """Write what an analyst notes first."""
    return _fill(dice.pick(_FIRST_NOTES + _FIRST_OF.get(file.case.typology, ())), file)


def later_note(dice: Dice, file: CaseFile) -> str:
    """Write what an analyst notes after some days."""
    return _fill(dice.pick(_LATER_NOTES + _LATER_OF.get(file.case.typology, ())), file)


def rationale(dice: Dice, file: CaseFile) -> str:
    """Write why nothing is to be filed."""
    explanation = dice.pick(_EXPLANATIONS)
    return _fill(dice.pick(_CLEARED), file).replace("{explanation}", explanation)


def escalation(dice: Dice) -> str:
    """Write why a manager should decide."""
    return dice.pick(_ESCALATIONS)


def narrative(dice: Dice, file: CaseFile, *, more: str = "") -> str:
    """Write a narrative, its figures bound: introduction, body, conclusion (FinCEN guidance; FFIEC manual, Appendix L)."""
    prior = (
        f"{counted(len(file.earlier), 'earlier case')} of this customer {'was' if len(file.earlier) == 1 else 'were'} read"
        if file.earlier
        else "No earlier case exists"
    )
    accounts = ", ".join(account.account_id for account in file.accounts)
    body = " ".join(alert.sentence for alert in sorted(file.alerts, key=lambda a: a.window_start))
    return (
        f"Introduction. This initial report concerns {file.customer.name}, account(s) {accounts}: suspicious activity of "
        f"{{{{sum:case}}}} in {{{{count:case}}}} transactions between {{{{first:case}}}} and {{{{last:case}}}}. {prior}.\n\n"
        f"Body. {body} The activity does not fit the customer's occupation ({file.customer.occupation or 'not stated'}) nor "
        f"the account's history. {more or dice.pick(_BODY)}\n\n"
        f"Conclusion. The source of the funds remains unexplained. The account stays under watch; slips, statements and the "
        f"note of the call are kept with case {file.case.case_id}."
    )


_BODY = (
    "Asked about it, the customer gave no explanation that documents would support.",
    "Nothing like it happened on the account before, and the stated income does not support it.",
    "Several of the counterparties had never been seen on the account before.",
)


def _fill(text: str, file: CaseFile) -> str:
    earlier = f"{len(file.earlier)} on file, the newest {file.earlier[0].case_id}" if file.earlier else "there are none"
    values = {
        "name": file.customer.name,
        "segment": file.customer.segment or "not stated",
        "occupation": file.customer.occupation or "not stated",
        "since": str(file.customer.since.year) if file.customer.since else "an unknown year",
        "earlier": earlier,
        "what": max(file.alerts, key=lambda a: a.severity).sentence,
    }
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
