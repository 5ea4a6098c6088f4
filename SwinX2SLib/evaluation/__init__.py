"""Evaluation against CT truth."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    """Load a name when it is first used; the panel reads stored evaluations before anything is installed."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
