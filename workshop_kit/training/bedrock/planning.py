"""From rows and a configuration to a running customization job: first the plan, then the launch.

A job's name is made from what goes into it, so running a notebook cell again finds the job instead of paying twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workshop_kit.aws import kit_call
from workshop_kit.errors import AwsProblem, BadHyperparameter, BadInput
from workshop_kit.formats.rows import to_row
from workshop_kit.formats.writing import json_line
from workshop_kit.records import Dataset, Finding, content_id
from workshop_kit.review import Split
from workshop_kit.review.privacy import find_private, require_yes
from workshop_kit.training import cost
from workshop_kit.training.bedrock.jobs import CustomizationJob
from workshop_kit.training.bedrock.recipes import MICRO, CustomizationRecipe, customization_recipe
from workshop_kit.training.cards import plan_card
from workshop_kit.training.checks import read_values
from workshop_kit.training.hyperparameters import Value, as_text
from workshop_kit.training.programs import boto3_program, plain
from workshop_kit.training.tags import make_tags
from workshop_kit.workspace import write_atomically

Row = Mapping[str, Any]
Rows = Sequence[Row] | Dataset | str | Path
TEACHER = "amazon.nova-pro-v1:0"
# How many characters a token of English has, roughly: enough for an estimate of cost.
CHARACTERS_PER_TOKEN = 4.0


@dataclass(frozen=True)
class CustomizationConfig:
    """What the learner chose; whatever is not named keeps the recipe's default.

    `base_model` is a foundation model's id or a custom model's ARN, to go on from. `reward` is the ARN of the Lambda
    function that grades (nova-rft), `teacher` the model that answers (nova-distillation). Above `budget_usd` the launch
    wants an explicit yes.
    """

    recipe: str = "nova-sft"
    base_model: str = MICRO
    hyperparameters: Mapping[str, Value] = field(default_factory=dict)
    reward: str = ""
    teacher: str = TEACHER
    max_response_length: int = 1000
    budget_usd: float = 5.0
    name: str = "workshop"

    def __post_init__(self) -> None:
        object.__setattr__(self, "hyperparameters", MappingProxyType(dict(self.hyperparameters)))

    def changed(self, **hyperparameters: Value) -> CustomizationConfig:
        """The same with some hyperparameters changed."""
        return replace(self, hyperparameters={**self.hyperparameters, **hyperparameters})

    def save(self, path: str | Path) -> Path:
        """Write the configuration to a JSON file, whole or not at all."""
        told = {item.name: getattr(self, item.name) for item in fields(self)}
        told["hyperparameters"] = dict(self.hyperparameters)
        write_atomically(Path(path), json.dumps(told, indent=2) + "\n")
        return Path(path)

    @classmethod
    def load(cls, path: str | Path) -> CustomizationConfig:
        """Read a configuration that save() wrote. Raises BadInput, naming the file and what is wrong in it."""
        try:
            return cls(**json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as problem:
            raise BadInput(f"{path} is no saved configuration: {problem}.") from None


@dataclass(frozen=True)
class CustomizationPlan:
    """Everything that would happen, before it does. `tokens` are those trained on (or sampled), estimated."""

    config: CustomizationConfig
    recipe: CustomizationRecipe = field(repr=False)
    train: tuple[Row, ...] = field(repr=False)
    validation: tuple[Row, ...] = field(repr=False)
    request: Mapping[str, Any] = field(repr=False)
    steps: int
    tokens: int
    usd: float | None
    findings: tuple[Finding, ...]
    region: str
    paid: bool
    endpoint_url: str | None = None

    @property
    def job_name(self) -> str:
        """The job's name, which is also the custom model's."""
        return self.request["jobName"]

    @property
    def errors(self) -> tuple[str, ...]:
        """What prevents the launch, one sentence each."""
        return tuple(finding.message for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is worth a second look, one sentence each."""
        return tuple(finding.message for finding in self.findings if finding.severity == "warning")

    @property
    def cost_line(self) -> str:
        """What it costs, in words."""
        if self.usd is None:
            there = f"the kit has no price for {self.recipe.title.lower()}; look at the Bedrock pricing page first"
        else:
            there = f"about {self.usd:.2f} USD for {self.tokens:,} tokens ({cost.BEDROCK_PRICES_FROM})"
        if not self.paid:
            return f"0 USD: this runs on your own machine. The same job on AWS, estimated: {there}"
        return f"estimated {there}"

    def boto3_code(self) -> str:
        """The same launch as a program; it runs as it is once the rows are uploaded."""
        return boto3_program(self, "bedrock", "create_model_customization_job")

    def upload(self, aws: Any, *, private_ok: bool = False) -> None:
        """Put the rows where the request says they are. Raises BadInput for private text without `private_ok`."""
        s3 = aws.client("s3")
        places = [(self.train, self.request["trainingDataConfig"]["s3Uri"])]
        for validator in self.request.get("validationDataConfig", {}).get("validators", ()):
            places.append((self.validation, validator["s3Uri"]))
        require_yes(find_private(_as_dataset((*self.train, *self.validation))), private_ok)
        for rows, uri in places:
            bucket, key = uri.removeprefix("s3://").split("/", 1)
            kit_call(s3.put_object, Bucket=bucket, Key=key, Body="".join(map(json_line, map(dict, rows))).encode())

    def _repr_html_(self) -> str:
        facts = {
            "Recipe": f"{self.recipe.title}: {self.recipe.what}",
            "Model": self.config.base_model,
            "Rows": f"{len(self.train)} to train on, {len(self.validation)} to validate with",
            "Steps": f"{self.steps:,}",
            "Cost": self.cost_line,
            "Job name": self.job_name,
        }
        return plan_card(facts, self.findings, {"The same launch in plain boto3": self.boto3_code()})


