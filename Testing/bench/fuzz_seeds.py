"""The undamaged files that `fuzz.py` damages: each seed is a small folder, made by this script alone."""

from __future__ import annotations

import base64
import json
import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import SimpleITK
import trimesh
from PIL import Image

from SwinX2SLib.anatomy import labels as anatomy_labels
from SwinX2SLib.geometry.frames import reorient
from SwinX2SLib.geometry.label_surfaces import label_surfaces
from SwinX2SLib.io.meshes import Mesh, write_gltf, write_obj, write_ply, write_stl, write_vtp
from SwinX2SLib.io.segmentations import write_segmentation
from SwinX2SLib.io.volumes import write_volume
from SwinX2SLib.phantom import FieldOfView, build_phantom

IDS = {label.name: label.id for label in anatomy_labels()}
# From the thighs to the lumbar spine of a phantom.
_VIEW = FieldOfView((-185.0, -145.0, -80.0), (185.0, 175.0, 190.0))
_SPACING_MM = 12.0
_UID = "1.2.826.0.1.3680043.8.498."

Maker = Callable[[Path], None]
SEEDS: dict[str, Maker] = {}
"""By name, what writes a seed's files into a folder."""


def make_seeds(folder: Path, names: set[str]) -> None:
    """Make seeds, each in a folder of its name."""
    for name in sorted(names):
        place = folder / name
        place.mkdir(parents=True)
        SEEDS[name](place)


def _seed(maker: Maker) -> Maker:
    SEEDS[maker.__name__] = maker
    return maker


@cache
def _person() -> tuple[np.ndarray, np.ndarray]:
    """Return labels `(X, Y, Z)` and affine of a part of a phantom."""
    phantom = build_phantom(None, _SPACING_MM, _VIEW)
    return phantom.labels, phantom.affine


def _array() -> np.ndarray:
    return np.random.default_rng(3).integers(-50, 99, (6, 5, 4)).astype(np.int16)


AFFINE = np.diag([1.5, 2.0, 2.5, 1.0])
SHARES = np.random.default_rng(4).random((6, 5, 4)).astype(np.float32)


@_seed
def volumes(folder: Path) -> None:
    import nibabel

    for suffix in (".nii", ".nii.gz", ".nrrd", ".mha"):
        write_volume(folder / f"a{suffix}", _array(), AFFINE)
    image = SimpleITK.GetImageFromArray(_array())
    SimpleITK.WriteImage(image, str(folder / "raw.mha"))
    nibabel.save(nibabel.Nifti2Image(_array(), AFFINE), folder / "two.nii")
    scaled = nibabel.Nifti1Image(_array(), AFFINE)
    scaled.header.set_slope_inter(0.5, -3)
    nibabel.save(scaled, folder / "scaled.nii.gz")


@_seed
def shares(folder: Path) -> None:
    """Maps with values from 0 to 1."""
    for suffix in (".nii.gz", ".nrrd"):
        write_volume(folder / f"a{suffix}", SHARES, AFFINE)


@_seed
def detached(folder: Path) -> None:
    """Volumes whose voxels lie in a second file."""
    import nibabel

    image = SimpleITK.GetImageFromArray(_array())
    SimpleITK.WriteImage(image, str(folder / "a.mhd"))
    SimpleITK.WriteImage(image, str(folder / "a.nhdr"))
    nibabel.save(nibabel.Nifti1Pair(_array(), AFFINE), folder / "a.hdr")


@_seed
def labels(folder: Path) -> None:
    volume, affine = _person()
    write_volume(folder / "labels.nii.gz", volume, affine)


@_seed
def plain_labels(folder: Path) -> None:
    volume, affine = _person()
    write_volume(folder / "labels.nii", volume, affine)


@_seed
def segmentation(folder: Path) -> None:
    write_segmentation(folder / "bones.seg.nrrd", *_person())


@_seed
def masks(folder: Path) -> None:
    volume, affine = _person()
    for name in ("hip_left", "hip_right", "sacrum", "femur_left"):
        write_volume(folder / f"{name}.nii.gz", (volume == IDS[name]).astype(np.uint8), affine)


