"""The report of corrected measurements: what was edited, by whom it was reviewed, as page, table and PDF."""

import json
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest

from SwinX2SLib.cli import main
from SwinX2SLib.errors import InputError
from SwinX2SLib.measurements.editing import EditableMeasurements
from SwinX2SLib.measurements.stored import Review, digest_of, measured_digest, measured_document
from SwinX2SLib.phantom import FieldOfView, PhantomParameters, build_phantom
from SwinX2SLib.reconstruct.verdict import BoneVerdict, Verdict
from SwinX2SLib.report.findings import recorded_verdict
from SwinX2SLib.report.measurements import reviewed
from SwinX2SLib.report.measurements.reviewed import ReportJob, run_report
from SwinX2SLib.report.measurements.write import MeasureJob, run_measuring

REVIEWER = "Dr. Ада Ловелейс"


@pytest.fixture(scope="module")
def bones(tmp_path_factory):
    """A coarse thoracolumbar piece of a phantom."""
    phantom = build_phantom(
        PhantomParameters(), 4.0, FieldOfView((-75.0, -140.0, 345.0), (75.0, 30.0, 430.0))
    )
    path = tmp_path_factory.mktemp("bones") / "labels.nii.gz"
    nibabel.save(nibabel.Nifti1Image(phantom.labels, phantom.affine), path)
    return path


@pytest.fixture(scope="module")
def content(bones, tmp_path_factory):
    out = tmp_path_factory.mktemp("measured") / "out"
    written = run_measuring(MeasureJob(bones, out, only=("vertebra",), with_page=False))
    assert "page" not in written
    return json.loads(written["measurements"].read_text(encoding="utf-8"))


@pytest.fixture
def corrected(content, tmp_path):
    """A document in which one canal was made 5 mm longer."""
    edited = EditableMeasurements(measured_document(json.dumps(content)))
    key = next(key for key in edited.keys if key[1] == "canal_length" and key in edited.geometry.bindings)
    front, back = edited.geometry.bindings[key].landmarks
    way = edited.places[back] - edited.places[front]
    edited.move(back, edited.places[back] + 5 * way / np.linalg.norm(way))
    found = edited.reviewed(key)

    def write(**more):
        path = tmp_path / "measurements.json"
        path.write_text(json.dumps({**content, "edits": edited.edits, **more}))
        return path

    return write, edited, found


def signature(content, edits):
    digest = digest_of(measured_digest(content["measurements"]), edits)
    return Review(REVIEWER, "2026-01-02T03:04+00:00", digest).to_dict()


def pdf_text(path) -> str:
    pypdf = pytest.importorskip("pypdf")
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(path).pages).split())


def test_corrected_values_stand_in_page_table_and_pdf_with_what_was_computed(corrected, bones, tmp_path):
    pytest.importorskip("reportlab")
    write, _, found = corrected
    written = run_report(ReportJob(write(), bones, tmp_path / "out", "Piece <1>"))
    assert set(written) == {"measurements", "table", "page", "pdf"}
    before, after = found.stored.computed.value, found.present.value
    assert after == pytest.approx(before + 5)
    page = written["page"].read_text(encoding="utf-8")
    assert f"edited; computed {before:.1f}" in page
    assert page.count("edited; computed") == 1
    assert "Not reviewed" in page
    assert "unsigned" in page
    assert "Piece &lt;1&gt;" in page
    assert f"{after:.3f}" in written["table"].read_text(encoding="utf-8-sig")
    told = pdf_text(written["pdf"])
    assert "Not reviewed" in told
    assert f"{after:.1f} edited; computed {before:.1f}" in told
    assert "Piece <1>" in told


def test_a_signature_is_shown_while_it_holds_and_called_void_when_it_does_not(
    corrected, content, bones, tmp_path
):
    pytest.importorskip("reportlab")
    write, edited, _ = corrected
    for edits, expected in (
        (edited.edits, f"Reviewed by {REVIEWER}"),
        ({}, f"changed since {REVIEWER} signed"),
    ):
        out = tmp_path / expected[:8]
        written = run_report(ReportJob(write(review=signature(content, edits)), bones, out))
        page = written["page"].read_text(encoding="utf-8")
        assert expected in page
        assert ('class="review signed"' in page) == (edits != {})
        assert expected in pdf_text(written["pdf"])


def test_without_its_package_there_is_no_pdf_and_this_is_said(corrected, bones, tmp_path, monkeypatch):
    monkeypatch.setattr(reviewed.importlib.util, "find_spec", lambda name: None)
    said = []
    written = run_report(ReportJob(corrected[0](), bones, tmp_path / "out"), said.append)
    assert "pdf" not in written
    assert written["page"].is_file()
    assert any("reportlab" in words for words in said)


