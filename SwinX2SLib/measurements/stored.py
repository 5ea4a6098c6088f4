"""Stored measurements, and what a reviewer made of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.json_files import parse_json
from SwinX2SLib.measurements.results import Axis, Curve, Landmark, Measurement, Plane

SCHEMA_NAME, SCHEMA_VERSION = "swinx2s-measurements", 1
_HINT = "Use a measurements.json written by swinx2s measure."
_BUILT_IN = (LookupError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True, eq=False)
class StoredMeasurement:
    """One measurement of a document.

    Attributes:
        region: one of `person.REGIONS`.
        computed: as it was measured.
        usual: least and most that is usual between adults, or None.
    """

    region: str
    computed: Measurement
    usual: tuple[float, float] | None


@dataclass(frozen=True, eq=False)
class MeasuredDocument:
    """What a `measurements.json` says.

    Attributes:
        measurements: in the order of the document.
        content: the whole document, plain values.
    """

    measurements: Sequence[StoredMeasurement]
    content: Mapping[str, Any]


def measured_document(text: str) -> MeasuredDocument:
    """Return the measurements of a document.

    Raises:
        InputError: it is no such document, or of a version that this program does not know.
    """
    try:
        content = parse_json(text)
    except ValueError as error:
        raise _refused("not-measurements", "The file is not a measurements document.") from error
    return measured_content(content)


def measured_content(content: Mapping[str, Any]) -> MeasuredDocument:
    """Return the measurements of a document that was parsed already; see `measured_document`."""
    try:
        schema = content["schema"]
        name, version = schema["name"], schema["version"]
    except _BUILT_IN as error:
        raise _refused("not-measurements", "The file is not a measurements document.") from error
    if name != SCHEMA_NAME or version != SCHEMA_VERSION:
        message = (
            f"The document has format {name} {version}; this version reads {SCHEMA_NAME} {SCHEMA_VERSION}."
        )
        raise _refused("unknown-version", message)
    try:
        return MeasuredDocument([_stored(entry) for entry in content["measurements"]], content)
    except _BUILT_IN as error:
        raise _refused(
            "measurements-broken", f"A measurement of the document is invalid ({error})."
        ) from error


def _refused(kind: str, message: str) -> InputError:
    return InputError([Fault(kind, message, _HINT)])


def _stored(entry: Mapping[str, Any]) -> StoredMeasurement:
    marks = [item for kind in ("landmarks", "axes", "planes", "curves") for item in entry[kind]]
    texts = [entry[key] for key in ("region", "name", "structure", "unit", "quality")]
    texts += [*entry["reasons"], *(item["name"] for item in marks), entry["side"] or ""]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("a name is no text")
    interval, usual = entry["interval"], entry["reference_range"]
    computed = Measurement(
        entry["name"],
        entry["structure"],
        entry["side"],
        entry["value"],
        entry["unit"],
        landmarks=tuple(Landmark(**item) for item in entry["landmarks"]),
        axes=tuple(Axis(**item) for item in entry["axes"]),
        planes=tuple(Plane(**item) for item in entry["planes"]),
        curves=tuple(Curve(**item) for item in entry["curves"]),
        quality=entry["quality"],
        reasons=tuple(entry["reasons"]),
        interval=None if interval is None else (float(interval[0]), float(interval[1])),
    )
    return StoredMeasurement(
        entry["region"], computed, None if usual is None else (float(usual[0]), float(usual[1]))
    )


@dataclass(frozen=True)
class Review:
    """A person's word that the measurements were reviewed.

    Attributes:
        name: of the person.
        date: when, ISO 8601 with the time zone.
        digest: of the measurements and edits that were seen, see `digest_of`.
    """

    name: str
    date: str
    digest: str

    def to_dict(self) -> dict[str, str]:
        """Return plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any] | None) -> Review | None:
        """Return a review, or None where there is none or it is no whole one."""
        if not values or not all(isinstance(values.get(name), str) for name in ("name", "date", "digest")):
            return None
        return cls(values["name"], values["date"], values["digest"])


def measured_digest(measurements: Any) -> str:
    """Return what tells the measurements of a document (plain values) from all others."""
    return _sha256(measurements)


def digest_of(measured: str, edits: Mapping[str, Any]) -> str:
    """Return what tells measurements with these edits from all others.

    Args:
        measured: of `measured_digest`.
        edits: as `EditableMeasurements.edits`.
    """
    return _sha256([measured, {key: list(edits[key]) for key in edits}])


def _sha256(values: Any) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode("utf-8")).hexdigest()


def holds(review: Review | None, digest: str) -> bool:
    """Return whether a review is of just these measurements."""
    return review is not None and review.digest == digest


def review_words(review: Review | None, digest: str) -> str:
    """Return the state of the review, as text."""
    if review is None:
        return "Not reviewed"
    date = review.date.replace("T", " ")
    if holds(review, digest):
        return f"Reviewed by {review.name} on {date}"
    return f"Not reviewed: changed since {review.name} signed on {date}"