def _surfaces() -> dict[str, Mesh]:
    volume, affine = _person()
    names = ("femur_left", "hip_left", "hip_right", "sacrum")
    found = label_surfaces(volume, affine, [IDS[name] for name in names])
    return {name: Mesh(name, found[IDS[name]], "pelvis", (200, 10, 10)) for name in names}


@_seed
def meshes(folder: Path) -> None:
    found = _surfaces()
    write_stl(folder / "femur_left.stl", found["femur_left"], "seed")
    write_ply(folder / "hip_left.ply", found["hip_left"], "seed")
    write_obj(folder / "hip_right.obj", [found["hip_right"]], "seed")
    write_vtp(folder / "sacrum.vtp", found["sacrum"], "seed")


@_seed
def single_meshes(folder: Path) -> None:
    meshes(folder)
    solid = trimesh.creation.box((10, 20, 30))
    write_gltf(folder / "bones.glb", list(_surfaces().values())[:1], "seed")
    for name in ("text.stl", "text.gltf", "text.ply", "text.obj"):
        kind = {"text.stl": "stl_ascii", "text.gltf": "gltf"}.get(name, name[-3:])
        content = solid.export(file_type=kind, **({"encoding": "ascii"} if name == "text.ply" else {}))
        if isinstance(content, dict):
            # In one file: the numbers as a data URI.
            text = content.pop("model.gltf").decode()
            for buffer, numbers in content.items():
                text = text.replace(
                    buffer, "data:application/octet-stream;base64," + base64.b64encode(numbers).decode()
                )
            content = text
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    _write_vtk(folder, solid)


def _write_vtk(folder: Path, solid: trimesh.Trimesh) -> None:
    """Write the ways in which VTK stores arrays."""
    from vtkmodules.vtkIOXML import vtkXMLPolyDataWriter

    from SwinX2SLib.geometry.surfaces import Surface
    from SwinX2SLib.geometry.vtk_arrays import polydata_of

    data = polydata_of(Surface(np.array(solid.vertices), np.array(solid.faces)))
    for mode in ("Ascii", "Binary", "Appended"):
        writer = vtkXMLPolyDataWriter()
        writer.SetFileName(str(folder / f"{mode.lower()}.vtp"))
        writer.SetInputData(data)
        getattr(writer, f"SetDataModeTo{mode}")()
        if mode == "Ascii":
            writer.SetCompressorTypeToNone()
        writer.Write()


@_seed
def mesh_archive(folder: Path) -> None:
    arrays = {}
    for name, mesh in _surfaces().items():
        arrays |= {f"{name}_vertices": mesh.surface.vertices, f"{name}_faces": mesh.surface.faces}
    np.savez(folder / "bones.npz", **arrays)
    np.savez_compressed(folder / "packed.npz", **arrays)


@_seed
def samples(folder: Path) -> None:
    from SwinX2SLib.measurements.bone_motions import BoneMotions

    moved = np.tile(np.eye(3, 4, dtype=np.float32), (5, 2, 1, 1))
    BoneMotions(("femur_left", "hip_left"), moved).write(folder / "skeleton_samples.npz")


@_seed
def surfaces(folder: Path) -> None:
    from SwinX2SLib.evaluation.surfaces import compared_surfaces, write_surfaces
    from SwinX2SLib.io.label_volumes import LabelVolume

    volume = LabelVolume(*_person())
    with (folder / "surfaces.npz").open("wb") as stream:
        write_surfaces(stream, compared_surfaces(volume, volume, [IDS["hip_left"], IDS["femur_left"]]))


def _picture(seed: int) -> np.ndarray:
    """Return grey levels `(80, 64)` of bars on a noisy ground."""
    picture = np.random.default_rng(seed).integers(0, 60, (80, 64)).astype(np.uint8)
    picture[10:60, 20 + 3 * seed : 34] = 220
    return picture


@_seed
def pictures(folder: Path) -> None:
    picture = _picture(1)
    image = Image.fromarray(picture)
    for suffix in (".png", ".jpg", ".tif"):
        image.save(folder / f"a{suffix}")
    Image.fromarray(picture.astype(np.uint16) * 200).save(folder / "deep.png")
    image.save(folder / "packed.tif", compression="tiff_lzw")
    image.convert("RGBA").save(folder / "colour.png")
    image.convert("P").save(folder / "palette.png")
    deflated = np.dstack([picture] * 3)
    Image.fromarray(deflated).save(folder / "colour.tif", compression="tiff_adobe_deflate")
    write_volume(folder / "flat.nii.gz", picture[:, :, None], np.eye(4))
    write_volume(folder / "flat.nrrd", picture[:, :, None], np.eye(4))


