"""What the model says of a customer's accounts, and which features made the score of the most suspicious payment."""

from __future__ import annotations

import re
from typing import Any, Final

import pandas as pd
import streamlit as st

from app.ui import formats, session
from casedesk.domain.alerts import Risk
from casedesk.services import model_answers
from casedesk.services.casefile import CaseFile
from casedesk.services.run_trust import trust_of

#: The space between a number of days and its unit, where no line may end.
_UNIT: Final = re.compile(r"(?<=\d) (?=d\b)")


def show(file: CaseFile) -> None:
    """Draw the accounts' scores, and the parts of the highest."""
    names = [account.account_id for account in file.accounts]
    run, found = model_answers.of_accounts(uow=session.desk().reading(), actor=session.actor(), account_ids=names)
    if run is None:
        st.markdown(formats.small("The model has scored nothing yet; a manager runs it with “casedesk model run”."))
        return
    if not found:
        st.markdown(formats.small(f"These accounts had no payments when the model ran ({run.model_run_id})."))
        return
    _accounts(found)
    which = run.version_id or "the model that ships with the desk, which was trained on made-up banks"
    st.markdown(formats.small(f"{run.model_run_id} of {formats.moment(run.ran_at)}, by {which}."))
    if (trust := trust_of(run)) < 1:
        st.warning(
            f"The desk's payments drifted from those that trained the model, so it is trusted little here: probabilities keep {trust:.3f} "
            "of their distance from its base rate, in log odds. A low one clears nobody; only the order is the model's.",
            icon=":material/trending_up:",
        )
    if found[0].parts:
        _parts(found[0])


def _accounts(found: tuple[model_answers.Answer, ...]) -> None:
    frame = pd.DataFrame(
        {
            "Risk": [formats.BADGES[Risk(one.band)].text for one in found],
            "Account": [formats.plain(one.account_id) for one in found],
            "Probability": [one.probability for one in found],
            "Most suspicious payment": [formats.plain(one.transaction_id) for one in found],
        }
    )
    written: dict[Any, Any] = {"Probability": "{:.4f}"}
    st.table(frame.style.format(written), hide_index=True, border="horizontal", alt="What the model says by account")


def _parts(one: model_answers.Answer) -> None:
    """Draw the features that weighed most; the last line is the whole."""
    st.markdown(
        f"**Why {formats.plain(one.transaction_id)}** :gray[log odds before calibration; above 0 speaks for it]"
    )
    rows = [
        (":gray[what every payment starts from]", one.start),
        *((_UNIT.sub("\u00a0", formats.plain(w)), part) for w, part in one.parts),
    ]
    rows += [(":gray[all other features]", one.others), ("**together**", one.raw)]
    frame = pd.DataFrame(rows, columns=["Feature", "Part"])
    written: dict[Any, Any] = {"Part": "{:+.4f}"}
    st.table(frame.style.format(written), hide_index=True, border="horizontal", alt="The parts of the model's score")
