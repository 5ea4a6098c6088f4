"""Many pairs of films: from a table or a folder, one bad pair does not stop the rest, and any end can be resumed."""

from SwinX2SLib.inference.batch.cases import BatchCase
from SwinX2SLib.inference.batch.folder import read_folder
from SwinX2SLib.inference.batch.run import BatchResult, run_batch
from SwinX2SLib.inference.batch.table import read_batch_table

__all__ = ["BatchCase", "BatchResult", "read_batch_table", "read_folder", "run_batch"]
