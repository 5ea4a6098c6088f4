"""Reading radiographs: formats, spacing and its provenance, orientation, normalisation, pairs, the network's grid.

A radiograph, once read, is a float32 array `pixels[row, col]` in 0..1 with bone bright, in standard display
orientation: rows run superior -> inferior; columns of a frontal radiograph run patient right -> left, those of a
lateral radiograph anterior -> posterior.
"""

from SwinX2SLib.radiographs.checks import check_pair
from SwinX2SLib.radiographs.pair import read_radiographs
from SwinX2SLib.radiographs.radiograph import Crop, Radiograph, RadiographOptions
from SwinX2SLib.radiographs.reading import examine_pair, read_pair, read_radiograph
from SwinX2SLib.radiographs.registration import PreparedPair, prepare_pair

__all__ = [
    "Crop",
    "PreparedPair",
    "Radiograph",
    "RadiographOptions",
    "check_pair",
    "examine_pair",
    "prepare_pair",
    "read_pair",
    "read_radiograph",
    "read_radiographs",
]
