"""Instance prices asked of AWS: the kit's table is dated, and a price is best known on the day it is paid.

The Price List API (service "pricing") answers in us-east-1 alone and needs the right pricing:GetProducts. What it tells
is kept in a file of the workspace with the day it was asked, and used from then on in this workspace.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workshop_kit.aws import kit_call
from workshop_kit.errors import BadInput, NotYet
from workshop_kit.training import cost
from workshop_kit.workspace import write_atomically

FILE = "prices.json"


def refresh_prices(
    aws: Any, folder: str | Path, instances: tuple[str, ...] = tuple(cost.INSTANCES)
) -> dict[str, float]:
    """Ask for the on-demand price of training on each instance type in the connection's region, and keep the answers.

    Returns USD per hour by instance type. Raises AwsProblem when AWS refuses, NotYet when it names no price at all.
    """
    found: dict[str, float] = {}
    client = aws.client("pricing")
    for name in instances:
        wanted = {"instanceName": name, "regionCode": aws.region, "component": "Training"}
        page = kit_call(
            client.get_products,
            ServiceCode="AmazonSageMaker",
            Filters=[{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()],
            MaxResults=10,
        )
        prices = [price for entry in page["PriceList"] for price in _hourly(entry)]
        if prices:
            found[name] = min(prices)
    if not found:
        raise NotYet(f"AWS names no training price in {aws.region} for {', '.join(instances)}; the kit's table stays.")
    told = {"asked": datetime.now(UTC).date().isoformat(), "region": aws.region, "usd_per_hour": found}
    write_atomically(Path(folder) / FILE, json.dumps(told, indent=2) + "\n")
    return found


def use_prices(folder: str | Path) -> str:
    """Put the prices kept in `folder` in place of the table's; returns where they are from, in words.

    Raises NotYet when none were kept, BadInput when the file is damaged.
    """
    path = Path(folder) / FILE
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        prices = {str(name): float(usd) for name, usd in told["usd_per_hour"].items()}
        asked, region = str(told["asked"]), str(told["region"])
    except FileNotFoundError:
        raise NotYet(f"No prices were kept in {folder}; ask for them with refresh_prices(aws, folder).") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise BadInput(f"{path} can't be used ({problem}); delete it and ask for the prices again.") from None
    for name, usd in prices.items():
        if name in cost.INSTANCES:
            cost.INSTANCES[name] = replace(cost.INSTANCES[name], usd_per_hour=usd)
    return f"on-demand prices in {region}, asked of AWS's price list on {asked}"


def _hourly(entry: str | dict[str, Any]) -> list[float]:
    """The hourly on-demand prices in USD in one product of the price list, which comes as JSON text."""
    product = json.loads(entry) if isinstance(entry, str) else entry
    found = []
    for term in (product.get("terms") or {}).get("OnDemand", {}).values():
        for dimension in term.get("priceDimensions", {}).values():
            usd = float(dimension.get("pricePerUnit", {}).get("USD", 0) or 0)
            if usd > 0 and str(dimension.get("unit", "")).lower().startswith("h"):
                found.append(usd)
    return found
