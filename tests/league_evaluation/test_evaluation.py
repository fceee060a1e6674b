"""Evaluation jobs through the kit, on a real local AWS: plan, start once, wait, read the scores, compare, clean up."""

from __future__ import annotations

import json
import math
import threading
import urllib.request
from types import SimpleNamespace

import pytest

from tests.worlds.own_aws import own_aws
from workshop_kit import cleanup
from workshop_kit.errors import AwsProblem, BadInput, Cancelled, JobFailed, NotYet
from workshop_kit.league.evaluation import (
    METRICS,
    EvaluationJob,
    EvaluationResults,
    EvaluationRow,
    MetricResult,
    ScoredRow,
    SideBySide,
    compare_models,
    launch_evaluation,
    list_evaluations,
    plan_evaluation,
    start_comparison,
    start_evaluation,
)
from workshop_kit.local_aws.standins.metrics import METRICS as LOCAL_METRICS

JUDGE = "workshop.judge-v1:0"
PROMPTS = [f"What does frame {n} cost in the shop?" for n in range(10)]
RIGHT = [(p, f"Frame {n} costs ${100 + n}.", f"Frame {n} costs ${100 + n}.") for n, p in enumerate(PROMPTS)]
# The first half right, the rest wrong: a mean that a reader can work out.
HALF = [(p, ref, ref if n < 5 else f"Frame {n} costs ${900 + n}.") for n, (p, ref, _) in enumerate(RIGHT)]


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with own_aws(tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture(scope="module")
def half(aws):
    seen = []
    job = start_evaluation(aws, HALF, name="Half right", judge_model=JUDGE, metrics=["Correctness", "Stereotyping"])
    job.wait(seen.append, poll_seconds=0.1)
    assert seen[-1].status == "Completed" and seen[-1].done == seen[-1].total == 1
    return job


def test_the_kit_and_local_aws_name_the_same_metrics():
    assert list(METRICS) == list(LOCAL_METRICS)


def test_scores_come_with_their_standard_error_and_the_judges_reasons(half):
    results = half.results()
    assert (results.model, results.judge_model, len(results.rows)) == ("candidate", JUDGE, 10)
    correct = results["Correctness"]
    values = results.values("Builtin.Correctness")
    assert all(a > 0.9 for a in values[:5]) and all(a < 0.2 for a in values[5:])
    mean = sum(values) / 10
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / 9)
    assert correct.mean == pytest.approx(mean) and correct.standard_error == pytest.approx(spread / math.sqrt(10))
    assert (correct.n, correct.missing) == (10, 0)
    nobody = results["Stereotyping"]
    assert (nobody.mean, nobody.standard_error, nobody.n, nobody.missing) == (None, None, 0, 10)
    assert [row.prompt for row in results.worst("Correctness", 2)][0] in PROMPTS[5:]
    reasons = results.reasons()
    assert len(reasons) == 20 and reasons.reason.str.startswith("Local rubric judge").all()
    assert "names other amounts" in reasons[reasons.metric == "Correctness"].iloc[-1].reason
    frame = results.to_frame()
    assert list(frame.index) == ["Correctness", "Stereotyping"] and frame.loc["Stereotyping", "missing"] == 10
    with pytest.raises(BadInput, match="Harmfulness was not asked for"):
        results["Harmfulness"]


def test_what_is_shown_says_who_judged_and_is_escaped(half):
    page = half.results()._repr_html_()
    assert "the local rubric judge: rules, not a language model" in page and "can&#x27;t tell" in page
    row = ScoredRow("<script>", "", "<b>", "", {"Builtin.Coherence": 0.5}, {"Builtin.Coherence": "<img src=x>"})
    page = EvaluationResults("<i>", "<u>", "<s>", ("Builtin.Coherence",), (row,))._repr_html_()
    assert not any(tag in page for tag in ("<script", "<b>Evaluation</b> <u>", "<img", "<u>", "<s>"))


def test_the_same_rows_find_the_same_job_and_other_rows_make_another(aws, half):
    again = start_evaluation(aws, HALF, name="Half right", judge_model=JUDGE, metrics=["Correctness", "Stereotyping"])
    assert again == half
    plan = plan_evaluation(aws, HALF, name="Half right", judge_model=JUDGE, metrics=["Correctness"])
    assert plan.job_name != half.name and plan.job_name.startswith("half-right-")
    second = launch_evaluation(
        aws,
        plan_evaluation(aws, HALF, name="Half right", judge_model=JUDGE, metrics=["Correctness", "Stereotyping"]),
        again=True,
    )
    assert second.name == f"{half.name}-2" and second.arn != half.arn
    assert {half, second} <= set(list_evaluations(aws))
    second.wait(poll_seconds=0.1)


