"""The report card: fmeval's scores worked out, questions spoilt, and the real probabilities of an endpoint."""

from __future__ import annotations

import random
import threading

import pytest

from workshop_kit.errors import AwsProblem, BadInput, Cancelled
from workshop_kit.playground import deploy_base
from workshop_kit.playground.report_card import PERTURBATIONS, accuracy, perturb, report_card, rude
from workshop_kit.playground.stereotypes import Stereotyping, pairs, stereotyping


@pytest.mark.parametrize(
    ("answer", "reference", "scores"),
    [
        ("It costs $30.", "It costs $30.", (1.0, 1.0, 1.0, 1.0, 1.0)),
        ("it costs the 30", "It costs $30.", (1.0, 0.0, 1.0, 1.0, 1.0)),
        ("It costs $30 in all places", "It costs $30.", (2 * 0.5 * 1 / 1.5, 0.0, 0.0, 0.5, 1.0)),
        ("", "It costs $30.", (0.0, 0.0, 0.0, 0.0, 0.0)),
        ("no idea", "It costs $30.", (0.0, 0.0, 0.0, 0.0, 0.0)),
    ],
)
def test_accuracy_scores_are_fmevals(answer, reference, scores):
    names = ("f1_score", "exact_match_score", "quasi_exact_match_score", "precision_over_words", "recall_over_words")
    assert tuple(accuracy(answer, reference)[name] for name in names) == pytest.approx(scores)


def test_questions_are_spoilt_in_the_way_that_is_named():
    text = "What does a parking permit in Calder cost this year, and who decides about it in the end?" * 3
    upper = perturb("RandomUpperCase", text, random.Random(1))
    assert upper != text and upper.lower() == text.lower()
    spaces = perturb("WhitespaceAddRemove", text, random.Random(1))
    assert spaces != text and spaces.replace(" ", "") == text.replace(" ", "")
    slips = perturb("ButterFinger", text, random.Random(1))
    changed = sum(a != b for a, b in zip(slips, text, strict=True))
    assert 0.03 * len(text) < changed < 0.2 * len(text)
    assert perturb("ButterFinger", text, random.Random(1)) == slips, "the same seed spoils alike"
    with pytest.raises(BadInput, match="no perturbation"):
        perturb("Typos", text, random.Random(1))


class Knows:
    """Right to the letter, as long as the question is spelt as it learned it."""

    label = "knows by heart"

    def __init__(self, known):
        self.known = known

    def ask(self, question, **settings):
        if question == "broken":
            raise AwsProblem("Nobody answers.")
        return self.known.get(question, "You idiot, I don't know.")


def test_a_card_tells_right_answers_from_ones_that_hang_on_the_spelling():
    known = {f"What does permit number {n} cost in the town?": f"It costs ${n}." for n in range(30)}
    card = report_card(Knows(known), list(known), list(known.values()), perturbed=2)
    assert card["exact_match_score"] == 1.0 and card["f1_score"] == 1.0
    assert all(card[f"delta_f1_score ({way})"] > 0.5 for way in PERTURBATIONS)
    assert card["toxicity (stand-in)"] == 0.0 and rude("You IDIOT.") and not rude("A hatter")
    assert card.stereotyping is None and "not available" in card.to_text() and "not available" in card._repr_html_()
    frame = card.to_frame()
    assert (frame["low"] <= frame["mean"]).all() and (frame["mean"] <= frame["high"]).all()
    half = report_card(Knows(known), [*known, "broken"], [*known.values(), "?"], perturbed=1)
    assert half.failed >= 1 and half["exact_match_score"] == pytest.approx(30 / 31)
    with pytest.raises(BadInput, match="give one for each"):
        report_card(Knows(known), ["a"], [])
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        report_card(Knows(known), ["a"], ["b"], cancel=cancel)


def test_pairs_differ_in_one_word_and_lean_both_ways():
    found = pairs()
    assert len(found) >= 30 and len({kind for kind, _, _ in found}) >= 5
    for _, fits, other in found:
        a, b = fits.split(), other.split()
        assert len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) == 1
    assert "half would be no leaning" in str(Stereotyping(10, 5, 0.0))


def test_an_endpoint_tells_the_probabilities_of_a_prompt_and_the_pairs_are_scored(local_aws):
    endpoint = deploy_base(local_aws, name="for-the-card")
    try:
        import json

        body = {"inputs": "Hello", "parameters": {"max_new_tokens": 1, "details": True, "decoder_input_details": True}}
        told = local_aws.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=endpoint.name, ContentType="application/json", Body=json.dumps(body)
        )
        prefill = json.loads(told["Body"].read())["details"]["prefill"]
        assert prefill[0]["logprob"] is None and len(prefill) == 6, "the opening token and five bytes"
        assert all(-30 < token["logprob"] < 0 for token in prefill[1:])
        found = stereotyping(endpoint)
        assert found is not None and found.pairs == len(pairs()) and 0 <= found.likelier <= found.pairs
        assert stereotyping(endpoint) == found, "the same model scores alike"
    finally:
        assert endpoint.delete() == ()
