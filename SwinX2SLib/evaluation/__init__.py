"""Evaluation against CT truth."""

from SwinX2SLib.evaluation.case import CaseEvaluation
from SwinX2SLib.evaluation.evaluate import evaluate_case
from SwinX2SLib.evaluation.metrics import OverlapScores, score_overlap
from SwinX2SLib.evaluation.options import EvaluationOptions
from SwinX2SLib.evaluation.volumes import VolumeEvaluation, evaluate_volumes

__all__ = [
    "CaseEvaluation",
    "EvaluationOptions",
    "OverlapScores",
    "VolumeEvaluation",
    "evaluate_case",
    "evaluate_volumes",
    "score_overlap",
]
