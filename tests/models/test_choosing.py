"""Which base a workspace has, who is told so, and what happens when it can't be had."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.worlds.own_aws import own_aws
from tests.worlds.tiny_model import build_tiny_model
from workshop_kit import base_model, settings
from workshop_kit.base_model import DEFAULT, BaseChoice, base_choice, decided
from workshop_kit.cli import main
from workshop_kit.errors import KitError, ModelProblem
from workshop_kit.local_aws import catalogue
from workshop_kit.local_aws.models import MODELS, settle


@pytest.fixture
def unset(cache: Path, wheels, monkeypatch) -> Path:
    """Nothing told; the made-up model in the default model's place. Returns the cache."""
    monkeypatch.delenv("WORKSHOP_BASE_MODEL", raising=False)
    monkeypatch.setitem(MODELS, DEFAULT, replace(wheels[1], id=DEFAULT))
    monkeypatch.setattr(base_model, "total_memory", lambda: 16_000_000_000)
    return cache


def test_the_real_model_is_the_base_by_default(unset: Path, tmp_path: Path, monkeypatch) -> None:
    home = tmp_path / "home"
    assert settle(home) == BaseChoice(DEFAULT) == decided(home) == base_choice(home)
    monkeypatch.setenv("WORKSHOP_HOME", str(home))
    assert settings.datasets_root().name == "datasets"


def test_too_little_memory_means_the_tiny_model_and_a_reason(unset: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(base_model, "total_memory", lambda: 1_000_000_000)
    home = tmp_path / "home"
    choice = settle(home)
    assert choice.tiny and choice.reason.startswith("This machine has 1.0 GB of memory and smollm2-135m-instruct needs")
    assert not unset.exists(), "nothing was fetched"
    monkeypatch.setattr(base_model, "total_memory", lambda: 16_000_000_000)
    assert settle(home) == choice == base_choice(home), "a workspace keeps its base"
    monkeypatch.setenv("WORKSHOP_HOME", str(home))
    assert settings.datasets_root().name == "tiny"
    monkeypatch.setenv("WORKSHOP_DATASETS", str(tmp_path))
    assert settings.datasets_root() == tmp_path.resolve()


def test_no_way_to_get_it_means_the_tiny_model_until_it_is_got(
    unset: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    links = os.environ["PIP_FIND_LINKS"]
    monkeypatch.delenv("PIP_FIND_LINKS")
    home = tmp_path / "home"
    choice = settle(home)
    assert choice.tiny and "The tiny model answers here: Made-Up-Model could not be downloaded" in choice.reason
    monkeypatch.setenv("PIP_FIND_LINKS", links)
    assert settle(home) == choice, "not before somebody asks for it"
    assert main(["models", "get", "--home", str(home)]) == 0
    assert "every checksum right" in capsys.readouterr().out
    assert settle(home) == BaseChoice(DEFAULT)


def test_a_workspace_whose_model_is_gone_says_so(unset: Path, tmp_path: Path, monkeypatch) -> None:
    home = tmp_path / "home"
    settle(home)
    shutil.rmtree(unset)
    monkeypatch.delenv("PIP_FIND_LINKS")
    with pytest.raises(ModelProblem, match=r"works with Made-Up-Model, which is not on this machine any more: .*=tiny"):
        settle(home)


def test_what_is_told_is_used_or_refused(unset: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(base_model, "total_memory", lambda: 1_000_000_000)
    monkeypatch.setenv("WORKSHOP_BASE_MODEL", DEFAULT)
    home = tmp_path / "home"
    assert settle(home) == BaseChoice(DEFAULT) and decided(home) is None
    assert catalogue.base_model() == str(unset / DEFAULT) and catalogue.base_is_foreign()
    shutil.rmtree(unset)
    monkeypatch.delenv("PIP_FIND_LINKS")
    with pytest.raises(ModelProblem, match="could not be downloaded"):
        settle(home)
    monkeypatch.setenv("WORKSHOP_BASE_MODEL", "some/model")
    assert settle(home) == BaseChoice("some/model"), "a hub's id is for the library"
    monkeypatch.setenv("WORKSHOP_BASE_MODEL", str(tmp_path / "nowhere"))
    with pytest.raises(ModelProblem, match="nowhere, which is not there"):
        settle(home)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("folder"))


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("config", r"has no config\.json"),
        ("tokenizer", "has no tokenizer"),
        ("weights", "has no weights"),
        ("broken", r"config\.json that can't be read"),
        ("unknown", "a model of the kind 'nonesuch', which the installed transformers library does not know"),
        ("encoder", "a model of the kind 'vit', which is no causal language model"),
        ("pieces", "has a tokenizer that can't be loaded"),
    ],
)
def test_a_folder_that_is_no_model(folder: Path, tmp_path: Path, monkeypatch, fault: str, says: str) -> None:
    here = Path(shutil.copytree(folder, tmp_path / "model"))
    config = here / "config.json"
    told = json.loads(config.read_text())
    if fault == "config":
        config.unlink()
    elif fault == "tokenizer":
        for path in [*here.glob("tokenizer*"), *here.glob("vocab*")]:
            path.unlink()
    elif fault == "weights":
        (here / "model.safetensors").unlink()
    elif fault == "broken":
        config.write_text('{"model_type": ')
    elif fault == "pieces":
        (here / "tokenizer.json").write_text("{}")
    else:
        config.write_text(json.dumps(told | {"model_type": {"unknown": "nonesuch", "encoder": "vit"}[fault]}))
    monkeypatch.setenv("WORKSHOP_BASE_MODEL", str(here))
    with pytest.raises(ModelProblem, match=says) as problem:
        settle(tmp_path / "home")
    assert str(problem.value).count(". ") == 0, "one sentence"


