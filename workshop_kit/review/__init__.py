"""Review: what is wrong with a dataset, shown before anybody pays for training on it.

checks.py         findings about single rows, and the safe mends
duplicates.py     exact and near duplicates as clusters, contamination by known questions
lengths.py        how long questions and answers are
split.py          train and validation, without leaks
report.py         all of it in one Review
"""

from workshop_kit.review.duplicates import Cluster, Match
from workshop_kit.review.lengths import Lengths
from workshop_kit.review.report import Review, review
from workshop_kit.review.split import Split, load_split, split

__all__ = ["Cluster", "Lengths", "Match", "Review", "Split", "load_split", "review", "split"]
