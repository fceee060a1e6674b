"""What every handler of local AWS is given: where the state is, and who the account is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workshop_kit.local_aws.objects import ObjectStore
from workshop_kit.local_aws.store import Store

ACCOUNT_ID = "000000000000"
DEFAULT_REGION = "us-west-2"


@dataclass(frozen=True)
class Context:
    """One workspace's local AWS. `home` is the workspace folder; the state lies in `home/aws`."""

    store: Store
    objects: ObjectStore
    home: Path
    region: str = DEFAULT_REGION
    account_id: str = ACCOUNT_ID
    url: str = ""

    @classmethod
    def open(cls, home: Path, *, region: str = DEFAULT_REGION, url: str = "") -> Context:
        """Open (or make) the state below `home/aws`; safe from several processes at once."""
        folder = Path(home) / "aws"
        folder.mkdir(parents=True, exist_ok=True)
        store = Store(folder / "state.sqlite")
        return cls(store, ObjectStore(store, folder / "blobs"), Path(home), region, url=url)
