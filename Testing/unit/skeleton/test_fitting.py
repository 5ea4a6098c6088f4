"""The fit finds people of the population again from their silhouettes, and says how sure it is."""

import dataclasses

import numpy as np
import pytest
import torch
from scipy.ndimage import rotate

from SwinX2SLib.anatomy import label_ids
from SwinX2SLib.geometry.surfaces import Surface
from SwinX2SLib.geometry.voxelisation import fill_surfaces
from SwinX2SLib.skeleton.contours import View
from SwinX2SLib.skeleton.fitting import FINE, MOST_SD, SHARP, Fit, _BoneEquations, fit_skeleton
from SwinX2SLib.skeleton.matching import Projection
from SwinX2SLib.skeleton.model import skeleton_model
from SwinX2SLib.skeleton.posing import SHARED_COUNT, PosedSkeleton
from SwinX2SLib.training.data import occupied_rays

GROUPS = ("spine", "ribs", "pelvis", "femur")
SPACING_MM = 4.0


def dice(fit: Fit, truth: np.ndarray) -> dict[str, float]:
    """Mean Dice of each group; in network order faces run clockwise."""
    model, points = skeleton_model(), fit.points_mm() / SPACING_MM
    surfaces = {
        label: Surface(points[part], model.faces[label][:, ::-1]) for label, part in model.slices.items()
    }
    ribs = set(label_ids("ribs"))
    order = sorted(surfaces, key=lambda label: (label in ribs, label))
    found = fill_surfaces({label: surfaces[label] for label in order}, truth.shape, np.eye(4))
    scores = {}
    for group in GROUPS:
        shown = [label for label in label_ids(group) if (truth == label).sum() > 20]
        both = [
            2
            * ((found == label) & (truth == label)).sum()
            / ((found == label).sum() + (truth == label).sum())
            for label in shown
        ]
        scores[group] = float(np.mean(both))
    return scores


@pytest.fixture(scope="module")
def fit(drawn) -> Fit:
    return fit_skeleton(drawn.views(), SPACING_MM, steps=(*FINE, *SHARP))


def test_a_drawn_person_is_found_again_in_every_group(fit, drawn):
    found = dice(fit, drawn.labels)
    for group, least in {"spine": 0.8, "ribs": 0.45, "pelvis": 0.8, "femur": 0.85}.items():
        assert found[group] > least, found


def test_contours_get_closer_to_within_half_a_pixel(fit):
    assert fit.errors_mm[-1] < 0.5 * SPACING_MM
    assert fit.errors_mm[-1] < 0.4 * fit.errors_mm[0]


def test_names_in_the_frontal_radiograph_alone_are_enough_to_find_ribs(drawn):
    frontal, lateral = drawn.views()
    ribs = label_ids("ribs")
    others = tuple(own for own in lateral.bones if own[0] not in ribs)
    union = lateral.silhouettes[[label - 1 for label in ribs]].max(axis=0)
    maps = np.stack([*(lateral.silhouettes[own[0] - 1] for own in others), union])
    unnamed = dataclasses.replace(lateral, bones=(*others, ribs), silhouettes=maps)
    found = fit_skeleton([frontal, unnamed], SPACING_MM, steps=(*FINE, *SHARP))
    assert dice(found, drawn.labels)["ribs"] > 0.3


def test_a_turned_pelvis_is_found_turned_though_both_hips_are_one_silhouette_from_the_side(drawn):
    """Rims that lie inside the common outline belong to no contour; they would draw the hips over each other."""
    angle_deg, hips = 8.0, (51, 52)
    turned = rotate(drawn.labels, angle_deg, (0, 1), reshape=False, order=0)
    maps = [occupied_rays(torch.from_numpy(turned), axis).float().numpy() for axis in (1, 0)]
    single = tuple((label,) for label in range(1, 55))
    pairs = (hips, (53, 54))
    others = tuple(own for own in single if own[0] not in (51, 52, 53, 54))
    lateral = np.stack([maps[1][[label - 1 for label in own]].max(axis=0) for own in (*others, *pairs)])
    views = [View(0, single, maps[0]), View(1, (*others, *pairs), lateral)]
    points = fit_skeleton(views, SPACING_MM, steps=FINE).points_mm()
    found = [points[skeleton_model().slices[label]].mean(axis=0) for label in hips]
    wanted = [np.argwhere(turned == label).mean(axis=0) for label in hips]
    assert yaw_deg(*found) == pytest.approx(yaw_deg(*wanted), abs=1.5)


def test_ribs_that_are_seen_in_part_do_not_set_the_magnification(drawn):
    """Their middles lie elsewhere; vertebrae, pelvis and femora say how large the person is."""
    ribs = np.isin(np.arange(1, 55), label_ids("ribs"))
    pushed = [
        dataclasses.replace(
            view,
            silhouettes=np.where(
                ribs[:, None, None], np.roll(view.silhouettes, 25, axis=2), view.silhouettes
            ),
        )
        for view in drawn.views()
    ]
    plain, misled = (fit_skeleton(views, SPACING_MM, steps=()) for views in (drawn.views(), pushed))
    assert misled.skeleton.magnification == pytest.approx(plain.skeleton.magnification, rel=0.05)
    assert dice(misled, drawn.labels)["pelvis"] > dice(plain, drawn.labels)["pelvis"] - 0.1


def yaw_deg(right: np.ndarray, left: np.ndarray) -> float:
    return float(np.degrees(np.arctan2(left[1] - right[1], left[0] - right[0])))


def test_one_radiograph_alone_is_fitted_too(drawn):
    frontal = drawn.views()[0]
    found = fit_skeleton([frontal], SPACING_MM, steps=FINE)
    assert found.errors_mm[-1] < SPACING_MM
    # Nothing says how deep the bones lie, and the posterior knows that.
    spread = (
        found.samples_mm(np.random.default_rng(0), 12)[:, skeleton_model().slices[20]]
        .mean(axis=1)
        .std(axis=0)
    )
    assert spread[1] > 3 * max(spread[0], spread[2])


