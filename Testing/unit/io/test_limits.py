"""Files that would expand to gigabytes are refused with little memory, whichever reader meets them."""

import bz2
import gzip
import io
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from SwinX2SLib.errors import InputError
from SwinX2SLib.io.limits import VARIABLE, require_size
from SwinX2SLib.io.volumes import read_volume, write_volume

MIB = 1 << 20
GIB = 1 << 30
EXPANDED = 6 * GIB
ABOVE, LIMIT = "above the limit", "above the limit of 768 MiB."
# The child may have two gigabytes beyond what it has after its imports.
READ = """
import resource, sys
from pathlib import Path
kind, path = sys.argv[1], Path(sys.argv[2])
if kind == "volume":
    from SwinX2SLib.io.volumes import read_volume as read
elif kind == "labels":
    from SwinX2SLib.io.label_volumes import read_label_volume as read
elif kind == "radiograph":
    from SwinX2SLib.radiographs.decoding import decoder_of
    import pydicom, PIL.Image, SimpleITK, SwinX2SLib.radiographs.dicom
    read = lambda path: decoder_of(path)(path)
elif kind == "header":
    from SwinX2SLib.io.dicom_files import read_dicom
    import pydicom
    read = lambda path: read_dicom(path, stop_before_pixels=True)
elif kind == "series":
    from SwinX2SLib.io.dicom_series import read_dicom_series as read
elif kind == "surface":
    from SwinX2SLib.io.meshes import read_meshes as read
elif kind == "meshes":
    from SwinX2SLib.measurements.reading_meshes import read_mesh_archive as read
elif kind == "samples":
    from SwinX2SLib.measurements.bone_motions import BoneMotions
    read = BoneMotions.read
elif kind == "weights":
    from SwinX2SLib.weights.checkpoint import read_checkpoint as read
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30), used + (1 << 30)))
try:
    read(path)
except Exception as error:
    fault = getattr(error, "fault", None) or error.faults[0]
    print(fault.kind, fault.message)
"""


