"""From a trained model to answers.

payloads.py   the request an endpoint takes, the answer it gives, whole or streamed
endpoints.py  an endpoint (or a Bedrock model) that answers; listing, deleting, proof that nothing is left
deploy.py     a training job's model, or the base, behind an endpoint
open_book.py  a model asked with passages of the handbook in its prompt
compare.py    models side by side, and how much an answer parrots its training rows
"""

from workshop_kit.playground.compare import (
    ECHO_WORDS,
    AnswerCheck,
    Comparison,
    Echo,
    check_answers,
    compare,
    echo,
    repetition,
)
from workshop_kit.playground.deploy import deploy, deploy_base, find_endpoint, trained_system
from workshop_kit.playground.endpoints import BedrockModel, Endpoint, Model, delete, leftovers, list_endpoints
from workshop_kit.playground.open_book import OpenBookModel, with_open_book
from workshop_kit.playground.payloads import MAX_NEW_TOKENS, TEMPERATURE, TOP_P

__all__ = [
    "ECHO_WORDS",
    "MAX_NEW_TOKENS",
    "TEMPERATURE",
    "TOP_P",
    "AnswerCheck",
    "BedrockModel",
    "Comparison",
    "Echo",
    "Endpoint",
    "Model",
    "OpenBookModel",
    "check_answers",
    "compare",
    "delete",
    "deploy",
    "deploy_base",
    "echo",
    "find_endpoint",
    "leftovers",
    "list_endpoints",
    "repetition",
    "trained_system",
    "with_open_book",
]
