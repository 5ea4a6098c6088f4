"""`provenance.json` of a result: read and checked in one place, so that its readers find what they expect.

`reconstruct.reconstruction.describe` writes it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.json_files import read_json

FILE = "provenance.json"
# Keys in version 0.1.
_RENAMED = {
    "film_check": "orientation_check",
    "shape_likeness": "shape_similarity",
    "removed_voxels": "removed_component_voxels",
}
_HINT = "Reconstruct again."
_MOST_PIXELS, _LARGEST_MM, _MOST_NAMED = 1_000_000, 1e4, 8


def read_provenance(path: Path, required: Collection[str] = ()) -> dict[str, Any]:
    """Read a `provenance.json`; keys of version 0.1 are renamed.

    Args:
        path: of the file.
        required: entries that must be there, as `grid.shape`.

    Returns:
        The record. Those entries of it that are used here have the types that `describe` writes.

    Raises:
        InputError: the file cannot be read (`result-unreadable`), or lacks entries (`provenance-incomplete`); with
            all problems.
    """
    try:
        stored = read_json(path)
        if not isinstance(stored, dict):
            raise ValueError("it is not a JSON object")
    except (OSError, ValueError) as error:
        message = f"The file cannot be read ({error})."
        raise InputError([Fault("result-unreadable", message, _HINT, str(path))]) from error
    provenance: dict[str, Any] = {_RENAMED.get(str(name), str(name)): value for name, value in stored.items()}
    if wrong := list(_wrong(provenance, _KINDS, "")):
        listed = "; ".join(wrong[:_MOST_NAMED]) + (" and more" if len(wrong) > _MOST_NAMED else "")
        message = f"The file cannot be read ({listed})."
        raise InputError([Fault("result-unreadable", message, _HINT, str(path))])
    if missing := list(dict.fromkeys(filter(None, (_absent(provenance, name) for name in required)))):
        raise InputError(
            [
                Fault("provenance-incomplete", f"{path.name} has no entry {name!r}.", _HINT, str(path))
                for name in missing
            ]
        )
    check = provenance.get("orientation_check")
    if check and "doubt" in check:
        provenance["orientation_check"] = {**check, "warning": check["doubt"]}
    return provenance


VIEWS = "views"
"""Entry: the roles of the radiographs that were used, `ap` and `lateral`; absent before there were single ones."""
# Files of a result that hold its bones.
_BONES = ("labels.nii.gz", "segmentation.seg.nrrd")


def is_frontal_only(path: Path) -> bool:
    """Return whether bones come from a frontal radiograph alone, which does not show depths.

    Args:
        path: folder of a result, its bones, or anything else.
    """
    folder = path if path.is_dir() else path.parent
    if not (path.is_dir() or path.name in _BONES) or not (folder / FILE).is_file():
        return False
    try:
        return read_provenance(folder / FILE).get(VIEWS) == ["ap"]
    except InputError:
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_text_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST_PIXELS


def _is_length(value: Any) -> bool:
    return _is_number(value) and 0 < value <= _LARGEST_MM


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_shape(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(map(_is_count, value))


def _is_affine(value: Any) -> bool:
    rows = value if isinstance(value, list) else []
    return len(rows) == 4 and all(
        isinstance(row, list) and len(row) == 4 and all(map(_is_number, row)) for row in rows
    )


def _is_numbers_by_name(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_number, value.values()))


_VERDICTS = ("believe", "look", "reject")


def is_verdict(value: Any) -> bool:
    """Return whether a JSON value is a verdict on a result and its bones (`reconstruct.verdict`), or None."""
    if value is None:
        return True
    bones = value.get("bones") if isinstance(value, dict) else None
    return (
        isinstance(bones, dict)
        and value.get("whole") in _VERDICTS
        and all(_is_text(value.get(name, "")) for name in ("calibrated_for", "reason"))
        and all(
            isinstance(one, dict)
            and one.get("verdict") in _VERDICTS
            and _is_number(one.get("probability"))
            and 0 <= one["probability"] <= 1
            for one in bones.values()
        )
    )


_RADIOGRAPH: Mapping[str, Any] = {
    "path": _is_text_or_none,
    "sha256": _is_text,
    "view": lambda value: value in ("ap", "pa", "lateral"),
    "pixels": {"rows": _is_count, "columns": _is_count},
    "spacing_mm": {"row": _is_length, "column": _is_length},
    "source_to_detector_mm": _is_length,
    "source_to_isocentre_mm": _is_length,
    "central_ray_px": {"row": _is_number, "column": _is_number},
    "notes": _is_texts,
}
# Entries that are used, each with what it must be; None stands for an object that is absent.
_KINDS: Mapping[str, Any] = {
    "program": {"name": _is_text, "version": _is_text},
    "created": _is_text,
    "inputs": {"ap": _RADIOGRAPH, "lateral": _RADIOGRAPH},
    "orientation_check": {"warning": _is_text, "doubt": _is_text},
    "pair_check": {"warning": _is_text},
    "model": {"name": _is_text, "sha256": _is_text},
    "ct": {"name": _is_text, "sha256": _is_text, "remark": _is_text},
    "grid": {"shape": _is_shape, "spacing_mm": _is_length, "affine_ras_mm": _is_affine},
    "device": _is_text,
    "precision": _is_text,
    "seconds": {"total": _is_number},
    "verdict": is_verdict,
    "expected_dice": _is_numbers_by_name,
    "position_error_mm": _is_numbers_by_name,
    "depth_error_mm": _is_numbers_by_name,
    "remarks": _is_texts,
    VIEWS: _is_texts,
    "shape_similarity": _is_numbers_by_name,
    "disc_shifts_mm": _is_numbers_by_name,
    "femur_shifts_mm": _is_numbers_by_name,
}
_MAY_BE_NONE = ("orientation_check", "pair_check", "central_ray_px")


def _wrong(values: Any, kinds: Mapping[str, Any], where: str) -> Iterator[str]:
    """Yield which entries are not what they must be."""
    for name, kind in kinds.items():
        if name not in values:
            continue
        value, place = values[name], f"{where}{name}"
        if isinstance(kind, Mapping):
            if isinstance(value, dict):
                yield from _wrong(value, kind, f"{place}.")
            elif value is not None or name not in _MAY_BE_NONE:
                yield f"{place} is no object"
        elif not kind(value):
            yield f"{place} has an invalid value"


def _absent(provenance: Mapping[str, Any], name: str) -> str:
    """Return the outermost entry that is absent on the way to `name`, or ""."""
    values, parts = provenance, name.split(".")
    for depth, part in enumerate(parts, start=1):
        if values.get(part) is None:
            return ".".join(parts[:depth])
        values = values[part]
    return ""
