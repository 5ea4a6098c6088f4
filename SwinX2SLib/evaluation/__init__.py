"""Evaluation against CT truth."""

from SwinX2SLib.evaluation.overlap import OverlapScores, score_overlap

__all__ = ["OverlapScores", "score_overlap"]
