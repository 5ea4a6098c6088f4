"""Sign-off: who has looked at the measurements, when, and whether anything was changed since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


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
    """Return the state of the review, in words."""
    if review is None:
        return "Not reviewed"
    date = review.date.replace("T", " ")
    if holds(review, digest):
        return f"Reviewed by {review.name} on {date}"
    return f"Not reviewed: changed since {review.name} signed on {date}"
