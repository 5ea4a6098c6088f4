"""A reconstruction, its provenance and its files; does not import PyTorch."""

from __future__ import annotations

import dataclasses
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from SwinX2SLib.anatomy import label_by_id
from SwinX2SLib.errors import InputError
from SwinX2SLib.io.atomic_output import atomic_result, atomic_write, output_faults, remove_stale
from SwinX2SLib.io.provenance import VIEWS
from SwinX2SLib.io.segmentations import write_segmentation
from SwinX2SLib.io.volumes import write_volume
from SwinX2SLib.measurements.bone_motions import FILE as SAMPLES
from SwinX2SLib.measurements.bone_motions import BoneMotions
from SwinX2SLib.radiographs import Radiograph
from SwinX2SLib.radiographs.pair_check import PairCheck
from SwinX2SLib.reconstruct.job import Job, ReconstructionSettings
from SwinX2SLib.reconstruct.plausibility import FoundBone, found_bones, level_warnings, plausibility_warnings
from SwinX2SLib.reconstruct.verdict import KEY, Verdict
from SwinX2SLib.version import __version__

if TYPE_CHECKING:
    from SwinX2SLib.geometry.surfaces import Surface
    from SwinX2SLib.reconstruct.evidence import Evidence
    from SwinX2SLib.reconstruct.orientation_check import OrientationCheck
    from SwinX2SLib.weights import WeightsRecord


CT_REMARK = "synthetic, not for diagnosis"