def write_radiograph(path: Path, syntax: str, number: int = 1, **changes: object) -> None:
    """Write a DICOM radiograph of 80 x 64 pixels, uncompressed or packed by `syntax`."""
    import pydicom
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    plain = {
        "explicit": ExplicitVRLittleEndian,
        "implicit": ImplicitVRLittleEndian,
        "deflated": DeflatedExplicitVRLittleEndian,
    }
    header = pydicom.Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = plain.get(syntax, ExplicitVRLittleEndian)
    header.SOPClassUID = header.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    header.SOPInstanceUID = header.file_meta.MediaStorageSOPInstanceUID = f"{_UID}{number}"
    header.StudyInstanceUID, header.SeriesInstanceUID = f"{_UID}100", f"{_UID}20{number}"
    header.PatientID, header.PatientName, header.Modality = "P1", "Roe^Ann", "DX"
    header.StudyDate, header.ViewPosition = "20200304", "AP" if number == 1 else "LL"
    header.PatientOrientation = ["L", "F"] if number == 1 else ["P", "F"]
    header.ImagerPixelSpacing, header.EstimatedRadiographicMagnificationFactor = [5.0, 5.0], 1.1
    header.DistanceSourceToDetector, header.DistanceSourceToPatient = 1100.0, 1000.0
    header.Rows, header.Columns, header.SamplesPerPixel = 80, 64, 1
    header.BitsAllocated, header.BitsStored, header.HighBit, header.PixelRepresentation = 16, 12, 11, 0
    header.PhotometricInterpretation = "MONOCHROME2"
    header.WindowCenter, header.WindowWidth = 2000, 4000
    header.RescaleIntercept, header.RescaleSlope, header.PixelPaddingValue = 0, 1, 0
    header.ShutterShape = "RECTANGULAR"
    header.ShutterLeftVerticalEdge, header.ShutterRightVerticalEdge = 1, 64
    header.ShutterUpperHorizontalEdge, header.ShutterLowerHorizontalEdge = 1, 80
    header.PixelData = (_picture(number).astype("<u2") * 16).tobytes()
    header["PixelData"].VR = "OW"
    for name, value in changes.items():
        setattr(header, name, value)
    if syntax in ("rle", "jpeg2000"):
        header.compress({"rle": "1.2.840.10008.1.2.5", "jpeg2000": "1.2.840.10008.1.2.4.90"}[syntax])
    header.save_as(path, enforce_file_format=True)


@_seed
def dicom(folder: Path) -> None:
    from pydicom.dataset import Dataset
    from pydicom.encaps import encapsulate
    from pydicom.sequence import Sequence

    for syntax in ("explicit", "implicit", "deflated", "rle"):
        write_radiograph(folder / f"{syntax}.dcm", syntax)
    write_radiograph(folder / "inverse.dcm", "explicit", PhotometricInterpretation="MONOCHROME1")
    table = Dataset()
    table.LUTDescriptor, table.LUTData = [4096, 0, 16], np.arange(4096, dtype="<u2").tobytes()
    write_radiograph(folder / "table.dcm", "explicit", VOILUTSequence=Sequence([table]))
    import io

    import pydicom

    stream = io.BytesIO()
    Image.fromarray(_picture(1)).save(stream, "JPEG")
    write_radiograph(folder / "jpeg.dcm", "explicit", BitsAllocated=8, BitsStored=8, HighBit=7)
    dataset = pydicom.dcmread(folder / "jpeg.dcm")
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.50"
    dataset.PixelData = encapsulate([stream.getvalue()])
    dataset["PixelData"].VR = "OB"
    dataset.save_as(folder / "jpeg.dcm", enforce_file_format=True)