def test_the_posterior_is_narrower_for_bones_that_are_seen(drawn):
    shown = [
        dataclasses.replace(view, silhouettes=view.silhouettes * (np.arange(54) > 11)[:, None, None])
        for view in drawn.views()
    ]
    found = fit_skeleton(shown, SPACING_MM, steps=FINE)
    samples = found.samples_mm(np.random.default_rng(1), 12)
    spreads = [
        np.linalg.norm(samples[:, skeleton_model().slices[label]].mean(axis=1).std(axis=0))
        for label in (3, 20)
    ]
    assert spreads[0] > 2 * spreads[1]


def test_nothing_seen_gives_the_mean_person_and_no_posterior():
    empty = [View(axis, ((20,),), np.zeros((1, 40, 60))) for axis in (0, 1)]
    found = fit_skeleton(empty, SPACING_MM)
    assert found.posterior is None
    assert np.isfinite(found.points_mm()).all()
    with pytest.raises(ValueError, match="Nothing was fitted"):
        found.samples_mm(np.random.default_rng(0), 1)


def _names_upside_down(views: list[View]) -> list[View]:
    return [dataclasses.replace(view, bones=view.bones[::-1]) for view in views]


def _on_their_sides(views: list[View]) -> list[View]:
    turned = [np.ascontiguousarray(view.silhouettes.transpose(0, 2, 1)) for view in views]
    return [dataclasses.replace(view, silhouettes=own) for view, own in zip(views, turned, strict=True)]


@pytest.mark.parametrize("spoilt", [_names_upside_down, _on_their_sides])
def test_radiographs_of_no_person_still_end_in_a_skeleton_of_one(drawn, spoilt):
    found = fit_skeleton(spoilt(list(drawn.views())), SPACING_MM)
    assert np.isfinite(found.points_mm()).all()
    assert float(found.skeleton.shared[:SHARED_COUNT].abs().max()) <= MOST_SD
    assert 0.3 < found.skeleton.magnification < 3


def test_heights_from_discs_move_vertebrae_along_the_body_axis(drawn):
    views, part = drawn.views(), skeleton_model().slices[20]
    steps, wanted = FINE[:1], 30.0
    plain = fit_skeleton(views, SPACING_MM, steps=steps).points_mm()[part, 2].mean()
    moved = fit_skeleton(views, SPACING_MM, {20: plain + wanted}, steps).points_mm()[part, 2].mean()
    assert 0.5 < moved - plain < wanted


@pytest.mark.parametrize("axis", [0, 1])
def test_a_cone_magnifies_what_is_nearer_to_the_source_and_its_derivatives_are_right(axis):
    skeleton = PosedSkeleton(pose=torch.tensor([0.0, 0.0, 0.0, 8.0, 8.0, 20.0, 0.0]))
    state = skeleton.state()
    view = View(axis, ((20,),), np.zeros((1, 81, 161)), source_mm=-900.0)
    cone = Projection.of(state, view, SPACING_MM)
    centre = np.array([160.0, 320.0])
    # By hand: as on a line from the source through the point to the plane through the middle.
    depth = state.points[:, 1 - axis] - 160.0
    flat = state.points[:, [axis, 2]]
    assert cone.places == pytest.approx(centre + (flat - centre) * (900 / (900 + depth))[:, None], abs=1e-6)
    step = 0.01 * np.random.default_rng(0).normal(size=state.points.shape)
    moved = Projection.of(dataclasses.replace(state, points=state.points + step), view, SPACING_MM)
    expected = np.stack([(cone.across * step).sum(axis=1), (cone.down * step).sum(axis=1)], axis=1)
    assert moved.places - cone.places == pytest.approx(expected, abs=1e-5)


def test_a_source_far_away_is_as_good_as_parallel_rays():
    state = PosedSkeleton(pose=torch.tensor([0.0, 0.0, 0.0, 8.0, 8.0, 20.0, 0.0])).state()
    view = View(0, ((20,),), np.zeros((1, 81, 161)))
    parallel = Projection.of(state, view, SPACING_MM)
    far = Projection.of(state, dataclasses.replace(view, source_mm=-1e7), SPACING_MM)
    assert far.places == pytest.approx(parallel.places, abs=0.05)


def test_equations_of_a_bone_give_the_step_of_the_whole_least_squares_problem():
    rng, shared, own = np.random.default_rng(0), 9, 4
    factors, moving, alone, distance, before = (
        torch.from_numpy(rng.normal(size=size)) for size in ((40, 5), (5, shared), (40, own), (40,), (own,))
    )
    equations = _BoneEquations(factors, moving, alone, distance)
    normal, right = torch.eye(shared, dtype=torch.float64), torch.zeros(shared, dtype=torch.float64)
    equations.add_to(normal, right)
    gain = equations.eliminate(before, normal, right)
    step = torch.linalg.solve(normal, right)
    # All unknowns at once; the prior draws the shared ones to 0 and the bone's own ones, with their step, to 0.
    rows = np.zeros((40 + shared + own, shared + own))
    rows[:40, :shared], rows[:40, shared:] = factors @ moving, alone
    rows[40:] = np.eye(shared + own)
    wanted = np.concatenate([distance, np.zeros(shared), -before])
    whole = np.linalg.lstsq(rows, wanted, rcond=None)[0]
    assert step.numpy() == pytest.approx(whole[:shared], abs=1e-9)
    assert (gain[:, -1] - gain[:, :-1] @ step).numpy() == pytest.approx(whole[shared:], abs=1e-9)
