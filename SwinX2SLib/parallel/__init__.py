"""Many independent tasks: in parallel, on this machine or a cluster, to be resumed after any kind of end."""

from SwinX2SLib.parallel.progress import ConsoleProgress
from SwinX2SLib.parallel.records import RUN_AGAIN
from SwinX2SLib.parallel.resumable import run_resumable
from SwinX2SLib.parallel.tasks import Failure, Outcome, Task

__all__ = ["RUN_AGAIN", "ConsoleProgress", "Failure", "Outcome", "Task", "run_resumable"]
