"""The pages about evaluations, read with an HTML parser: for any cohort, all that is shown exists and is told."""

import base64
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from SwinX2SLib.anatomy import labels
from SwinX2SLib.errors import InputError
from SwinX2SLib.evaluation.case import CaseEvaluation
from SwinX2SLib.measurements.reading.volume import LabelVolume
from SwinX2SLib.report.evaluated_agreement import MOST_PLOTS, _evenly
from SwinX2SLib.report.evaluated_measurements import Measured, gather
from SwinX2SLib.report.evaluated_page import write_case_page, write_cohort_page
from SwinX2SLib.report.evaluated_plots import COLOURS, error_plot
from SwinX2SLib.report.evaluated_reading import read_cohort
from SwinX2SLib.report.evaluated_surfaces import FOUND, INVENTED, MISSED, compared_pictures, label_surfaces
from SwinX2SLib.report.evaluated_words import Cell, number_words

EVERY_BONE = tuple(label.name for label in labels())


class Page(HTMLParser):
    """Text, pictures, tables, links and ids of a page; complains about tags that do not match."""

    VOID = ("meta", "img", "br", "link", "hr", "input")

    def __init__(self, text: str):
        super().__init__()
        self.words, self.images, self.tables, self.links, self.ids, self.open = [], [], [], [], [], []
        self.feed(text)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "img":
            self.images.append(attributes)
        if tag == "table":
            self.tables.append({"headings": 0, "row_widths": [], "scopes": []})
        if tag == "tr":
            self.tables[-1]["row_widths"].append(0)
        if tag in ("td", "th"):
            self.tables[-1]["row_widths"][-1] += 1
        if tag == "th":
            self.tables[-1]["headings"] += 1
            self.tables[-1]["scopes"].append(attributes.get("scope"))
        self.links += [value for key, value in attributes.items() if key in ("href", "src")]
        self.ids += [attributes["id"]] if "id" in attributes else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open[-1:] == [tag], f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def checked(path) -> Page:
    """Parse a page and check what every page must keep."""
    page = Page(path.read_text(encoding="utf-8"))
    for image in page.images:
        assert image["alt"].strip()
        content = base64.b64decode(image["src"].removeprefix("data:image/png;base64,"), validate=True)
        Image.open(io.BytesIO(content)).verify()
    for table in page.tables:
        assert table["headings"], "a table without headings"
        assert all(scope in ("col", "row") for scope in table["scopes"])
        assert len(set(table["row_widths"])) == 1, f"ragged table {table['row_widths']}"
    told = page.text + " ".join(image["alt"] for image in page.images)
    assert not re.search(r"\b(nan|NaN|None|inf|Undefined)\b", told)
    assert not [link for link in page.links if not link.startswith(("#", "data:image/png;base64,"))]
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert "patient" in page.text, "left and right have to be stated"
    return page


@pytest.fixture
def page_of(cohort_folder):
    return lambda documents, **given: checked(write_cohort_page(cohort_folder(documents), **given))


# -- any cohort


def test_a_cohort_of_several_models_has_everything(evaluated_case, page_of):
    documents = [
        evaluated_case(f"p{i}", 0.8 - 0.15 * m, seed=10 * i + m, model=name, dataset="AB"[i % 2])
        for m, name in enumerate(("good", "bad"))
        for i in range(12)
    ]
    page = page_of(documents)
    for heading in (
        "Paired tests",
        "Worst cases of good",
        "Bland-Altman",
        "By data set",
        "Averaged as in the paper",
    ):
        assert heading in page.text
    assert "good better" in page.text
    assert "24 evaluated cases of 12 persons" in page.text
    assert "12 persons only" in page.text
    assert len(page.images) > 10


def test_a_cohort_of_one_case_states_that_it_has_no_intervals(evaluated_case, page_of):
    page = page_of([evaluated_case()])
    assert "1 evaluated case of 1 person" in page.text
    assert "no confidence intervals below 5" in page.text
    assert "Paired tests" not in page.text


