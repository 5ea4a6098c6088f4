"""The bones of one person from whatever a program has: a file, a folder, a reconstruction, arrays."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.label_arrays import ARRAY, LabelArrays, LabelledVolume, label_volume
from SwinX2SLib.label_maps import OURS
from SwinX2SLib.measurements.reading import ReadOptions, SubjectBones, in_our_labels, read_subject

BonesSource = str | Path | LabelArrays
"""A path (see `reading.read_subject`), an object with `labels` and `affine`, or the pair of both."""
_DEFAULT = ReadOptions()


def subject_of(source: BonesSource, options: ReadOptions = _DEFAULT) -> SubjectBones:
    """Return the bones of one person.

    Args:
        source: path of a label volume, of meshes or of a result; an object with `labels` and `affine`; or the pair.
        options: how to read.

    Raises:
        InputError: it cannot be used; with all faults.
    """
    if isinstance(source, str | os.PathLike):
        return read_subject(Path(source), options)
    if options.scheme is None and isinstance(source, LabelledVolume):
        # By its contract these are our labels.
        options = replace(options, scheme=OURS)
    volume, scheme = in_our_labels(partial(label_volume, source), options)
    digest = hashlib.sha256(np.ascontiguousarray(volume.labels).tobytes() + volume.affine.tobytes())
    subject = SubjectBones(ARRAY, digest.hexdigest(), volume, None, volume.notes, scheme)
    if subject.is_empty and not options.allow_empty:
        message = "It has no bones."
        raise InputError([Fault("no-bones", message, "Check the labels.", str(ARRAY))])
    return subject


def path_of(source: BonesSource) -> Path:
    """Return the path of a source, or what stands for it in faults and records of arrays."""
    return Path(source) if isinstance(source, str | os.PathLike) else ARRAY
