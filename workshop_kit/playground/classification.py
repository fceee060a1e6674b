"""A model as a classifier: its labels against the right ones, with the baseline that needs no model at all.

Scores have fmeval's names: classification_accuracy_score is the share of right labels, balanced_accuracy_score the mean
over the true classes of the share found (recall).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workshop_kit.errors import BadInput, KitError
from workshop_kit.pictures import picture
from workshop_kit.playground.endpoints import Model
from workshop_kit.records import html_table
from workshop_kit.training.jobs import Cancel, JobProgress

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NO_LABEL = "(no label)"
AT_ONCE = 8


@dataclass(frozen=True)
class Classification:
    """True and predicted labels, one each a question, out of `labels`; anything else counts as NO_LABEL."""

    truth: tuple[str, ...]
    predicted: tuple[str, ...]
    labels: tuple[str, ...]
    name: str = "model"

    @property
    def classification_accuracy_score(self) -> float:
        """The share of right labels."""
        return sum(t == p for t, p in zip(self.truth, self.predicted, strict=True)) / len(self.truth)

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the accuracy."""
        n, p, z = len(self.truth), self.classification_accuracy_score, 1.96
        middle, spread = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return (middle - spread) / (1 + z * z / n), (middle + spread) / (1 + z * z / n)

    @property
    def balanced_accuracy_score(self) -> float:
        """The mean of the recalls of the classes that occur: every class counts alike, however rare."""
        recalls = [recall for _, recall, count in self.by_class().values() if count]
        return sum(recalls) / len(recalls)

    @property
    def unlabelled(self) -> int:
        """Answers that are no label at all."""
        return sum(p == NO_LABEL for p in self.predicted)

    def by_class(self) -> dict[str, tuple[float, float, int]]:
        """Label -> precision, recall, and how often it is the right one; a precision of nothing is 0."""
        right = Counter(t for t, p in zip(self.truth, self.predicted, strict=True) if t == p)
        true, said = Counter(self.truth), Counter(self.predicted)
        return {
            label: (
                right[label] / said[label] if said[label] else 0.0,
                right[label] / true[label] if true[label] else 0.0,
                true[label],
            )
            for label in self.labels
        }

    def confusion(self) -> list[list[int]]:
        """Counts, a row for each true label and a column for each predicted one; the last column is NO_LABEL."""
        columns = {label: n for n, label in enumerate((*self.labels, NO_LABEL))}
        table = [[0] * len(columns) for _ in self.labels]
        for t, p in zip(self.truth, self.predicted, strict=True):
            table[self.labels.index(t)][columns[p]] += 1
        return table

    def to_text(self) -> str:
        """The scores and the classes as lines of text."""
        low, high = self.interval
        lines = [
            f"{self.name}: accuracy {self.classification_accuracy_score:.1%} ({low:.1%} to {high:.1%}), balanced "
            f"accuracy {self.balanced_accuracy_score:.1%}, {len(self.truth)} questions, {self.unlabelled} unlabelled",
            f"{'label':<28} {'precision':>9} {'recall':>7} {'rows':>5}",
        ]
        for label, (precision, recall, count) in self.by_class().items():
            lines.append(f"{label:<28} {precision:>9.0%} {recall:>7.0%} {count:>5}")
        return "\n".join(lines)

    def plot(self, *, width: float = 8.0) -> Figure:
        """The confusion matrix: rows are what is right, columns what was said; each row's shares sum to 1."""
        table = self.confusion()
        shares = [[count / max(1, sum(row)) for count in row] for row in table]
        names = [*self.labels, NO_LABEL]
        figure = picture(width, width * 0.9)
        axes = figure.add_subplot()
        # cividis reads the same to colour-blind people, and in grey.
        image = axes.imshow(shares, cmap="cividis", vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
        axes.set_yticks(range(len(self.labels)), self.labels, fontsize=7)
        for y, row in enumerate(table):
            for x, count in enumerate(row):
                if count:
                    colour = "black" if shares[y][x] > 0.5 else "white"
                    axes.text(x, y, str(count), ha="center", va="center", fontsize=6, color=colour)
        axes.set_xlabel("What the model said")
        axes.set_ylabel("What is right")
        figure.colorbar(image, ax=axes, label="share of the row", shrink=0.8)
        return figure

    def _repr_html_(self) -> str:
        rows: list[list[object]] = [
            [label, f"{precision:.0%}", f"{recall:.0%}", count]
            for label, (precision, recall, count) in self.by_class().items()
        ]
        caption = self.to_text().splitlines()[0]
        return html_table(["label", "precision", "recall", "rows"], rows, caption)


def classify_report(
    truth: Sequence[str], predicted: Sequence[str], labels: Sequence[str] | None = None, name: str = "model"
) -> Classification:
    """Compare labels. What is not one of `labels` (by default those that occur in `truth`) counts as NO_LABEL.

    Raises BadInput when there is nothing to compare, the lengths differ, or a right label is unknown.
    """
    if not truth or len(truth) != len(predicted):
        raise BadInput(f"There are {len(truth)} right labels and {len(predicted)} answers; give one answer for each.")
    known = tuple(labels) if labels else tuple(dict.fromkeys(truth))
    if unknown := sorted(set(truth) - set(known)):
        raise BadInput(f"The right label {unknown[0]!r} is not among the labels.")
    folded = {label.casefold(): label for label in known}
    said = tuple(folded.get(answer.strip().strip(".").casefold(), NO_LABEL) for answer in predicted)
    return Classification(tuple(truth), said, known, name)


def majority_baseline(
    train: Sequence[str], truth: Sequence[str], labels: Sequence[str] | None = None
) -> Classification:
    """The classifier that always says the commonest label of `train`: what any model has to beat."""
    most = Counter(train).most_common(1)[0][0]
    return classify_report(truth, [most] * len(truth), labels, f"always '{most}'")


def nearest_baseline(
    train: Sequence[tuple[str, str]],
    questions: Sequence[str],
    truth: Sequence[str],
    labels: Sequence[str] | None = None,
) -> Classification:
    """The classifier that looks up the most similar training question and takes its label: retrieval without a model.

    `train` holds (question, label) pairs. Similar means the cosine of TF-IDF vectors of words and word pairs
    (scikit-learn's TfidfVectorizer), ties by the order of `train`.
    """
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    known = vectorizer.fit_transform([question for question, _ in train])
    nearest = np.asarray((vectorizer.transform(questions) @ known.T).argmax(axis=1)).ravel()
    return classify_report(truth, [train[place][1] for place in nearest.tolist()], labels, "nearest training question")


def classify(
    model: Model,
    questions: Sequence[str],
    *,
    progress: Callable[[JobProgress], None] | None = None,
    cancel: Cancel | None = None,
    at_once: int = AT_ONCE,
    **settings: Any,
) -> list[str]:
    """A model's answers to questions, asked a few at a time; one that can't be had is "" and counts as no label.

    Cancelling leaves the rest unanswered. Raises the model's error when not a single question could be answered.
    """
    answers, faults = [""] * len(questions), []

    def ask(number: int) -> None:
        if cancel is not None and cancel.is_set():
            return
        try:
            answers[number] = model.ask(questions[number], **settings)
        except KitError as problem:
            faults.append(problem)

    with ThreadPoolExecutor(at_once) as pool:
        for done, _ in enumerate(pool.map(ask, range(len(questions))), start=1):
            if progress is not None:
                progress(JobProgress(done, len(questions), None, f"Question {done} of {len(questions)}"))
    if len(faults) == len(questions) and faults:
        raise faults[0]
    return answers
