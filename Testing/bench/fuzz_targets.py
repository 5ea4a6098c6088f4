"""Every reader of files and every command of `swinx2s`, as functions of a folder whose files are damaged."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from fuzz_seeds import AFFINE, SHARES, hostile_names

OUT = "out"
"""Folder that commands write to: after a refusal it must not be there."""


class WorkReached(BaseException):
    """All inputs were accepted: the network would start now."""


@dataclass(frozen=True)
class Target:
    """A reader or a command.

    Attributes:
        name: as the table shows it.
        seed: of `fuzz_seeds.SEEDS`.
        run: called with the folder of the files, the damaged file and the random numbers; a command returns its exit
            code.
        damages: which files of the seed are damaged.
        is_command: whether `run` returns an exit code.
        share: how often, against the others; commands that draw pictures or compare surfaces take seconds.
        resumes: whether the command keeps what is finished when it fails.
    """

    name: str
    seed: str
    run: Callable[[Path, Path, np.random.Generator], Any]
    damages: tuple[str, ...] = ("*",)
    is_command: bool = False
    share: int = 6
    resumes: bool = False


def _readers() -> Iterator[Target]:
    """Yield the functions of the library that read files."""
    from SwinX2SLib.datasets.cases import load_case_list
    from SwinX2SLib.datasets.raw_files import read_split
    from SwinX2SLib.evaluation.cohort.table import read_table
    from SwinX2SLib.evaluation.surfaces import read_surfaces
    from SwinX2SLib.io.bone_masks import read_bone_masks
    from SwinX2SLib.io.dicom_series import read_dicom_series
    from SwinX2SLib.io.label_volumes import LabelVolume, read_label_volume, read_uncertainty
    from SwinX2SLib.io.meshes import read_meshes
    from SwinX2SLib.io.provenance import read_provenance
    from SwinX2SLib.io.volumes import read_header, read_three_axes, read_volume
    from SwinX2SLib.label_maps import label_mapping
    from SwinX2SLib.measurements.bone_motions import BoneMotions
    from SwinX2SLib.measurements.reading import ReadOptions, read_subject
    from SwinX2SLib.paper.published import load_benchmark
    from SwinX2SLib.radiographs import RadiographOptions
    from SwinX2SLib.radiographs.dicom import radiograph_header
    from SwinX2SLib.radiographs.reading import read_radiograph
    from SwinX2SLib.reconstruct.batch.cases import read_batch_table
    from SwinX2SLib.reconstruct.batch.folder import read_folder
    from SwinX2SLib.reconstruct.batch.summary import decode_case
    from SwinX2SLib.reconstruct.job import Job
    from SwinX2SLib.reconstruct.protocol import decode
    from SwinX2SLib.report.evaluation.reading import read_cohort
    from SwinX2SLib.report.findings import read_findings
    from SwinX2SLib.training.checkpoint import load_best, load_checkpoint
    from SwinX2SLib.training.config import load_config
    from SwinX2SLib.training.log import read_log
    from SwinX2SLib.weights import load_weights
    from SwinX2SLib.weights.checkpoint import read_checkpoint
    from SwinX2SLib.weights.manifest import read_manifest

    def volume(path: Path) -> None:
        read_header(path)
        read_volume(path)
        read_three_axes(path)

    def detached(folder: Path, path: Path, rng: np.random.Generator) -> None:
        heads = {".raw": "a.mhd", ".img": "a.hdr"}
        volume(folder / heads.get(path.suffix, path.name))

    def header(path: Path) -> None:
        radiograph_header(path)
        read_radiograph(path, "ap")

    def uncertainty(folder: Path, path: Path, rng: np.random.Generator) -> None:
        read_uncertainty(path, LabelVolume(np.zeros(SHARES.shape, np.uint8), AFFINE))

    def masks(folder: Path, path: Path, rng: np.random.Generator) -> None:
        read_bone_masks(sorted(folder.iterdir()))

    def text_lines(path: Path) -> None:
        text = path.read_bytes().decode("utf-8", "replace")
        decode(text)
        decode_case(text)

    def folder_read(read: Callable[[Path], Any], place: str = "") -> Callable:
        return lambda folder, path, rng: read(folder / place)

    def file_read(read: Callable[[Path], Any]) -> Callable:
        return lambda folder, path, rng: read(path)

    lps = ReadOptions(mesh_frame="LPS")
    yield Target("volumes: read_volume", "volumes", file_read(volume), share=36)
    yield Target("volumes: header and voxels apart", "detached", detached, share=12)
    yield Target("label volumes", "labels", file_read(read_label_volume), share=9)
    yield Target("Slicer segmentations", "segmentation", file_read(read_label_volume), share=18)
    yield Target("uncertainty maps", "shares", uncertainty)
    yield Target("folders of masks", "masks", masks, share=9)
    yield Target(
        "meshes: read_meshes",
        "single_meshes",
        file_read(read_meshes),
        ("*.stl", "*.ply", "*.obj", "*.vtp", "*.gl*"),
        share=42,
    )
    yield Target(
        "folders of meshes", "meshes", folder_read(functools.partial(read_subject, options=lps)), share=9
    )
    yield Target("archives of meshes (.npz)", "mesh_archive", file_read(read_subject), share=15)
    yield Target("skeleton samples (.npz)", "samples", file_read(BoneMotions.read), share=9)
    yield Target("compared surfaces (.npz)", "surfaces", file_read(read_surfaces), share=9)
    yield Target(
        "radiographs: PNG, JPEG, TIFF, NIfTI, NRRD",
        "pictures",
        file_read(lambda path: read_radiograph(path, "ap", RadiographOptions(spacing_mm=5.0))),
        share=36,
    )
    yield Target("radiographs: DICOM", "dicom", file_read(header), share=48)
    yield Target("DICOM series of a CT", "ct_series", folder_read(read_dicom_series), share=15)
    yield Target("folders of radiographs", "dicom_folder", folder_read(read_folder), share=9)
    yield Target("tables of a batch", "batch_table", file_read(read_batch_table), ("*.csv",), share=12)
    yield Target("tables of a cohort", "cohort", file_read(read_table), ("*.csv",), share=9)
    yield Target("label maps", "label_map", file_read(label_mapping), ("map.*",), share=12)
    yield Target("splits (CSV, text, JSON, pickle)", "split", file_read(read_split), share=12)
    yield Target(
        "case lists", "case_list", folder_read(_whole_cases(load_case_list), "manifest.json"), share=9
    )
    yield Target("job files", "job", file_read(Job.load), share=9)
    yield Target("training configurations", "configs", file_read(load_config), ("train.toml",), share=9)
    yield Target(
        "benchmark configurations", "configs", file_read(load_benchmark), ("benchmark.toml",), share=9
    )
    yield Target(
        "training runs",
        "training_run",
        folder_read(lambda path: (load_checkpoint(path), load_best(path), read_log(path))),
        share=9,
    )
    yield Target(
        "provenance.json", "result", file_read(read_provenance), ("result/provenance.json",), share=12
    )
    yield Target("results", "result", folder_read(read_findings, "result"), ("result/*",), share=12)
    yield Target("measurements.json", "measured", file_read(_measurements), ("measurements.json",), share=18)
    yield Target("documents of a cohort", "evaluation", folder_read(_cohort_page(read_cohort)), share=1)
    yield Target("weights: records", "weights", file_read(read_manifest), ("models.json",), share=9)
    yield Target(
        "weights: checkpoints", "weights", file_read(read_checkpoint), ("*.pt", "*.safetensors"), share=15
    )
    yield Target(
        "weights: networks",
        "weights",
        lambda folder, path, rng: load_weights(folder / "packed.safetensors"),
        ("packed.*",),
        share=9,
    )
    yield Target("lines of a worker", "lines", file_read(text_lines), share=9)


def _whole_cases(load: Callable[[Path], list]) -> Callable[[Path], None]:
    def read(path: Path) -> None:
        for case in load(path):
            case.load_labels()
            case.load_ct()

    return read


def _measurements(path: Path) -> None:
    from SwinX2SLib.measurements.editing import EditableMeasurements
    from SwinX2SLib.measurements.stored import measured_document

    EditableMeasurements(measured_document(path.read_bytes().decode("utf-8", "replace")))


def _cohort_page(read: Callable[[Path], Any]) -> Callable[[Path], None]:
    def page(folder: Path) -> None:
        from SwinX2SLib.report.evaluation.page import write_cohort_page

        read(folder)
        write_cohort_page(folder)

    return page


Arguments = Callable[[Path, Path], list[object]]


def _command(
    name: str,
    seed: str,
    arguments: Arguments,
    damages: tuple[str, ...] = ("*",),
    share: int = 6,
    resumes: bool = False,
) -> Target:
    def run(folder: Path, path: Path, rng: np.random.Generator) -> int:
        return _main(
            [*name.split()[: 2 if name.startswith("weights") else 1], *arguments(folder, path)], folder
        )

    return Target(f"swinx2s {name}", seed, run, damages, True, share, resumes)


def _main(arguments: list[object], folder: Path) -> int:
    from SwinX2SLib.cli import main

    os.environ["SWINX2S_CACHE"] = str(folder if (folder / "models.json").exists() else folder / "cache")
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1


def _commands() -> Iterator[Target]:
    spacing = ["--spacing-mm", "5", "--device", "cpu"]

    def out(folder: Path) -> list[object]:
        return ["--out", folder / OUT]

    def radiographs(folder: Path, path: Path) -> list[object]:
        return [folder / f"ap{path.suffix}", folder / f"lateral{path.suffix}", *out(folder), *spacing]

    def report(folder: Path, path: Path) -> list[object]:
        # The seed names its radiographs by where they lie in it.
        os.chdir(folder)
        return [folder / "result"]

    plain = ["--no-page", "--only", "femur", "pelvis"]
    yield _command("reconstruct", "pair", radiographs, share=12)
    yield _command(
        "reconstruct --model",
        "weights",
        lambda f, p: [f / "ap.png", f / "lateral.png", *out(f), *spacing, "--model", p],
        ("*.safetensors",),
    )
    yield _command(
        "batch --check TABLE",
        "batch_table",
        lambda f, p: [f / "batch.csv", *out(f), "--check"],
        share=9,
        resumes=True,
    )
    yield _command(
        "batch --check FOLDER", "dicom_folder", lambda f, p: [f, *out(f), "--check"], share=6, resumes=True
    )
    yield _command(
        "batch",
        "batch_table",
        lambda f, p: [f / "batch.csv", *out(f), "--device", "cpu"],
        share=1,
        resumes=True,
    )
    yield _command("report", "result", report, share=1, resumes=True)
    yield _command(
        "demo --model",
        "weights",
        lambda f, p: [*out(f), "--model", p],
        ("*.safetensors",),
        share=1,
        resumes=True,
    )
    yield _command("measure", "labels", lambda f, p: [p, *out(f), *plain], share=1)
    yield _command("measure segmentation", "segmentation", lambda f, p: [p, *out(f), *plain], share=6)
    yield _command(
        "measure folder of meshes",
        "meshes",
        lambda f, p: [f, *out(f), *plain, "--mesh-frame", "LPS"],
        share=6,
    )
    yield _command("measure archive of meshes", "mesh_archive", lambda f, p: [p, *out(f), *plain], share=6)
    yield _command(
        "measure result", "result", lambda f, p: [f / "result", *out(f), *plain], ("result/*",), share=6
    )
    yield _command(
        "measure --scheme",
        "label_map",
        lambda f, p: [f / "labels.nii", *out(f), "--no-page", "--only", "rib", "--scheme", p],
        ("map.*",),
    )
    yield _command(
        "measure --uncertainty",
        "result",
        lambda f, p: [
            f / "result/labels.nii.gz",
            *out(f),
            "--no-page",
            "--only",
            "rib",
            "--uncertainty",
            p,
            "--draws",
            "2",
        ],
        ("result/uncertainty.nii.gz",),
        share=1,
    )
    yield _command(
        "measured-report",
        "measured",
        lambda f, p: [f / "measurements.json", f / "labels.nii.gz", *out(f)],
        share=1,
    )
    yield _command(
        "export",
        "result",
        lambda f, p: [f / "result", *out(f), "--format", "stl,obj,gltf,nifti,nrrd"],
        ("result/*",),
        share=9,
    )
    yield _command(
        "export dicomseg",
        "dicom_folder",
        lambda f, p: [
            f.parent / "labels.nii.gz",
            *out(f),
            "--format",
            "dicomseg",
            "--ap-radiograph",
            f / "study/IM1",
            "--lateral-radiograph",
            f / "study/IM2",
        ],
        ("study/IM*",),
        share=1,
    )
    yield _command("evaluate", "plain_labels", lambda f, p: [p, p, *out(f), "--no-measurements"], share=1)
    yield _command(
        "evaluate --scheme",
        "label_map",
        lambda f, p: [f / "labels.nii", f / "labels.nii", "--no-measurements", "--scheme", p],
        ("map.*",),
        share=1,
    )
    yield _command(
        "evaluate --cohort",
        "cohort",
        lambda f, p: ["--cohort", f / "cohort.csv", *out(f), "--no-measurements"],
        share=1,
        resumes=True,
    )
    yield _command(
        "weights import",
        "weights",
        lambda f, p: [p, "--name", "new", *out(f)],
        ("*.pt", "*.safetensors"),
        share=9,
    )
    yield _command("weights list", "weights", lambda f, p: ["--json"], ("models.json", "Models/*"), share=4)
    yield _command("weights verify", "weights", lambda f, p: ["toy"], ("models.json", "Models/*"))
    yield _command("weights remove", "weights", lambda f, p: ["toy"], ("models.json",), share=4)
    yield _command(
        "prepare --check",
        "download",
        lambda f, p: [
            "ctpelvic1k",
            f / "raw",
            f / OUT,
            "--check",
            "--shape",
            "64,64,64",
            "--split",
            f / "split.json",
        ],
        share=6,
        resumes=True,
    )
    yield _command(
        "prepare",
        "download",
        lambda f, p: ["ctpelvic1k", f / "raw", f / OUT, "--shape", "64,64,64", "--split", f / "split.json"],
        share=1,
        resumes=True,
    )
    yield _command(
        "train",
        "configs",
        lambda f, p: [f / "train.toml", "--cases", f / "manifest.json", *out(f)],
        ("train.toml", "manifest.json"),
        share=9,
        resumes=True,
    )
    yield _command("score", "case_list", lambda f, p: [f / "manifest.json", "--device", "cpu"])
    yield _command(
        "benchmark-table",
        "configs",
        lambda f, p: [f / "benchmark.toml", *out(f), "--no-training"],
        ("benchmark.toml", "manifest.json"),
        resumes=True,
    )
    yield Target("options of all commands", "pair", _options, ("none",), True, 15, True)


_OPTIONS = (
    *(
        ("reconstruct", o)
        for o in (
            "--spacing-mm",
            "--magnification",
            "--source-to-detector-mm",
            "--tta",
            "--crop",
            "--source-to-patient-mm",
            "--lateral-offset-mm",
            "--flip",
            "--rotate",
            "--model",
            "--min-component-fraction",
            "--invert",
            "--out",
            "--ap-view",
            "--device",
        )
    ),
    *(("batch", o) for o in ("--spacing-mm", "--lateral-offset-mm", "--parent", "--out", "--tta")),
    *(
        ("measure", o)
        for o in ("--draws", "--only", "--scheme", "--samples", "--uncertainty", "--mesh-frame", "--out")
    ),
    *(
        ("evaluate", o)
        for o in ("--tolerance-mm", "--groups", "--workers", "--scheduler", "--align", "--scheme")
    ),
    *(("export", o) for o in ("--format", "--scheme", "--ap-radiograph", "--title")),
    *(
        ("prepare", o)
        for o in ("--shape", "--spacing-mm", "--threshold", "--workers", "--assume-orientation", "--only")
    ),
    *(("train", o) for o in ("--threads", "--name", "--cases", "--smoke")),
    *(("benchmark-table", o) for o in ("--threads", "--workers")),
    ("score", "--split"),
    ("demo", "--model"),
    ("report", "--title"),
    ("measured-report", "--title"),
    ("weights import", "--name"),
    ("weights import", "--bits"),
    ("weights import", "--sha256"),
    ("weights verify", "--files-only"),
    ("weights remove", "--name"),
)
_PLACES = {
    "reconstruct": 2,
    "evaluate": 2,
    "measured-report": 2,
    "prepare": 3,
    "demo": 0,
    "weights remove": 0,
}


def _options(folder: Path, path: Path, rng: np.random.Generator) -> int:
    """Run a command whose option has a value that nobody means."""
    name, option = _OPTIONS[int(rng.integers(len(_OPTIONS)))]
    value = hostile_names()[int(rng.integers(len(hostile_names())))]
    places: list[object] = [folder / "ap.png", folder / "lateral.png", folder / OUT][: _PLACES.get(name, 1)]
    if name == "prepare":
        places = ["ctpelvic1k", folder, folder / OUT]
    if rng.random() < 0.15 and places:
        places[int(rng.integers(len(places)))] = value or "."
    needs_out = name in (
        "reconstruct",
        "batch",
        "measure",
        "export",
        "measured-report",
        "benchmark-table",
        "demo",
    )
    out = ["--out", folder / OUT] if needs_out and option != "--out" else []
    if option == "--out":
        # A name that can be written is written: below the folder of this input only.
        value = str(folder / OUT / value.lstrip("/.")) if "\0" not in value else value
    os.chdir(folder)
    return _main([*name.split(), *places, *out, f"{option}={value}"], folder)


def stand_in() -> list[str]:
    """Let tasks run in this process and stop before networks run; return a list that receives unexpected failures."""
    import SwinX2SLib.paper.run
    import SwinX2SLib.parallel.local
    import SwinX2SLib.reconstruct.reconstructor
    import SwinX2SLib.training.run
    import SwinX2SLib.training.smoke_test
    from SwinX2SLib.parallel.tasks import attempt
    from SwinX2SLib.reconstruct.backends import TorchBackend

    unexpected: list[str] = []

    def reached(*arguments: object, **named: object) -> None:
        raise WorkReached

    def here(tasks: Any, work: Any, workers: int) -> Iterator:
        for task in tasks:
            answer = attempt(work, task)
            if answer.failure is not None and answer.failure.kind in ("unexpected", "out-of-memory"):
                unexpected.append(answer.failure.details or answer.failure.message)
            yield task, answer

    SwinX2SLib.parallel.local.local_answers = here
    TorchBackend.make = reached
    SwinX2SLib.training.run.train = SwinX2SLib.training.smoke_test.try_out = reached
    SwinX2SLib.paper.run.run_cells = reached
    SwinX2SLib.reconstruct.reconstructor.Reconstructor = reached
    return unexpected


def all_targets() -> list[Target]:
    """Return the readers, then the commands."""
    return [*_readers(), *_commands()]
