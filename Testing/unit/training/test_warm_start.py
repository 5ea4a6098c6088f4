import pytest
import torch
from safetensors.torch import save_file

from SwinX2SLib.errors import InputError
from SwinX2SLib.training.loop import Trainer
from SwinX2SLib.training.setup import start_from


def network() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 4))


def test_what_fits_is_taken_and_the_rest_is_named(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file(
        {"0.weight": torch.full((3, 2), 7.0), "1.weight": torch.zeros(5, 3), "head": torch.zeros(1)}, path
    )
    model = network()
    before = model[1].weight.clone()
    told = start_from(model, path)
    assert bool((model[0].weight == 7).all())
    assert torch.equal(model[1].weight, before)
    assert "1 of the network's 4 tensors" in told
    assert "of another shape: 1.weight" in told
    assert "not in the file: 0.bias, 1.bias" in told
    assert "not in the network: head" in told


def test_weights_of_which_nothing_fits_are_refused(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file({"other": torch.zeros(1)}, path)
    with pytest.raises(InputError, match="No tensor of the file matches"):
        start_from(network(), path)


def test_of_a_checkpoint_the_averaged_weights_are_taken(tmp_path):
    average = {name: torch.ones_like(value) for name, value in network().state_dict().items()}
    torch.save({"step": 3, "model": network().state_dict(), "average": average}, tmp_path / "last.pt")
    model = network()
    start_from(model, tmp_path / "last.pt")
    assert all(bool((value == 1).all()) for value in model.state_dict().values())


def test_a_run_starts_warm_but_goes_on_from_its_own_checkpoint(tmp_path, tiny, three_bones, one_thread):
    first = Trainer(tiny(steps=1, layout_steps=1), three_bones, tmp_path / "first")
    learned = {name: value.clone() for name, value in first.run().items()}
    config = tiny(steps=1, layout_steps=1, seed=1, warm_start=str(tmp_path / "first" / "last.pt"))
    entries = []
    second = Trainer(config, three_bones, tmp_path / "second", entries.append)
    assert all(torch.equal(value, learned[name]) for name, value in second.model.state_dict().items())
    assert "Warm start from" in entries[0]["note"]
    second.run()
    entries.clear()
    assert Trainer(config, three_bones, tmp_path / "second", entries.append).step == 1
    assert entries == []