def test_all_faults_are_told_at_once_and_nothing_is_written(bones, tmp_path):
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(InputError) as raised:
        run_report(ReportJob(tmp_path / "broken.json", tmp_path / "gone.nii.gz", tmp_path / "out"))
    assert {"not-measurements", "missing-file"} <= {fault.kind for fault in raised.value.faults}
    assert not (tmp_path / "out").exists()


def test_other_bones_than_those_measured_are_refused(corrected, bones, tmp_path):
    image = nibabel.load(bones)
    labels = np.zeros(image.shape, np.uint8)
    labels[2:6, 2:6, 2:6] = 54
    nibabel.save(nibabel.Nifti1Image(labels, image.affine), tmp_path / "other.nii.gz")
    with pytest.raises(InputError, match="missing in the segmentation"):
        run_report(ReportJob(corrected[0](), tmp_path / "other.nii.gz", tmp_path / "out"))


def test_the_command_says_where_the_report_is(corrected, bones, tmp_path, capsys):
    assert main(["measured-report", str(corrected[0]()), str(bones), "--out", str(tmp_path / "out")]) == 0
    assert str(tmp_path / "out") in capsys.readouterr().out


REJECTED = Verdict(
    "reject",
    {
        "vertebrae_T11": BoneVerdict("look", 0.6),
        "vertebrae_T12": BoneVerdict("reject", 0.2),
        "vertebrae_L1": BoneVerdict("reject", 0.1),
    },
)


@pytest.fixture
def result_of(bones, tmp_path):
    """The bones as those of a result, with a verdict beside them."""

    def write(verdict):
        folder = tmp_path / "result"
        folder.mkdir()
        stated = None if verdict is None else verdict.to_json()
        (folder / "provenance.json").write_text(json.dumps({"verdict": stated}), encoding="utf-8")
        return Path(shutil.copy(bones, folder / "labels.nii.gz"))

    return write


def test_a_rejected_result_says_so_once_on_top_of_page_and_pdf_with_one_picture(result_of, tmp_path):
    path = result_of(REJECTED)
    written = run_measuring(MeasureJob(path, tmp_path / "out", only=("vertebra",)))
    document = json.loads(written["measurements"].read_text(encoding="utf-8"))
    assert document["provenance"]["segmentation"]["verdict"]["bones"]["vertebrae_T11"]["probability"] == 0.6
    present = [one for one in document["measurements"] if one["quality"] != "absent"]
    assert present
    assert all(one["quality"] == "check" and REJECTED.alarm in one["reasons"] for one in present)
    reported = run_report(ReportJob(written["measurements"], path, tmp_path / "report"))
    for page in (written["page"], reported["page"]):
        text = page.read_text(encoding="utf-8")
        assert text.index(f'<p class="banner">{REJECTED.alarm}</p>') < text.index("<h1>")
        # Three marks in the picture, three in its legend.
        assert sum(text.count(mark) for mark in (">✕<", ">?<", ">✓<")) == 3
    said = " ".join(pdf_text(reported["pdf"]).split())
    assert said.index(REJECTED.alarm) < said.index("not for diagnosis") < said.index("Femur")


def test_a_result_that_is_not_rejected_has_its_line_and_picture_without_a_banner(result_of, tmp_path):
    verdict = Verdict("look", {"vertebrae_T12": BoneVerdict("believe", 0.95)})
    written = run_measuring(MeasureJob(result_of(verdict), tmp_path / "out", only=("vertebra",)))
    page = written["page"].read_text(encoding="utf-8")
    assert 'class="banner"' not in page
    assert f"<p>{verdict.line}</p>" in page
    assert "T12 vertebra, believe: within 5 mm with a probability of 95 %" in page
    document = json.loads(written["measurements"].read_text(encoding="utf-8"))
    assert not any(verdict.line in one["reasons"] for one in document["measurements"])


def test_bones_without_a_verdict_beside_them_are_measured_as_before(bones, result_of, tmp_path):
    assert recorded_verdict(bones) is None
    path = result_of(None)
    assert recorded_verdict(path) is recorded_verdict(path.parent) is None
    assert 'class="verdict"' not in run_measuring(MeasureJob(path, tmp_path / "out", only=("vertebra",)))[
        "page"
    ].read_text(encoding="utf-8")
    (path.parent / "provenance.json").write_text("{", encoding="utf-8")
    assert "Its record cannot be read" in recorded_verdict(path.parent).alarm
