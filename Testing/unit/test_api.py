"""The public names of `SwinX2SLib`: cheap to import, documented with examples that run, one convention for all."""

import ast
import doctest
import importlib
import json
import os
import re
import subprocess
import sys
from dataclasses import is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest

import SwinX2SLib
from SwinX2SLib import (
    ConeCamera,
    InputError,
    PhantomParameters,
    RadiographOptions,
    Reconstruction,
    Reconstructor,
    build_phantom,
    evaluate,
    export_bones,
    measure,
    read_radiographs,
    render_drr,
)
from SwinX2SLib.phantom import FieldOfView, phantom_ct
from SwinX2SLib.reconstruct import Job
from SwinX2SLib.reconstruct.reconstruction import FILES
from SwinX2SLib.resources import resource_path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "SwinX2SLib" / "__init__.py"
HOMES = SwinX2SLib._HOMES
HIPS = FieldOfView((-150.0, -110.0, -150.0), (150.0, 100.0, 150.0))


def run_python(script: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, timeout=300
    )


@pytest.fixture(scope="module")
def hips():
    """A pelvis with both femora at 5 mm."""
    return build_phantom(spacing_mm=5.0, field_of_view=HIPS)


@pytest.fixture(scope="module")
def demo() -> list[Path]:
    """Files of the demo's phantom."""
    return [resource_path("Demo", f"phantom_{view}.png") for view in ("ap", "lateral")]


@pytest.fixture(scope="module")
def small_network():
    """A network that finds the left femur wherever both radiographs are bright."""
    import torch
    from torch import nn

    class Bright(nn.Module):
        grid_shape = (32, 28, 56)

        def reconstruct_logits(self, coronal, sagittal):
            both = coronal[:, 0, :, None, :] * sagittal[:, 0, None, :, :]
            logits = torch.full((1, 55, *both.shape[1:]), -10.0)
            logits[:, 0], logits[:, 53] = 0, 40 * (both - 0.2)
            return logits

    return Bright()


@pytest.fixture(scope="module")
def found(small_network, demo) -> Reconstruction:
    return Reconstructor(small_network, device="cpu").reconstruct(*demo, spacing_mm=1.0)


def test_importing_the_package_loads_neither_torch_nor_numpy():
    script = (
        "import sys, SwinX2SLib; print([name for name in ('torch', 'numpy', 'scipy') if name in sys.modules])"
    )
    result = run_python(script)
    assert result.stdout.strip() == "[]", result.stderr


def test_importing_the_package_costs_less_than_a_tenth_of_a_second_of_the_processor():
    script = "import time; t = time.process_time(); import SwinX2SLib; print(time.process_time() - t)"
    assert float(run_python(script).stdout) < 0.1


def test_names_that_need_no_network_load_without_torch():
    names = sorted(set(HOMES) - {"Reconstructor", "reconstruct_frontal"})
    script = f"""
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "timm", "monai"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Block())
import SwinX2SLib
for name in {names}:
    getattr(SwinX2SLib, name)
SwinX2SLib.stored_weights()
"""
    result = run_python(script)
    assert result.returncode == 0, result.stderr[-2000:]


def test_completion_shows_every_name_before_any_is_loaded():
    script = "import SwinX2SLib as s; print(sorted(set(s.__all__) - set(dir(s))))"
    assert run_python(script).stdout.strip() == "[]"
    assert sorted(SwinX2SLib.__all__) == SwinX2SLib.__all__ == sorted(HOMES)


def test_type_checkers_read_the_same_homes_as_the_interpreter():
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    stated = {
        alias.name: node.module.removeprefix("SwinX2SLib.") for node in block.body for alias in node.names
    }
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    assert stated == HOMES
    assert (ROOT / "SwinX2SLib" / "py.typed").is_file()


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'reconstructor'"):
        _ = SwinX2SLib.reconstructor


@pytest.mark.parametrize("name", SwinX2SLib.__all__)
def test_every_name_resolves_and_is_documented(name):
    value = getattr(SwinX2SLib, name)
    text = value.__doc__
    assert text
    assert text.strip()[0].isupper() or text.startswith("An")
    assert "Examples:" in text
    is_plain_type = isinstance(value, type) and is_dataclass(value)
    assert (
        "Attributes:" if is_plain_type else "Returns:" if not isinstance(value, type) else "Args:"
    ) in text


@pytest.mark.slow
@pytest.mark.parametrize("module", sorted(set(HOMES.values())))
def test_the_examples_of_a_module_run(module):
    result = doctest.testmod(importlib.import_module(f"SwinX2SLib.{module}"), optionflags=doctest.ELLIPSIS)
    assert result.attempted
    assert not result.failed


