"""Ending a process and everything that it started."""

from __future__ import annotations

import psutil


def end_process_tree(process_id: int) -> None:
    """Kill a process and all its descendants at once.

    The root is Slicer's launcher (PythonSlicer), which leaves the real interpreter alive when it is killed alone; the
    interpreter may have workers of its own. Each process is stopped before its children are listed, so that none can
    start another while the list is made.

    Args:
        process_id: the root; nothing happens when it has ended already, or (0) was never there.
    """
    if process_id <= 0:
        return
    try:
        pending = [psutil.Process(process_id)]
    except psutil.NoSuchProcess:
        return
    stopped = []
    while pending:
        process = pending.pop()
        try:
            process.suspend()
            pending.extend(process.children())
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied:
            # It cannot be stopped first; killing it may still be allowed.
            pass
        stopped.append(process)
    for process in stopped:
        try:
            process.kill()
        except psutil.Error:
            continue
