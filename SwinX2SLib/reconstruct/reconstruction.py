"""What a reconstruction is, and its files; without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from SwinX2SLib.errors import InputError
from SwinX2SLib.io.atomic_output import output_faults, remove_stale
from SwinX2SLib.reconstruct.job import Job, ReconstructionSettings
from SwinX2SLib.reconstruct.outputs import FILES, write_result
from SwinX2SLib.reconstruct.plausibility import FoundBone, found_bones, plausibility_warnings
from SwinX2SLib.reconstruct.provenance import describe

if TYPE_CHECKING:
    from SwinX2SLib.radiographs import Radiograph
    from SwinX2SLib.reconstruct.orientation_check import OrientationCheck
    from SwinX2SLib.weights import WeightsRecord


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """Bones on the network's grid, and how far to trust them.

    The arrays are in network order: indices run patient right to left, anterior to posterior, superior to inferior;
    `affine` places them in RAS mm.

    Attributes:
        labels: uint8 `(X, Y, Z)`, 0 or an id of `labels()`.
        uncertainty: float16 `(X, Y, Z)`, 1 minus the probability of the label that the network gave.
        affine: 4x4 float64, index -> RAS mm; the common centre of the radiographs is the origin.
        spacing_mm: edge of the cubic voxels.
        model_record: what is known of the weights; None for a model that the caller made.
        device: where the network ran.
        precision: "float32" or "bfloat16".
        removed_component_voxels: voxels of loose pieces that were removed.
        seconds: time by phase.
        expected_dice: by name of each bone shown, the overlap with the truth that the network's own probabilities
            promise, 0..1.
        disc_shifts_mm: by name of the vertebra above a disc, how far it was moved along the body axis, positive
            inferiorly, to the disc that the radiographs show. Empty where the model asks for no such step.
        shape_similarity: by name of each bone that a known shape was fitted for, the correlation of the edges of
            that shape with those of the radiographs, -1..1. Empty where the model asks for no such step.
        femur_shifts_mm: by name, how far each femur was moved backwards to the acetabulum. Empty where it was not.
        radiographs: the frontal and the lateral radiograph; None where they are not known.
        orientation_check: which view each radiograph looks like; None where nobody looked.
        settings: how it was made.

    Examples:
        >>> import numpy as np
        >>> from SwinX2SLib import Reconstruction, build_phantom
        >>> phantom = build_phantom(spacing_mm=8.0)  # in place of what a network finds
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
    disc_shifts_mm: dict[str, float] = field(default_factory=dict)
    shape_similarity: dict[str, float] = field(default_factory=dict)
    femur_shifts_mm: dict[str, float] = field(default_factory=dict)
    radiographs: tuple[Radiograph, Radiograph] | None = None
    orientation_check: OrientationCheck | None = None
    settings: ReconstructionSettings = field(default_factory=ReconstructionSettings)

    @property
    def bones(self) -> list[FoundBone]:
        """Each bone shown with its volume [ml] and the mean probability of its voxels, in the order of the ids."""
        return found_bones(self.labels, self.uncertainty, self.spacing_mm**3 / 1000)

    @property
    def notes(self) -> list[str]:
        """What a reader must know, a sentence each: warnings about the radiographs, and what in the result cannot be
        true."""
        check = self.orientation_check
        said = [check.warning()] if check is not None and check.suspected else []
        said += [
            f"{name} radiograph: {note}"
            for name, radiograph in zip(("Frontal", "Lateral"), self.radiographs or (), strict=False)
            for note in radiograph.notes
        ]
        if not self.labels.any():
            said.append(
                "No bone was found. Check that bone is bright and that the views and the pixel size are correct."
            )
        return said + plausibility_warnings(self.labels, self.bones)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> dict[str, Path]:
        """Write the files that `swinx2s reconstruct` writes, all or none.

        Args:
            folder: new, empty, or with an earlier result if `overwrite`; made with its parents.
            overwrite: whether an earlier result may be replaced.

        Returns:
            The files by role: "segmentation" (`.seg.nrrd` for 3D Slicer), "labels" and "uncertainty" (NIfTI in RAS
            order), "provenance" (JSON).

        Raises:
            InputError: the folder cannot be written, or holds something else; with all faults.
            OutputError: the files could not be written.
        """
        out = Path(folder)
        remove_stale(out, FILES.values())
        if faults := output_faults(out, FILES.values(), overwrite):
            raise InputError(faults)
        write_result(out, self, describe(self, self._job(out), self.seconds), overwrite)
        return {role: out.resolve() / name for role, name in FILES.items()}

    def _job(self, out: Path) -> Job | None:
        """Return the job that makes this again, None where the radiographs are no files."""
        if self.radiographs is None or any(radiograph.path is None for radiograph in self.radiographs):
            return None
        return Job.of_radiographs(*self.radiographs, out, self.settings)
