"""Rows that mean the same in other words: by TF-IDF, or by any embedding model handed in.

TF-IDF sees shared words and parts of words, weighed by how rare they are (K. Spärck Jones, "A statistical
interpretation of term specificity", 1972). It finds reordered and reworded rows, not synonyms; an embedding model
finds some of those too. Such rows are shown, never dropped unasked: two wordings of one question teach something.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from workshop_kit.errors import BadInput, require
from workshop_kit.records import Example
from workshop_kit.review.duplicates import Cluster, connected, particulars

THRESHOLD = 0.5  # cosine of two questions' TF-IDF vectors; embedding models need their own, often near 0.85
SAME_ANSWER = 0.9  # cosine of their answers' TF-IDF vectors, from which they say the same
BLOCK = 512  # rows compared at a time, so that memory grows with the rows and not with their square
Embed = Callable[[Sequence[str]], Any]


def semantic_clusters(
    examples: Sequence[Example],
    threshold: float = THRESHOLD,
    *,
    embed: Embed | None = None,
    without: Sequence[int] = (),
) -> tuple[Cluster, ...]:
    """Rows whose questions mean nearly the same and whose answers say the same.

    `embed` turns n texts into an array of n vectors (see embedder()); TF-IDF is used without it. `without` leaves rows
    out, such as the spare rows of exact and near clusters. Raises BadInput for a threshold out of (0, 1].
    """
    import numpy as np

    if not 0 < threshold <= 1:
        raise BadInput(f"threshold is {threshold}; it must lie above 0 and be at most 1.")
    left_out = set(without)
    rows = [row for row in range(len(examples)) if row not in left_out]
    if len(rows) < 2:
        return ()
    vectors = (embed or tfidf)([f"{examples[row].instruction} {examples[row].context}" for row in rows])
    alike: dict[frozenset[str], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        # "The fee in Alder Bay" and "the fee in Pinecrest" are close in any space and teach two facts.
        alike[particulars(f"{examples[row].instruction} {examples[row].response}")].append(place)
    answers = tfidf([examples[row].response for row in rows])

    def pairs() -> Iterator[tuple[int, int]]:
        for places in alike.values():
            close = list(_close(vectors, places, threshold))
            if close:
                first, second = (answers[[pair[side] for pair in close]] for side in (0, 1))
                same = np.asarray(first.multiply(second).sum(axis=1)).ravel()
                yield from ((rows[a], rows[b]) for (a, b), s in zip(close, same, strict=True) if s >= SAME_ANSWER)

    return tuple(
        Cluster(tuple(group), max(group, key=lambda row: (len(examples[row].response), -row)))
        for group in connected(pairs())
    )


def tfidf(texts: Sequence[str]) -> Any:
    """Unit vectors of word and word-part weights, a sparse matrix of one row a text."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    # Parts of 3 to 5 letters within words: "licence", "licences" and "licensed" share most of theirs.
    weigh = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, dtype=np.float32)
    try:
        return weigh.fit_transform(texts)
    except ValueError:  # not one of the texts has a word
        return weigh.fit([" empty "]).transform(texts)


def embedder(model: str = "minishlab/potion-base-8M") -> Embed:
    """An embedding model by model2vec (small, no torch); downloads it on first use.

    Raises MissingExtra without the extra "embeddings", BadInput when the model can't be had.
    """
    model2vec = require("model2vec", extra="embeddings")
    try:
        loaded = model2vec.StaticModel.from_pretrained(model)
    except Exception as problem:
        raise BadInput(
            f"The embedding model {model} can't be loaded ({type(problem).__name__}); check its name and the network, "
            "or leave embed out to use TF-IDF."
        ) from None
    return lambda texts: loaded.encode(list(texts))


def _close(vectors: Any, places: Sequence[int], threshold: float) -> Iterator[tuple[int, int]]:
    """Pairs of places whose vectors' cosine is at least the threshold."""
    import numpy as np

    if len(places) < 2:
        return
    chosen = vectors[list(places)]
    sparse = hasattr(chosen, "toarray")
    if not sparse:
        chosen = np.asarray(chosen, dtype=np.float32)
        chosen = chosen / np.maximum(np.linalg.norm(chosen, axis=1, keepdims=True), 1e-12)
    for start in range(0, len(places), BLOCK):
        block = chosen[start : start + BLOCK] @ chosen.T
        if sparse:
            block = block.tocoo()
            hits = block.data >= threshold - 1e-6
            found = zip(block.row[hits], block.col[hits], strict=True)
        else:
            found = zip(*np.nonzero(block >= threshold - 1e-6), strict=True)
        yield from ((places[start + a], places[b]) for a, b in found if start + a < b)