def test_a_cohort_without_measurements_speaks_of_none(evaluated_case, page_of):
    page = page_of([evaluated_case(f"p{i}", seed=i, measured=False) for i in range(6)])
    assert "Bland-Altman" not in page.text
    assert "Measurements" not in page.text


def test_a_cohort_in_which_all_is_missed_has_a_page(evaluated_case, page_of):
    page = page_of([evaluated_case(f"p{i}", seed=i, missed=EVERY_BONE) for i in range(6)])
    assert "Dice 0.0 %" in page.text


def test_a_cohort_in_which_all_is_invented_has_a_page(evaluated_case, page_of):
    page_of([evaluated_case(f"p{i}", seed=i, invented=EVERY_BONE, measured=False) for i in range(6)])


def test_models_of_different_people_are_not_compared(evaluated_case, page_of):
    documents = [evaluated_case(f"{m}{i}", seed=i, model=m) for m in "AB" for i in range(5 + (m == "A"))]
    page = page_of(documents)
    assert re.search(r"different cases \((A 6, B 5|B 5, A 6)\)", page.text)
    assert "Paired tests" not in page.text


def test_groups_that_differ_between_cases_are_counted_apart(evaluated_case, page_of):
    documents = [evaluated_case(f"p{i}", seed=i, groups=("femur",) if i % 2 else ("ribs",)) for i in range(8)]
    page = page_of(documents)
    assert "Scored groups: Ribs, Femora" in page.text


def test_failures_are_listed_and_a_damaged_document_is_one(evaluated_case, cohort_folder):
    folder = cohort_folder([evaluated_case(f"p{i}", seed=i) for i in range(3)])
    (folder / "cases" / "broken.json").write_text("{", encoding="utf-8")
    page = checked(write_cohort_page(folder, failures=[("lost", "There is no such file.")]))
    assert "2 cases could not be evaluated" in page.text
    assert "broken" in page.text
    assert "There is no such file." in page.text


def test_only_the_documents_asked_for_count(evaluated_case, cohort_folder):
    folder = cohort_folder([evaluated_case(f"p{i}", seed=i) for i in range(4)])
    assert "2 evaluated cases" in checked(write_cohort_page(folder, keys=["00000", "00003"])).text


def test_a_folder_without_a_case_is_refused(tmp_path):
    with pytest.raises(InputError, match="No evaluated case"):
        write_cohort_page(tmp_path)


def test_names_from_files_cannot_break_the_page(evaluated_case, page_of):
    evil = '<script>alert("x")</script>'
    page = page_of([evaluated_case(f"{evil}{i}", seed=i, model=evil) for i in range(3)])
    assert "<script>" in page.text


def test_the_same_cohort_gives_the_same_page(evaluated_case, cohort_folder):
    folder = cohort_folder([evaluated_case(f"p{i}", seed=i) for i in range(6)])
    first = write_cohort_page(folder).read_bytes()
    assert write_cohort_page(folder).read_bytes() == first


# -- what its numbers are


def test_scans_of_one_person_count_once(evaluated_case, cohort_folder):
    scans = [evaluated_case(f"scan{i}", seed=i, person="one") for i in range(9)]
    cohort = read_cohort(cohort_folder([*scans, evaluated_case("other")]))
    assert cohort.persons == 2
    values = [measured for measured in gather(cohort.documents) if not measured.is_place]
    assert values[0].agreement.persons == 2


def test_the_best_model_comes_first(evaluated_case, cohort_folder):
    documents = [
        evaluated_case("p", quality, model=name) for name, quality in (("a", 0.5), ("b", 0.9), ("c", 0.7))
    ]
    assert read_cohort(cohort_folder(documents)).models == ("b", "c", "a")


def test_measurements_that_one_side_lacks_are_counted_as_lost(evaluated_case):
    documents = [evaluated_case(f"p{i}", seed=i, missed=("femur_left",)) for i in range(4)]
    radius = next(measured for measured in gather(documents) if measured.name == "head_radius")
    assert (len(radius.differences), radius.lost) == (4, 4)


