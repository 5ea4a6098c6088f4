"""What a cohort of evaluated cases says, and how surely: intervals, paired tests, agreement, correlation.

Everything is clustered by person: bones, sides and repeated scans of one person are not independent of each other.
"""

from SwinX2SLib.evaluation.statistics.comparisons import (
    Agreement,
    Comparison,
    agreement,
    compare,
    holm,
    regression_band,
    spearman,
)
from SwinX2SLib.evaluation.statistics.intervals import Estimate, clustered_estimate, mean_estimate
from SwinX2SLib.evaluation.statistics.scores import (
    Metric,
    Tally,
    by_person,
    metrics_of,
    paired_by_person,
    person_of,
    tally,
)

__all__ = [
    "Agreement",
    "Comparison",
    "Estimate",
    "Metric",
    "Tally",
    "agreement",
    "by_person",
    "clustered_estimate",
    "compare",
    "holm",
    "mean_estimate",
    "metrics_of",
    "paired_by_person",
    "person_of",
    "regression_band",
    "spearman",
    "tally",
]