@_seed
def ct_series(folder: Path) -> None:
    slope = {
        "RescaleIntercept": -1000,
        "Modality": "CT",
        "SeriesInstanceUID": f"{_UID}300",
        "PixelSpacing": [2.0, 2.0],
    }
    for number in range(4):
        place = {
            "ImagePositionPatient": [0.0, 0.0, 3.0 * number],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        }
        about = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "InstanceNumber": number + 1}
        write_radiograph(folder / f"{number}.dcm", "explicit", number + 1, **slope, **place, **about)


@_seed
def dicom_folder(folder: Path) -> None:
    """Two radiographs of a study in a folder of their own, a segmentation and what is no picture."""
    (folder / "study").mkdir()
    write_radiograph(folder / "study" / "IM1", "explicit", 1)
    write_radiograph(folder / "study" / "IM2", "implicit", 2)
    write_radiograph(
        folder / "study" / "report.dcm", "explicit", 3, SOPClassUID="1.2.840.10008.5.1.4.1.1.88.67"
    )
    _dicom_segmentation(folder / "study")


def _dicom_segmentation(folder: Path) -> None:
    from SwinX2SLib.export.dicom_segmentation import write_dicom_segmentation
    from SwinX2SLib.export.source import ExportSource

    source = ExportSource(*_person(), radiographs={"ap": folder / "IM1"})
    write_dicom_segmentation(folder / "segmentation.dcm", source)


@_seed
def pair(folder: Path) -> None:
    for number, view in enumerate(("ap", "lateral"), start=1):
        Image.fromarray(_picture(number)).save(folder / f"{view}.png")
        write_radiograph(folder / f"{view}.dcm", "explicit", number)


