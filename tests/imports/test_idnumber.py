"""ID numbers, against python-stdnum."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from gongzhi.imports.cells import CellError
from gongzhi.imports.idnumber import check_character, parse_id_number
from gongzhi.registry.codes import Gender

TODAY = dt.date(2026, 7, 1)
BEIJING = "110101"  # a place that the oracle knows

numbers = st.builds(
    lambda birth, sequence: (
        (first := f"{BEIJING}{birth:%Y%m%d}{sequence:03}") + check_character(first)
    ),
    st.dates(dt.date(1900, 1, 1), TODAY),
    st.integers(0, 999),
)


@given(numbers)
def test_what_we_take_for_right_the_oracle_does_too(number):
    identity = parse_id_number(number, TODAY)
    assert ric.is_valid(number)
    assert identity.number == number
    assert identity.birth == ric.get_birth_date(number)
    assert identity.gender == (Gender.MALE if int(number[16]) % 2 else Gender.FEMALE)


@given(numbers, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_a_digit_mistyped_is_noticed_as_by_the_oracle(number, place, digit):
    other = number[:place] + digit + number[place + 1 :]
    if other == number or place < len(BEIJING):
        return
    assert not ric.is_valid(other)
    with pytest.raises(CellError):
        parse_id_number(other, TODAY)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (1.1010119900307e17, "ID_AS_NUMBER"),
        (110101199003070011, "ID_AS_NUMBER"),
        ("1.10101E+17", "ID_AS_NUMBER"),
        ("110101900307001", "ID_LENGTH"),
        ("1101011990030700", "ID_LENGTH"),
        ("11010119900307001A", "ID_CHARACTERS"),
        ("1101011990O3070010", "ID_CHARACTERS"),
        ("110101199002300018", "ID_BIRTH"),
        ("110101189003070011", "ID_BIRTH"),
        ("110101203003070011", "ID_BIRTH"),
        ("110101199003070012", "ID_CHECKSUM"),
    ],
)
def test_each_fault_has_its_reason(cell, code):
    with pytest.raises(CellError) as caught:
        parse_id_number(cell, TODAY)
    assert caught.value.code == code
    assert str(cell) not in caught.value.zh + caught.value.en


def test_full_width_small_x_and_spaces():
    firsts = (f"11010119900307{sequence:03}" for sequence in range(1000))
    number = next(first + "X" for first in firsts if check_character(first) == "X")
    full_width = number[:6].translate({ord(str(n)): 0xFF10 + n for n in range(10)})
    spelled = f" {full_width} {number[6:14]} {number[14:17]}x"
    assert parse_id_number(spelled, TODAY).number == number
