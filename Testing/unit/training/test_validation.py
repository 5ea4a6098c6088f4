import pytest
import torch

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.datasets import load_case_list
from SwinX2SLib.reconstruct.reconstructor import Reconstructor
from SwinX2SLib.reconstruct.scoring import score_cases
from SwinX2SLib.training.data import BatchDataset
from SwinX2SLib.training.validation import Validator, selection_score

CPU = torch.device("cpu")


class Oracle(torch.nn.Module):
    """Knows the labels of each pair of radiographs, and calls the left femur the right one if told to."""

    def __init__(self, samples, mistaken: bool = False):
        super().__init__()
        self.samples, self.mistaken = samples, mistaken
        self.grid_shape = tuple(samples[0].labels.shape)

    def reconstruct_logits(self, coronal, sagittal):
        sample = next(s for s in self.samples if torch.equal(s.coronal, coronal[0, 0]))
        labels = sample.labels.long()
        if self.mistaken:
            labels = torch.where(labels == 53, 54, labels)
        return torch.nn.functional.one_hot(labels, CLASS_COUNT).movedim(-1, 0)[None] * 30.0


def test_the_truth_scores_one_and_a_mistaken_side_lowers_only_its_group(three_bones):
    validator = Validator(three_bones, 3, [], CPU)
    right = validator(Oracle(validator.samples))
    assert right == {"synthetic": {"mean": 1.0, "pelvis": 1.0, "femur": 1.0}}
    mistaken = validator(Oracle(validator.samples, mistaken=True))["synthetic"]
    assert mistaken["pelvis"] == 1
    assert mistaken["femur"] < 0.6
    assert mistaken["femur"] < mistaken["mean"] < 1


def test_the_samples_are_always_the_same_and_none_of_the_training(three_bones):
    first, second = (Validator(three_bones, 2, [], CPU).samples for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one.coronal, other.coronal)
    for seed in (0, 1):
        drawn = BatchDataset(three_bones, 2, seed)[0].coronal[:, 0]
        assert not any(torch.equal(radiograph, sample.coronal) for radiograph in drawn for sample in first)


def test_weights_are_chosen_by_the_published_cases_where_there_are_any():
    synthetic = {"synthetic": {"mean": 0.4}}
    assert selection_score(synthetic) == 0.4
    assert selection_score({**synthetic, "published": {"mean": 0.1}}) == 0.1


@pytest.mark.slow
def test_published_cases_score_as_the_command_score_says(shared_data, three_bones):
    listed = load_case_list(shared_data / "anatomy" / "manifest.json")
    cases = [case for case in listed if case.name == "x2s_0243"]
    reconstructor = Reconstructor("default", "cpu")
    # A network in training is scored alone, without what its record will ask for.
    reconstructor.disc_finder = reconstructor.bone_namer = None
    result = Validator(three_bones, 1, cases, CPU)(reconstructor.model)
    (name, scores), *_ = score_cases(reconstructor, cases)
    assert result["cases"] == {name: pytest.approx(scores.foreground.dice, abs=1e-4)}
    assert result["published"]["pelvis"] == pytest.approx(scores.dice_means()["pelvis"], abs=1e-4)
