"""The report shows the bones of a result on their sides, and refuses what does not belong together."""

import errno
import json
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from SwinX2SLib.anatomy import labels
from SwinX2SLib.cli import main
from SwinX2SLib.drr.overlay import bone_outlines
from SwinX2SLib.errors import InputError
from SwinX2SLib.geometry.frames import network_affine
from SwinX2SLib.io.volumes import read_volume, write_volume
from SwinX2SLib.radiographs import Radiograph, RadiographOptions, prepare_pair
from SwinX2SLib.reconstruct.job import Job
from SwinX2SLib.reconstruct.reconstruction import Reconstruction
from SwinX2SLib.reconstruct.verdict import BoneVerdict, Verdict
from SwinX2SLib.report import page, write_report
from SwinX2SLib.report.findings import bone_flags, read_findings
from SwinX2SLib.report.page import (
    PICTURES,
    SHOWN,
    _radiographs,
    _render,
    outlined_radiograph,
    radiograph_camera,
)

pytestmark = pytest.mark.slow

ID = {label.name: label.id for label in labels()}
SHAPE, SPACING_MM = (32, 24, 40), 4.0
AFFINE = network_affine(SPACING_MM, SHAPE)


def two_femora_and_a_vertebra():
    volume = np.zeros(SHAPE, dtype=np.uint8)
    volume[3:8, 4:9, 28:40] = ID[
        "femur_right"
    ]  # network order: low X is the patient's right, low Y the front
    volume[23:30, 4:9, 28:40] = ID["femur_left"]
    volume[13:19, 12:18, 6:12] = ID["vertebrae_L3"]
    return volume


def radiograph(view, pixels_shape=None, spacing_mm=SPACING_MM):
    across = SHAPE[1] if view == "lateral" else SHAPE[0]
    pixels = np.zeros(pixels_shape or (SHAPE[2], across), dtype=np.float32)
    return Radiograph(pixels, (spacing_mm, spacing_mm), "told", view)


def answer(volume):
    """Stand in for the network: give this volume, whatever the radiographs."""

    def reconstruct(ap, lateral):
        pair = prepare_pair(ap, lateral, SHAPE)
        uncertainty = np.full(SHAPE, 0.2, dtype=np.float16)
        uncertainty[volume == ID["femur_left"]] = 0.7
        return Reconstruction(volume, uncertainty, pair.affine, pair.spacing_mm, None, "cpu", "float32", 0)

    return reconstruct


@pytest.fixture
def result(tmp_path, write_known_result):
    rng = np.random.default_rng(0)
    radiographs = {}
    for view, across in (("ap", SHAPE[0]), ("lateral", SHAPE[1])):
        radiographs[view] = tmp_path / f"{view} <radiograph>.png"
        pixels = rng.integers(0, 255, (SHAPE[2] * 4, across * 4), dtype=np.uint8)
        Image.fromarray(pixels).save(radiographs[view])
    one = RadiographOptions(spacing_mm=1.0)
    job = Job(radiographs["ap"], radiographs["lateral"], tmp_path / "result", one, one)
    write_known_result(job, answer(two_femora_and_a_vertebra()))
    return job


