"""Cases for training and evaluation."""

from SwinX2SLib.datasets.cases import Case, RadiographPair, load_case_list

__all__ = ["Case", "RadiographPair", "load_case_list"]
