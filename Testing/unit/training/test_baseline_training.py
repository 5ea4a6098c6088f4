"""Competitors through the trainer: their loss, what they refuse, and weights that come back as they went."""

import pytest
import torch

from SwinX2SLib.cli import main
from SwinX2SLib.errors import InputError
from SwinX2SLib.models.builder import build_model
from SwinX2SLib.paper.networks import BASELINES
from SwinX2SLib.reconstruct.device import fast_autocast
from SwinX2SLib.resources import resource_path
from SwinX2SLib.training import paper_objective
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.data import Batch, BatchDataset, load_sources
from SwinX2SLib.training.objectives import Phase, objective_for
from SwinX2SLib.training.paper_objective import single_loss
from SwinX2SLib.training.setup import build_network, parameter_groups
from SwinX2SLib.training.smoke_test import SIZES, smoke_config
from SwinX2SLib.weights import load_weights
from SwinX2SLib.weights.record import WeightsRecord
from SwinX2SLib.weights.storage import write_weights

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def batch() -> Batch:
    """Two radiographs of a phantom."""
    return BatchDataset(load_sources(smoke_config("unet"), [], (32, 32, 64)), 2, 7)[0]


def test_every_baseline_has_sizes_for_a_trial_run():
    assert set(BASELINES) <= set(SIZES)


@pytest.mark.parametrize("name", BASELINES)
def test_a_few_steps_of_the_trainers_own_make_the_loss_fall(name, batch, one_thread):
    config = smoke_config(name)
    model, _ = build_network(config, torch.device("cpu"), fresh=True)
    objective = objective_for(model, config)
    optimiser = torch.optim.AdamW(parameter_groups(model, config.weight_decay), config.learning_rate)
    model.train()
    losses = []
    for _ in range(5):
        optimiser.zero_grad()
        with fast_autocast(torch.device("cpu")):
            parts = objective(model, batch, Phase.VOLUME)
        assert set(parts) == {"cross_entropy", "dice"}
        loss = sum(parts.values())
        loss.backward()
        assert all(p.grad is None or bool(p.grad.isfinite().all()) for p in model.parameters())
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.97 * losses[0]
    assert min(losses) == pytest.approx(losses[-1], rel=0.1)


def test_the_loss_is_that_of_one_of_the_papers_views_whatever_the_slabs(monkeypatch):
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(2, 55, 4, 4, 6, generator=generator)
    labels = torch.randint(0, 55, (2, 4, 4, 6), generator=generator, dtype=torch.uint8)
    known = torch.ones(2, 55, dtype=torch.bool)
    known[1, 25:49] = False
    occupied = torch.zeros(2, 54, 1, 1, dtype=torch.uint8)
    radiographs = torch.zeros(2, 1, 1, 1)
    given = Batch(
        radiographs, radiographs, labels, occupied, occupied, known, torch.zeros(2, dtype=torch.int64)
    )
    head = torch.nn.Identity()
    twice = paper_objective.volume_loss([logits, logits], given, head, 55, cross_loss=True)
    found = []
    for elements in (10**9, 2 * 55 * 4 * 6):
        monkeypatch.setattr(paper_objective, "SLAB_ELEMENTS", elements)
        found.append(single_loss(lambda coronal, sagittal: logits, given, Phase.VOLUME))
    for parts in found:
        assert set(parts) == {"cross_entropy", "dice"}
        for part, value in parts.items():
            torch.testing.assert_close(value, twice[part], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"layout_steps": 3}, "does not predict silhouettes"),
        ({"cross_loss": False}, "no cross-view loss"),
        ({"batch_size": 1}, "1 is too few"),
        ({"layout_steps": 3, "batch_size": 1}, "Set batch_size to 2"),
    ],
)
def test_what_a_baseline_has_not_is_refused_in_words(changes, words):
    model = build_model("1dconcat", grid_shape=(32, 32, 64), **SIZES["1dconcat"])
    with pytest.raises(InputError, match=words):
        objective_for(model, TrainingConfig(model="1dconcat", **changes))


def test_a_skip_that_only_the_papers_network_has_is_refused():
    with pytest.raises(InputError, match="no parameter 'transformer_skip'"):
        build_network(TrainingConfig(model="unet", transformer_skip=False), torch.device("cpu"), True)


@pytest.mark.parametrize("name", ["swin-unetr", "1dconcat", "unetr"])
def test_weights_come_back_with_their_tables_and_counts(name, tmp_path):
    sizes = {"grid_shape": [32, 32, 64], **SIZES[name]}
    torch.manual_seed(1)
    model = build_model(name, **sizes)
    for buffer in (b for b in model.buffers() if b.dtype == torch.int64 and b.ndim == 0):
        buffer.fill_(70_001)
    record = WeightsRecord("small", name, "", "", 0, "2026-01-01", "MIT", sizes)
    write_weights(model.state_dict(), tmp_path / "small.safetensors", record, half=True)
    loaded, found = load_weights(tmp_path / "small.safetensors", "cpu")
    assert found.variant == name
    for key, value in model.state_dict().items():
        back = loaded.state_dict()[key]
        if value.is_floating_point():
            torch.testing.assert_close(back, value, rtol=1e-3, atol=1e-3)
        else:
            assert torch.equal(back, value), key


def test_a_baseline_is_trained_and_reconstructs_from_the_command_line(tmp_path, capsys):
    config = tmp_path / "run.toml"
    config.write_text(
        'model = "unet"\nsteps = 3\nbatch_size = 2\nphantoms = 1\nworkers = 0\nvalidate_every = 0\n'
        "warmup_steps = 1\nnetwork = { grid_shape = [32, 32, 64], channels = [4, 4, 4, 4, 4] }\n"
    )
    assert main(["train", str(config), "--out", str(tmp_path / "run"), "--device", "cpu"]) == 0
    weights, out = tmp_path / "run" / "run.safetensors", tmp_path / "out"
    radiographs = [str(resource_path("Demo", name)) for name in ("phantom_ap.png", "phantom_lateral.png")]
    command = ["reconstruct", *radiographs, "--spacing-mm", "1.0", "--model", str(weights), "--out", str(out)]
    assert main([*command, "--device", "cpu"]) == 0, capsys.readouterr().err
    assert (out / "labels.nii.gz").stat().st_size > 0
    assert (out / "provenance.json").read_text().count("unet")


def test_a_trial_run_of_an_unknown_network_is_refused_with_those_there_are(capsys):
    assert main(["train", "--smoke", "vgg"]) == 3
    assert "swin-unetr" in capsys.readouterr().err
