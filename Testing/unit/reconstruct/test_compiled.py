"""Networks that OpenVINO computes: the labels of PyTorch, and a cache that nothing can harm."""

import subprocess
import sys

import pytest
import torch

from SwinX2SLib.errors import DeviceError, InputError, ModelError
from SwinX2SLib.models.builder import build_model
from SwinX2SLib.models.rewrites import RewrittenSwinX2S
from SwinX2SLib.reconstruct import compiled, device
from SwinX2SLib.reconstruct.compiled import can_be_compiled, compile_network, compiled_path
from SwinX2SLib.reconstruct.reconstructor import Reconstructor

needs_openvino = pytest.mark.skipif(
    not device.openvino_is_installed(), reason='the extra is absent: pip install "swinx2s[openvino]"'
)
SWIN = {"embed_dim": 8, "depths": (1, 1, 1, 1), "heads": (1, 1, 1, 1), "grid_shape": (32, 32, 64)}
SETTINGS = {"INFERENCE_PRECISION_HINT": "f32"}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SWINX2S_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / compiled.FOLDER


def network(variant: str):
    torch.manual_seed(0)
    if variant == "swinx2s-tiny":
        return RewrittenSwinX2S(build_model(variant, **SWIN).eval())
    sizes = {"residual_widths": (8, 8, 8, 8, 8), "decoder_2d": (8,) * 5, "grid_shape": (32, 32, 64)}
    return build_model(variant, **sizes).eval()


def radiographs():
    generator = torch.Generator().manual_seed(1)
    return torch.rand(1, 1, 32, 64, generator=generator), torch.rand(1, 1, 32, 64, generator=generator)


@needs_openvino
@torch.inference_mode()
@pytest.mark.parametrize("variant", ["swinx2s-tiny", "silhouettes"])
def test_either_kind_of_network_gives_the_tensors_of_pytorch(variant):
    model = network(variant)
    assert can_be_compiled(model)
    expected = model.tensors(*radiographs())
    compile_network(model, "", half=False)
    assert model.compiled is not None
    for found, tensor in zip(model.computed(*radiographs()), expected, strict=True):
        torch.testing.assert_close(found, tensor, rtol=1e-3, atol=1e-3)
    logits = model.reconstruct_logits(*radiographs())
    model.compiled = None
    same = (logits.argmax(1) == model.reconstruct_logits(*radiographs()).argmax(1)).float().mean()
    assert float(same) >= 0.999


@needs_openvino
def test_a_compiled_network_is_kept_and_damage_or_absence_only_costs_time(cache):
    model = network("silhouettes")
    compile_network(model, "abc", half=False)
    (kept,) = cache.iterdir()
    whole = kept.read_bytes()
    expected = model.computed(*radiographs())
    for damaged in (whole[: len(whole) // 2], b"", whole[:-1] + bytes([whole[-1] ^ 1]), whole):
        kept.write_bytes(damaged)
        compile_network(model, "abc", half=False)
        assert [path.name for path in cache.iterdir()] == [kept.name]
        for found, tensor in zip(model.computed(*radiographs()), expected, strict=True):
            torch.testing.assert_close(found, tensor)
    kept.unlink()
    compile_network(model, "abc", half=False)
    assert kept.is_file()


@needs_openvino
def test_a_cache_that_takes_no_files_stops_nothing(cache):
    cache.parent.mkdir(parents=True)
    cache.write_text("a file where the folder should be")
    model = network("silhouettes")
    compile_network(model, "abc", half=False)
    assert model.compiled is not None


@needs_openvino
def test_two_processes_may_compile_the_same_network(cache):
    code = (
        "import test_compiled as t, torch\n"
        "model = t.network('silhouettes')\n"
        "t.compile_network(model, 'abc', half=False)\n"
        "assert len(model.computed(*t.radiographs())) == 2\n"
    )
    path = f"import sys; sys.path.insert(0, {str(__file__).rpartition('/')[0]!r})\n"
    started = [subprocess.Popen([sys.executable, "-c", path + code]) for _ in range(2)]
    assert [process.wait(timeout=500) for process in started] == [0, 0]
    assert len(list(cache.iterdir())) == 1


@needs_openvino
def test_what_a_compiled_network_depends_on_names_its_file(monkeypatch):
    first, second = network("silhouettes"), network("swinx2s-tiny")
    names = {compiled_path(first, "abc", SETTINGS), compiled_path(second, "abc", SETTINGS)}
    half = {"INFERENCE_PRECISION_HINT": "bf16"}
    names |= {compiled_path(first, "xyz", SETTINGS), compiled_path(first, "abc", half)}
    monkeypatch.setattr(compiled, "_processor", lambda: "another")
    names.add(compiled_path(first, "abc", SETTINGS))
    assert len(names) == 5
    assert compiled_path(first, "abc", SETTINGS) in names


def test_openvino_that_is_absent_is_refused_in_words(monkeypatch):
    monkeypatch.setattr(device, "find_spec", lambda name: None)
    with pytest.raises(DeviceError, match=r"OpenVINO was requested.*swinx2s\[openvino\]"):
        device.choose_device("openvino")
    assert device.choose_device("cpu").type == "cpu"


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(InputError, match=r"swinx2s\[openvino\]"):
        compile_network(network("silhouettes"), "")


def test_a_network_of_another_kind_is_refused_in_words(threshold_model, monkeypatch):
    monkeypatch.setattr(device, "find_spec", lambda name: True)
    with pytest.raises(ModelError, match="OpenVINO does not run networks of this kind"):
        Reconstructor(threshold_model(), "openvino")


@needs_openvino
def test_nothing_is_sent_to_the_makers_of_openvino():
    code = (
        "import sys\n"
        "from SwinX2SLib.reconstruct import compiled\n"
        "compiled._openvino()\n"
        "from openvino.tools.ovc import telemetry_utils\n"
        "assert telemetry_utils.tm.__name__.endswith('telemetry_stub'), telemetry_utils.tm\n"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
