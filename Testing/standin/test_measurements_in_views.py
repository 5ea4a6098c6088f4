"""From a result to each of the three measurements: clicks, what the views show then, and afterwards."""

import re

import numpy as np
import pytest
import slicer
import slicer.util
from measured_person import head, measured_text
from scene_state import views_state

from SwinX2SLib.slicerui.measurements import nodes
from SwinX2SLib.slicerui.measurements.markups import positions
from SwinX2SLib.slicerui.measurements.value_labels import VALUES
from SwinX2SLib.slicerui.result.links import OUTLINE, linked
from SwinX2SLib.slicerui.result_loading import load_result

MOST_CLICKS = 3


class User:
    """Clicks on what can be seen, and counts."""

    def __init__(self, panel):
        self.panel, self.clicks = panel, 0

    def tab(self, title: str) -> None:
        """Click a tab."""
        tabs = self.panel.whole.tabs.widget
        tabs.setCurrentIndex([tabs.tabText(index) for index in range(tabs.count)].index(title))
        self.clicks += 1

    def link(self, card, before: str) -> None:
        """Click the first value that stands after some words on a card."""
        assert card.visible
        number = re.search(rf"{re.escape(before)}.*?<a href='(\d+)'", card.text).group(1)
        card.linkActivated.emit(number)
        self.clicks += 1


@pytest.fixture
def result(panel, slice_views, result_folder):
    """A result with measurements, as a run has added it."""
    node = load_result(result_folder)
    nodes.add_document(node, measured_text())
    panel.whole.services.result_added.emit(node)
    return node


@pytest.fixture
def section(panel):
    return panel.whole.sections["measurements"]


def backgrounds() -> list[str]:
    composites = (
        slicer.mrmlScene.GetNodeByID(f"vtkMRMLSliceCompositeNode{name}") for name in ("Green", "Yellow")
    )
    return [slicer.mrmlScene.GetNodeByID(node.GetBackgroundVolumeID()).GetName() for node in composites]


def on_both_radiographs(result) -> list[str]:
    return [f"{result.GetName()}: {view} radiograph" for view in ("frontal", "lateral")]


def written(result) -> list[str]:
    return [
        node.GetNthControlPointLabel(index)
        for node in linked(result, VALUES)
        for index in range(node.GetNumberOfControlPoints())
    ]


def number_of(section, *key):
    return next(number for number, row in enumerate(section.session.rows) if key in row.keys.values())


@pytest.mark.parametrize(
    ("card", "before", "title"),
    [
        ("neckShaftCard", "right", "Neck-shaft angle, right: "),
        ("neckShaftCard", "left", "Neck-shaft angle, left: "),
        ("pelvisCard", "incidence", "Pelvic incidence: "),
        ("pelvisCard", "sacral slope", "Sacral slope: "),
        ("canalCard", "narrowest", "Canal AP diameter, L1 vertebra: "),
    ],
)
def test_each_of_the_three_measurements_is_reached_with_three_clicks_or_fewer(
    panel, section, result, card, before, title
):
    user = User(panel)
    user.tab("Measurements")
    user.link(getattr(panel.ui, card), before)
    assert user.clicks <= MOST_CLICKS
    assert backgrounds() == on_both_radiographs(result)
    (text,) = written(result)
    assert re.fullmatch(rf"{title}\d+\.\d(°| mm)( \(check\))?", text)
    # The number in the views is the number on the card.
    assert re.search(r"\d+\.\d", text).group() in getattr(panel.ui, card).text
    shown = [node for node in linked(result, nodes.MARKUP) if node.GetDisplayVisibility()]
    assert shown
    assert all(node.GetDisplayNode().GetSliceProjection() for node in shown)