class Page(HTMLParser):
    """Collects the text and the tags that never close."""

    def __init__(self, text):
        super().__init__()
        self.open, self.text, self.images = [], "", 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.images += 1
            assert dict(attrs)["src"].startswith("data:image/png;base64,iVBOR")
        if tag not in ("img", "meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += " ".join(data.split()) + " "


def test_the_page_tells_bones_volumes_inputs_and_warnings(result):
    written = write_report(result.out, "A pair", {"Licence": "MIT & free"})
    page = Page(written["report"].read_text(encoding="utf-8"))
    assert page.open == []
    assert page.images == 4
    assert 'base64,"' not in written["report"].read_text(encoding="utf-8"), "a picture is empty"
    for expected in (
        "A pair",
        "Research use only",
        "3 bones found",
        "L3 vertebra",
        "13.8",  # 6 x 6 x 6 voxels of 4 mm
        "80 %",
        "ap <radiograph>.png",
        "No verdict is stored with this result.",
        "Cut off by the edge of the radiographs",
        "segmentation.seg.nrrd",
        "MIT & free",
        "SHA-256",
    ):
        assert expected.lower() in page.text.lower(), expected
    for name in ("radiograph_ap", "radiograph_lateral", "bones_front", "bones_left"):
        assert written[name].read_bytes().startswith(b"\x89PNG")
        assert written[name].stat().st_size < 500_000
    assert not list(result.out.glob(".*")), "no half-written file stays behind"


def test_the_page_states_the_verdict_in_one_line_one_picture_and_beside_each_bone(result):
    path = result.out / "provenance.json"
    stated = {
        "femur_left": BoneVerdict("reject", 0.12),
        "femur_right": BoneVerdict("believe", 0.97),
        "vertebrae_L3": BoneVerdict("look", 0.71),
    }
    provenance = json.loads(path.read_text(encoding="utf-8"))
    for whole in ("look", "reject"):
        verdict = Verdict(whole, stated)
        path.write_text(json.dumps({**provenance, "verdict": verdict.to_json()}), encoding="utf-8")
        page = Page(write_report(result.out)["report"].read_text(encoding="utf-8"))
        assert page.open == []
        assert page.text.count(verdict.line) == 1
        assert [page.text.count(mark) for mark in ("✓ believe 97 %", "? look 71 %", "✕ reject 12 %")] == [
            1,
            1,
            1,
        ]
    assert (page.images, "No verdict" in page.text, "Mean confidence below" in page.text) == (4, False, False)


def test_the_page_tells_what_was_moved_after_the_network_and_nothing_where_nothing_was(result):
    path = result.out / "provenance.json"
    provenance = json.loads(path.read_text(encoding="utf-8"))
    provenance["disc_shifts_mm"] = {"vertebrae_L3": 2.0, "vertebrae_L4": -7.1}
    provenance["shape_likeness"] = {"vertebrae_L3": 0.61, "sacrum": 0.45}
    provenance["femur_shifts_mm"] = {"femur_left": -3.2, "femur_right": 3.2}
    provenance["position_error_mm"] = {"vertebrae_L3": 2.0, "rib_left_5": 11.4}
    path.write_text(json.dumps(provenance), encoding="utf-8")
    told = Page(write_report(result.out)["report"].read_text(encoding="utf-8")).text
    assert "with the discs detected in the radiographs: shift 7 mm at most" in told
    assert "fitted to both radiographs for 2 bones" in told
    assert "(correlation) 0.45 to 0.61" in told
    assert "aligned in depth with the acetabula, in opposite directions: 3.2 mm each" in told
    assert "fitted to both radiographs for 2 bones; estimated position error 2.0 to 11.4 mm" in told
    for key in ("disc_shifts_mm", "shape_likeness", "femur_shifts_mm", "position_error_mm"):
        del provenance[key]
    path.write_text(json.dumps(provenance), encoding="utf-8")
    told = Page(write_report(result.out)["report"].read_text(encoding="utf-8")).text
    assert not any(
        words in told for words in ("discs detected", "Shape models", "acetabula", "Statistical skeleton")
    )


def test_the_page_leads_to_the_measurements_of_the_same_bones(result):
    written = write_report(result.out, "A pair")
    text = written["report"].read_text(encoding="utf-8")
    assert 'href="measurements/measurements.html"' in text
    page = Page(written["measurements"].read_text(encoding="utf-8"))
    assert "A pair" in page.text
    found = json.loads((result.out / "measurements" / "measurements.json").read_text(encoding="utf-8"))
    femora = [one for one in found["measurements"] if one["region"] == "femur"]
    absent = sum(one["quality"] == "absent" for one in femora)
    assert f'<td class="number">{absent}</td>' in text.split("<td>Femora")[1].split("</tr>")[0]
    write_report(result.out)  # once more, over the first


def test_bones_have_their_volume_their_confidence_and_their_place(result):
    bones = {bone.label.name: bone for bone in read_findings(result.out).bones}
    assert set(bones) == {"femur_left", "femur_right", "vertebrae_L3"}
    assert bones["vertebrae_L3"].volume_ml == pytest.approx(216 * 0.064)
    assert bones["femur_left"].confidence == pytest.approx(0.3, abs=0.01)
    assert bones["femur_left"].cut
    assert not bones["vertebrae_L3"].cut


def test_a_bone_is_cut_where_a_radiograph_ends_even_if_the_grid_goes_on(result):
    path = result.out / "provenance.json"
    provenance = json.loads(path.read_text(encoding="utf-8"))
    provenance["inputs"]["ap"]["pixels"]["columns"] = 100  # 3.5 voxels less on either side
    path.write_text(json.dumps(provenance), encoding="utf-8")
    cut = {bone.label.name for bone in read_findings(result.out).bones if bone.cut}
    assert cut == {"femur_left", "femur_right"}
    provenance["inputs"]["lateral"]["pixels"]["columns"] = 48
    path.write_text(json.dumps(provenance), encoding="utf-8")
    assert all(bone.cut for bone in read_findings(result.out).bones)


def test_a_result_without_bones_says_so(result, write_known_result):
    write_known_result(result, answer(np.zeros(SHAPE, dtype=np.uint8)))
    page = Page(write_report(result.out)["report"].read_text(encoding="utf-8"))
    assert "0 bones found" in page.text
    assert "No bone was found." in page.text


def test_files_that_are_missing_are_all_named(tmp_path):
    with pytest.raises(InputError) as error:
        read_findings(tmp_path)
    assert len(error.value.faults) == 3


def test_radiographs_that_changed_since_are_refused(result):
    Image.fromarray(np.random.default_rng(9).integers(0, 255, (160, 128), dtype=np.uint8)).save(result.ap)
    with pytest.raises(InputError, match="differs from the one used"):
        write_report(result.out)


@pytest.mark.parametrize(
    ("name", "value"), [("labels.nii.gz", 65), ("labels.nii.gz", -1), ("uncertainty.nii.gz", np.nan)]
)
def test_a_result_with_values_that_no_result_has_is_refused_in_words(result, name, value):
    values = np.zeros((SHAPE[0], SHAPE[1], SHAPE[2]), np.float32)
    values[5, 5, 5] = value
    write_volume(result.out / name, values, read_volume(result.out / name).affine)
    with pytest.raises(InputError, match="values that no result has"):
        read_findings(result.out)


def test_a_provenance_that_lacks_the_radiographs_is_refused(result):
    path = result.out / "provenance.json"
    provenance = json.loads(path.read_text(encoding="utf-8"))
    del provenance["inputs"]
    path.write_text(json.dumps(provenance), encoding="utf-8")
    with pytest.raises(InputError, match="has no entry 'inputs'"):
        write_report(result.out)


@pytest.mark.parametrize("spacing_mm", [SPACING_MM, 1.0])
def test_outlines_lie_around_the_shadows_of_the_bones(spacing_mm):
    volume = two_femora_and_a_vertebra()
    scale = SPACING_MM / spacing_mm
    ap = radiograph("ap", (round(SHAPE[2] * scale), round(SHAPE[0] * scale)), spacing_mm)
    outlines = bone_outlines(volume, AFFINE, radiograph_camera(ap))
    outline = np.concatenate(outlines[ID["femur_right"]].lines)[:, ::-1]
    # Edges of voxels 3..7 and 28..39 in pixels of the radiograph, whose centres have whole numbers.
    np.testing.assert_allclose(outline[:, 0].min(), 3 * scale - 0.5, atol=0.35 * scale)
    np.testing.assert_allclose(outline[:, 0].max(), 8 * scale - 0.5, atol=0.35 * scale)
    np.testing.assert_allclose(outline[:, 1].min(), 28 * scale - 0.5, atol=0.35 * scale)
    lateral = radiograph("lateral", (round(SHAPE[2] * scale), round(SHAPE[1] * scale)), spacing_mm)
    outlines = bone_outlines(volume, AFFINE, radiograph_camera(lateral))
    outline = np.concatenate(outlines[ID["vertebrae_L3"]].lines)[:, ::-1]
    np.testing.assert_allclose(outline[:, 0].mean(), 15 * scale - 0.5, atol=0.35 * scale)


def test_the_right_femur_is_drawn_on_the_left_of_the_frontal_radiograph():
    png = outlined_radiograph(radiograph("ap"), two_femora_and_a_vertebra(), AFFINE)
    picture = np.asarray(Image.open(BytesIO(png)).convert("RGB")).astype(int)
    lines = (picture.max(axis=2) - picture.min(axis=2)) > 60
    right_only = outlined_radiograph(radiograph("ap"), keep(ID["femur_right"]), AFFINE)
    columns = np.flatnonzero(
        (np.ptp(np.asarray(Image.open(BytesIO(right_only)).convert("RGB")).astype(int), axis=2) > 60).any(
            axis=0
        )
    )
    assert columns.size
    assert columns.max() < picture.shape[1] / 2
    assert lines[:, picture.shape[1] // 2 :].any()


def keep(label_id):
    volume = two_femora_and_a_vertebra()
    return np.where(volume == label_id, volume, 0).astype(np.uint8)


NUMBERS = st.sampled_from([0, -1, 7, 1.5, 2**63, 10**400, 1e308, float("nan"), float("inf"), -1e-300])
SCALARS = st.none() | st.booleans() | NUMBERS | st.sampled_from(["", "x", "\ud800", "../..", "nan"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


def places(value, place=()):
    """Every entry of a JSON value, by its keys."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield (*place, key)
        yield from places(inner, (*place, key))


def changed(provenance, place, value):
    copy = json.loads(json.dumps(provenance))
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return copy


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_provenance_with_any_wrong_value_is_refused_in_words_or_shown(result, data):
    path = result.out / "provenance.json"
    original = path.read_text(encoding="utf-8")
    known = json.loads(original)
    known |= {
        "disc_shifts_mm": {},
        "shape_likeness": {},
        "femur_shifts_mm": {},
        "expected_dice": {"sacrum": 0.5},
        "verdict": Verdict("look", {"sacrum": BoneVerdict("look", 0.6)}).to_json(),
    }
    place = data.draw(st.sampled_from(sorted(places(known))))
    faults = ()
    path.write_text(json.dumps(changed(known, place, data.draw(VALUES))), encoding="utf-8")
    try:
        findings = read_findings(result.out, SHOWN)
        radiographs = _radiographs(findings.provenance, path)
        bone_flags(findings)
        assert _render(findings, radiographs, dict.fromkeys(PICTURES, b""), None, "", {})
    except InputError as error:
        faults = error.faults
    finally:
        path.write_text(original, encoding="utf-8")
    assert all(fault.message and fault.hint for fault in faults)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 500 + "1" + "}" * 500,
        '{"seconds": {"total": NaN}}',
        '{"seconds": {"total": 1e999}}',
        '{"removed_component_voxels": ' + "9" * 5000 + "}",
        '{"grid": {"shape": ["x"]}}',
        '{"position_error_mm": null}',
        '{"disc_shifts_mm": {"a": "b"}}',
        "null",
        "",
    ],
)
def test_both_report_and_export_name_a_malformed_provenance(result, tmp_path, capsys, text):
    (result.out / "provenance.json").write_text(text, encoding="utf-8")
    assert main(["report", str(result.out)]) == 3
    assert "provenance.json: The file cannot be read" in capsys.readouterr().err
    assert main(["export", str(result.out), "--format", "nifti", "--out", str(tmp_path / "out")]) == 3
    assert "provenance.json: The file cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_command_writes_the_page_and_names_it(result, capsys):
    assert main(["report", str(result.out), "--title", "Mine"]) == 0
    page = result.out / "report.html"
    assert str(page) in capsys.readouterr().out
    assert "Mine" in Page(page.read_text(encoding="utf-8")).text


def test_a_result_on_a_read_only_disk_is_refused_before_any_work(result, monkeypatch, capsys):
    def read_only(path, *arguments, **options):
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(Path, "mkdir", read_only)
    monkeypatch.setattr(page, "read_findings", None)
    assert main(["report", str(result.out)]) == 3
    assert "is not writable (Read-only file system)" in capsys.readouterr().err


def test_the_command_refuses_a_folder_without_a_result_in_words(tmp_path, capsys):
    assert main(["report", str(tmp_path)]) == 3
    assert "provenance.json" in capsys.readouterr().err
