"""What a worker does; it loads little more than that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from SwinX2SLib.evaluation.evaluate import evaluate_case
from SwinX2SLib.evaluation.options import EvaluationOptions


def evaluate_row(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluate one case; runs in a worker.

    Returns:
        The case document, with model, dataset and person where the table names them, and how the prediction was read
        and placed, so that it can be drawn as it was compared.

    Raises:
        InputError: all faults of its files.
    """
    options = dict(payload["options"])
    for name in ("groups", "tolerances_mm"):
        options[name] = None if options[name] is None else tuple(options[name])
    evaluation = evaluate_case(payload["prediction"], payload["truth"], EvaluationOptions(**options))
    placed = {name: str(options[name] or "") for name in ("scheme", "prediction_scheme", "align")}
    return {**evaluation.as_dict(), **payload["names"], "options": placed}
