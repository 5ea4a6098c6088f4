"""Evaluation against CT truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from SwinX2SLib.lazy import lazy_names

if TYPE_CHECKING:
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
_HOMES = {
    "CaseEvaluation": "case",
    "evaluate_case": "evaluate",
    "OverlapScores": "metrics",
    "score_overlap": "metrics",
    "EvaluationOptions": "options",
    "VolumeEvaluation": "volumes",
    "evaluate_volumes": "volumes",
}
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
