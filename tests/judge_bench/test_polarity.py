"""Whether a text says a thing or denies it, and words in comparable form."""

from __future__ import annotations

import pytest

from workshop_kit.local_aws.standins.polarity import Statement
from workshop_kit.local_aws.standins.words import plain

SAID = (
    ("The fee is $40.", "$40", True),
    ("It is not true that the fee is $40.", "$40", False),
    ("The fee is $40, not $60.", "$60", False),
    ("The fee is $40, not $60.", "$40", True),
    ("The fee isn't $40.", "$40", False),
    ("You do not need an appointment and the fee is $40.", "$40", True),
    ("The fee used to be $40.", "$40", False),
    ("$40 is wrong.", "$40", False),
    ("Don't worry, the fee is $40.", "$40", True),
    ("Don't forget your passport.", "your passport", True),
    ("There is no fee.", "no fee", True),
    ("It is wrong to say that there is no fee.", "no fee", False),
    ("Instead of $60 you pay $40.", "$60", False),
    ("Instead of $60 you pay $40.", "$40", True),
    ("No, the fee is $40.", "$40", True),
    ("The fee is no longer $40.", "$40", False),
    ("It is false to say that the wait is two weeks and the fee is $40.", "$40", False),
    ("The wait is never two weeks.", "14 days", False),
    ("You pay no more than $40.", "$40", True),
    ("$40 is not the fee.", "$40", False),
    ("The fee is $40, which is not refundable.", "$40", True),
    ("Juniper would decline this risk.", "decline", True),
    ("We would not decline this risk.", "decline", False),
    ("I cannot accept this risk; refer it to the chief underwriter", "refer", True),
    ("It is a common myth that you pay $40.", "$40", False),
    ("You pay $40 without delay", "$40", True),
    ("No hydrant nearby adds 15% to the premium.", "15%", True),
    ("There is no fee of $40.", "$40", False),
    ("No claims in five years earn a discount of 5%", "discount of 5%", True),
    ("Nobody pays $40.", "$40", False),
    ("It is far from true that the fee is $40.", "$40", False),
    ("The $40 fee was abolished.", "$40", False),
    ("You need no $40 stamp", "$40", False),
)


@pytest.mark.parametrize(("text", "wording", "said"), SAID, ids=range(len(SAID)))
def test_what_a_text_says(text: str, wording: str, said: bool) -> None:
    assert Statement(text).says(wording) is said


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("1,500 dollars", "$1500"), ("two hundred and fifty dollars", "$250"), ("ten per cent", "10 %"),
        ("2 weeks", "14 days"), ("licences", "license"), ("twenty-five days", "25 days"), ("24 hours", "1 day"),
        ("1. Bring the form", "bring form"), ("one year", "12 months"),
    ],
)  # fmt: skip
def test_wordings_of_one_thing_are_the_same_words(one: str, two: str) -> None:
    assert plain(one) == plain(two)


@pytest.mark.parametrize("text", ["a year without a claim", "one week", "a fortnight"])
def test_a_length_of_time_is_found_in_other_words(text: str) -> None:
    other = {"a year without a claim": "year without a claim", "one week": "a week", "a fortnight": "two weeks"}[text]
    assert Statement(f"Wait for {text}.").says(other)