@_seed
def batch_table(folder: Path) -> None:
    pair(folder)
    rows = ["case,ap,lateral,spacing_mm,ap_crop,lateral_flip,ap_view", "one,ap.png,lateral.png,5,,h,ap"]
    rows += ['two,ap.dcm,lateral.dcm,,"0%,0%,100%,100%",,pa', "three,ap.png,lateral.png,4.5,,,"]
    (folder / "batch.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


@_seed
def job(folder: Path) -> None:
    from SwinX2SLib.radiographs import Crop, RadiographOptions
    from SwinX2SLib.reconstruct import Job

    options = RadiographOptions(spacing_mm=2.0, crop=Crop.parse("5%,0%,90%,100%"))
    Job(Path("ap.png"), Path("lateral.png"), Path("out"), options, lateral_offset_mm=3.0).save(
        folder / "job.json"
    )


@_seed
def result(folder: Path) -> None:
    """A result as `swinx2s reconstruct` writes it, with its radiographs beside it."""
    from SwinX2SLib.models.orientation import Orientation, View
    from SwinX2SLib.radiographs import RadiographOptions, prepare_pair, read_pair
    from SwinX2SLib.reconstruct import Job
    from SwinX2SLib.reconstruct.orientation_check import OrientationCheck, ViewPrediction
    from SwinX2SLib.reconstruct.reconstruction import Reconstruction, describe, write_result

    shape = (32, 32, 40)
    for number, view in enumerate(("ap", "lateral"), start=1):
        Image.fromarray(_picture(number)).save(folder / f"{view}.png")
    options = RadiographOptions(spacing_mm=5.0)
    job = Job(folder / "ap.png", folder / "lateral.png", folder / "result", options, options)
    radiographs = read_pair(job.ap, job.lateral, options, options)
    prepared = prepare_pair(*radiographs, shape)
    found, _ = reorient(*_person())
    volume = np.zeros(shape, np.uint8)
    part = tuple(slice(0, min(sides)) for sides in zip(shape, found.shape, strict=True))
    volume[part] = found[part]
    spread = np.full(shape, 0.2, np.float16)
    check = OrientationCheck(*(ViewPrediction(view, Orientation(view), 1.0) for view in View))
    made = Reconstruction(
        volume, spread, prepared.affine, prepared.spacing_mm, None, "cpu", "float32", 0,
        radiographs=radiographs, orientation_check=check, expected_dice={"hip_left": 0.4},
    )  # fmt: skip
    write_result(job.out, made, describe(made, job, {"total": 1.0}))
    samples(job.out)
    record = job.out / "provenance.json"
    # The seed is used in other folders.
    record.write_text(
        record.read_text().replace(f"{folder}/", "").replace(str(folder), "."), encoding="utf-8"
    )


@_seed
def measured(folder: Path) -> None:
    from SwinX2SLib.report.measurements.write import MeasureJob, run_measuring

    labels(folder)
    run_measuring(MeasureJob(folder / "labels.nii.gz", folder / "measured", with_page=False))
    (folder / "measured" / "measurements.json").rename(folder / "measurements.json")
    for path in (folder / "measured").iterdir():
        path.unlink()
    (folder / "measured").rmdir()


@_seed
def evaluation(folder: Path) -> None:
    """Documents of a cohort."""
    from SwinX2SLib.evaluation.evaluate import evaluate_case
    from SwinX2SLib.evaluation.options import EvaluationOptions

    labels(folder)
    path = folder / "labels.nii.gz"
    document = evaluate_case(path, path, EvaluationOptions(measurements=False)).as_dict()
    (folder / "cases").mkdir()
    for name in ("a", "b"):
        text = json.dumps({**document, "case": name, "model": "m", "dataset": "d"})
        (folder / "cases" / f"{name}.json").write_text(text, encoding="utf-8")
    path.unlink()


@_seed
def cohort(folder: Path) -> None:
    plain_labels(folder)
    lines = ["case,prediction,truth,scheme,groups,model", "a,labels.nii,labels.nii,swinx2s,pelvis femur,m"]
    (folder / "cohort.csv").write_text(
        "\n".join([*lines, "b,labels.nii,labels.nii,,,m"]) + "\n", encoding="utf-8"
    )


@_seed
def label_map(folder: Path) -> None:
    plain_labels(folder)
    names = {str(i): name for name, i in IDS.items()}
    (folder / "map.json").write_text(
        json.dumps({**names, "60": "background", "61": "unknown:spine"}), encoding="utf-8"
    )
    rows = ["value,label", *(f"{i},{name}" for i, name in names.items())]
    (folder / "map.csv").write_text("\n".join(rows), encoding="utf-8")


@_seed
def split(folder: Path) -> None:
    (folder / "split.csv").write_text("image_id,split\na_ct,train\nb,test\nc,val\n", encoding="utf-8")
    (folder / "split.txt").write_text("trainset:\na.nii.gz\ntest_public:\nb.nii.gz\n", encoding="utf-8")
    (folder / "split.json").write_text(
        json.dumps({"train": ["a", {"image": "b"}], "val": ["c"]}), encoding="utf-8"
    )
    (folder / "split.pkl").write_bytes(pickle.dumps([{"train": ["a", "b"], "val": np.array(["c"])}]))


@_seed
def download(folder: Path) -> None:
    """A data set in the layout of CTPelvic1K."""
    volume, affine = _person()
    theirs = np.zeros(volume.shape, np.int16)
    for value, name in enumerate(("sacrum", "hip_right", "hip_left"), start=1):
        theirs[volume == IDS[name]] = value
    raw = folder / "raw"
    raw.mkdir()
    write_volume(raw / "dataset6_CLINIC_0001_mask_4label.nii.gz", theirs, affine)
    write_volume(raw / "dataset6_CLINIC_0001_data.nii.gz", (volume > 0).astype(np.int16) * 400 - 100, affine)
    (folder / "split.json").write_text(json.dumps({"train": ["CLINIC_0001"]}), encoding="utf-8")


@_seed
def case_list(folder: Path) -> None:
    volume, affine = _person()
    place = folder / "volumes" / "one"
    place.mkdir(parents=True)
    write_volume(place / "labels.nii.gz", volume, affine)
    write_volume(place / "ct.nii.gz", (volume > 0).astype(np.int16) * 400 - 100, affine)
    for number, name in enumerate(("coronal.png", "sagittal.png"), start=1):
        Image.fromarray(_picture(number)).save(place / name)
    entry = {"case": "one", "split": "val", "annotated": ["pelvis", "femur"], "licence": "CC0", "ct": "HU"}
    entry |= {
        "radiographs": {"files": ["coronal.png", "sagittal.png"], "spacing_mm": 5.0},
        "unknown_labels": [3],
    }
    (folder / "manifest.json").write_text(json.dumps([entry]), encoding="utf-8")


@_seed
def configs(folder: Path) -> None:
    text = 'model = "fused-nano"\nsteps = 10\nbatch_size = 2\nphantoms = 2\nlearning_rate = 0.001\ndevice = "cpu"\n'
    text += "case_weights = { one = 2.0 }\nnetwork = { grid_shape = [32, 32, 64] }\n"
    (folder / "train.toml").write_text(text, encoding="utf-8")
    case_list(folder)
    text = 'steps = 10\ntables = [2, 3]\nviews = [1]\nsplit = "val"\n[data]\nctspine1k = "manifest.json"\n'
    text += "[training]\nbatch_size = 2\nnetwork = { grid_shape = [32, 32, 64] }\n[model.unet]\n"
    text += "network = { channels = [4, 4, 4, 4, 4] }\n"
    (folder / "benchmark.toml").write_text(text, encoding="utf-8")


@_seed
def training_run(folder: Path) -> None:
    import torch

    from SwinX2SLib.training.checkpoint import save_best, save_checkpoint

    state = {"step": 3, "seconds": 1.0, "best": None, "config": {}, "model": {"a": torch.zeros(3)}}
    state |= {"average": {"a": torch.ones(3)}, "optimiser": {}, "score": 0.5}
    save_checkpoint(folder, state)
    save_best(folder, state)
    lines = [json.dumps({"step": n, "loss": 0.5, "validation": {"dice": 0.1}}) for n in range(4)]
    (folder / "log.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


@_seed
def weights(folder: Path) -> None:
    """Weights of a toy network: as the library stores them, packed, and as others' checkpoints; a cache with them."""
    import torch

    from SwinX2SLib.models.builder import build_model
    from SwinX2SLib.weights import WeightsRecord
    from SwinX2SLib.weights.manifest import add_to_manifest
    from SwinX2SLib.weights.storage import write_weights
    from SwinX2SLib.weights.upstream import upstream_name, upstream_shape

    pair(folder)
    torch.manual_seed(0)
    sizes = {
        "embed_dim": 4,
        "depths": [1, 1, 1, 1],
        "heads": [1, 1, 1, 1],
        "grid_shape": [32, 32, 64],
        "out_channels": 55,
    }
    state = build_model("swinx2s-tiny", **sizes).state_dict()
    record = WeightsRecord(
        name="toy", variant="swinx2s-tiny", overrides=sizes, file="", sha256="", bytes=0, date="2025-01-02",
        licence="MIT", training_data=["nobody"], scores={"dice": 0.5}, notes="For tests.",
    )  # fmt: skip
    stored = write_weights(state, folder / "Models" / "toy.safetensors", record)
    add_to_manifest(folder / "models.json", stored)
    for path in folder.glob(".*.lock"):
        path.unlink()
    write_weights(state, folder / "packed.safetensors", record, bits=6)
    published = {upstream_name(n): v.reshape(upstream_shape(n, tuple(v.shape))) for n, v in state.items()}
    torch.save({"state_dict": published, "epoch": 3}, folder / "toy.pt")


@_seed
def lines(folder: Path) -> None:
    """Lines of a worker."""
    events = [
        {"event": "progress", "fraction": 0.4, "message": "m"},
        {"event": "result", "files": {"a": "b"}, "notes": ["n"], "seconds": {"network": 1.0}},
        {"event": "error", "kind": "k", "message": "m", "hint": "h", "path": None},
        {"event": "finished", "code": 0}, {"event": "case", "case": "a", "status": "done"},
    ]  # fmt: skip
    for number, event in enumerate(events):
        (folder / f"{number}.json").write_text(json.dumps(event), encoding="utf-8")


def hostile_names() -> tuple[str, ...]:
    """Values that options of the command line get."""
    numbers = (
        "nan",
        "inf",
        "-1",
        "0",
        "1e999",
        "9" * 400,
        "1,2,3",
        "",
        "٣",
        "ap=",
        "ap=nan",
        "lateral=1e400",
        "1e-300",
    )
    texts = (
        "/",
        "x" * 5000,
        "../..",
        "-",
        "--",
        "=",
        "ap=5%,0%,0%,0%",
        "ap=1,1,1,1",
        "ap=h",
        "h",
        "ap=45",
        "\udcff",
    )
    return numbers + texts