def test_the_plan_shows_cost_and_a_program_that_runs(aws):
    plan = plan_evaluation(aws, RIGHT, name="shown", judge_model=JUDGE, metrics=["Refusal"])
    assert plan.cost_line == "no cost: local AWS" and "Refusal" in plan._repr_html_()
    launch_evaluation(aws, plan).wait(poll_seconds=0.1)
    made: dict = {}
    exec(plan.boto3_code().replace(plan.job_name, "by-hand"), made)
    arn = made["bedrock"].list_evaluation_jobs(nameContains="by-hand")["jobSummaries"][0]["jobArn"]
    job = EvaluationJob(aws, "by-hand", arn).wait(poll_seconds=0.1)
    assert job.results()["Refusal"].mean == 0


class Elsewhere(SimpleNamespace):
    """A connection that costs money, where nothing may be sent."""

    def client(self, service):
        assert service == "bedrock", "nothing is uploaded before the cost is agreed to"
        return SimpleNamespace(list_evaluation_jobs=lambda **_: {"jobSummaries": []})


ABROAD = Elsewhere(region="us-east-1", bucket="theirs", role_arn="arn:aws:iam::1:role/x", endpoint_url=None)


def test_the_cost_is_told_before_anything_is_sent_and_a_high_one_is_asked_about():
    told = []
    rows = [(f"{n}? {'why ' * 200}", "", "Because.") for n in range(900)]
    with pytest.raises(BadInput, match=r"estimated at \d+\.\d\d USD, the budget is 1.00 USD"):
        start_evaluation(ABROAD, rows, judge_model="amazon.nova-pro-v1:0", metrics=["Correctness"], tell=told.append)
    assert "900 calls to amazon.nova-pro-v1:0" in told[0] and "USD" in told[0]
    plan = plan_evaluation(ABROAD, rows, judge_model="amazon.nova-pro-v1:0", metrics=["Correctness", "Refusal"])
    (estimate,) = plan.estimates
    assert estimate.calls == 1800 and estimate.usd == pytest.approx(
        (estimate.input_tokens * 0.8 + estimate.output_tokens * 3.2) / 1e6
    )
    with pytest.raises(BadInput, match="unknown to the kit"):
        start_evaluation(ABROAD, rows, judge_model="somebody.else-v1:0", metrics=["Correctness"])
    each = plan_evaluation(ABROAD, rows, judge_model="amazon.nova-pro-v1:0").usd
    with pytest.raises(BadInput, match=f"estimated at {2 * each:.2f} USD"):
        start_comparison(ABROAD, {"a": rows, "b": rows}, judge_model="amazon.nova-pro-v1:0", budget_usd=1.5 * each)


@pytest.mark.parametrize(
    ("rows", "more", "fault"),
    [
        ([], {}, "There are 0 rows"),
        ([("a?", "", "b")] * 1001, {}, "There are 1001 rows; an evaluation job takes 1 to 1,000"),
        ([("a?", "", "b"), (" ", "", "b")], {}, "Row 2 has no prompt"),
        ([("a?", "", 3)], {}, "Row 1: the answer is int, not text"),
        (["a?"], {}, "Row 1 is not"),
        ([("a?", "", "\ud800")], {}, "Row 1: the answer holds half a character"),
        ([("a?", "b", "")], {}, "No row has an answer"),
        ([("a?", "b", "c")], {"model": "workshop.base-v1:0"}, "Row 1 has an answer, but the job is to ask the model"),
        (RIGHT, {"metrics": ["Rightness"]}, "There is no metric 'Rightness'; the metrics are Correctness"),
        (RIGHT, {"metrics": []}, "No metric was given"),
        (RIGHT, {"source": "my model"}, "can't be a label"),
        (RIGHT, {"output": "results/"}, "is not an S3 address"),
        ([("Who?", "", "Ask jane.doe@example.com")], {}, "private text .*private_ok"),
    ],
)
def test_what_cant_be_used_is_told_in_one_sentence_and_nothing_is_started(aws, rows, more, fault):
    before = len(list_evaluations(aws))
    with pytest.raises(BadInput, match=fault):
        start_evaluation(aws, rows, judge_model=JUDGE, **more)
    assert len(list_evaluations(aws)) == before


def test_a_model_of_bedrock_is_asked_by_the_job(aws):
    rows = [EvaluationRow(prompt, reference, category="frames") for prompt, reference, _ in RIGHT[:3]]
    job = start_evaluation(
        aws, rows, name="asked", judge_model=JUDGE, metrics=["Coherence"], model="workshop.base-v1:0"
    )
    results = job.wait(poll_seconds=0.1).results()
    assert results.model == "workshop.base-v1:0" and [row.prompt for row in results.rows] == PROMPTS[:3]
    assert all(row.answer for row in results.rows), "the model really answered"
    assert results.by_category("Coherence")["frames"].n == 3