def test_a_good_folder_is_accepted_and_refused_at_the_start_of_local_aws(
    folder: Path, tmp_path: Path, monkeypatch
) -> None:
    with own_aws(tmp_path / "home", folder) as aws:
        assert f"the model {folder.name}" in aws.answers and base_choice(tmp_path / "home").name == str(folder)
        monkeypatch.delenv("WORKSHOP_BASE_MODEL")
        assert base_choice(tmp_path / "home").name == str(folder), "what serves counts"
    with pytest.raises(KitError, match="nowhere"), own_aws(tmp_path / "other", tmp_path / "nowhere"):
        pass
    assert not (tmp_path / "other" / "aws" / "server.json").exists()


def test_local_aws_names_the_model_and_its_licence(unset: Path, tmp_path: Path, monkeypatch) -> None:
    home = tmp_path / "home"
    settle(home)
    monkeypatch.setenv("WORKSHOP_BASE_MODEL", DEFAULT)
    size = f"{MODELS[DEFAULT].parameters:,} parameters"
    assert catalogue.base_label() == f"Made-Up-Model, {size}, licence CC0-1.0"
    assert catalogue.honest_name(catalogue.BEDROCK["workshop.base-v1:0"]) == f"Base: {catalogue.base_label()} (local)"
    assert catalogue.present(catalogue.BEDROCK["workshop.base-v1:0"])
    nova = catalogue.honest_name(catalogue.BEDROCK["amazon.nova-micro-v1:0"])
    assert "Made-Up-Model" in nova and "not Amazon Nova Micro" in nova


def test_connecting_says_why_it_is_the_tiny_model(tmp_path: Path, monkeypatch) -> None:
    from workshop_kit.aws import connect
    from workshop_kit.local_aws import stop

    home = tmp_path / "home"
    base_model.keep(home, BaseChoice("tiny", "No network, so the tiny model it is."))
    monkeypatch.delenv("WORKSHOP_BASE_MODEL")
    monkeypatch.setenv("WORKSHOP_AWS", "local")
    try:
        aws = connect(home=home)
        assert aws.answers.endswith("No network, so the tiny model it is.") and "workshop base" in aws.answers
        assert "No network" in aws._repr_html_()
    finally:
        stop(home)


def test_the_command_lists_gets_and_removes(unset: Path, tmp_path: Path, capsys) -> None:
    home = ["--home", str(tmp_path / "home")]
    assert main(["models", *home]) == 0
    listed = capsys.readouterr().out
    assert "licence CC0-1.0, https://example.org/licence" in listed and "workshop-kit models get" in listed
    assert main(["models", *home, "get", "made-up"]) == 0
    assert "Downloading Made-Up-Model" in capsys.readouterr().out
    assert main(["models", *home, "list"]) == 0
    assert f"here: {unset / 'made-up'}" in capsys.readouterr().out
    assert main(["models", *home, "remove", "made-up"]) == 0
    assert main(["models", *home, "remove"]) == 1
    assert "Which model?" in capsys.readouterr().err


def test_memory_is_that_of_the_container_if_it_is_less(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(base_model, "_container_limits", lambda: [123, 9_000_000_000_000_000_000])
    assert base_model.total_memory() == 123
    monkeypatch.setattr(base_model, "_container_limits", lambda: [])
    assert base_model.total_memory() == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
