"""Evaluation of one case from its files."""

from __future__ import annotations

from pathlib import Path

from SwinX2SLib.anatomy import label_by_id
from SwinX2SLib.evaluation.case import CaseEvaluation
from SwinX2SLib.evaluation.inputs import Inputs, read_inputs
from SwinX2SLib.evaluation.measured import line_scores, measured_pairs
from SwinX2SLib.evaluation.options import EvaluationOptions
from SwinX2SLib.evaluation.volumes import evaluate_volumes
from SwinX2SLib.geometry.frames import voxel_spacing_mm
from SwinX2SLib.measurements.bones import bones_from_labels

DEFAULT_OPTIONS = EvaluationOptions()

_ENDINGS = (".seg.nrrd", ".nii.gz", ".nii", ".nrrd", ".nhdr")


def evaluate_case(
    prediction: Path | str, truth: Path | str, options: EvaluationOptions = DEFAULT_OPTIONS
) -> CaseEvaluation:
    """Compare a prediction with the truth, on the truth's grid.

    Args:
        prediction: label volume (NIfTI, NRRD, `.seg.nrrd`), or the folder of a result of `swinx2s reconstruct`.
        truth: label volume of any grid, spacing, orientation and numbering.
        options: how.

    Raises:
        InputError: all faults of the inputs.
    """
    return evaluate_inputs(read_inputs(Path(prediction), Path(truth), options), prediction, truth, options)


def evaluate_inputs(
    inputs: Inputs, prediction: Path | str, truth: Path | str, options: EvaluationOptions
) -> CaseEvaluation:
    """Compare what was read (see `evaluate_case`)."""
    # Surfaces are only made of bones that are measured, or have a centreline.
    wanted = (
        inputs.labels
        if options.measurements
        else [i for i in inputs.labels if label_by_id(i).group == "ribs"]
    )
    names = tuple(label_by_id(i).name for i in wanted)
    found, true = (
        bones_from_labels(volume.labels, volume.affine, names)
        for volume in (inputs.own_prediction, inputs.own_truth)
    )
    compared = evaluate_volumes(
        inputs.prediction,
        inputs.truth,
        inputs.affine,
        inputs.labels,
        options.tolerances_mm,
        line_scores(found, true),
        inputs.voxels,
    )
    return CaseEvaluation(
        case=options.case or case_name(Path(prediction)),
        prediction=str(prediction),
        truth=str(truth),
        scheme=inputs.scheme.name,
        spacing_mm=tuple(float(size) for size in voxel_spacing_mm(inputs.affine)),
        annotated_groups=inputs.groups,
        **{name: getattr(compared, name) for name in ("labels", "groups", "foreground", "paper")},
        measurements=measured_pairs(found, true, inputs.groups) if options.measurements else (),
        notes=inputs.notes,
        placing=inputs.placing,
    )


def case_name(path: Path) -> str:
    """Return the name of a case: that of its file without its ending, or of its folder."""
    name = path.resolve().name
    ending = next((ending for ending in _ENDINGS if name.lower().endswith(ending)), "")
    return name[: len(name) - len(ending)] or name
