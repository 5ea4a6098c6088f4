"""Many independent tasks: in parallel, on this machine or a cluster, to be resumed after any kind of end."""

from SwinX2SLib.parallel.progress import ConsoleProgress
from SwinX2SLib.parallel.records import write_whole
from SwinX2SLib.parallel.resumable import run_resumable
from SwinX2SLib.parallel.tasks import Failure, Outcome, Task

__all__ = ["ConsoleProgress", "Failure", "Outcome", "Task", "run_resumable", "write_whole"]