def test_the_example_of_the_readme_runs(tmp_path, monkeypatch, small_network):
    """On the demo pair, with a small network in place of the default weights."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## From Python")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    for view in ("ap", "lateral"):
        (tmp_path / f"{view}.png").write_bytes(resource_path("Demo", f"phantom_{view}.png").read_bytes())
    truth = build_phantom(PhantomParameters(), spacing_mm=5.0, field_of_view=HIPS)
    export_bones(truth, tmp_path / "ct", "nifti")
    (tmp_path / "ct" / "labels.nii.gz").rename(tmp_path / "ct.nii.gz")
    plain = SwinX2SLib.Reconstructor
    monkeypatch.setattr(SwinX2SLib, "Reconstructor", lambda *_, **__: plain(small_network, device="cpu"))
    exec(compile(code, "README.md", "exec"), {})
    assert {path.name for path in (tmp_path / "result").iterdir()} >= set(FILES.values())


def test_arrays_and_files_make_the_same_radiographs(demo):
    from PIL import Image

    arrays = [np.asarray(Image.open(path)) for path in demo]
    for read, given in zip(
        read_radiographs(*demo, spacing_mm=1.0), read_radiographs(*arrays, spacing_mm=(1.0, 1.0)), strict=True
    ):
        np.testing.assert_array_equal(read.pixels, given.pixels)
        assert read.spacing_mm == given.spacing_mm
        assert (read.path is None, given.path is None) == (False, True)


def test_radiographs_that_were_read_are_taken_as_they_are(demo):
    pair = read_radiographs(*demo, spacing_mm=1.0)
    assert read_radiographs(*pair) == pair


def test_all_faults_of_a_pair_are_told_at_once(tmp_path):
    with pytest.raises(InputError) as caught:
        read_radiographs(
            tmp_path / "absent.png", np.zeros((8, 8, 3)), spacing_mm=(-1.0, 0.5), ap_view="oblique"
        )
    kinds = [fault.kind for fault in caught.value.faults]
    assert kinds.count("radiograph-option") == 2
    assert "not-a-picture" in kinds
    assert any(fault.path and fault.path.endswith("absent.png") for fault in caught.value.faults)


def test_a_pair_in_the_wrong_order_or_with_options_too_late_is_refused(demo):
    ap, lateral = read_radiographs(*demo, spacing_mm=1.0)
    with pytest.raises(InputError) as caught:
        read_radiographs(lateral, ap, ap_options=RadiographOptions(flip="h"))
    kinds = {fault.kind for fault in caught.value.faults}
    assert kinds == {"view-contradicted", "radiograph-ready"}


def test_settings_that_cannot_be_used_are_told_at_once():
    with pytest.raises(InputError) as caught:
        Reconstructor(device="tpu", tta=9, min_component_fraction=2.0)
    assert len(caught.value.faults) == 3


def test_files_arrays_and_radiographs_reconstruct_the_same(found, small_network, demo):
    from PIL import Image

    reconstructor = Reconstructor(small_network, device="cpu")
    arrays = [np.asarray(Image.open(path)) for path in demo]
    again = (
        reconstructor.reconstruct(*map(str, demo), spacing_mm=1.0),
        reconstructor.reconstruct(*arrays, spacing_mm=1.0),
        reconstructor.reconstruct(*read_radiographs(*demo, spacing_mm=1.0)),
    )
    assert found.labels.any()
    for other in again:
        np.testing.assert_array_equal(other.labels, found.labels)
        np.testing.assert_array_equal(other.affine, found.affine)


def test_what_is_saved_is_read_back(found, tmp_path):
    files = found.save(tmp_path / "a" / "result")
    assert {role: path.name for role, path in files.items()} == FILES
    for source in (tmp_path / "a" / "result", files["labels"], files["segmentation"], found):
        scores = evaluate(source, found, groups=["femur"], measurements=False)
        assert scores.foreground.dice == 1.0
        assert scores.foreground.localisation_error_mm == pytest.approx(0.0, abs=1e-3)
    with pytest.raises(InputError) as caught:
        found.save(tmp_path / "a" / "result")
    assert caught.value.faults[0].kind == "output-exists"
    found.save(tmp_path / "a" / "result", overwrite=True)


def test_a_saved_result_says_how_to_make_it_again(found, tmp_path, demo):
    files = found.save(tmp_path / "result")
    provenance = json.loads(files["provenance"].read_text(encoding="utf-8"))
    job = Job.from_dict(provenance["options"])
    assert (job.ap, job.lateral) == tuple(demo)
    assert job.ap_options.spacing_mm == 1.0
    assert provenance["inputs"]["lateral"]["sha256"] == found.radiographs[1].sha256
    assert provenance["orientation_check"]["ap"]["looks"] == "frontal"


def test_a_result_of_arrays_is_saved_without_files_to_read_again(small_network, tmp_path):
    rng = np.random.default_rng(3)
    pair = [rng.random((112, 80)) for _ in range(2)]
    result = Reconstructor(small_network, device="cpu").reconstruct(*pair, spacing_mm=2.0)
    provenance = json.loads(result.save(tmp_path / "result")["provenance"].read_text(encoding="utf-8"))
    assert provenance["options"] is None
    assert provenance["inputs"]["ap"]["path"] is None


def test_bones_and_notes_of_a_reconstruction_are_plain_values(found):
    (bone,) = found.bones
    voxels = int((found.labels == 53).sum())
    assert bone.label.name == "femur_left"
    assert bone.volume_ml == pytest.approx(voxels * found.spacing_mm**3 / 1000)
    assert all(isinstance(note, str) for note in found.notes)


def test_objects_arrays_and_files_measure_the_same(hips, tmp_path):
    export_bones(hips, tmp_path / "bones", ["nifti", "nrrd"])
    sources = (
        hips,
        (hips.labels, hips.affine),
        (hips.labels.tolist(), hips.affine.tolist()),
        tmp_path / "bones" / "labels.nii.gz",
        str(tmp_path / "bones" / "segmentation.seg.nrrd"),
    )
    values = [
        [one.value for one in measure(source, only="femur")["femur"] if one.unit == "deg"]
        for source in sources
    ]
    assert any(value is not None for value in values[0])
    for other in values[1:]:
        # A file may hold the axes in another order, which moves surfaces by a little.
        assert other == pytest.approx(values[0], abs=0.3)


def test_what_cannot_be_measured_is_told_with_all_faults():
    wrong = np.full((4, 4, 4), 99)
    with pytest.raises(InputError) as caught:
        measure((wrong, np.zeros((3, 3))), only=["femur", "skull"])
    assert {fault.kind for fault in caught.value.faults} == {
        "unknown-region",
        "affine-shape",
        "unknown-labels",
    }
    with pytest.raises(InputError, match="not a volume"):
        measure(7)


def test_left_and_right_stay_apart_in_a_comparison(hips):
    swapped = np.where(hips.labels == 53, 54, np.where(hips.labels == 54, 53, hips.labels))
    scores = evaluate((swapped, hips.affine), hips, groups=["femur"], measurements=False)
    assert scores.foreground.dice == 0.0


def test_faults_of_prediction_truth_and_options_are_told_at_once(tmp_path):
    with pytest.raises(InputError) as caught:
        evaluate(tmp_path / "a.nii.gz", tmp_path / "b.nii.gz", groups=["skull"], align="sideways")
    kinds = [fault.kind for fault in caught.value.faults]
    assert kinds.count("missing-file") == 2
    assert {"unknown-group", "alignment"} <= set(kinds)


def test_a_radiograph_of_labels_is_the_same_from_an_object_arrays_a_file_and_any_order_of_axes(
    hips, tmp_path
):
    path = export_bones(hips, tmp_path / "bones", "nifti")["nifti"]
    shown = render_drr(hips, "lateral")
    assert shown.shape == (hips.labels.shape[2], hips.labels.shape[1])
    for source in (path, (hips.labels, hips.affine), (hips.labels.astype(float), hips.affine)):
        np.testing.assert_allclose(render_drr(source, "lateral"), shown, rtol=1e-5)


def test_a_ct_is_told_from_labels_by_its_numbers(hips):
    ct = phantom_ct(hips)
    shown = render_drr((ct, hips.affine), "ap")
    np.testing.assert_array_equal(shown, render_drr((ct, hips.affine), "ap", kind="ct"))
    soft = render_drr((ct, hips.affine), "ap", threshold_hu=-1000.0)
    assert (soft >= shown).all()
    assert soft.mean() > shown.mean()
    with pytest.raises(InputError) as caught:
        render_drr((ct, hips.affine), "ap", kind="labels")
    assert caught.value.faults[0].kind in ("unknown-labels", "not-labels")


def test_a_cone_magnifies_what_parallel_rays_show(hips):
    camera = ConeCamera("ap", (0.0, 0.0, 0.0), (10.0, 10.0), (60, 60), 1500.0, 1000.0)
    near = render_drr(hips, camera)
    assert near.shape == (60, 60)
    far = render_drr(hips, replace(camera, source_to_isocentre_mm=1500.0))
    assert (near > 0).sum() > 1.3 * (far > 0).sum()


def test_a_view_that_is_none_is_told_with_the_fault_of_the_volume():
    with pytest.raises(InputError) as caught:
        render_drr((np.zeros((3, 3)), np.eye(4)), "oblique", kind="photo")
    assert {fault.kind for fault in caught.value.faults} == {"no-camera", "no-kind", "not-a-volume"}


@pytest.mark.slow
def test_a_type_checker_sees_the_public_names(tmp_path):
    api = pytest.importorskip("mypy.api")
    script = tmp_path / "script.py"
    script.write_text(
        "import SwinX2SLib as sx\n"
        "reveal_type(sx.Reconstructor().reconstruct('a.png', 'b.png', spacing_mm=1.0).save('out'))\n"
        "reveal_type(sx.measure(sx.build_phantom()))\n"
        "sx.render_drr(sx.build_phantom(), 'ap', kind='photo')\n"
    )
    told, _, _ = api.run(
        ["--follow-imports=silent", "--ignore-missing-imports", "--no-incremental", str(script)]
    )
    assert re.search(r"dict\[(builtins\.)?str, pathlib\.Path\]", told), told
    assert "results.Measurement" in told
    assert 'Argument "kind"' in told