def test_what_rounding_makes_of_equal_values_is_no_difference(evaluated_case):
    document = evaluated_case("p")
    pair = {"structure": "femur_left", "name": "head_radius", "side": "left", "unit": "mm", "quality": "good"}
    values = {"prediction": 120.0 + 2e-14, "truth": 120.0, "difference": 2e-14}
    (measured,) = gather([{**document, "measurements": [{**pair, **values}]}])
    assert measured.differences == [0.0]


def test_a_model_that_measures_as_the_truth_has_a_page_without_nonsense(evaluated_case, page_of):
    """Differences of nothing but zeros have no slope with an interval (`checked` finds every NaN)."""
    documents = [evaluated_case(f"p{i}", seed=i) for i in range(6)]
    for document in documents:
        for pair in document["measurements"]:
            pair["prediction"], pair["difference"] = pair["truth"], 0.0
    assert "Bland-Altman" in page_of(documents).text
    assert not any(
        measured.agreement.slope.excludes(0) for measured in gather(documents) if measured.agreement
    )


def test_plots_are_chosen_from_every_region():
    many = [Measured("vertebra", f"m{i}", "mm", differences=[0.0] * 9) for i in range(3 * MOST_PLOTS)]
    few = [Measured("femur", f"f{i}", "mm", differences=[0.0] * 9) for i in range(3)]
    chosen = _evenly([*few, *many])
    assert len(chosen) == MOST_PLOTS
    assert chosen[:3] == few


def test_numbers_are_written_without_a_minus_before_zero():
    assert number_words(-0.01) == "0.0"
    assert number_words(-1.26) == "−1.3"
    assert number_words(None) == "–"
    assert Cell("–").interval == ""


# -- one case


def test_the_page_of_a_case_tells_missed_and_invented_bones(evaluated_case, tmp_path):
    document = evaluated_case(
        "case 7", missed=("rib_left_3",), invented=("vertebrae_C2",), notes=["Moved by 3 mm."]
    )
    page = checked(write_case_page(document, None, None, tmp_path / "new" / "page.html"))
    assert "Left rib 3 missed" in page.text
    assert "C2 vertebra invented" in page.text
    assert "Moved by 3 mm." in page.text
    assert not page.images


def test_the_page_of_a_case_takes_the_evaluation_itself(evaluated_case, tmp_path):
    evaluation = CaseEvaluation.from_dict(json.loads(json.dumps(evaluated_case())))
    checked(write_case_page(evaluation, None, None, tmp_path / "page.html"))


def test_the_page_of_a_case_has_pictures_of_both(evaluated_case, tmp_path):
    page = checked(write_case_page(evaluated_case(), boxes(), boxes(), tmp_path / "page.html"))
    assert len(page.images) == 4
    assert "Prediction, from the front" in page.text


def test_a_case_of_nothing_has_a_page(evaluated_case, tmp_path):
    document = evaluated_case(groups=(), measured=False)
    empty = LabelVolume(np.zeros((4, 4, 4), dtype=np.uint8), np.eye(4))
    checked(write_case_page(document, empty, empty, tmp_path / "page.html"))


# -- pictures


def test_the_dots_of_models_keep_their_colours():
    dice = np.linspace(0.4, 0.9, 300)
    error = 10 * (1 - dice)
    png = error_plot(
        dice, error, [f"{i}" for i in range(300)], [(0, 0.5, 2.0), (1, 0.6, 5.0), (2, 0.8, 4.0)], "mm"
    )
    shown = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    for colour in COLOURS[:3]:
        wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
        assert (np.abs(shown - wanted).max(axis=2) <= 12).sum() > 40


