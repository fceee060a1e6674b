"""CloudWatch's metrics of training jobs, to read: what the metric definitions found in the log lines, by time.

Namespace /aws/sagemaker/TrainingJobs, dimension Host=<job>/algo-1, as SageMaker has them. They are read from the log
itself, so there is no second copy to go wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.jobs import states
from workshop_kit.local_aws.services import resources

Document = dict[str, Any]
Point = tuple[float, float]  # seconds since 1970, value

NAMESPACE = "/aws/sagemaker/TrainingJobs"
STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "Average": lambda values: sum(values) / len(values),
    "Minimum": min,
    "Maximum": max,
    "Sum": sum,
    "SampleCount": lambda values: float(len(values)),
}
MOST_QUERIES = 500


def list_metrics(ctx: Context, request: Document) -> Document:
    """ListMetrics: one entry for each metric definition of each job."""
    if request.get("Namespace") not in (None, NAMESPACE):
        return {"Metrics": []}
    wanted = {entry["Name"]: entry.get("Value") for entry in request.get("Dimensions") or []}
    found = []
    for name, job in ctx.store.list(states.KIND):
        for definition in job["AlgorithmSpecification"].get("MetricDefinitions") or []:
            host = f"{name}/algo-1"
            if request.get("MetricName") not in (None, definition["Name"]):
                continue
            if any(key != "Host" or value not in (None, host) for key, value in wanted.items()):
                continue
            dimensions = [{"Name": "Host", "Value": host}]
            found.append({"Namespace": NAMESPACE, "MetricName": definition["Name"], "Dimensions": dimensions})
    return {"Metrics": found}


def get_metric_data(ctx: Context, request: Document) -> Document:
    """GetMetricData for queries with a MetricStat; expressions are not worked out here."""
    if len(request["MetricDataQueries"]) > MOST_QUERIES:
        raise _invalid(f"There are more than {MOST_QUERIES} queries.")
    results = []
    for query in request["MetricDataQueries"]:
        told = query.get("MetricStat")
        if told is None:
            raise _invalid(f"Query {query['Id']} has no MetricStat; local AWS works out no expressions.")
        statistic = _statistic(told["Stat"])
        points = _periods(_points(ctx, told["Metric"], request), told["Period"])
        if request.get("ScanBy", "TimestampDescending") == "TimestampDescending":
            points.reverse()
        results.append(
            {
                "Id": query["Id"],
                "Label": query.get("Label") or told["Metric"]["MetricName"],
                "Timestamps": [datetime.fromtimestamp(at, UTC) for at, _ in points],
                "Values": [statistic(values) for _, values in points],
                "StatusCode": "Complete",
            }
        )
    return {"MetricDataResults": results, "Messages": []}


def get_metric_statistics(ctx: Context, request: Document) -> Document:
    """GetMetricStatistics."""
    names = request.get("Statistics") or []
    if not names:
        raise _invalid("Statistics is empty; local AWS knows " + ", ".join(STATISTICS) + ".")
    points = []
    for at, values in _periods(_points(ctx, request, request), request["Period"]):
        point: Document = {"Timestamp": datetime.fromtimestamp(at, UTC), "Unit": "None"}
        points.append(point | {name: _statistic(name)(values) for name in names})
    return {"Label": request["MetricName"], "Datapoints": points}


def _statistic(name: str) -> Callable[[list[float]], float]:
    if name not in STATISTICS:
        raise _invalid(f"The statistic {name} is not known here; take one of {', '.join(STATISTICS)}.")
    return STATISTICS[name]


def _points(ctx: Context, metric: Document, bounds: Document) -> Iterator[Point]:
    """The data points of a metric between StartTime and EndTime, oldest first."""
    hosts = [entry["Value"] for entry in metric.get("Dimensions") or [] if entry["Name"] == "Host"]
    job = ctx.store.get(states.KIND, hosts[0].split("/")[0]) if hosts else None
    if metric.get("Namespace") != NAMESPACE or job is None:
        return
    definitions = job["AlgorithmSpecification"].get("MetricDefinitions") or []
    regexes = [re.compile(entry["Regex"]) for entry in definitions if entry["Name"] == metric["MetricName"]]
    start, end = resources.moment(bounds["StartTime"]), resources.moment(bounds["EndTime"])
    number = 0
    while lines := ctx.store.read_log(states.LOG_GROUP, job["_Stream"], start=number):
        number = lines[-1][0] + 1
        for _, at, message in lines:
            if not start <= at / 1000 < end:
                continue
            for regex in regexes:
                for found in regex.finditer(message):
                    try:
                        yield at / 1000, float(found[1])
                    except (TypeError, ValueError):
                        continue


def _periods(points: Iterator[Point], period: int) -> list[tuple[float, list[float]]]:
    if period < 1:
        raise _invalid(f"Period is {period}; it must be at least 1 second.")
    buckets: dict[int, list[float]] = {}
    for at, value in points:
        buckets.setdefault(int(at // period) * period, []).append(value)
    return [(float(at), values) for at, values in sorted(buckets.items())]


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValue", message, status=400)


OPERATIONS: dict[str, Callable[[Context, Document], Document]] = {
    "ListMetrics": list_metrics,
    "GetMetricData": get_metric_data,
    "GetMetricStatistics": get_metric_statistics,
}
