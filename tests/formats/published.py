"""Small files in the layouts of published data sets."""

from __future__ import annotations

SAML_D = (
    "Time,Date,Sender_account,Receiver_account,Amount,Payment_currency,Received_currency,Sender_bank_location,"
    "Receiver_bank_location,Payment_type,Is_laundering,Laundering_type"
)
PAYSIM = "step,type,amount,nameOrig,oldbalanceOrg,newbalanceOrig,nameDest,oldbalanceDest,newbalanceDest,isFraud,isFlaggedFraud"
AMLSIM = "sourceNodeId,targetNodeId,value,time"
AMLGENTEX = (
    "tx_id,step,tx_date,type,amount,nameOrig,nameDest,bankOrig,bankDest,daysInBankOrig,phoneChangesOrig,daysInBankDest,"
    "phoneChangesDest,oldbalanceOrig,newbalanceOrig,oldbalanceDest,newbalanceDest,is_sar,pattern_id,model_type"
)
AMLGENTEX_ACCOUNTS = "ACCOUNT_ID,CUSTOMER_ID,INIT_BALANCE,SALARY,AGE,CITY,IS_SAR,BANK_ID"
AMLSIM_NODES = "nodeid,isFraud,init_balance,fraudStep"

#: One good row of each, by header.
GOOD = {
    SAML_D: "10:35:19,2022-10-07,8724731955,2769355426,1459.15,UK pounds,UK pounds,UK,UK,Cash Deposit,0,Normal_Cash_Deposits",
    PAYSIM: "1,PAYMENT,9839.64,C1231006815,170136.0,160296.36,M1979787155,0.0,0.0,0,0",
    AMLSIM: "360,18984,103.55,1",
    AMLGENTEX: "12,3,2023-01-04,TRANSFER,480.98,439,8669,bank_a,bank_b,26,0,3,0,900.00,419.02,10.00,490.98,1,7,4",
}
LABELS = {
    SAML_D: {"Is_laundering", "Laundering_type"},
    PAYSIM: {"isFraud", "isFlaggedFraud"},
    AMLGENTEX: {"is_sar", "pattern_id", "model_type"},
}


def row(header: str, **changes: str) -> str:
    """The good row of a layout, with other values in some columns."""
    values = dict(zip(header.split(","), GOOD[header].split(","), strict=True))
    assert not changes.keys() - values.keys()
    return ",".join({**values, **changes}.values())
