import pytest
import torch
from safetensors.torch import load_file

from SwinX2SLib.weights import load_weights
from SwinX2SLib.weights.importing import ImportOptions, import_upstream


def assert_close(found: torch.Tensor, expected: torch.Tensor) -> None:
    assert float((found - expected).norm() / expected.norm()) < 1e-5
    assert float((found - expected).abs().max() / expected.abs().max()) < 1e-4


@pytest.mark.parametrize("case", ["a", "b"])
@torch.no_grad()
def test_imported_weights_give_the_published_networks_outputs(shared_data, tmp_path, case):
    source = shared_data / "reference" / f"upstream_parity_{case}.safetensors"
    path, record = import_upstream(source, ImportOptions(f"parity-{case}", tmp_path))
    assert record.variant == "swinx2s-tiny"
    model, _ = load_weights(path)
    reference = load_file(source)
    pair = reference["input_coronal"], reference["input_sagittal"]
    coronal, sagittal = model(*pair)
    assert_close(coronal, reference["logits_coronal"])
    assert_close(sagittal, reference["logits_sagittal"])
    mean = (reference["logits_coronal"] + reference["logits_sagittal"]) / 2
    assert_close(model.reconstruct_logits(*pair), mean)
