"""Speed and memory of the main jobs on this machine: `make bench`.

Each figure is the median of several runs; memory is the peak of a fresh child process.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.geometry.frames import voxel_spacing_mm
from SwinX2SLib.phantom import PhantomParameters, build_phantom
from SwinX2SLib.resources import resource_path

REPEATS = 3


def main() -> None:
    """Run every benchmark and print one line for each figure."""
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    for name, value in (*reconstruction(), *phantom(), *synthesis()):
        print(f"{name:<60} {value}")


def reconstruction() -> list[tuple[str, str]]:
    """Time and peak memory of `swinx2s reconstruct` on the phantom's radiographs, start-up included."""
    radiographs = json.loads(resource_path("Demo", "phantom.json").read_text(encoding="utf-8"))["views"]
    paths = [str(resource_path("Demo", radiographs[view]["file"])) for view in ("ap", "lateral")]
    spacing = ",".join(str(radiographs[view]["spacing_mm"]) for view in ("ap", "lateral"))
    seconds, peaks, network = [], [], []
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "SwinX2SLib", "reconstruct", *paths, "--spacing-mm", spacing]
            elapsed, peak = _watch([*command, "--out", f"{folder}/out"])
            provenance = json.loads((Path(folder) / "out" / "provenance.json").read_text(encoding="utf-8"))
        seconds.append(elapsed)
        peaks.append(peak)
        network.append(provenance["seconds"]["network"])
    return [
        ("reconstruct, whole command [s]", f"{statistics.median(seconds):.2f}"),
        ("reconstruct, network alone [s]", f"{statistics.median(network):.2f}"),
        ("reconstruct, peak memory [MiB]", f"{max(peaks) / 2**20:.0f}"),
    ]


def phantom() -> list[tuple[str, str]]:
    """Time to build the default phantom at 3 mm."""
    return [("phantom at 3 mm [s]", f"{_median(lambda: build_phantom(PhantomParameters(), 3.0)):.2f}")]


def synthesis() -> list[tuple[str, str]]:
    """Training samples drawn each second on one thread, on the processor and, where there is one, on a GPU."""
    import torch

    torch.set_num_threads(1)
    devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    return [
        (f"synthesis: samples/s on one thread, {name.upper()}", _draws_per_second(name)) for name in devices
    ]


def _draws_per_second(device: str) -> str:
    """Samples of a phantom at 96x96x128, radiographs brought to the processor."""
    from SwinX2SLib.training.synthesis import Synthesiser

    made, known = build_phantom(PhantomParameters(), 3.0), np.ones(CLASS_COUNT, dtype=bool)
    synthesiser, rng = Synthesiser((96, 96, 128), device=device), np.random.default_rng(0)
    synthesiser.add_volume(made.labels, voxel_spacing_mm(made.affine), known, 1.0)
    seconds = _median(lambda: [synthesiser.draw(rng).coronal.cpu() for _ in range(20)]) / 20
    return f"{1 / seconds:.1f}"


def _median(work) -> float:
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _watch(command: list[str]) -> tuple[float, int]:
    """Run a command; return its seconds and the peak of its resident memory [bytes]."""
    started, peak = time.perf_counter(), 0
    with tempfile.TemporaryFile() as errors:
        process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        while process.poll() is None:
            try:
                tree = [process, *process.children(recursive=True)]
                peak = max(peak, sum(p.memory_info().rss for p in tree))
            except psutil.NoSuchProcess:
                pass
            time.sleep(0.02)
        if process.returncode:
            errors.seek(0)
            raise SystemExit(errors.read().decode())
    return time.perf_counter() - started, peak


if __name__ == "__main__":
    main()
