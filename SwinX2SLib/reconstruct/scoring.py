"""Reconstruct the radiographs of a case list and compare with its CT truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from SwinX2SLib.datasets import Case
    from SwinX2SLib.evaluation import VolumeEvaluation
    from SwinX2SLib.reconstruct.reconstruction import Reconstruction
    from SwinX2SLib.reconstruct.reconstructor import Reconstructor


def score_cases(
    reconstructor: Reconstructor, cases: Sequence[Case]
) -> Iterator[tuple[str, VolumeEvaluation]]:
    """Yield name and scores of each case; bones of groups that that are not annotated are not compared.

    The reconstruction is brought onto the truth's grid, centre on centre: published radiographs are pixel-aligned
    with their label grid, and radiographs carry no patient position.
    """
    from SwinX2SLib.anatomy import label_ids
    from SwinX2SLib.evaluation import evaluate_volumes
    from SwinX2SLib.geometry.resampling import resample_labels
    from SwinX2SLib.label_maps import OURS
    from SwinX2SLib.measurements.reading import ReadOptions, read_subject

    for case in cases:
        found = reconstruct_case(reconstructor, case)
        truth = read_subject(case.folder / "labels.nii.gz", ReadOptions(scheme=OURS)).volume
        if truth is None:
            raise ValueError(f"The case {case.name} has no label volume.")
        prediction = resample_labels(
            found.labels, found.affine, truth.labels.shape, truth.affine, align_centres=True
        )
        compared = [label for group in case.annotated for label in label_ids(group)]
        yield case.name, evaluate_volumes(prediction, truth.labels, truth.affine, compared)


def reconstruct_case(reconstructor: Reconstructor, case: Case) -> Reconstruction:
    """Reconstruct the radiographs of a case, which must have some."""
    from SwinX2SLib.radiographs import RadiographOptions, read_pair

    radiographs = case.radiographs
    if radiographs is None:
        raise ValueError(f"The case {case.name} has no radiographs.")
    pair = read_pair(
        radiographs.coronal,
        radiographs.sagittal,
        RadiographOptions(spacing_mm=radiographs.spacing_mm),
        RadiographOptions(spacing_mm=radiographs.spacing_mm, flip="h"),
    )
    return reconstructor.reconstruct(*pair)
