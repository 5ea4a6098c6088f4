"""A frontal radiograph alone in, labelled bones out, with an uncertainty that knows how little it shows of depth.

The silhouettes of the reconstructing network name the bones; depth maps (`models.depth_maps`), where there are
weights for them, say how deep their faces lie; the statistical skeleton completes both. Without depth maps the depths
of bones among each other are those of people in general with such silhouettes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch

from SwinX2SLib.anatomy import label_by_id
from SwinX2SLib.drr.depth import Rays, camera_rays, face_points
from SwinX2SLib.errors import Fault, InputError, ModelError
from SwinX2SLib.geometry.cameras import Camera, radiograph_camera
from SwinX2SLib.geometry.components import remove_small_components
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.geometry.label_surfaces import mask_surface
from SwinX2SLib.geometry.surfaces import Surface
from SwinX2SLib.geometry.tuples import shape2, shape3, vector2
from SwinX2SLib.models.depth_maps import REFERENCE_MM, DepthMapNet
from SwinX2SLib.models.orientation import View
from SwinX2SLib.radiographs import PreparedPair, Radiograph, RadiographOptions, prepare_pair
from SwinX2SLib.radiographs.radiograph import AP, PA
from SwinX2SLib.radiographs.reading import RadiographSource, examine_radiograph
from SwinX2SLib.radiographs.registration import place_radiograph
from SwinX2SLib.reconstruct.job import AUTO_DEPTH
from SwinX2SLib.reconstruct.label_assignment import assign_parts
from SwinX2SLib.reconstruct.level_assignment import LevelAssignment, disc_log_odds, name_bones, name_levels
from SwinX2SLib.reconstruct.model_choice import DEPTH_WEIGHTS, HOW_TO_GET_DEPTH, depth_weights, frontal_faults
from SwinX2SLib.reconstruct.orientation_check import OrientationCheck
from SwinX2SLib.reconstruct.plausibility import named_few
from SwinX2SLib.reconstruct.reconstruction import Reconstruction
from SwinX2SLib.reconstruct.reconstructor import (
    NAMED_SHARE,
    NETWORK_SHARE,
    NO_NUMBERS,
    SHAPES_SHARE,
    Clock,
    Reconstructor,
    by_name,
    finer_shape,
    layers_reported,
    load_helper,
    motions_in_ras,
)
from SwinX2SLib.reconstruct.skeleton_fit import FrontalView, SkeletonFit, fit_to_frontal
from SwinX2SLib.reconstruct.test_time_augmentation import frontal_silhouettes, predicts_silhouettes
from SwinX2SLib.skeleton.depth_points import BonePoints
from SwinX2SLib.weights.record import WeightsRecord

ProgressCallback = Callable[[float, str], None]
# Depth maps err by so much where the record of their weights does not say it.
DEPTH_ERROR_MM, SCORE = 8.0, "depth_error_mm"
# A face has so many points at most; a bone with fewer pixels has none.
POINTS_PER_FACE, LEAST_PIXELS = 600, 60
NO_VERDICT_REMARK = (
    "There is no verdict on this result: verdicts are calibrated for two radiographs. Depths are uncertain; see the "
    "position errors and the uncertainty."
)


@torch.inference_mode()
def reconstruct_frontal(
    ap: RadiographSource,
    reconstructor: Reconstructor | None = None,
    progress: ProgressCallback | None = None,
    *,
    ap_view: str = AP,
    options: RadiographOptions | None = None,
    depth_model: str = AUTO_DEPTH,
    absolute_depth: bool = False,
    accept_view: bool = False,
) -> Reconstruction:
    """Reconstruct a frontal radiograph alone.

    Args:
        ap: a file, numbers `(rows, columns)`, or a `Radiograph`; see `read_radiographs`.
        reconstructor: a loaded model that predicts silhouettes; the default one when None.
        progress: called often with the completed fraction and a description; an exception from it stops the work.
        ap_view: "ap" or "pa", of what is not a `Radiograph`.
        options: pixel size, source distances, orientation..., likewise.
        depth_model: weights of depth maps: name, path, "auto" (the default ones, if this version has any) or "none".
        absolute_depth: refuse a result whose bones have no known distance from the X-ray source.
        accept_view: take the radiograph as frontal though it looks like a lateral one.

    Returns:
        Labels, surfaces, uncertainty; without a verdict. Its place along the rays is absolute where depth maps and
        the distances of the source are known; else the bones' mean depth is a convention.

    Raises:
        InputError: with all faults: of the radiograph, of the options, a lateral radiograph, or no bone in it.
        ModelError: the model predicts no silhouettes or no numbers, or weights are missing or damaged.

    Examples:
        >>> from SwinX2SLib import reconstruct_frontal
        >>> bones = reconstruct_frontal("ap.dcm")  # doctest: +SKIP
        >>> files = bones.save("result")  # doctest: +SKIP
    """
    reconstructor = reconstructor or Reconstructor()
    progress = progress or (lambda fraction, message: None)
    settings = replace(
        reconstructor.settings,
        depth_model=depth_model, absolute_depth=absolute_depth, accept_view=accept_view,
    )  # fmt: skip
    radiograph, faults = examine_radiograph(ap, ap_view, options)
    faults += frontal_faults(radiograph, settings)
    if faults or radiograph is None:
        raise InputError(faults)
    if not predicts_silhouettes(reconstructor.model):
        raise ModelError([_NEEDS_LATERAL])
    clock = Clock()
    check = reconstructor.check_orientation(radiograph, None)
    if not accept_view:
        _refuse_lateral(check, radiograph)
    clock.lap("orientation")
    small, pair = _prepared(radiograph, reconstructor.grid_shape)
    clock.lap("prepare")
    silhouettes, naming = _silhouettes(reconstructor, small, pair, progress, clock)
    progress(NAMED_SHARE, "Finding depths in the radiograph")
    record = depth_weights(depth_model)
    weights = DEPTH_WEIGHTS if depth_model == AUTO_DEPTH else depth_model
    points = [] if record is None else _depth_points(reconstructor, weights, record, radiograph, pair)
    clock.lap("depth")
    progress(NAMED_SHARE, "Fitting the statistical skeleton to the radiograph")
    source_mm, ray_px = _source(radiograph, pair)
    x, _, z = pair.field
    seen = FrontalView(
        silhouettes, pair.coronal, pair.spacing_mm, (x, z), pair.sagittal.shape[0], source_mm, ray_px
    )
    fit = fit_to_frontal(seen, naming.heights_mm(pair.spacing_mm), points)
    if not fit.bones:
        raise InputError([replace(_NO_BONE, path=_path(radiograph))])
    shape = shape3((pair.coronal.shape[0], *pair.sagittal.shape))
    assignment = assign_parts(shape, fit.bones)
    clock.lap("skeleton")
    progress(SHAPES_SHARE, "Removing small components")
    labels, removed = remove_small_components(
        assignment.labels, reconstructor.settings.min_component_fraction
    )
    clock.lap("clean")
    return Reconstruction(
        labels=labels,
        uncertainty=assignment.uncertainty,
        affine=pair.affine,
        spacing_mm=pair.spacing_mm,
        model_record=reconstructor.record,
        device=reconstructor.device_name,
        precision="bfloat16" if reconstructor.half_precision else "float32",
        removed_component_voxels=removed,
        seconds=dict(clock.seconds),
        expected_dice=by_name({i: assignment.expected_dice[i] for i in np.unique(labels) if i}, 3),
        renamed_levels=tuple(label_by_id(label).name for label in naming.renamed),
        level_shift_odds={shift: round(odds, 3) for shift, odds in naming.shift_odds.items()},
        position_error_mm=by_name(fit.position_error_mm, 1),
        motions=motions_in_ras(fit, pair),
        radiographs=(radiograph,),
        orientation_check=check,
        settings=settings,
        depth_error_mm=by_name(fit.depth_error_mm, 1),
        surfaces=_surfaces(labels, pair.affine),
        remarks=_remarks(record, points, radiograph, fit),
    )


_NEEDS_LATERAL = Fault(
    "model-needs-lateral",
    "The network predicts no silhouettes of a radiograph, and a frontal one alone is not enough for it.",
    "Choose other weights with --model, or add the lateral radiograph.",
)
_NO_BONE = Fault(
    "no-bone",
    "No bone was recognised in the radiograph.",
    "Check that it is a frontal radiograph of the trunk, that bone is bright, and its orientation and pixel size.",
)


def _path(radiograph: Radiograph) -> str | None:
    return None if radiograph.path is None else str(radiograph.path)


def _refuse_lateral(check: OrientationCheck, radiograph: Radiograph) -> None:
    """Refuse a radiograph that is very probably a lateral one.

    Raises:
        InputError: it is.
    """
    if check.ap.suspected and check.ap.seen.view is View.LATERAL:
        sentence = (
            "The radiograph looks like a lateral one (probability "
            f"{100 * check.ap.probability:.0f} %); a frontal one is needed."
        )
        hint = "Use the frontal radiograph. If this is one, correct its orientation, or add --accept-view."
        raise InputError([Fault("view-lateral", sentence, hint, _path(radiograph))])


def _prepared(radiograph: Radiograph, grid_shape: tuple[int, int, int]) -> tuple[PreparedPair, PreparedPair]:
    """Return the radiograph on the network's grid and on that of the result; it stands in for the lateral one, so
    that the volume is as deep as the radiograph is wide."""
    small = prepare_pair(radiograph, radiograph, grid_shape)
    return small, prepare_pair(
        radiograph, radiograph, finer_shape(grid_shape, small.spacing_mm, (radiograph,))
    )


def _silhouettes(
    reconstructor: Reconstructor,
    small: PreparedPair,
    pair: PreparedPair,
    progress: ProgressCallback,
    clock: Clock,
) -> tuple[np.ndarray, LevelAssignment]:
    """Return the silhouettes of all bones `(54, X, Z)` on the grid of the result, by consistent names."""
    coronal, model = reconstructor.batch(small.coronal), reconstructor.model
    tta = reconstructor.settings.tta
    with layers_reported(model, tta, progress), reconstructor.precision():
        front = frontal_silhouettes(model, coronal, shape2(pair.coronal.shape), tta)
    clock.lap("network")
    if not np.isfinite(front).all():
        raise ModelError([NO_NUMBERS])
    progress(NETWORK_SHARE, "Naming vertebrae and ribs")
    discs = np.zeros_like(pair.coronal)
    if reconstructor.disc_finder is not None:
        picture = reconstructor.batch(pair.coronal)
        discs, _ = disc_log_odds(reconstructor.disc_finder, picture, picture)
    # Twice the same view: what it says of discs counts once.
    naming = name_levels((front, front.copy()), (discs / 2, discs / 2), pair.spacing_mm)
    if reconstructor.bone_namer is not None:
        with reconstructor.precision():
            name_bones((front, np.zeros_like(front)), (coronal, coronal), reconstructor.bone_namer)
    clock.lap("levels")
    return front, naming


def _source(radiograph: Radiograph, pair: PreparedPair) -> tuple[float | None, tuple[float, float] | None]:
    """Return where the source stands along Y from the middle, and where the central ray meets the grid (across,
    down)."""
    if radiograph.xray_source is None:
        return None, None
    distance = radiograph.xray_source.source_to_patient_mm
    down_mm, across_mm = _central_ray_mm(radiograph)
    middle = (np.array(pair.coronal.shape) - 1) / 2
    ray = middle + np.array([across_mm, down_mm]) / pair.spacing_mm
    return distance if radiograph.view == PA else -distance, vector2(ray)


def _central_ray_mm(radiograph: Radiograph) -> tuple[float, float]:
    """Return how far the central ray is from the radiograph's middle, down and across, at the patient."""
    if radiograph.central_ray_px is None:
        return 0.0, 0.0
    middle = (np.array(radiograph.pixels.shape) - 1) / 2
    return vector2((np.array(radiograph.central_ray_px) - middle) * radiograph.spacing_mm)


