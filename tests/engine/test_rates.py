"""JumpStart's rates on a smaller model."""

from pathlib import Path

from workshop_kit.local_aws.trainer.hyperparameters import OWN_BASE
from workshop_kit.local_aws.trainer.rates import rate_scale


def test_the_scale_is_the_root_of_the_ratio_and_bounded(tmp_path: Path) -> None:
    assert rate_scale(tmp_path, 134_515_008) == 4.9
    assert rate_scale(tmp_path, 1_000_000) == 5.0
    assert rate_scale(tmp_path, 4_000_000_000) == 1.0
    assert rate_scale(OWN_BASE, 1_000_000) == 1.0
