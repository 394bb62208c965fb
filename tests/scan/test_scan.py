"""Personal numbers in free text: what is found, what is not, and that no value gets out.

All numbers are made up; identification numbers are given the check character that fits.
"""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongzhi.imports.idnumber import check_character
from gongzhi.scan import CONTACTS, LABELS, Hit, PersonalNumber, scan

ID, CARD = PersonalNumber.ID_NUMBER, PersonalNumber.BANK_CARD
MOBILE, LANDLINE = PersonalNumber.MOBILE, PersonalNumber.LANDLINE


def id_number(place: str = "310151", birth: str = "19800229", sequence: str = "012") -> str:
    first = place + birth + sequence
    return first + check_character(first)


def card(first: str) -> str:
    """Add the digit that makes it a card's number."""
    total = 0
    for at, char in enumerate(reversed(first)):
        n = int(char) * (2 if at % 2 == 0 else 1)
        total += n - 9 if n > 9 else n
    return first + str(-total % 10)


VALID = id_number()
WITH_X = next(n for n in (id_number(sequence=f"{i:03}") for i in range(200)) if n[-1] == "X")
WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
CARD_16, CARD_19 = card("622202123456789"), card("622202123456789012")
WRONG = VALID[:17] + ("1" if VALID[17] != "1" else "2")

FOUND = [
    (VALID, ID),
    (WITH_X, ID),
    (WITH_X.lower(), ID),
    (WITH_X.replace("X", "×"), ID),
    (WITH_X.replace("X", "Ⅹ"), ID),  # the Roman numeral that the standard means
    (VALID.translate(WIDE), ID),
    (WITH_X.translate(WIDE), ID),
    (f"{VALID[:6]} {VALID[6:14]} {VALID[14:]}", ID),
    (f"{VALID[:6]}－{VALID[6:14]}—{VALID[14:]}", ID),
    (f"{VALID[:4]}　{VALID[4:8]}　{VALID[8:12]}　{VALID[12:16]}　{VALID[16:]}", ID),
    (" ".join(VALID), ID),
    (f"{VALID[:10]}\n{VALID[10:]}", ID),
    (f"{VALID[:10]}\r\n{VALID[10:]}", ID),
    (f"{VALID[:6]}\u200b{VALID[6:]}", ID),
    (f"{VALID[:6]}({VALID[6:14]}){VALID[14:]}", ID),
    (id_number("810000", "20101231"), ID),  # a resident of Hong Kong
    ("310151800229012", ID),
    ("310151 800229 012", ID),
    ("13812345678", MOBILE),
    ("19912345678", MOBILE),
    ("13812345678".translate(WIDE), MOBILE),
    ("138 1234 5678", MOBILE),
    ("138-1234-5678", MOBILE),
    ("138.1234.5678", MOBILE),
    ("138·1234·5678", MOBILE),
    ("1381234 5678", MOBILE),
    ("138 12345678", MOBILE),
    ("138-123-45678", MOBILE),
    ("1381 234 5678", MOBILE),
    ("1 3 8 1 2 3 4 5 6 7 8", MOBILE),
    ("138　1234　5678", MOBILE),
    ("138\t1234\t5678", MOBILE),
    ("86 138 1234 5678", MOBILE),
    ("86-13812345678", MOBILE),
    ("8613812345678", MOBILE),
    ("008613812345678", MOBILE),
    ("013812345678", MOBILE),
    ("021-59123456", LANDLINE),
    ("02159123456", LANDLINE),
    ("021 5912 3456", LANDLINE),
    ("021) 59123456", LANDLINE),
    ("010－62345678", LANDLINE),
    ("0631-5212345", LANDLINE),
    ("0755 2212 3456", LANDLINE),
    (CARD_16, CARD),
    (CARD_19, CARD),
    (" ".join(CARD_19[n : n + 4] for n in range(0, 19, 4)), CARD),
    (f"{CARD_19[:6]} {CARD_19[6:]}", CARD),
    (card("955880123456789012"), CARD),
    (card("412345678901234"), CARD),
]


