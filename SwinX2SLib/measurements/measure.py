"""All measurements of one person."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.provenance import is_frontal_only
from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.crosschecks import cross_check_flags, with_flags
from SwinX2SLib.measurements.femur import measure_femur
from SwinX2SLib.measurements.label_intervals import with_label_intervals
from SwinX2SLib.measurements.motion_intervals import with_motion_intervals
from SwinX2SLib.measurements.pelvis import measure_pelvis
from SwinX2SLib.measurements.pelvis_landmarks import SIDES
from SwinX2SLib.measurements.quality_flags import withheld_if_impossible, without_depths
from SwinX2SLib.measurements.reading import ReadOptions
from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.measurements.rib import measure_ribs
from SwinX2SLib.measurements.sources import BonesSource, path_of, subject_of
from SwinX2SLib.measurements.spine import measure_spine
from SwinX2SLib.measurements.vertebra import measure_vertebrae, vertebra_shapes

# What is measured, in the order of a report.
REGIONS = ("femur", "pelvis", "spine", "vertebra", "rib")


def measure(
    source: BonesSource,
    *,
    only: str | Collection[str] = REGIONS,
    mesh_frame: str | None = None,
    ignore_unknown: bool = False,
    scheme: str | Path | None = None,
) -> dict[str, list[Measurement]]:
    """Measure femora, pelvis, spine, vertebrae and ribs of one person.

    Args:
        source: a `Reconstruction`, a `Phantom` or anything else with `labels` and `affine`; the pair (labels
            `(I, J, K)`, affine 4x4 from index to RAS mm); or the path of a label volume (`.nii.gz`, `.nrrd`,
            `.seg.nrrd`), of a folder of meshes named by bone, of an `.npz` of meshes, or of a result.
        only: regions to measure: "femur", "pelvis", "spine", "vertebra", "rib".
        mesh_frame: "RAS" or "LPS", of meshes that do not say it.
        ignore_unknown: whether values and names that are no bone are left out instead of being a fault.
        scheme: label numbering: a name of `label_maps.SCHEME_NAMES`, the path of a label map, or "auto" to recognise
            it; None for ours unless the places of the labels contradict it.

    Returns:
        Measurements by region, in the order of a report. What is missing or broken is there, with quality "absent"
        and the reasons; `writing.table_text` makes a CSV table of it. They have 90 % intervals: those of a
        `Reconstruction` by the statistical skeleton from its random skeletons, those of other bones from
        `label_intervals`.

    Raises:
        InputError: the source or the regions cannot be used; with all faults.

    Examples:
        >>> from SwinX2SLib import build_phantom, measure
        >>> phantom = build_phantom(spacing_mm=4.0)
        >>> femur = measure(phantom, only="femur")["femur"]
        >>> angle = next(one for one in femur if one.name == "neck_shaft_angle" and one.side == "left")
        >>> abs(angle.value - phantom.truth.femora["left"].neck_shaft_angle_deg) < 5, angle.unit
        (True, 'deg')
    """
    wanted = (only,) if isinstance(only, str) else tuple(only)
    faults = [
        Fault("unknown-region", f"There is no region {region!r}.", f"Use {', '.join(REGIONS)}.")
        for region in wanted
        if region not in REGIONS
    ]
    subject = None
    try:
        subject = subject_of(source, ReadOptions(mesh_frame, ignore_unknown, scheme))
    except InputError as error:
        faults += error.faults
    if faults or subject is None:
        raise InputError(faults)
    found = measure_subject(subject.bones, wanted)
    if getattr(source, "is_frontal_only", False) or is_frontal_only(path_of(source)):
        found = without_depths(found)
    motions = getattr(source, "motions", None)
    if motions is not None:
        return with_motion_intervals(found, subject.bones, motions)
    return found if subject.is_reconstruction else with_label_intervals(found, subject.bones)


def measure_subject(
    bones: dict[str, Bone],
    only: Collection[str] = REGIONS,
    report: Callable[[str], None] = lambda message: None,
) -> dict[str, list[Measurement]]:
    """Measure what the bones show.

    Args:
        bones: by label name; missing and broken ones give absences with reasons.
        only: which of `REGIONS`.
        report: told as text which region is being measured.

    Returns:
        Measurements by region, in the order of `REGIONS`.

    Raises:
        ValueError: there is no such region.
    """
    if unknown := set(only) - set(REGIONS):
        raise ValueError(f"Unknown region {', '.join(sorted(unknown))}; regions are {', '.join(REGIONS)}.")
    # The column and its vertebrae rest on the same parts, which take the longest to find.
    shapes = vertebra_shapes(bones) if {"spine", "vertebra"} & set(only) else {}
    # The hip axis of the pelvis rests on the femora.
    femora = {}
    if {"femur", "pelvis"} & set(only):
        femora = {side: measure_femur(bones.get(f"femur_{side}"), side, bones) for side in SIDES}
    measured: dict[str, Callable[[], list[Measurement]]] = {
        "femur": lambda: [one for side in SIDES for one in femora[side]],
        "pelvis": lambda: measure_pelvis(bones, femora),
        "spine": lambda: measure_spine(bones, shapes),
        "vertebra": lambda: measure_vertebrae(bones, shapes),
        "rib": lambda: measure_ribs(bones),
    }
    wanted, found = [region for region in REGIONS if region in only], {}
    for number, region in enumerate(wanted, start=1):
        report(f"Measuring region {number} of {len(wanted)}: {region}")
        found[region] = measured[region]()
    flagged = with_flags(found, cross_check_flags(bones, shapes))
    return {region: [withheld_if_impossible(one) for one in ones] for region, ones in flagged.items()}