def refused(kind: str, path: Path) -> str:
    """Read a file in a process of its own that may ask for one more gigabyte, and return the fault, or "read"."""
    ended = subprocess.run(
        [sys.executable, "-c", READ, kind, str(path)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    if not ended.stdout:
        return "read"
    kind, *words = ended.stdout.split()
    return ABOVE if (kind, *words[-6:]) == ("too-large", *LIMIT.split()) else ended.stdout


@pytest.fixture(scope="module")
def zeros() -> dict[str, bytes]:
    """Streams of six megabytes that hold six gigabytes; their check sums, which no reader reaches, are wrong."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(bytes(64 * MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = block * (EXPANDED // (64 * MIB)) + packer.flush()
    return {
        "raw": packed,
        "zlib": b"\x78\xda" + packed + bytes(4),
        "gzip": b"\x1f\x8b\x08\0\0\0\0\0\2\xff" + packed + bytes(8),
    }


def nifti_head(shape, kind=2, bits=8) -> bytes:
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, 3, *shape, 1, 1, 1, 1)
    struct.pack_into("<hh", head, 70, kind, bits)
    struct.pack_into("<8f", head, 76, 1, 1, 1, 1, 0, 0, 0, 0)
    struct.pack_into("<f", head, 108, 352)
    head[344:348] = b"n+1\0"
    return bytes(head)


LARGE, SMALL = (2048, 2048, 1536), (8, 8, 8)
BOTH = pytest.mark.parametrize("shape", [LARGE, SMALL], ids=["as stated", "more than stated"])
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="limits of POSIX, /proc")


@ON_LINUX
@BOTH
@pytest.mark.parametrize("kind", ["volume", "labels", "radiograph"])
def test_nifti_that_expands(tmp_path, zeros, shape, kind):
    path = tmp_path / "a.nii.gz"
    path.write_bytes(gzip.compress(nifti_head(shape)) + zeros["gzip"])
    assert refused(kind, path) == ABOVE


def nrrd(shape, encoding: str) -> bytes:
    return (
        f"NRRD0004\ntype: uchar\ndimension: 3\nsizes: {' '.join(map(str, shape))}\nencoding: {encoding}\n"
        "space: left-posterior-superior\nspace directions: (1,0,0) (0,1,0) (0,0,1)\n\n"
    ).encode()


@ON_LINUX
@BOTH
@pytest.mark.parametrize("kind", ["volume", "labels", "radiograph"])
def test_nrrd_that_expands(tmp_path, zeros, shape, kind):
    path = tmp_path / "a.nrrd"
    path.write_bytes(nrrd(shape, "gzip") + zeros["gzip"])
    assert refused(kind, path) == ABOVE


@ON_LINUX
def test_nrrd_of_bzip2_that_expands(tmp_path):
    one = bz2.compress(bytes(256 * MIB))
    path = tmp_path / "a.nrrd"
    path.write_bytes(nrrd(SMALL, "bzip2") + one * 24)
    assert refused("volume", path) == ABOVE


@ON_LINUX
@BOTH
def test_metaimage_that_expands(tmp_path, zeros, shape):
    path = tmp_path / "a.mha"
    head = (
        f"ObjectType = Image\nNDims = 3\nDimSize = {' '.join(map(str, shape))}\nElementType = MET_UCHAR\n"
        f"CompressedData = True\nElementDataFile = LOCAL\n"
    )
    path.write_bytes(head.encode() + zeros["zlib"])
    assert refused("volume", path) == ABOVE


def dicom(path: Path, rows: int, columns: int, pixels: bytes, syntax: str, **more: object) -> None:
    import pydicom
    from pydicom.dataset import FileMetaDataset
    from pydicom.encaps import encapsulate
    from pydicom.uid import generate_uid

    header = pydicom.Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = syntax
    header.SOPClassUID = header.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    header.SOPInstanceUID = header.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    header.Rows, header.Columns, header.SamplesPerPixel = rows, columns, 1
    header.BitsAllocated = header.BitsStored = 8
    header.HighBit, header.PixelRepresentation, header.PhotometricInterpretation = 7, 0, "MONOCHROME2"
    for name, value in more.items():
        setattr(header, name, value)
    header.PixelData = pixels if syntax.startswith("1.2.840.10008.1.2.1") else encapsulate([pixels])
    header["PixelData"].VR = "OB"
    header.save_as(path, enforce_file_format=True)


@ON_LINUX
@pytest.mark.parametrize("kind", ["radiograph", "header"])
def test_deflated_dicom_that_expands(tmp_path, zeros, kind):
    path = tmp_path / "a.dcm"
    deflated_dicom(path, zeros["raw"])
    assert refused(kind, path) == ABOVE


def deflated_dicom(path: Path, packed: bytes, **more: object) -> None:
    """Write the meta information of a deflated file, and this stream in place of its elements."""
    dicom(path, 4, 4, bytes(16), "1.2.840.10008.1.2.1.99", **more)
    content = path.read_bytes()
    meta = 144 + struct.unpack("<I", content[140:144])[0]
    path.write_bytes(content[:meta] + packed)


SYNTAXES = pytest.mark.parametrize("syntax", ["rle", "jpeg2000", "jpeg"])
LIES = pytest.mark.parametrize("rows", [60000, 16], ids=["as stated", "more than stated"])


@ON_LINUX
@LIES
@SYNTAXES
def test_compressed_dicom_that_expands(tmp_path, rows, syntax):
    path = tmp_path / "a.dcm"
    compressed_dicom(path, rows, syntax)
    assert refused("radiograph", path) == ABOVE


def compressed_dicom(path: Path, rows: int, syntax: str, **more: object) -> None:
    if syntax == "rle":
        runs = b"\x81\0" * (24 * MIB)  # 128 times nothing, 24 million times
        dicom(path, rows, rows, struct.pack("<16I", 1, 64, *[0] * 14) + runs, "1.2.840.10008.1.2.5", **more)
    elif syntax == "jpeg2000":
        size = struct.pack(">HHIIIIIIIIHBBB", 41, 0, 60000, 60000, 0, 0, 60000, 60000, 0, 0, 1, 7, 1, 1)
        dicom(path, rows, rows, b"\xff\x4f\xff\x51" + size, "1.2.840.10008.1.2.4.90", **more)
    else:
        frame = b"\xff\xd8\xff\xc0" + struct.pack(">HBHHB3B", 11, 8, 60000, 60000, 1, 1, 0x11, 0)
        dicom(path, rows, rows, frame, "1.2.840.10008.1.2.4.50", **more)


def slices(folder: Path, write) -> Path:
    """Write two slices of a CT by `write(path, elements)`."""
    folder.mkdir()
    for number in range(2):
        place = {"ImagePositionPatient": [0, 0, 3 * number], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}
        series = {"SeriesInstanceUID": "1.2.3", "InstanceNumber": number + 1, "PixelSpacing": [1, 1]}
        write(folder / f"{number}.dcm", {**place, **series, "Modality": "CT"})
    return folder


@ON_LINUX
@LIES
@SYNTAXES
def test_a_ct_series_whose_pictures_expand(tmp_path, rows, syntax):
    folder = slices(tmp_path / "ct", lambda path, more: compressed_dicom(path, rows, syntax, **more))
    words = refused("series", folder)
    # A small picture is taken out of its long stream, or what is none is refused as such, without its memory.
    assert words == ABOVE if rows > 16 else words in (ABOVE, "read") or words.startswith("unreadable-file")


@ON_LINUX
def test_a_ct_series_whose_header_states_more_than_the_files_hold(tmp_path):
    plain = "1.2.840.10008.1.2.1"
    folder = slices(tmp_path / "ct", lambda path, more: dicom(path, 60000, 60000, bytes(16), plain, **more))
    assert refused("series", folder) == ABOVE


@ON_LINUX
def test_a_deflated_ct_series_that_expands(tmp_path, zeros):
    folder = slices(tmp_path / "ct", lambda path, more: deflated_dicom(path, zeros["raw"], **more))
    assert refused("series", folder) == ABOVE


@ON_LINUX
@pytest.mark.parametrize("kind", ["radiograph", "header"])
def test_an_element_that_states_gigabytes_is_no_reason_to_ask_for_them(tmp_path, kind):
    path = tmp_path / "a.dcm"
    dicom(path, 4, 4, bytes(16), "1.2.840.10008.1.2.1", ImageComments="x" * 8)
    content = path.read_bytes()
    at = content.index(struct.pack("<HH2sH", 0x20, 0x4000, b"LT", 8))
    # The same element with a length of 32 bits, which is a lie.
    path.write_bytes(
        content[:at] + struct.pack("<HH2sHI", 0x20, 0x4000, b"UT", 0, 0xFFFFFFF0) + content[at + 8 :]
    )
    words = refused(kind, path)
    # A header that ends in it can be read; a picture is missing.
    assert words == "read" if kind == "header" else words.startswith("not-a-picture")


def vtp(points: bytes, count: int, compressor: str = "") -> bytes:
    """Return a surface whose points, `count` of them, and triangles lie at the same appended place."""
    array = '<DataArray type="{}" Name="{}" NumberOfComponents="3" format="appended" offset="0"/>'
    pieces = (
        f'<Piece NumberOfPoints="{count}" NumberOfPolys="1"><Points>{array.format("Float32", "Points")}</Points>'
        f"<Polys>{array.format('Int32', 'connectivity')}{array.format('Int32', 'offsets')}</Polys></Piece>"
    )
    head = f'<VTKFile type="PolyData" byte_order="LittleEndian" header_type="UInt32" {compressor}><PolyData>{pieces}'
    return f'{head}</PolyData><AppendedData encoding="raw">_'.encode() + points + b"</AppendedData></VTKFile>"


@ON_LINUX
def test_a_surface_that_expands(tmp_path, zeros):
    path = tmp_path / "a.vtp"
    table = struct.pack("<4I", 1, EXPANDED & 0xFFFFFFFF, 0, len(zeros["zlib"]))
    path.write_bytes(vtp(table + zeros["zlib"], 1 << 29, 'compressor="vtkZLibDataCompressor"'))
    assert refused("surface", path) == ABOVE


@ON_LINUX
def test_a_surface_that_names_one_place_many_times(tmp_path):
    path = tmp_path / "a.vtp"
    whole = vtp(struct.pack("<I", 12 * MIB) + bytes(12 * MIB), MIB)
    first, last = whole.index(b"<Piece"), whole.index(b"</PolyData>")
    piece = whole[first:last].replace(b'NumberOfPolys="1"', b'NumberOfPolys="0"')
    path.write_bytes(whole[:first] + piece * 100 + whole[last:])
    assert refused("surface", path) == ABOVE


@ON_LINUX
def test_a_png_that_expands(tmp_path, zeros):
    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    path = tmp_path / "a.png"
    head = struct.pack(">IIBBBBB", 12000, 12000, 8, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zeros["zlib"]) + chunk(b"IEND", b"")
    )
    assert refused("radiograph", path) == ABOVE


def archive(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as stream:
        for name, content in members.items():
            stream.writestr(name, content)


def npy(shape, content: bytes = b"") -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return stream.getvalue() + content


@ON_LINUX
@pytest.mark.parametrize("kind", ["meshes", "samples"])
@pytest.mark.parametrize("how", ["members", "header"])
def test_arrays_that_expand(tmp_path, kind, how):
    path = tmp_path / "a.npz"
    names = (
        ("femur_left_vertices.npy", "femur_left_faces.npy")
        if kind == "meshes"
        else ("bones.npy", "matrices.npy")
    )
    if how == "members":
        count = 64 * MIB
        archive(path, {name: npy((count,), bytes(count * 8)) for name in names})
    else:
        archive(path, {name: npy((10**12,)) for name in names})
    words = refused(kind, path)
    assert words == ABOVE if how == "members" else "does not have the size" in words


@ON_LINUX
@pytest.mark.parametrize("how", ["packed", "repeated"])
def test_weights_that_expand(tmp_path, how):
    import torch

    path = tmp_path / "a.pt"
    if how == "repeated":
        torch.save({"state_dict": {"a": torch.zeros(1).expand(1 << 31)}}, path)
    else:
        torch.save({"state_dict": {"a": torch.zeros(256 * MIB)}}, tmp_path / "large.pt")
        with zipfile.ZipFile(tmp_path / "large.pt") as source:
            archive(path, {name: source.read(name) for name in source.namelist()})
        (tmp_path / "large.pt").unlink()
    assert refused("weights", path) == ABOVE


def test_the_limit_is_said_and_can_be_raised(tmp_path, monkeypatch):
    path = tmp_path / "a.nii.gz"
    write_volume(path, np.zeros((128, 128, 128), np.uint8), np.eye(4))
    monkeypatch.setenv(VARIABLE, "1")
    with pytest.raises(InputError, match=f"holds 2 MiB or more, above the limit of 1 MiB.*{VARIABLE}"):
        read_volume(path)
    monkeypatch.setenv(VARIABLE, "3")
    assert read_volume(path).array.shape == (128, 128, 128)


@pytest.mark.parametrize("text", ["many", "0", "-5", "1.5"])
def test_a_limit_that_is_none_is_said(tmp_path, monkeypatch, text):
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(InputError, match="not a number of MiB") as error:
        require_size(1, "file", tmp_path)
    assert error.value.faults[0].kind == "limit-invalid"
