"""Review: what is wrong with a dataset, shown before anybody pays for training on it.

checks.py         findings about single rows, and the safe mends
duplicates.py     exact and near duplicates as clusters, contamination by known questions
lengths.py        how long questions and answers are
split.py          train and validation, without leaks
semantic.py       rows that mean the same in other words
limits.py         what each training service takes
coverage.py       topics, kinds of question, and what is missing
privacy.py        private text: found, masked, kept from uploads
compare.py        two versions side by side
desk.py           a person's decisions, row by row
report.py         all of it in one Review
page.py           the report, as a page and as Markdown
"""

from workshop_kit.review.compare import Comparison, compare
from workshop_kit.review.coverage import Coverage, coverage
from workshop_kit.review.desk import Agreement, Desk, Filter, agreement, shared_rows
from workshop_kit.review.duplicates import Cluster, Match
from workshop_kit.review.lengths import Lengths
from workshop_kit.review.page import Report, write_report
from workshop_kit.review.privacy import Private, find_private
from workshop_kit.review.report import Review, review
from workshop_kit.review.split import Split, load_split, split

__all__ = [
    "Agreement",
    "Cluster",
    "Comparison",
    "Coverage",
    "Desk",
    "Filter",
    "Lengths",
    "Match",
    "Private",
    "Report",
    "Review",
    "Split",
    "agreement",
    "compare",
    "coverage",
    "find_private",
    "load_split",
    "review",
    "shared_rows",
    "split",
    "write_report",
]
