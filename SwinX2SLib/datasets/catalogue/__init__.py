"""The nine data sets of the paper."""

from SwinX2SLib.datasets.catalogue.ctpelvic1k import CTPELVIC1K
from SwinX2SLib.datasets.catalogue.ctspine1k import CTSPINE1K
from SwinX2SLib.datasets.catalogue.ribseg_v2 import RIBSEG_V2
from SwinX2SLib.datasets.catalogue.totalsegmentator import TOTALSEGMENTATOR
from SwinX2SLib.datasets.catalogue.verse19 import VERSE19
from SwinX2SLib.datasets.dataset import DataSet

# In the order of the paper's Table 2, the union last.
DATASETS: dict[str, DataSet] = {
    data_set.name: data_set
    for data_set in (
        TOTALSEGMENTATOR["femur"],
        TOTALSEGMENTATOR["pelvic"],
        CTPELVIC1K,
        TOTALSEGMENTATOR["spine"],
        CTSPINE1K,
        VERSE19,
        TOTALSEGMENTATOR["rib"],
        RIBSEG_V2,
        TOTALSEGMENTATOR["all"],
    )
}

__all__ = ["DATASETS"]