@dataclass(frozen=True, eq=False)
class ReconstructedCT:
    """CT numbers that a network made of two radiographs.

    Attributes:
        hu: int16 `(X, Y, Z)` [HU], network order.
        affine: 4x4 float64, index -> RAS mm.
        model: what the provenance says of the network.
        seconds: that it took.
        structures: uint8 `(X, Y, Z)`, its own label of each voxel; None where nobody asked.
    """

    hu: np.ndarray
    affine: np.ndarray
    model: dict[str, Any]
    seconds: float = 0.0
    structures: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """Bones on the grid of the network, with uncertainty, warnings and provenance.

    The arrays are in network order: indices run patient right to left, anterior to posterior, superior to inferior;
    `affine` places them in RAS mm.

    Attributes:
        labels: uint8 `(X, Y, Z)`, 0 or an id of `labels()`.
        uncertainty: float16 `(X, Y, Z)`, 1 minus the predicted probability of the label.
        affine: 4x4 float64, index -> RAS mm; the common centre of the radiographs is the origin.
        spacing_mm: edge of the cubic voxels.
        model_record: record of the weights; None for a model supplied by the caller.
        device: device of the network.
        precision: "float32" or "bfloat16".
        removed_component_voxels: number of voxels in removed connected components.
        seconds: time by phase.
        expected_dice: by name of each bone, the Dice expected from the predicted probabilities, 0..1.
        renamed_levels: names of vertebrae that were elsewhere before all names were made to follow each other.
        level_shift_odds: probability that the levels are off, by how many; empty if the model does not use this step.
        position_error_mm: by name of each bone taken from the statistical skeleton, standard deviation of its place.
        motions: how these bones move to random skeletons that the radiographs allow as well, in RAS mm.
        verdict: how far the bones are to be relied on; None where the model says nothing of silhouettes.
        evidence: the numbers that it rests on.
        radiographs: the frontal and the lateral radiograph, or the frontal one alone; None if unknown.
        orientation_check: predicted views and orientations of the radiographs; None if not checked.
        pair_check: how the rows of both radiographs agree; None if not checked.
        settings: settings of the reconstruction.
        depth_error_mm: by name, what of the position error lies along the rays of the only radiograph.
        surfaces: by name, closed surfaces in RAS mm of bones taken from the statistical skeleton, where they are
            part of the result.
        remarks: further sentences for the user.
        ct: CT numbers on the same grid; None where none were asked for.

    Examples:
        >>> import numpy as np
        >>> from SwinX2SLib import Reconstruction, build_phantom
        >>> phantom = build_phantom(spacing_mm=8.0)  # instead of a prediction
        >>> unsure = np.full(phantom.labels.shape, 0.1, np.float16)
        >>> found = Reconstruction(phantom.labels, unsure, phantom.affine, 8.0, None, "cpu", "float32", 0)
        >>> bone = found.bones[-1]
        >>> bone.label.name, round(bone.confidence, 1), bone.volume_ml > 50
        ('femur_right', 0.9, True)
    """

    labels: np.ndarray
    uncertainty: np.ndarray
    affine: np.ndarray
    spacing_mm: float
    model_record: WeightsRecord | None
    device: str
    precision: str
    removed_component_voxels: int
    seconds: dict[str, float] = field(default_factory=dict)
    expected_dice: dict[str, float] = field(default_factory=dict)
    renamed_levels: tuple[str, ...] = ()
    level_shift_odds: dict[int, float] = field(default_factory=dict)
    position_error_mm: dict[str, float] = field(default_factory=dict)
    motions: BoneMotions = field(default_factory=BoneMotions.none)
    verdict: Verdict | None = None
    evidence: Evidence | None = None
    radiographs: tuple[Radiograph, ...] | None = None
    orientation_check: OrientationCheck | None = None
    pair_check: PairCheck | None = None
    settings: ReconstructionSettings = field(default_factory=ReconstructionSettings)
    depth_error_mm: dict[str, float] = field(default_factory=dict)
    surfaces: dict[str, Surface] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    ct: ReconstructedCT | None = None

    @property
    def bones(self) -> list[FoundBone]:
        """Each bone shown with its volume [ml] and the mean probability of its voxels, in the order of the ids."""
        return found_bones(self.labels, self.uncertainty, self.spacing_mm**3 / 1000)

    @property
    def is_frontal_only(self) -> bool:
        """Whether the bones come from a frontal radiograph alone."""
        return self.radiographs is not None and len(self.radiographs) == 1

    @property
    def notes(self) -> list[str]:
        """Warnings and notes: of the radiographs as a pair, of each, and plausibility warnings."""
        check = self.orientation_check
        notes = [self.verdict.alarm] if self.verdict is not None and self.verdict.alarm else []
        notes += [check.warning()] if check is not None and check.suspected else []
        notes += (
            [self.pair_check.warning()] if self.pair_check is not None and self.pair_check.suspected else []
        )
        notes += [
            f"{name} radiograph: {note}"
            for name, radiograph in zip(("Frontal", "Lateral"), self.radiographs or (), strict=False)
            for note in radiograph.notes
        ]
        if not self.labels.any():
            notes.append(
                "No bone was found. Check that bone is bright and that the views and the pixel size are correct."
            )
        notes += self.remarks
        notes += level_warnings(self.renamed_levels, self.level_shift_odds)
        return notes + plausibility_warnings(self.labels, self.bones)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> dict[str, Path]:
        """Write the same files as `swinx2s reconstruct`, atomically.

        Args:
            folder: new, empty, or with an earlier result if `overwrite`; created with its parents.
            overwrite: whether an earlier result may be replaced.

        Returns:
            The files by role: "segmentation" (`.seg.nrrd` for 3D Slicer), "labels" and "uncertainty" (NIfTI in RAS
            order), "provenance" (JSON), "samples" (random skeletons, from which measurements get their intervals);
            "ct" where there is one, and "surfaces" (arrays of meshes, RAS mm) of a frontal radiograph alone.

        Raises:
            InputError: the folder is not writable or contains other files; lists every problem.
            OutputError: the files could not be written.
        """
        out = Path(folder)
        remove_stale(out, ALL_FILES)
        if faults := output_faults(out, ALL_FILES, overwrite):
            raise InputError(faults)
        write_result(out, self, describe(self, self._job(out), self.seconds), overwrite)
        return {role: out.resolve() / name for role, name in files_of(self).items()}

    def _job(self, out: Path) -> Job | None:
        """Return the job that reproduces this result, None if the radiographs are not files."""
        if self.radiographs is None or any(radiograph.path is None for radiograph in self.radiographs):
            return None
        ap, lateral = self.radiographs[0], self.radiographs[1] if len(self.radiographs) > 1 else None
        return Job.of_radiographs(ap, lateral, out, self.settings)