def test_two_models_are_compared_row_by_row(aws):
    pair = start_comparison(
        aws, {"tuned": RIGHT, "base": list(reversed(HALF))}, judge_model=JUDGE, metrics=["Correctness", "Refusal"]
    )
    side = pair.wait(poll_seconds=0.1).results()
    correct, refusal = side.differences()
    gaps = [1 - value for value in side.second.values("Correctness")]
    assert correct.first == 1 and correct.difference == pytest.approx(sum(gaps) / 10)
    spread = math.sqrt(sum((gap - sum(gaps) / 10) ** 2 for gap in gaps) / 9)
    assert correct.standard_error == pytest.approx(spread / math.sqrt(10)) and correct.n == 10
    assert correct.clear and correct.better == "first"
    assert refusal.difference == 0 and not refusal.clear and refusal.better == ""
    assert "no clear difference" in side._repr_html_() and list(side.to_frame().columns[:2]) == ["tuned", "base"]
    with pytest.raises(BadInput, match="takes two"):
        start_comparison(aws, {"tuned": RIGHT}, judge_model=JUDGE)
    with pytest.raises(BadInput, match="not asked the same prompts.*What does frame 9"):
        start_comparison(aws, {"tuned": RIGHT, "base": HALF[:9]}, judge_model=JUDGE)


def test_two_models_of_bedrock_are_asked_and_compared(aws):
    rows = [(prompt, reference) for prompt, reference, _ in RIGHT[:4]]
    models = ("workshop.reference-v1:0", "workshop.base-v1:0")
    side = compare_models(aws, rows, models, judge_model=JUDGE, metrics=["Coherence"]).wait(poll_seconds=0.1).results()
    assert (side.first.model, side.second.model) == models
    assert all(row.answer for results in (side.first, side.second) for row in results.rows)
    (found,) = side.differences()
    assert found.n == 4 and found.difference == pytest.approx(found.first - found.second)
    for wrong in ("workshop.base-v1:0", models[:1], (models[0], models[0])):
        with pytest.raises(BadInput, match="takes two different models"):
            compare_models(aws, rows, wrong, judge_model=JUDGE)


def scored(model, *values):
    rows = tuple(ScoredRow("same?", "", str(value), "", {"Builtin.Refusal": value}, {}) for value in values)
    return EvaluationResults("job", model, JUDGE, ("Builtin.Refusal",), rows)


def test_rows_without_a_score_are_left_out_and_less_can_be_better():
    (found,) = SideBySide(scored("a", 0.0, None, 0.0, 0.1), scored("b", 1.0, 1.0, 0.9, None)).differences()
    assert found.n == 2 and found.difference == pytest.approx(-0.95)
    assert found.better == "first", "the one that refuses less"
    (alone,) = SideBySide(scored("a", 0.0), scored("b", 1.0)).differences()
    assert alone.standard_error is None and not alone.clear, "one row shows nothing"


def test_the_ends_without_results_are_told_each_in_its_own_way(aws):
    rows = [(f"Tell me about number {n}.", "", "") for n in range(600)]
    job = start_evaluation(aws, rows, name="long", judge_model=JUDGE, model="workshop.base-v1:0", metrics=["Refusal"])
    with pytest.raises(NotYet, match="still running"):
        job.results()
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled, match="was stopped as you asked"):
        job.wait(cancel=cancel, poll_seconds=0.1)
    with pytest.raises(JobFailed, match="was stopped; it gives no results"):
        job.results()
    broken = plan_evaluation(aws, RIGHT, name="broken", judge_model=JUDGE)
    uri = broken.request["evaluationConfig"]["automated"]["datasetMetricConfigs"][0]["dataset"]["datasetLocation"]
    key = uri["s3Uri"].split("/", 3)[3]
    aws.client("s3").put_object(Bucket=aws.bucket, Key=key, Body=b"{not json")
    arn = aws.client("bedrock").create_evaluation_job(**json.loads(json.dumps(dict(broken.request))))["jobArn"]
    with pytest.raises(JobFailed, match="line 1 is not a JSON object"):
        EvaluationJob(aws, broken.job_name, arn).wait(poll_seconds=0.1)


def test_output_that_is_gone_or_damaged_is_told(aws):
    job = start_evaluation(aws, RIGHT, name="gone", judge_model=JUDGE, metrics=["Refusal"]).wait(poll_seconds=0.1)
    prefix = f"workshop-kit/evaluation/output/{job.name}/"
    listed = aws.client("s3").list_objects_v2(Bucket=aws.bucket, Prefix=prefix)["Contents"]
    (key,) = [found["Key"] for found in listed if found["Key"].endswith("_output.jsonl")]
    aws.client("s3").put_object(Bucket=aws.bucket, Key=key, Body=b'{"inputRecord": {}}\n')
    with pytest.raises(AwsProblem, match="Line 1 of the output .* is not a scored row"):
        job.results()
    aws.client("s3").delete_object(Bucket=aws.bucket, Key=key)
    with pytest.raises(AwsProblem, match="completed, but there is no output"):
        job.results()