def frontal_camera(radiograph: Radiograph, shape: tuple[int, int], spacing_mm: float) -> Camera:
    """Return the camera of a frontal radiograph that was placed on a grid about the origin.

    Args:
        radiograph: with its source, if it is known.
        shape: pixels (across, down).
        spacing_mm: of the pixels at the patient.
    """
    source = radiograph.xray_source
    size = (shape[1], shape[0])
    ray_px = (np.array(size) - 1) / 2 + np.array(_central_ray_mm(radiograph)) / spacing_mm
    return radiograph_camera(
        radiograph.view,
        (0.0, 0.0, 0.0),
        (spacing_mm, spacing_mm),
        size,
        None if source is None else (source.source_to_detector_mm, source.source_to_patient_mm),
        vector2(ray_px),
    )


def _depth_points(
    reconstructor: Reconstructor,
    weights: str,
    record: WeightsRecord,
    radiograph: Radiograph,
    pair: PreparedPair,
) -> list[BonePoints]:
    """Return points on the faces of the bones whose depth maps the network predicts, network order [mm]."""
    network = load_helper(weights, DepthMapNet, reconstructor.device)
    x, _, z = network.grid_shape
    spacing_mm = max(radiograph.size_mm[1] / x, radiograph.size_mm[0] / z)
    picture = reconstructor.batch(place_radiograph(radiograph, (x, z), spacing_mm))
    source_mm = _source(radiograph, pair)[0]
    divergence = 0.0 if source_mm is None else -x * spacing_mm / source_mm
    with reconstructor.precision():
        found = network(
            picture, *(torch.tensor([value], device=picture.device) for value in (spacing_mm, divergence))
        )
    depth = (found.aligned_mm()[0] - REFERENCE_MM).cpu().numpy().astype(np.float64)
    masks = (found.masks[0] > 0).cpu().numpy()
    rays = camera_rays(frontal_camera(radiograph, (x, z), spacing_mm))
    if radiograph.view == PA:
        # The network's depths grow from the front to the back.
        rays = Rays(rays.origins_ras_mm, -rays.directions)
    error_mm = float(record.scores.get(SCORE, DEPTH_ERROR_MM))
    points = []
    for number, label in enumerate(network.config.labels):
        for face in range(network.config.faces):
            own = face_points(
                rays, depth[face * len(masks) + number].T, masks[number].T, towards_source=face == 0
            )
            every = max(len(own.places_ras_mm) // POINTS_PER_FACE, 1)
            if len(own.places_ras_mm) >= LEAST_PIXELS:
                places = transform_points(np.linalg.inv(pair.affine), own.places_ras_mm[::every])
                # Network order turns all three axes round.
                points.append(
                    BonePoints(
                        label,
                        places * pair.spacing_mm,
                        -own.normals[::every],
                        every * spacing_mm**2,
                        error_mm,
                    )
                )
    return points


def _surfaces(labels: np.ndarray, affine: np.ndarray) -> dict[str, Surface]:
    """Return the closed surface of every bone by name, RAS mm."""
    return {
        label_by_id(int(label)).name: mask_surface(labels == label, affine)
        for label in np.unique(labels)
        if label
    }


def _remarks(
    record: WeightsRecord | None, points: Sequence[BonePoints], radiograph: Radiograph, fit: SkeletonFit
) -> tuple[str, ...]:
    """Return what a reader of the result must know of its depths."""
    remarks = ["Only a frontal radiograph was used: it does not show depths.", NO_VERDICT_REMARK]
    if record is None:
        remarks.append(
            "Depths come from the statistical skeleton alone, as this version has no default weights of depth maps. "
            f"To get some, {HOW_TO_GET_DEPTH}."
        )
    elif not points:
        remarks.append(
            "The depth maps show none of their bones in this radiograph: depths come from the skeleton."
        )
    if radiograph.xray_source is None or not points:
        why = (
            "the distances of the X-ray source are unknown"
            if radiograph.xray_source is None
            else "nothing shows it"
        )
        remarks.append(f"How far the bones are from the detector is a convention, as {why}.")
    wide = sorted(fit.depth_error_mm, key=lambda label: -fit.depth_error_mm[label])
    listed = named_few([f"{label_by_id(k).title} {fit.depth_error_mm[k]:.0f} mm" for k in wide])
    remarks.append(f"Least certain along the rays (standard deviation): {listed}.")
    return tuple(remarks)
