"""Small ISO 20022 messages, made for these tests, in an early and a late version."""

from __future__ import annotations

OWN = "DE02120300000000202051"
OTHER = "FR7630006000011234567890189"


def party(role: str, name: str, version: str) -> str:
    inner = f"<Nm>{name}</Nm>"
    return f"<{role}><Pty>{inner}</Pty></{role}>" if version == "08" else f"<{role}>{inner}</{role}>"


def detail(version: str = "08", *, amount: str = "", role: str = "Dbtr", account: str = "", end: str = "E1") -> str:
    bic = "BICFI" if version == "08" else "BIC"
    value = amount and (f'<Amt Ccy="EUR">{amount}</Amt>' if version == "08" else
                        f'<AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls>')  # fmt: skip
    return (
        f"<TxDtls><Refs><EndToEndId>{end}</EndToEndId></Refs>{value}"
        f"<RltdPties>{party(role, 'Kim Roe', version)}<{role}Acct><Id><IBAN>{account or OTHER}</IBAN></Id></{role}Acct>"
        f"</RltdPties><RltdAgts><{role}Agt><FinInstnId><{bic}>AGRIFRPP</{bic}></FinInstnId></{role}Agt></RltdAgts>"
        "<RmtInf><Ustrd>rent\n  June</Ustrd></RmtInf></TxDtls>"
    )


def entry(
    details: str = "",
    *,
    amount: str = "100.50",
    way: str = "CRDT",
    status: str | None = "BOOK",
    family: str = "RCDT",
    sub: str = "ESCT",
    day: str = "<BookgDt><Dt>2026-07-01</Dt></BookgDt>",
    ref: str = "R1",
    version: str = "08",
    reversal: bool = False,
    currency: str = "EUR",
) -> str:
    told = "" if status is None else f"<Sts><Cd>{status}</Cd></Sts>" if version == "08" else f"<Sts>{status}</Sts>"
    code = f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn></BkTxCd>"
    back = "<RvslInd>true</RvslInd>" if reversal else ""
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd>{back}{told}{day}'
        f"<AcctSvcrRef>{ref}</AcctSvcrRef>{code}<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def statement(*entries: str, version: str = "08", account: str | None = None, prefix: str = "") -> str:
    own = f"<Id><IBAN>{OWN}</IBAN></Id>" if account is None else account
    inner = (
        "<BkToCstmrStmt><GrpHdr><MsgId>M</MsgId><CreDtTm>2026-07-02T00:00:00Z</CreDtTm></GrpHdr><Stmt><Id>S1</Id>"
        f"<Acct>{own}<Ccy>EUR</Ccy></Acct>{''.join(entries)}</Stmt></BkToCstmrStmt>"
    )
    space = f"urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"
    document = f'<Document xmlns="{space}">{inner}</Document>'
    if prefix:
        document = (
            document.replace("</", f"</{prefix}:")
            .replace("<", f"<{prefix}:")
            .replace(f"<{prefix}:/{prefix}:", f"</{prefix}:")
        )
        document = document.replace("xmlns=", f"xmlns:{prefix}=")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{document}'


def transfer(
    *,
    version: str = "08",
    instructed: str = "",
    settled: str = '<IntrBkSttlmAmt Ccy="EUR">100.50</IntrBkSttlmAmt>',
    times: str = "<IntrBkSttlmDt>2026-07-01</IntrBkSttlmDt>",
    level: str = "",
    payee: str = f"<Id><IBAN>{OTHER}</IBAN></Id>",
    payee_bank: str = "AGRIFRPP",
    end: str = "E1",
) -> str:
    bic = "BICFI" if version == "08" else "BIC"
    kind = f"<PmtTpInf><SvcLvl><Cd>{level}</Cd></SvcLvl></PmtTpInf>" if level else ""
    return (
        f"<CdtTrfTxInf><PmtId><InstrId>I1</InstrId><EndToEndId>{end}</EndToEndId><TxId>T1</TxId></PmtId>{kind}{settled}"
        f"{times}{instructed}<ChrgBr>SLEV</ChrgBr><Dbtr><Nm>Kim Roe</Nm></Dbtr><DbtrAcct><Id><IBAN>{OWN}</IBAN></Id></DbtrAcct>"
        f"<DbtrAgt><FinInstnId><{bic}>BYLADEM1001</{bic}></FinInstnId></DbtrAgt>"
        f"<CdtrAgt><FinInstnId><{bic}>{payee_bank}</{bic}></FinInstnId></CdtrAgt><Cdtr><Nm>Sam Poe</Nm></Cdtr>"
        f"<CdtrAcct>{payee}</CdtrAcct><RmtInf><Ustrd>rent</Ustrd><Ustrd>June</Ustrd></RmtInf></CdtTrfTxInf>"
    )


def transfers(*inner: str, version: str = "08", method: str = "CLRG") -> str:
    header = (
        "<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-06-30T22:00:00Z</CreDtTm><NbOfTxs>1</NbOfTxs>"
        f"<SttlmInf><SttlmMtd>{method}</SttlmMtd></SttlmInf></GrpHdr>"
    )
    space = f"urn:iso:std:iso:20022:tech:xsd:pacs.008.001.{version}"
    return f'<Document xmlns="{space}"><FIToFICstmrCdtTrf>{header}{"".join(inner)}</FIToFICstmrCdtTrf></Document>'
