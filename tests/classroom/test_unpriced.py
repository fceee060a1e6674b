"""What the kit has no price for is named beside the sums it is not in."""

from __future__ import annotations

import pytest

from workshop_kit.classroom.running import Money, Running


def one(kind: str, usd: float | None) -> Running:
    return Running(f"arn:{kind}{usd}", kind, "x", "Otters", 0.0, 3600.0, True, usd, usd, True)


@pytest.mark.parametrize(
    ("kinds", "says"),
    [
        (["provisioned throughput"], "no price for it: 1 provisioned throughput. Provisioned throughput costs by the"),
        (["customization job"] * 2, "no price for it: 2 customization jobs."),
        (["customization job", "provisioned throughput"], "1 customization job, 1 provisioned throughput."),
    ],
)
def test_it_is_named_with_its_kind_and_number(kinds: list[str], says: str) -> None:
    found = Money((one("endpoint", 1.5), *(one(kind, None) for kind in kinds)))
    assert says in found.note and says.split(".")[0] in found._repr_html_()
    assert ("costs by the hour" in found.note) == ("provisioned throughput" in kinds)
    assert found.by_team()[0]["unpriced"] == len(kinds) and found.by_team()[0]["usd"] == 1.5


def test_nothing_is_named_where_all_has_a_price() -> None:
    assert "Not in the sums" not in Money((one("endpoint", 1.5), one("custom model deployment", 0.0))).note
