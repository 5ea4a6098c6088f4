"""What the section Batch keeps in the scene."""

from __future__ import annotations

from typing import Annotated

from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

from SwinX2SLib.slicerui.parameters import DEFAULT_MODEL, FROM_FILM_MM, LARGEST_PIXEL_MM


@parameterNodeWrapper
class BatchParameters:
    """State of the section Batch.

    Attributes:
        batch_source: table or folder of films, "" for none.
        batch_out: folder of the results, "" for none.
        batch_spacing_mm: size of a pixel at the patient of films that the table says nothing of [mm]; 0 takes what
            the films say.
        batch_model: name of a model of `Resources/models.json`, or "default".
        batch_measure: whether every case is measured, too.
    """

    batch_source: str = ""
    batch_out: str = ""
    batch_spacing_mm: Annotated[float, WithinRange(FROM_FILM_MM, LARGEST_PIXEL_MM)] = FROM_FILM_MM
    batch_model: str = DEFAULT_MODEL
    batch_measure: bool = False
