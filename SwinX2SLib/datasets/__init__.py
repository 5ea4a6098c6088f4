"""Cases for training and evaluation."""

from SwinX2SLib.datasets.case_list import load_case_list
from SwinX2SLib.datasets.cases import Case, RadiographPair

__all__ = ["Case", "RadiographPair", "load_case_list"]
