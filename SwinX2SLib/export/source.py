"""What is exported: labelled bones, and what is known of the radiographs they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.provenance import FILE, read_provenance
from SwinX2SLib.measurements.reading import ReadOptions
from SwinX2SLib.measurements.sources import BonesSource, path_of, subject_of
from SwinX2SLib.reconstruct.verdict import KEY, Verdict


@dataclass(frozen=True, eq=False)
class ExportSource:
    """Bones to export.

    Attributes:
        labels: uint8 `(I, J, K)`, ids of `anatomy`, any order of axes.
        affine: 4x4, index -> RAS mm.
        title: of the person or the result, for headers.
        sha256: of the file that was read.
        radiographs: files of the radiographs by role (`ap`, `lateral`), where they are known.
        film_hashes: SHA-256 of the radiographs as they were reconstructed, where that is known.
        notes: what a reader of the export must know, in sentences.
        verdict: how far the bones are to be relied on; None where nothing says so.
    """

    labels: np.ndarray
    affine: np.ndarray
    title: str = "SwinX2S bones"
    sha256: str = ""
    radiographs: Mapping[str, Path] = field(default_factory=dict)
    radiograph_hashes: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    verdict: Verdict | None = None


def read_source(
    source: BonesSource,
    title: str = "",
    radiographs: Mapping[str, Path] | None = None,
    ignore_unknown: bool = False,
    scheme: str | Path | None = None,
) -> ExportSource:
    """Read a result folder, or a file with labelled bones.

    Args:
        source: folder of `swinx2s reconstruct`, `.nii.gz`, `.nrrd` or `.seg.nrrd`; or arrays.
        title: instead of the path's name.
        radiographs: files of radiographs by role, instead of those that the result's provenance names.
        ignore_unknown: whether labels that are no bone are left out instead of being a fault.
        scheme: label numbering (see `measurements.reading.ReadOptions`).

    Raises:
        InputError: it cannot be read, holds no bone, or holds meshes alone.
    """
    options = ReadOptions(ignore_unknown=ignore_unknown, scheme=scheme)
    subject, path = subject_of(source, options), path_of(source)
    if subject.volume is None:
        hint = "Use a label volume or a segmentation; meshes can be converted with other programs."
        raise InputError([Fault("not-a-volume", "The file has meshes, not a label volume.", hint, str(path))])
    provenance = _provenance(path)
    recorded = _radiographs_of(provenance)
    stem = path.name.removesuffix(".gz").removesuffix(".nrrd").removesuffix(".seg").removesuffix(".nii")
    return ExportSource(
        labels=subject.volume.labels,
        affine=subject.volume.affine,
        title=title or stem or "SwinX2S bones",
        sha256=subject.sha256,
        radiographs=radiographs
        or {
            role: Path(radiograph["path"]) for role, radiograph in recorded.items() if radiograph.get("path")
        },
        radiograph_hashes={}
        if radiographs
        else {role: radiograph.get("sha256", "") for role, radiograph in recorded.items()},
        notes=subject.notes,
        verdict=Verdict.from_json(provenance.get(KEY)),
    )


def _provenance(path: Path) -> Mapping[str, Any]:
    """Return what stands beside a result; segmentations of other programs have none."""
    file = (path if path.is_dir() else path.parent) / FILE
    if not file.is_file():
        return {}
    return read_provenance(file)


def _radiographs_of(provenance: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    inputs = provenance.get("inputs", {})
    return {role: inputs[role] for role in ("ap", "lateral") if role in inputs}
