"""IAM's SimulatePrincipalPolicy, which moto lacks: by it the SageMaker SDK checks a role before using it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.services.delegated import role_policies

Document = dict[str, Any]


def simulate_principal_policy(ctx: Context, request: Document) -> Document:
    """Each action on each resource, by the role's own policies; conditions and boundaries play no part."""
    documents = role_policies(ctx, request["PolicySourceArn"])
    if documents is None:
        raise AwsError("NoSuchEntity", f"Entity {request['PolicySourceArn']} does not exist.", status=404)
    statements = [statement for document in documents for statement in _statements(document)]
    return {
        "EvaluationResults": [
            {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": decide(statements, action, resource),
                "MatchedStatements": [],
                "MissingContextValues": [],
            }
            for action in request["ActionNames"]
            for resource in request.get("ResourceArns") or ["*"]
        ],
        "IsTruncated": False,
    }


def decide(statements: list[Document], action: str, resource: str) -> str:
    """IAM's rule: a matching Deny wins, else a matching Allow, else it is denied silently."""
    effects = {
        statement["Effect"]
        for statement in statements
        if _speaks_of(statement, "Action", action.lower(), str.lower)
        and _speaks_of(statement, "Resource", resource, str)
    }
    if "Deny" in effects:
        return "explicitDeny"
    return "allowed" if "Allow" in effects else "implicitDeny"


def _speaks_of(statement: Document, field: str, value: str, normal: Callable[[str], str]) -> bool:
    if f"Not{field}" in statement:
        return not any(fnmatchcase(value, normal(pattern)) for pattern in _list(statement[f"Not{field}"]))
    return any(fnmatchcase(value, normal(pattern)) for pattern in _list(statement.get(field)))


def _statements(document: str) -> Iterator[Document]:
    yield from _list(json.loads(document).get("Statement"))


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


OPERATIONS: dict[str, Callable[[Context, Document], Document]] = {
    "SimulatePrincipalPolicy": simulate_principal_policy,
}
