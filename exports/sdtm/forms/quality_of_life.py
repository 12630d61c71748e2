"""Quality of life (form QOL): EORTC QLQ-C30 and QLQ-OES18.

The names of the items of QLQ-C30 are those of CDISC's terminology. QLQ-OES18 has no list there: its items go by their
numbers, since the words of the questionnaire are licensed.
"""

from __future__ import annotations

from typing import Final

from exports.sdtm.mapping import NOT_DONE, FormMapping, Target, a, finding, q, record, when

C30: Final = (
    "Trouble Doing Strenuous Activities",
    "Trouble Taking Long Walk",
    "Trouble Taking Short Walk Outside",
    "Stay in Bed/Chair During the Day",
    "Need Help Eating/Dressing/Washing",
    "Limited in Work/Daily Activities",
    "Limited Hobbies/Leisure Activities",
    "Were You Short of Breath",
    "Have You Had Pain",
    "Did You Need to Rest",
    "Have You Had Trouble Sleeping",
    "Have You Felt Weak",
    "Have You Lacked Appetite",
    "Have You Felt Nauseated",
    "Have You Vomited",
    "Have You Been Constipated",
    "Have You Had Diarrhea",
    "Were You Tired",
    "Pain Interfere Daily Activities",
    "Difficulty Concentrating on Things",
    "Did You Feel Tense",
    "Did You Worry",
    "Did You Feel Irritable",
    "Did You Feel Depressed",
    "Had Difficulty Remembering Things",
    "Condition Interfered Family Life",
    "Condition Interfered Social Activ",
    "Condition Caused Financial Diff",
    "Rate Your Overall Health",
    "Rate Your Overall Quality of Life",
)
ITEMS: Final = 48
DAY: Final = a("Q_DONE_DT")
SCALES: Final = (
    *(
        "QS_QL2",
        "QS_PF2",
        "QS_RF2",
        "QS_EF",
        "QS_CF",
        "QS_SF",
        "QS_FA",
        "QS_NV",
        "QS_PA",
        "QS_DY",
        "QS_SL",
        "QS_AP",
    ),
    *("QS_CO", "QS_DI", "QS_FI", "QS_SUMMARY", "QS_OESDYS", "QS_OESEAT", "QS_OESRFX", "QS_OESPA", "QS_OESSV"),
    *("QS_OESCH", "QS_OESDM", "QS_OESTA", "QS_OESCO", "QS_OESSP"),
)


def item(number: int) -> Target:
    """Return the record of one item; how the questionnaire was filled in stands beside its first one."""
    first = (
        q("QSLANG", "Q_LANG"),
        q("QSMODE", "Q_MODE"),
        q("QSHELP", "Q_BY"),
        q("QSBEFORE", "Q_ORDER"),
        q("QSVER", "Q_VER"),
        q("QSDUE", "Q_DUE"),
        q("QSBLANK", "Q_BLANK"),
    )
    if number <= len(C30):
        code, name, category = f"EOR01{number:02}", f"EOR01-{C30[number - 1]}", "EORTC QLQ-C30 V3.0"
    else:
        code, name, category = f"OES18{number}", f"OES18-Item {number}", "EORTC QLQ-OES18"
    return finding(
        "QS",
        code,
        name,
        a(f"Q{number}"),
        CAT=category,
        DTC=DAY,
        qualifiers=first if number == 1 else (),
    )


MAPPINGS: Final = (
    FormMapping(
        "QOL",
        (
            record(
                "QS",
                only=(when("Q_DONE", "N"),),
                TESTCD="QSALL",
                TEST="Questionnaires",
                CAT="EORTC QLQ-C30 V3.0",
                STAT=a("Q_DONE", NOT_DONE),
                REASND=a("Q_MISS"),
                DTC=a("Q_DUE"),
            ),
            *(item(number) for number in range(1, ITEMS + 1)),
        ),
        {
            "Q_INST": "QS.QSCAT of the items",
            "QS_OESDYS_DIR": "direction of a scale: ADaM",
            **dict.fromkeys(SCALES, "ADQS.AVAL"),
        },
    ),
    FormMapping(
        "QOL_Q_DOUBLE",
        (
            finding(
                "FA", "DOUBLEAN", "Item With Two Answers", a("D_ITEM"), OBJ="EORTC QUESTIONNAIRE", DTC=DAY
            ),
        ),
    ),
)