def boxes(shift: int = 0, without: tuple[int, ...] = (), flip: bool = False) -> LabelVolume:
    """A right and a left hip bone (51, 52) as boxes, 3 mm voxels, RAS; `flip` stores the first axis backwards."""
    volume = np.zeros((40, 24, 30), dtype=np.uint8)
    volume[26 + shift : 36 + shift, 6:18, 6:24], volume[4:14, 6:18, 6:24] = 51, 52
    volume[np.isin(volume, without)] = 0
    affine = np.diag([3.0, 3.0, 3.0, 1.0])
    affine[:3, 3] = -60, -30, -40
    if flip:
        volume, affine = (
            volume[::-1],
            affine @ np.array([[-1, 0, 0, 39], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]),
        )
    return LabelVolume(volume, affine)


def pixels(picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.png)).convert("RGB")).astype(int)


def tinted(picture, colour) -> np.ndarray:
    """Where a picture has the hue of a colour, whatever the light; the letters of the sides on top are left out."""
    shown = pixels(picture).astype(float)
    shown[:26] = 0
    brightness = np.linalg.norm(shown, axis=2, keepdims=True)
    hue = np.array(colour) / np.linalg.norm(colour)
    return (np.linalg.norm(shown / np.maximum(brightness, 1) - hue, axis=2) < 0.08) & (
        brightness[..., 0] > 110
    )


@pytest.mark.parametrize("flip", [False, True])
def test_a_missed_right_bone_shows_on_the_left_of_the_frontal_picture(flip):
    prediction, truth = compared_pictures(boxes(without=(51,), flip=flip), boxes(flip=flip), ("pelvis",))[:2]
    columns = np.flatnonzero(tinted(truth, MISSED).any(axis=0))
    assert columns.size
    assert columns.max() < pixels(truth).shape[1] / 2
    assert "Missed by the prediction: Right hip bone" in truth.alt
    assert not tinted(prediction, MISSED).any()


def test_an_invented_bone_has_its_own_colour():
    prediction, truth = compared_pictures(boxes(), boxes(without=(52,)), ("pelvis",))[:2]
    columns = np.flatnonzero(tinted(prediction, INVENTED).any(axis=0))
    assert columns.min() > pixels(prediction).shape[1] / 2
    assert tinted(truth, FOUND).any()
    assert "Invented: Left hip bone" in prediction.alt


def test_a_bone_that_lies_off_is_painted_by_its_distance():
    # The right hip moves 12 mm to the left, towards lower x in RAS; the left one stays.
    prediction = compared_pictures(boxes(shift=-4), boxes(), ("pelvis",))[0]
    near, far = (74, 122, 184), (239, 138, 98)
    middle = pixels(prediction).shape[1] // 2
    assert tinted(prediction, far)[:, :middle].any()
    assert tinted(prediction, near)[:, middle:].any()
    assert not tinted(prediction, far)[:, middle:].any()


def test_groups_that_are_not_scored_are_not_drawn():
    assert compared_pictures(boxes(), boxes(), ("ribs",)) == []


@pytest.mark.parametrize("flip", [False, True])
def test_surfaces_lie_where_the_voxels_do_and_face_outwards(flip):
    vertices, faces = label_surfaces(boxes(flip=flip), ("pelvis",))[51]
    corners = vertices[faces] - vertices.mean(axis=0)
    volume = np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
    assert volume == pytest.approx(10 * 12 * 18 * 27, rel=0.06)
    assert (vertices.min(axis=0) + vertices.max(axis=0)) / 2 == pytest.approx(
        [-60 + 91.5, -30 + 34.5, -40 + 43.5], abs=0.5
    )


def test_fine_volumes_are_thinned_to_the_same_place():
    coarse = boxes()
    fine = LabelVolume(
        np.kron(coarse.labels, np.ones((4, 4, 4), dtype=np.uint8)),
        coarse.affine
        @ np.array([[0.25, 0, 0, -0.375], [0, 0.25, 0, -0.375], [0, 0, 0.25, -0.375], [0, 0, 0, 1]]),
    )
    one, other = (label_surfaces(volume, ("pelvis",))[52][0] for volume in (coarse, fine))
    assert one.mean(axis=0) == pytest.approx(other.mean(axis=0), abs=1.0)
