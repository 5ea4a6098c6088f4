"""Synthesis: a deformed person and a pair of randomised radiographs, made on the fly from a label map or a CT."""

from SwinX2SLib.training.synthesis.sample import Sample, Synthesiser

__all__ = ["Sample", "Synthesiser"]
