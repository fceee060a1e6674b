"""SimulatePrincipalPolicy, which the SageMaker SDK asks before it uses a role."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from workshop_kit.local_aws.services.iam_simulation import decide

WORKSHOP_ROLE = "arn:aws:iam::000000000000:role/service-role/WorkshopExecutionRole"


def test_a_roles_own_policies_decide(server):
    iam = server.client("iam")
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument="{}")
    statement = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::mine/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_role_policy(RoleName="reader", PolicyName="read", PolicyDocument=policy)
    arn = "arn:aws:iam::000000000000:role/reader"

    def decisions(role, *actions, resources=()):
        told = {"ResourceArns": list(resources)} if resources else {}
        answer = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=list(actions), **told)
        return [result["EvalDecision"] for result in answer["EvaluationResults"]]

    assert decisions(WORKSHOP_ROLE, "sagemaker:CreateTrainingJob", "s3:PutObject") == ["allowed", "allowed"]
    mine = ["arn:aws:s3:::mine/a"]
    assert decisions(arn, "s3:GetObject", "s3:PutObject", resources=mine) == ["allowed", "implicitDeny"]
    assert decisions(arn, "s3:GetObject", resources=["arn:aws:s3:::other/a"]) == ["implicitDeny"]
    with pytest.raises(ClientError) as caught:
        iam.simulate_principal_policy(PolicySourceArn=arn + "x", ActionNames=["s3:GetObject"])
    assert caught.value.response["Error"]["Code"] == "NoSuchEntity"


def test_a_deny_wins_and_not_action_turns_a_statement_round():
    allow_all = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    deny = {"Effect": "Deny", "NotAction": ["S3:*"], "Resource": "*"}
    assert decide([allow_all, deny], "iam:PassRole", "*") == "explicitDeny"
    assert decide([allow_all, deny], "s3:getobject", "*") == "allowed"
    assert decide([], "s3:GetObject", "*") == "implicitDeny"
