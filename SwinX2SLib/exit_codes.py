"""Exit codes of commands, and what they mean."""

from __future__ import annotations

DONE, UNEXPECTED, USAGE, INPUT, MODEL, RESOURCES, SOME_FAILED, CANCELLED = 0, 1, 2, 3, 4, 5, 6, 130
EXIT_CODES = {
    DONE: "done",
    UNEXPECTED: "something unexpected; a log file is named",
    USAGE: "the command line is wrong",
    INPUT: "the inputs have faults; all are listed",
    MODEL: "the model or its weights cannot be used",
    RESOURCES: "out of memory or disk, or the device is absent",
    CANCELLED: "cancelled; nothing was written",
}
# Of commands that load no network.
PLAIN_EXIT_CODES = {**EXIT_CODES, RESOURCES: "out of memory or disk"}
del PLAIN_EXIT_CODES[MODEL]
KEPT_WORDS = "Stopped. What is finished is kept; the same command goes on from there."
CANCELLED_WORDS = "Cancelled; nothing was written."