FILES = {
    "segmentation": "segmentation.seg.nrrd",
    "labels": "labels.nii.gz",
    "uncertainty": "uncertainty.nii.gz",
    "provenance": "provenance.json",
    "samples": SAMPLES,
}
# Of some results.
SURFACES, SURFACES_FILE = "surfaces", "surfaces.npz"
CT, CT_FILE = "ct", "ct.nii.gz"
# All that a result may hold.
ALL_FILES = (*FILES.values(), SURFACES_FILE, CT_FILE)


def files_of(reconstruction: Reconstruction) -> dict[str, str]:
    """Return the names of the files that are written of a result, by role."""
    surfaces = {SURFACES: SURFACES_FILE} if reconstruction.surfaces else {}
    return FILES | surfaces | ({} if reconstruction.ct is None else {CT: CT_FILE})


_UNCERTAINTY_STEP = 1 / 255


def write_result(
    out: Path, reconstruction: Reconstruction, provenance: dict[str, Any], overwrite: bool = False
) -> None:
    """Write all files of a result, see `files_of`, or none.

    Args:
        out: the folder, which `atomic_output.output_faults` has found fit.
        reconstruction: what is written.
        provenance: of `provenance.describe`.
        overwrite: whether an earlier result may be replaced.

    Raises:
        OutputError: the files could not be written.
    """
    with atomic_result(out, ALL_FILES, overwrite, "result") as folder:
        write_volumes(folder, reconstruction)
        reconstruction.motions.write(folder / FILES["samples"])
        if reconstruction.surfaces:
            _write_surfaces(folder / SURFACES_FILE, reconstruction.surfaces)
        write_provenance(folder, provenance)


def write_volumes(folder: Path, reconstruction: Reconstruction) -> None:
    """Write the segmentation, the labels, the uncertainty and the CT, if there is one, into a folder.

    The NIfTI arrays are in RAS order, labels as uint8, uncertainty in steps of 1/255, the CT as int16 [HU].
    """
    write_segmentation(folder / FILES["segmentation"], reconstruction.labels, reconstruction.affine)
    affine = reconstruction.affine
    write_volume(folder / FILES["labels"], reconstruction.labels, affine, "RAS")
    steps = np.rint(reconstruction.uncertainty.astype(np.float32) / _UNCERTAINTY_STEP).astype(np.uint8)
    write_volume(folder / FILES["uncertainty"], steps, affine, "RAS", slope=_UNCERTAINTY_STEP)
    if reconstruction.ct is not None:
        write_volume(folder / CT_FILE, reconstruction.ct.hu, reconstruction.ct.affine, "RAS")


def _write_surfaces(path: Path, surfaces: Mapping[str, Surface]) -> None:
    """Write meshes as `measurements.reading_meshes` reads them, RAS mm."""
    arrays: dict[str, Any] = {}
    for name, surface in surfaces.items():
        arrays[f"{name}_vertices"] = surface.vertices.astype(np.float32)
        arrays[f"{name}_faces"] = surface.faces.astype(np.int32)
    with path.open("wb") as stream:
        np.savez_compressed(stream, **arrays)


def write_provenance(folder: Path, provenance: dict[str, Any]) -> None:
    """Write where a result comes from, as JSON."""
    text = json.dumps(provenance, indent=2, ensure_ascii=False)
    # A file name that is no UTF-8 becomes an escape of JSON.
    atomic_write(folder / FILES["provenance"], text + "\n")


_PACKAGES = (
    "numpy",
    "scipy",
    "pillow",
    "pydicom",
    "SimpleITK",
    "nibabel",
    "torch",
    "vtk",
    "safetensors",
)