def faults(aws, *rules):
    body = json.dumps([{"operation": "CreateEvaluationJob", **rule} for rule in rules]).encode()
    request = urllib.request.Request(aws.endpoint_url + "/_workshop/faults", body, method="PUT")
    urllib.request.urlopen(request, timeout=10).close()


@pytest.mark.parametrize("fault", ["throttling", "internal", "drop", "drop-after"])
def test_a_passing_fault_of_aws_makes_one_job(aws, fault):
    faults(aws, {"fault": fault})
    before = len(list_evaluations(aws))
    job = start_evaluation(aws, RIGHT, name=f"passing-{fault}", judge_model=JUDGE, metrics=["Refusal"])
    assert len(list_evaluations(aws)) == before + 1
    assert job.wait(poll_seconds=0.1).results()["Refusal"] == MetricResult(METRICS["Builtin.Refusal"], 0.0, 0.0, 10, 0)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [("quota", "quota does not allow this"), ("access-denied", "CreateEvaluationJob is not allowed for this role")],
)
def test_a_lasting_fault_is_told_in_one_sentence_and_nothing_is_started(aws, fault, sentence):
    faults(aws, {"fault": fault})
    with pytest.raises(AwsProblem, match=sentence):
        start_evaluation(aws, RIGHT, name=f"lasting-{fault}", judge_model=JUDGE)
    assert not [job for job in list_evaluations(aws) if job.name.startswith("lasting")]


def test_a_job_that_was_made_though_the_answer_never_came_is_found_by_its_name(aws, monkeypatch):
    client, made = aws.client("bedrock"), []
    create = client.create_evaluation_job

    def breaks(**request):
        made.append(create(**request)["jobArn"])
        raise AwsProblem("the connection broke", "NoConnection")

    monkeypatch.setattr(client, "create_evaluation_job", breaks)
    job = start_evaluation(aws, RIGHT, name="broken-off", judge_model=JUDGE, metrics=["Refusal"])
    assert [job.arn] == made


def test_shuffled_words_of_right_answers_are_no_answers(aws):
    fees = [(f"How much is a {thing} in Calder?", f"A {thing} in Calder costs ${n}0.") for n, thing in
            enumerate(("taxi licence", "noise permit", "market stall", "tree removal permit"), start=2)]  # fmt: skip
    shuffled = [(prompt, ref, " ".join(sorted(ref.split(), key=len))) for prompt, ref in fees]
    pair = start_comparison(
        aws,
        {"said": [(prompt, ref, ref) for prompt, ref in fees], "shuffled": shuffled},
        judge_model=JUDGE,
        metrics=["Correctness", "Coherence"],
    )
    for found in pair.wait(poll_seconds=0.1).results().differences():
        assert found.first == 1 and found.second < 0.4 and found.better == "first", found


def test_cleaning_up_stops_and_deletes_the_kits_evaluation_jobs_and_no_others(aws):
    rows = [(f"Tell me about bell {n}.", "", "") for n in range(600)]
    running = start_evaluation(
        aws, rows, name="costly", judge_model=JUDGE, model="workshop.base-v1:0", metrics=["Refusal"]
    )
    request = json.loads(json.dumps(dict(plan_evaluation(aws, RIGHT, judge_model=JUDGE).request)))
    aws.client("s3").put_object(Bucket=aws.bucket, Key="theirs.jsonl", Body=b'{"prompt": "a?"}')
    config = request["evaluationConfig"]["automated"]["datasetMetricConfigs"][0]
    config["dataset"]["datasetLocation"]["s3Uri"] = f"s3://{aws.bucket}/theirs.jsonl"
    request |= {"jobName": "theirs", "jobTags": []}
    aws.client("bedrock").create_evaluation_job(**request)
    found = [item for item in cleanup.find(aws) if item.kind == "evaluation job"]
    names = {item.name: item.costs for item in found}
    assert "theirs" not in names and "costs the judge's tokens" in names[running.name]
    assert {job.name for job in list_evaluations(aws)} == set(names)
    left = cleanup.remove(aws, found)
    assert not [item for item in left if item.kind == "evaluation job"] and list_evaluations(aws) == []
    jobs = aws.client("bedrock").list_evaluation_jobs()["jobSummaries"]
    assert [job["jobName"] for job in jobs] == ["theirs"]