def plan_customization(
    aws: Any, rows: Rows | Split, config: CustomizationConfig | None = None, validation: Rows = ()
) -> CustomizationPlan:
    """Work out the request, steps, cost and warnings; nothing is uploaded or launched.

    `rows` are rows in the recipe's format, a JSONL file of them, or a Dataset or Split of the kit's. What can't be used
    is in `plan.errors`. Raises BadInput for a file that can't be read and an unknown recipe.
    """
    config = config or CustomizationConfig()
    recipe = customization_recipe(config.recipe)
    form = "rft" if recipe.name == "nova-rft" else "bedrock"
    if isinstance(rows, Split):
        rows, validation = rows.train, rows.validation
    train, held = read_rows(rows, form), read_rows(validation, form)
    values, findings = read_values(recipe, config.hyperparameters)
    found = [*findings, *_check(aws, config, recipe, train, held)]
    steps, tokens = _work(recipe, values, train)
    usd = _usd(config.base_model, recipe, tokens)
    return CustomizationPlan(
        config,
        recipe,
        train,
        held,
        MappingProxyType(_request(aws, config, recipe, values, train, held)),
        steps,
        tokens,
        usd,
        tuple(found),
        aws.region,
        cost.charges(aws),
        getattr(aws, "endpoint_url", None),
    )


def launch_customization(
    aws: Any, plan: CustomizationPlan, *, yes: bool = False, again: bool = False, private_ok: bool = False
) -> CustomizationJob:
    """Upload the rows and start the job; a job with the same content that is there already is given back instead.

    `again=True` starts a new job in any case, `yes=True` agrees to a cost above the budget or unknown, and
    `private_ok=True` to the upload of rows with private text. Raises BadHyperparameter or BadInput for a plan with
    errors, AwsProblem when AWS refuses.
    """
    if plan.errors:
        wrong = any(found.severity == "error" and found.code == "value" for found in plan.findings)
        raise (BadHyperparameter if wrong else BadInput)(" ".join(plan.errors))
    if plan.paid and not yes and (plan.usd is None or plan.usd > plan.config.budget_usd):
        price = "unknown to the kit" if plan.usd is None else f"estimated at {plan.usd:.2f} USD"
        raise BadInput(
            f"The cost of this job is {price}, the budget is {plan.config.budget_usd:.2f} USD; choose less work, or "
            "agree with launch_customization(..., yes=True)."
        )
    name, number = plan.job_name, 1
    while (existing := CustomizationJob(aws, name)).exists():
        if not again:
            return existing
        number += 1
        name = f"{plan.job_name}-{number}"
    plan.upload(aws, private_ok=private_ok)
    request = plain(plan.request) | {"jobName": name, "customModelName": name, "clientRequestToken": name}
    try:
        kit_call(aws.client("bedrock").create_model_customization_job, **request)
    except AwsProblem:
        # A broken connection may hide that the job was made; then it is there under its name.
        if not existing.exists():
            raise
    return CustomizationJob(aws, name)


def read_rows(rows: Rows, form: str) -> tuple[Row, ...]:
    """Rows in a format ("bedrock" or "rft") from whatever holds them. Raises BadInput with file and line."""
    if isinstance(rows, Dataset):
        return tuple(to_row(example, form, rows.system) for example in rows)
    if not isinstance(rows, (str, Path)):
        return tuple(rows)
    path = Path(rows)
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as problem:
        raise BadInput(f"{path} can't be read: {problem}.") from None
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as problem:
            raise BadInput(f"{path.name}, line {number} is not JSON: {problem}.") from None
        if not isinstance(row, dict):
            raise BadInput(f"{path.name}, line {number} is not a JSON object.")
        found.append(row)
    return tuple(found)


