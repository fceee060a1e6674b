"""Service Quotas and CloudWatch's metrics of training jobs, through boto3."""

from __future__ import annotations

import datetime

import pytest
from botocore.exceptions import ClientError


def test_a_quota_is_found_by_name_and_more_can_be_asked_for_once(server):
    client = server.client("service-quotas")
    quotas = []
    for page in client.get_paginator("list_service_quotas").paginate(
        ServiceCode="sagemaker", PaginationConfig={"PageSize": 5}
    ):
        quotas += page["Quotas"]
    assert len({quota["QuotaCode"] for quota in quotas}) == len(quotas) > 5
    found = next(quota for quota in quotas if quota["QuotaName"] == "ml.g5.2xlarge for training job usage")
    same = client.get_service_quota(ServiceCode="sagemaker", QuotaCode=found["QuotaCode"])["Quota"]
    assert same["Value"] == found["Value"] > 0
    more = {"ServiceCode": "sagemaker", "QuotaCode": found["QuotaCode"]}
    with pytest.raises(ClientError, match="above the present value"):
        client.request_service_quota_increase(**more, DesiredValue=1)
    asked = client.request_service_quota_increase(**more, DesiredValue=100)["RequestedQuota"]
    assert asked["Status"] == "PENDING"
    with pytest.raises(ClientError, match="Only one open"):
        client.request_service_quota_increase(**more, DesiredValue=100)
    history = client.list_requested_service_quota_change_history(ServiceCode="sagemaker")["RequestedQuotas"]
    assert [entry["Id"] for entry in history] == [asked["Id"]]
    with pytest.raises(ClientError) as caught:
        client.list_service_quotas(ServiceCode="s3")
    assert caught.value.response["Error"]["Code"] == "NoSuchResourceException"


def test_the_metrics_of_a_job_are_those_in_its_log(server):
    server.client("sagemaker").create_training_job(**server.request("measured", epoch="3"))
    job = server.wait("measured")
    assert job["TrainingJobStatus"] == "Completed"
    watch = server.client("cloudwatch")
    host = [{"Name": "Host", "Value": "measured/algo-1"}]
    names = {metric["MetricName"] for metric in watch.list_metrics(Dimensions=host)["Metrics"]}
    assert names == {metric["MetricName"] for metric in job["FinalMetricDataList"]}
    name = next(name for name in names if name.endswith("train-loss"))
    now = datetime.datetime.now(datetime.UTC)
    window = {"StartTime": now - datetime.timedelta(minutes=10), "EndTime": now + datetime.timedelta(minutes=1)}
    metric = {"Namespace": "/aws/sagemaker/TrainingJobs", "MetricName": name, "Dimensions": host}
    query = {"Id": "loss", "MetricStat": {"Metric": metric, "Period": 3600, "Stat": "SampleCount"}}
    told = watch.get_metric_data(MetricDataQueries=[query], **window)["MetricDataResults"][0]
    assert sum(told["Values"]) == 3, "one data point an epoch"
    statistics = watch.get_metric_statistics(**metric, **window, Period=3600, Statistics=["Minimum", "Maximum"])
    final = next(found["Value"] for found in job["FinalMetricDataList"] if found["MetricName"] == name)
    lows = [point["Minimum"] for point in statistics["Datapoints"]]
    highs = [point["Maximum"] for point in statistics["Datapoints"]]
    assert min(lows) == pytest.approx(final, abs=1e-4) and max(highs) > min(lows)
