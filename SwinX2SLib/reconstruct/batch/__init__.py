"""Many pairs of films: from a table or a folder, one bad pair does not stop the rest, and any end can be resumed."""

from SwinX2SLib.reconstruct.batch.cases import BatchCase, read_batch_table
from SwinX2SLib.reconstruct.batch.folder import read_folder
from SwinX2SLib.reconstruct.batch.run import BatchResult, run_batch

__all__ = ["BatchCase", "BatchResult", "read_batch_table", "read_folder", "run_batch"]
