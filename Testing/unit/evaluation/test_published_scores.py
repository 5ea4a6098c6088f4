"""The scores of the published predictions, which fix the definitions of the metrics."""

import json
from pathlib import Path

import numpy as np
import pytest

from SwinX2SLib.evaluation import evaluate_volumes
from SwinX2SLib.measurements.reading import read_subject

pytestmark = pytest.mark.slow

CASES = ("x2s_s0561", "x2s_0646", "x2s_0243", "x2s_0532", "x2s_verse081", "x2s_verse083")


@pytest.mark.parametrize("case", CASES)
def test_published_scores_are_reproduced(shared_data, case):
    """Dice to 0.05 points, Hausdorff 95 and localisation error to 0.3 mm, identification rate as printed."""
    published = json.loads((shared_data / "reference" / "published_case_scores.json").read_text())["cases"][
        case
    ]
    truth = read_subject(shared_data / "anatomy" / "volumes" / case / "labels.nii.gz").volume
    paths = {
        method: shared_data / "reference" / "predictions" / case / f"{method}.nii.gz" for method in published
    }
    given = {method: path for method, path in paths.items() if path.is_file()}
    assert given
    for method, path in given.items():
        assert tuple(published[method]["grid"]) == truth.labels.shape
        compare(path, truth, published[method])


def compare(path: Path, truth, published: dict) -> None:
    prediction = read_subject(path).volume
    np.testing.assert_allclose(prediction.affine, truth.affine, atol=0.01)
    foreground = evaluate_volumes(prediction.labels, truth.labels, truth.affine, range(1, 55)).foreground
    assert foreground.labels == published["labels"]
    assert 100 * foreground.dice == pytest.approx(published["dice_percent"], abs=0.05)
    assert foreground.hausdorff95_mm == pytest.approx(published["hd95_mm"], abs=0.3)
    assert foreground.localisation_error_mm == pytest.approx(published["l_error_mm"], abs=0.3)
    assert round(100 * foreground.identification_rate, 1) == published["id_rate_percent"]
