"""Measurements of the whole column: curves from the front and the side, balance, listhesis, centreline.

Angles are taken in the patient's frontal and sagittal planes; the standing vertical is the superior axis of the
volume unless told otherwise (`PatientAxes`). Kyphosis is that from the upper endplate of T4 to the lower one of T12,
lordosis that from the upper endplate of L1 to that of S1; where those are not in view the nearest are used, and told.
Kyphosis and lordosis are positive the usual way round. The sagittal vertical axis is the distance from the plumb line
through the middle of C7 to the back upper corner of S1, positive when C7 is in front.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from SwinX2SLib.geometry.polylines import curve_through, length_mm
from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.resolution import sacral_uncertainty_deg, voxel_uncertainty
from SwinX2SLib.measurements.results import Axis, Curve, Landmark, Measurement, NotFoundError, Plane, absent
from SwinX2SLib.measurements.sacral_endplate import (
    SacralEndplate,
    check_disc,
    find_sacral_endplate,
    frame_under,
)
from SwinX2SLib.measurements.spine_curves import (
    RAS_AXES,
    SCOLIOSIS_DEG,
    PatientAxes,
    TiltedVertebra,
    cobb_curves,
)
from SwinX2SLib.measurements.vertebra import vertebra_shapes
from SwinX2SLib.measurements.vertebra_frame import vertebra_levels
from SwinX2SLib.measurements.vertebra_shape import VertebraShape

# Of the endplate's length; more is a slip of grade II (Meyerding 1932), or a damaged or wrong label.
MOST_LISTHESIS_PART = 0.25


def slips(shapes: Mapping[str, VertebraShape], sacrum: SacralEndplate | None) -> list[Measurement]:
    """Return the slip of each neighbouring pair from C2 down, and of the lowest lumbar vertebra on S1.

    Args:
        shapes: of the whole vertebrae by label name, from the head down.
        sacrum: endplate of S1, or None.
    """
    levels, results = vertebra_levels(), []
    for upper, lower in itertools.pairwise(shapes):
        if levels[lower] - levels[upper] != 1:
            continue
        corners = shapes[lower].corners
        names = ("superior_posterior", "superior_anterior")
        ends = [shapes[lower].found_frame.to_ras(corners[end]) for end in names if end in corners]
        results.append(_slip(shapes[upper], short_name(lower), ends, lower))
    if sacrum is not None and shapes:
        ends = [sacrum.posterior_ras_mm, sacrum.promontory_ras_mm]
        results.append(_slip(shapes[list(shapes)[-1]], "S1", ends, "sacrum"))
    return results


def short_name(name: str) -> str:
    """Return the level that a label names: T12, S1."""
    return "S1" if name == "sacrum" else name.removeprefix("vertebrae_")


def _slip(upper: VertebraShape, lower: str, ends: list[np.ndarray], structure: str) -> Measurement:
    name = f"listhesis_{short_name(upper.name)}_{lower}"
    back = upper.corners.get("inferior_posterior")
    if back is None or len(ends) < 2:
        return absent(name, "spine", None, "mm", "A corner next to the disc was not found.")
    length = float(np.linalg.norm(ends[1] - ends[0]))
    along = (ends[1] - ends[0]) / max(length, 1e-9)
    place = upper.found_frame.to_ras(back)
    value = float((place - ends[0]) @ along)
    marks = (
        Landmark(f"{upper.name}_inferior_posterior", place),
        Landmark(f"{structure}_superior_posterior", ends[0]),
        Landmark(f"{structure}_superior_anterior", ends[1]),
    )
    flags = [
        f"Listhesis of {abs(value) / max(length, 1e-9):.0%} of the endplate: check the labels and the "
        "radiograph."
    ]
    result = Measurement(name, "spine", None, value, "mm", landmarks=marks)
    return result.flagged(flags * (abs(value) > MOST_LISTHESIS_PART * length))


# Least and most usual [deg, mm]; beyond, a person should look (Roussouly and Nnadi, Eur Spine J 19 (2010) 1824).
USUAL_RANGES = {
    "thoracic_kyphosis": (5.0, 75.0),
    "lumbar_lordosis": (15.0, 95.0),
    "sagittal_vertical_axis": (-80.0, 120.0),
}
MOST_COBB_DEG = 90.0
MOST_GAP_FACTOR = 2.2  # neighbours lie no farther apart than this many times the median


def measure_spine(
    bones: dict[str, Bone], shapes: dict[str, VertebraShape] | None = None, axes: PatientAxes = RAS_AXES
) -> list[Measurement]:
    """Measure the column.

    Args:
        bones: by label name.
        shapes: of `vertebra_shapes`, when they are at hand.
        axes: the patient's directions; the standing vertical is `axes.superior`.
    """
    shapes = vertebra_shapes(bones, axes.superior) if shapes is None else shapes
    column = _Column(bones, shapes, axes)
    results = [column.centreline(), *column.cobb(), column.kyphosis(), column.lordosis()]
    results += [column.vertical_axis(), *slips(column.shapes, column.sacrum)]
    return [measurement.flagged(column.flags) for measurement in results]


class _Column:
    """The vertebrae of one person, from the head down, with the sacral endplate where there is one."""

    def __init__(self, bones: dict[str, Bone], shapes: dict[str, VertebraShape], axes: PatientAxes):
        self.axes = axes
        self.levels = vertebra_levels()
        self.shapes: dict[str, VertebraShape] = {}
        self.centres_ras_mm: dict[str, np.ndarray] = {}
        for name in sorted(shapes, key=self.levels.__getitem__):
            centre = shapes[name].body_centre_ras()
            if centre is not None and not _is_cut(bones[name], shapes[name], centre):
                self.shapes[name], self.centres_ras_mm[name] = shapes[name], centre
        self.sacrum, self.no_sacrum = self._sacral_endplate(bones)
        self.sacral_voxel_mm = max(bones["sacrum"].spacing_mm or (0.0,)) if self.sacrum else 0.0
        self.flags = self._disorder()

    def _sacral_endplate(self, bones: dict[str, Bone]) -> tuple[SacralEndplate | None, str]:
        lowest = next(
            (shape for name, shape in reversed(self.shapes.items()) if self.levels[name] >= 22), None
        )
        if "sacrum" not in bones or lowest is None:
            return None, "S1 or the vertebra above it is not visible."
        try:
            endplate = find_sacral_endplate(bones["sacrum"], frame_under(lowest))
            check_disc(endplate, lowest)
            return endplate, ""
        except NotFoundError as error:
            return None, str(error)

    def _disorder(self) -> list[str]:
        """Return sentences about vertebrae that do not follow each other as in a person."""
        names = list(self.shapes)
        if len(names) < 2:
            return []
        centres = np.array([self.centres_ras_mm[name] for name in names])
        steps = np.diff(centres, axis=0)
        levels = np.diff([self.levels[name] for name in names])
        length = np.linalg.norm(steps, axis=1) / levels
        whole = centres[0] - centres[-1]
        wrong = [
            f"{' and '.join(map(short_name, names[place : place + 2]))} are not consecutive: check the "
            "labels."
            for place in range(len(steps))
            if steps[place] @ whole > 0 or length[place] > MOST_GAP_FACTOR * np.median(length)
        ]
        return wrong

    def centreline(self) -> Measurement:
        """Length of the curve through the middles of the bodies, from the highest to the lowest in view."""
        names = list(self.shapes)
        if len(names) < 2:
            return absent(
                "centreline_length", "spine", None, "mm", "Fewer than two complete vertebrae are visible."
            )
        centres = np.array([self.centres_ras_mm[name] for name in names])
        if self.sacrum is not None:
            centres = np.concatenate([centres, self.sacrum.centre_ras_mm[None]])
        curve = curve_through(centres)
        length = length_mm(curve)
        marks = tuple(Landmark(name, centre) for name, centre in zip([*names, "S1"], centres, strict=False))
        return Measurement(
            "centreline_length",
            "spine",
            None,
            length,
            "mm",
            landmarks=marks,
            curves=(Curve("centreline", curve),),
        )

    def cobb(self) -> list[Measurement]:
        """The curves seen from the front; the largest is always told, others from 10 degrees."""
        tilted = [
            vertebra for vertebra in (self._tilted(name) for name in self.shapes) if vertebra is not None
        ]
        curves = cobb_curves(tilted)
        if not curves:
            reason = "Fewer than three consecutive complete vertebrae are visible."
            return [absent("cobb_angle", "spine", None, "deg", reason)]
        results = []
        for place, curve in enumerate(curves):
            if place and abs(curve.angle_deg) < SCOLIOSIS_DEG:
                continue
            upper, lower = self._plane(curve.upper, "superior"), self._plane(curve.lower, "inferior")
            apex = Landmark(f"apex_{curve.apex}", self.centres_ras_mm[curve.apex])
            name = (
                "cobb_angle"
                if place == 0
                else f"cobb_angle_{short_name(curve.upper)}_{short_name(curve.lower)}"
            )
            side = "right" if curve.angle_deg > 0 else "left"
            value = abs(curve.angle_deg)
            result = Measurement(name, "spine", side, value, "deg", landmarks=(apex,), planes=(upper, lower))
            flags = [f"A Cobb angle of {value:.0f}° is implausible."] * (value > MOST_COBB_DEG)
            ends = ((curve.upper, "superior"), (curve.lower, "inferior"))
            results.append(result.flagged([*flags, *self._voxel_uncertainty(ends, 1)]))
        return results

    def _tilted(self, name: str) -> TiltedVertebra | None:
        leans = [
            self.axes.frontal_tilt_deg(plate[1])
            for plate in (self.shapes[name].endplate_ras(which) for which in ("superior", "inferior"))
            if plate is not None
        ]
        return TiltedVertebra(name, self.levels[name], leans[0], leans[-1]) if leans else None

    def _plane(self, name: str, which: str) -> Plane:
        other = {"superior": "inferior", "inferior": "superior"}[which]
        plate = self.shapes[name].endplate_ras(which) or self.shapes[name].endplate_ras(other)
        if plate is None:
            raise NotFoundError(f"{short_name(name)} has no endplate.")
        return Plane(f"{name}_{which}_endplate", *plate)

    def _voxel_uncertainty(self, ends: tuple[tuple[str, str], ...], view: int) -> tuple[str, ...]:
        """Return a reason when voxels blur the angle between endplates seen from the side (0) or the front (1).

        Args:
            ends: name of the vertebra, and of its endplate or of the plane through it.
            view: which of `VertebraShape.uncertainties_deg`.
        """
        uncertainties, voxels = [], [0.0]
        for name, plate in ends:
            which = "superior" if "superior" in plate else "inferior"
            shape = self.shapes.get(name)
            if shape is not None and which in shape.uncertainties_deg:
                uncertainties.append(shape.uncertainties_deg[which][view])
                voxels.append(shape.voxel_mm)
            elif name == "sacrum":
                uncertainties.append(sacral_uncertainty_deg(self.sacral_voxel_mm))
                voxels.append(self.sacral_voxel_mm)
        return voxel_uncertainty(max(voxels), *uncertainties)

    def kyphosis(self) -> Measurement:
        """Upper endplate of T4 to lower endplate of T12."""
        upper = self._nearest("vertebrae_T4", ("T1", "T2", "T3", "T4", "T5", "T6"), "superior")
        lower = self._nearest("vertebrae_T12", ("T10", "T11", "T12", "L1"), "inferior")
        if upper is None or lower is None:
            reason = "The thoracic end vertebrae (T1 to T6, T10 to L1) are not visible."
            return absent("thoracic_kyphosis", "spine", None, "deg", reason)
        return self._sagittal("thoracic_kyphosis", upper, lower, ("T4", "T12"), 1)

    def lordosis(self) -> Measurement:
        """Upper endplate of L1 to upper endplate of S1."""
        upper = self._nearest("vertebrae_L1", ("T12", "L1", "L2"), "superior")
        if upper is None:
            return absent("lumbar_lordosis", "spine", None, "deg", "No vertebra from T12 to L2 is visible.")
        lower = self._nearest("vertebrae_L5", ("L4", "L5", "L6"), "inferior")
        if self.sacrum is not None:
            lower = "sacrum", Plane("sacral_endplate", self.sacrum.centre_ras_mm, self.sacrum.normal_ras)
        if lower is None:
            return absent("lumbar_lordosis", "spine", None, "deg", self.no_sacrum)
        return self._sagittal("lumbar_lordosis", upper, lower, ("L1", "S1"), -1)

    def _nearest(self, wanted: str, choices: tuple[str, ...], which: str) -> tuple[str, Plane] | None:
        """Return the level nearest to the one wanted whose endplate is there."""
        names = [f"vertebrae_{choice}" for choice in choices]
        there = [name for name in names if name in self.shapes and self.shapes[name].endplate_ras(which)]
        if not there:
            return None
        best = min(there, key=lambda name: abs(self.levels[name] - self.levels[wanted]))
        return best, self._plane(best, which)

    def _sagittal(self, name: str, upper: tuple, lower: tuple, standard: tuple, sign: int) -> Measurement:
        tilts = [self.axes.sagittal_tilt_deg(plane.normal_ras) for _, plane in (upper, lower)]
        value = sign * (tilts[0] - tilts[1])
        flags = []
        ends = tuple(short_name(end[0]) for end in (upper, lower))
        if ends != standard:
            flags.append(f"Measured from {ends[0]} to {ends[1]} instead of {standard[0]} to {standard[1]}.")
        least, most = USUAL_RANGES[name]
        if not least <= value <= most:
            flags.append(f"{value:.0f}° is outside the reference range ({least:.0f} to {most:.0f}).")
        flags += self._voxel_uncertainty(tuple((end[0], end[1].name) for end in (upper, lower)), 0)
        return Measurement(name, "spine", None, value, "deg", planes=(upper[1], lower[1])).flagged(flags)

    def vertical_axis(self) -> Measurement:
        """From the plumb line through C7 to the back upper corner of S1."""
        name = "sagittal_vertical_axis"
        if "vertebrae_C7" not in self.shapes:
            return absent(name, "spine", None, "mm", "C7 is not visible.")
        if self.sacrum is None:
            return absent(name, "spine", None, "mm", self.no_sacrum)
        top, corner = self.centres_ras_mm["vertebrae_C7"], self.sacrum.posterior_ras_mm
        value = float((top - corner) @ self.axes.anterior)
        marks = (Landmark("C7_centre", top), Landmark("S1_posterior_corner", corner))
        plumb = Axis("plumb_line", top, -self.axes.superior)
        least, most = USUAL_RANGES[name]
        flags = [f"{value:.0f} mm is outside the reference range ({least:.0f} to {most:.0f})."]
        result = Measurement(name, "spine", None, value, "mm", landmarks=marks, axes=(plumb,))
        return result.flagged(flags * (not least <= value <= most))


def _is_cut(bone: Bone, shape: VertebraShape, centre: np.ndarray) -> bool:
    """Whether the field of view cuts the vertebra's body."""
    plates = [shape.endplate_ras(which) for which in ("superior", "inferior")]
    places = [centre, *(plate[0] for plate in plates if plate is not None)]
    return bool(bone.cut_near(places, 1.5 * max(bone.spacing_mm or (1.0,))))