@pytest.mark.parametrize(("written", "kind"), FOUND)
@pytest.mark.parametrize(
    ("before", "after"), [("", ""), ("联系：", "。"), ("2014年11月5日 ", "，共3人"), ("a", "b")]
)
def test_it_is_found_where_it_stands(
    written: str, kind: PersonalNumber, before: str, after: str
) -> None:
    text = before + written + after
    assert scan(text) == [Hit(kind, len(before), len(before) + len(written))]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "接访时间：每周一上午 9:00—11:00；接访地点：居委会会议室。",
        "2014-11-05 13:30 至 2014-11-06 17:00",
        "收入 420000 元，支出 210000 元，结余 210,000.00 元",
        "13,812,345,678 元",
        "1 3 5 7 9 11 13 15 17 19 号楼",
        "1380 1250 134 996",  # columns of amounts
        "1380\n1250\n1340",
        "138 1234\n5678",
        "101户 117户 16户",
        "热线 12345、110、400-820-8820、95588",
        WRONG,
        id_number(birth="19800230"),  # there is no such day
        id_number(birth="17800229"),
        id_number(place="990151"),
        f"9{VALID}",
        f"{VALID}0",
        "310151801329012",  # month 13
        "990151800229012",
        "913101510123456781",  # a unified social credit code of digits alone
        "12812345678",
        "138123456789",
        "23812345678",
        CARD_16[:-1] + str((int(CARD_16[-1]) + 1) % 10),
        "4000 5000 6000 7004",  # amounts, though the check digit fits
        card("812345678901234"),
        "59123456",
        "0215912345",
        "http://example.org/2014/11/05/1234567890",
        "550e8400-e29b-41d4-a716-446655440000",
        "㈠①一三八一二三四五六七八",
    ],
)
def test_what_is_none_is_not_found(text: str) -> None:
    assert scan(text) == []


def test_several_are_told_apart_in_the_order_of_the_text() -> None:
    parts = [("张", None), ("13812345678", MOBILE), (" ", None), ("13912345678", MOBILE)]
    parts += [("、", None), (VALID, ID), ("\n", None), ("021-59123456", LANDLINE), (" 3 ", None)]
    parts += [(CARD_16, CARD), (" 12 ", None), ("138 1234 5678", MOBILE)]
    text, expected = "", []
    for written, kind in parts:
        if kind is not None:
            expected.append(Hit(kind, len(text), len(text) + len(written)))
        text += written
    assert scan(text) == expected


def test_where_two_readings_overlap_the_graver_counts() -> None:
    """Birth date and sequence of anybody born in the last century read as a mobile number."""
    split = f"{VALID[:6]} {VALID[6:17]} {VALID[17]}"
    assert scan(VALID[6:17]) == [Hit(MOBILE, 0, 11)]
    assert scan(split) == [Hit(ID, 0, len(split))]


def test_a_hit_says_what_and_where_and_not_which() -> None:
    (hit,) = scan(f"证件号 {VALID}")
    assert {field.name for field in dataclasses.fields(hit)} == {"kind", "start", "end"}
    assert VALID[:6] not in repr(hit)


def test_every_kind_has_a_label_in_two_languages() -> None:
    assert set(LABELS) == set(PersonalNumber)
    assert {MOBILE, LANDLINE} == CONTACTS


TEXT = st.text(
    st.sampled_from("0123456789０１Xx×  -—()。,，\n年a\u200b") | st.characters(), max_size=80
)


@given(TEXT)
def test_hits_lie_in_the_text_and_never_overlap(text: str) -> None:
    hits = scan(text)
    assert all(0 <= hit.start < hit.end <= len(text) for hit in hits)
    assert all(a.end <= b.start for a, b in pairwise(hits))
    assert all(text[hit.start].isdecimal() for hit in hits)


@given(st.integers(0, 999), st.sets(st.integers(1, 17)), st.sampled_from(" -－　·"))
def test_an_id_number_is_found_in_every_grouping(
    sequence: int, cuts: set[int], separator: str
) -> None:
    number = id_number(sequence=f"{sequence:03}")
    written = "".join(separator * (at in cuts) + char for at, char in enumerate(number))
    assert scan(f"（{written}）") == [Hit(ID, 1, 1 + len(written))]
