"""Intent: is the answer the label, the whole label and nothing but the label?"""


def label(text):
    """A label without the white space, case and full stop that don't matter."""
    return str(text or "").strip().strip(".").casefold()


def score(answer, reference):
    """1 for the label alone, 0.3 where the answer begins with it, else 0."""
    wanted, said = label(reference), label(answer)
    if not wanted:
        return 0.0
    if said == wanted:
        return 1.0
    return 0.3 if said.split()[:1] == [wanted] else 0.0


def handler(event, context):
    """Bedrock's samples to their scores."""
    scores = []
    for sample in event:
        reference = (sample.get("metadata") or {}).get("reference_answer", sample.get("reference_answer"))
        value = score(sample["messages"][-1].get("content"), reference)
        scores.append({"id": sample["id"], "aggregate_reward_score": value})
    return scores