def describe(reconstruction: Reconstruction, job: Job | None, seconds: Mapping[str, float]) -> dict[str, Any]:
    """Return the provenance of a result as JSON values.

    Args:
        reconstruction: the result.
        job: reproduces the result; None if the radiographs are not files.
        seconds: time by phase.
    """
    check, pair_check = reconstruction.orientation_check, reconstruction.pair_check
    radiographs = zip(("ap", "lateral"), reconstruction.radiographs or (), strict=False)
    bones = [label_by_id(int(value)).name for value in np.unique(reconstruction.labels) if value]
    return {
        "program": {"name": "SwinX2S", "version": __version__},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        VIEWS: [view for view, _ in zip(("ap", "lateral"), reconstruction.radiographs or (), strict=False)],
        "inputs": {view: radiograph_entry(radiograph) for view, radiograph in radiographs},
        "orientation_check": None if check is None else check.to_json(),
        "pair_check": None if pair_check is None else pair_check.to_json(),
        "options": None if job is None else job.to_dict(),
        "command": None if job is None else ["swinx2s", *job.arguments()],
        "model": _model(reconstruction),
        **({} if reconstruction.ct is None else {"ct": reconstruction.ct.model}),
        "grid": {
            "shape": list(reconstruction.labels.shape),
            "spacing_mm": reconstruction.spacing_mm,
            "affine_ras_mm": (reconstruction.affine + 0.0).tolist(),
            "order": "right to left, anterior to posterior, superior to inferior",
        },
        "bones": bones,
        KEY: None if reconstruction.verdict is None else reconstruction.verdict.to_json(),
        "expected_dice": reconstruction.expected_dice,
        "renamed_levels": list(reconstruction.renamed_levels),
        "level_shift_odds": {str(shift): odds for shift, odds in reconstruction.level_shift_odds.items()},
        "position_error_mm": reconstruction.position_error_mm,
        "depth_error_mm": reconstruction.depth_error_mm,
        "remarks": list(reconstruction.remarks),
        "removed_component_voxels": reconstruction.removed_component_voxels,
        "device": reconstruction.device,
        "precision": reconstruction.precision,
        "seconds": {phase: round(value, 3) for phase, value in seconds.items()},
        "versions": _versions(),
        "intended_use": "research",
    }


def radiograph_entry(radiograph: Radiograph) -> dict[str, Any]:
    """Return what a provenance says of a radiograph."""
    rows, cols = radiograph.pixels.shape
    return {
        "path": None if radiograph.path is None else str(radiograph.path),
        "sha256": radiograph.sha256,
        "view": radiograph.view,
        "pixels": {"columns": cols, "rows": rows},
        "spacing_mm": {"row": radiograph.spacing_mm[0], "column": radiograph.spacing_mm[1]},
        "spacing_source": radiograph.spacing_source,
        "middle_mm": radiograph.middle_mm,
        **_tube(radiograph),
        "notes": list(radiograph.notes),
    }


def _tube(radiograph: Radiograph) -> dict[str, Any]:
    if radiograph.xray_source is None or radiograph.central_ray_px is None:
        return {}
    row, column = radiograph.central_ray_px
    return {
        "source_to_detector_mm": radiograph.xray_source.source_to_detector_mm,
        "source_to_isocentre_mm": radiograph.xray_source.source_to_patient_mm,
        "tube_source": radiograph.xray_source.source,
        "magnification": radiograph.xray_source.magnification,
        "central_ray_px": {"row": row, "column": column},
    }


def _model(reconstruction: Reconstruction) -> dict[str, Any]:
    record = reconstruction.model_record
    # A model supplied by the calling program has no record in the manifest.
    return {
        "asked": reconstruction.settings.model,
        **(dataclasses.asdict(record) if record is not None else {"name": "supplied by the caller"}),
    }


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version(), "platform": platform.platform()}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return versions