def _check(
    aws: Any, config: CustomizationConfig, recipe: CustomizationRecipe, train: tuple[Row, ...], held: tuple[Row, ...]
) -> list[Finding]:
    found: list[Finding] = []

    def say(severity: str, code: str, message: str, fix: str = "") -> None:
        found.append(Finding(severity, code, message, fix=fix))

    if not config.base_model.startswith("arn:") and config.base_model not in recipe.models:
        say("error", "model", f"{config.base_model} does not take this recipe; it is for {', '.join(recipe.models)}.")
    if not recipe.least_rows <= len(train) <= recipe.most_rows:
        say("error", "rows", f"There are {len(train)} rows; a job takes {recipe.least_rows} to {recipe.most_rows:,}.")
    if not aws.role_arn:
        say("error", "role", "No role was found for the job; set WORKSHOP_ROLE_ARN to one that Bedrock may take.")
    if recipe.name == "nova-rft":
        if not config.reward:
            say("error", "reward", "There is no reward function; make one with deploy_reward and give its ARN.")
        missing = next((n for n, row in enumerate(train, 1) if "reference_answer" not in row), 0)
        if missing:
            say("error", "reference", f"Row {missing} has no reference_answer, which the reward function needs.")
        return found
    systems = {_system(row) for row in (*train, *held)}
    if len(systems) > 1:
        say(
            "warning",
            "system",
            f"The rows have {len(systems)} different system prompts.",
            "Use one, and the same when you ask the model: a prompt it never saw makes it answer worse.",
        )
    if not held:
        say("warning", "validation", "There are no validation rows: nothing will show when rows are learned by heart.")
    return found


def _system(row: Row) -> str:
    return "\n".join(str(block.get("text", "")) for block in row.get("system") or [] if isinstance(block, Mapping))


def _work(recipe: CustomizationRecipe, values: Mapping[str, Value], train: tuple[Row, ...]) -> tuple[int, int]:
    """Steps, and tokens estimated from characters."""
    epochs, batch = _number(values, "epochCount"), max(1, _number(values, "batchSize"))
    steps = -(-len(train) // batch) * epochs
    characters = sum(len(json.dumps(row.get("messages"), ensure_ascii=False)) for row in train)
    tokens = round(characters / CHARACTERS_PER_TOKEN) * epochs
    if recipe.name == "nova-rft":
        tokens *= max(1, _number(values, "trainingSamplePerPrompt"))
    return steps, tokens


def _number(values: Mapping[str, Value], name: str) -> int:
    value = values.get(name, 1)
    return value if isinstance(value, int) else 1


def _usd(base_model: str, recipe: CustomizationRecipe, tokens: int) -> float | None:
    if recipe.name != "nova-sft":
        return None
    price = next((usd for id, usd in cost.NOVA_TRAINING.items() if id in base_model), None)
    return None if price is None else tokens / 1000 * price


def _request(
    aws: Any,
    config: CustomizationConfig,
    recipe: CustomizationRecipe,
    values: Mapping[str, Value],
    train: tuple[Row, ...],
    held: tuple[Row, ...],
) -> dict[str, Any]:
    data = content_id([list(map(dict, train)), list(map(dict, held))])
    identity = content_id(
        [config.base_model, recipe.name, dict(values), data, config.reward, config.teacher, config.max_response_length]
    )
    stem = re.sub(r"[^a-zA-Z0-9]+", "-", config.name).strip("-")[:30] or "workshop"
    name = f"{stem}-{identity}"
    root = f"s3://{aws.bucket}/workshop-kit/customization"
    tags = [
        {"key": tag["Key"], "value": tag["Value"]}
        for tag in make_tags(dataset=data, train_rows=str(len(train)), validation_rows=str(len(held)))
    ]
    request: dict[str, Any] = {
        "jobName": name,
        "customModelName": name,
        "roleArn": aws.role_arn,
        "baseModelIdentifier": config.base_model,
        "customizationType": recipe.customization_type,
        "trainingDataConfig": {"s3Uri": f"{root}/data/{data}/train.jsonl"},
        "outputDataConfig": {"s3Uri": f"{root}/output/"},
        "jobTags": tags,
        "customModelTags": tags,
    }
    if held:
        request["validationDataConfig"] = {"validators": [{"s3Uri": f"{root}/data/{data}/validation.jsonl"}]}
    if recipe.name == "nova-rft":
        grader = {"lambdaGrader": {"lambdaArn": config.reward}}
        rft = {"graderConfig": grader, "hyperParameters": dict(values)}
        request["customizationConfig"] = {"rftConfig": rft}
        return request
    request["hyperParameters"] = {key: as_text(value) for key, value in values.items()}
    if recipe.name == "nova-distillation":
        teacher = {
            "teacherModelIdentifier": config.teacher,
            "maxResponseLengthForInference": config.max_response_length,
        }
        request["customizationConfig"] = {"distillationConfig": {"teacherModelConfig": teacher}}
    return request


def _as_dataset(rows: tuple[Row, ...]) -> Dataset:
    """Rows of either format as examples, for the search for private text."""
    from workshop_kit.records import Example

    return Dataset(tuple(Example(json.dumps(dict(row), ensure_ascii=False), "") for row in rows))