def test_all_levels_of_the_canal_and_all_landmarks_of_the_pelvis_take_as_few_clicks(panel, result):
    user = User(panel)
    user.tab("Measurements")
    user.link(panel.ui.canalCard, "AP diameter")
    assert len(written(result)) == 1
    user.link(panel.ui.pelvisCard, "sacral slope")
    assert written(result)[0].startswith("Sacral slope")
    assert user.clicks == MOST_CLICKS


def test_a_line_of_the_table_is_shown_like_a_card(panel, section, result):
    section._tree.choose(number_of(section, "pelvis", "pelvic_incidence", None))
    assert backgrounds() == on_both_radiographs(result)
    assert written(result)[0].startswith("Pelvic incidence: ")


def test_a_pair_is_shown_at_its_right_side_and_not_between_the_hips(panel, section, result):
    section._tree.choose(number_of(section, "femur_right", "head_centre", "right"))
    green = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeGreen")
    middle = slicer.util.arrayFromVTKMatrix(green.GetSliceToRAS())[:3, 3]
    np.testing.assert_allclose(middle, head("right"), atol=1e-3)
    section._tree.choose(number_of(section, "femur_left", "neck_shaft_angle", "left"))
    assert len(written(result)) == 2
    (node,) = linked(result, VALUES)
    middle = slicer.util.arrayFromVTKMatrix(green.GetSliceToRAS())[:3, 3]
    assert min(np.linalg.norm(positions(node) - middle, axis=1)) < 1e-3
    assert middle[0] > 50


@pytest.mark.parametrize("leave", ["button", "exit", "close", "other section"])
def test_the_slice_views_come_back_when_the_radiographs_are_left(
    panel, section, slice_views, result, radiograph_pair, leave
):
    before = views_state()
    section._tree.choose(number_of(section, "pelvis", "pelvic_incidence", None))
    assert panel.ui.slicesButton.checked
    assert views_state() != before
    assert {outline.GetNumberOfDisplayNodes() for outline in linked(result, OUTLINE)} == {2}
    if leave == "button":
        panel.ui.slicesButton.click()
    elif leave == "exit":
        panel.whole.exit()
    elif leave == "close":
        panel.whole.sections["result"].forget()
    else:
        panel.ui.showRadiographsButton.click()
        assert "as used" in backgrounds()[0]
        assert not panel.ui.slicesButton.checked
        panel.ui.showRadiographsButton.click()
    assert views_state() == before
    assert {outline.GetNumberOfDisplayNodes() for outline in linked(result, OUTLINE)} == {1}
    assert not panel.ui.slicesButton.checked


def test_a_result_takes_the_views_from_the_radiographs_of_the_first_tab(
    panel, slice_views, result, radiograph_pair
):
    before = views_state()
    panel.ui.showRadiographsButton.click()
    assert "as used" in backgrounds()[0]
    panel.ui.slicesButton.click()
    assert backgrounds() == on_both_radiographs(result)
    assert not panel.ui.showRadiographsButton.checked
    panel.ui.slicesButton.click()
    assert views_state() == before


def test_slices_that_show_the_radiographs_already_stay_where_the_user_moved_them(panel, section, result):
    panel.ui.slicesButton.click()
    green = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeGreen")
    green.SetFieldOfView(50.0, 40.0, 1.0)
    section._tree.choose(number_of(section, "pelvis", "pelvic_incidence", None))
    assert green.GetFieldOfView()[0] == 50.0


def test_a_scene_that_is_closed_gives_the_views_back(panel, section, slice_views, result):
    section._tree.choose(number_of(section, "pelvis", "pelvic_incidence", None))
    green = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeGreen")
    seen = []
    scene = slicer.mrmlScene
    # After the panel's own; later Slicer puts the views back to its defaults.
    tag = scene.AddObserver(scene.StartCloseEvent, lambda *_event: seen.append(green.GetFieldOfView()), -1.0)
    scene.Clear(0)
    scene.RemoveObserver(tag)
    assert seen == [(123.0, 45.0, 1.0)]
    assert not panel.ui.slicesButton.checked
