"""Headers as hospitals write them: what DICOM does not allow is corrected or left empty, and the export succeeds."""

import json
import struct

import highdicom
import pydicom
import pytest
from exported_person import radiograph
from hypothesis import given
from hypothesis import strategies as st
from pydicom import config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.tag import Tag

from SwinX2SLib.export.dicom_values import patient_and_study
from SwinX2SLib.export.run import run_export
from SwinX2SLib.export.source import ExportSource

LONG = ("OB", "OW", "UN", "UT", "SQ", "UC", "UR")  # of which the length takes four bytes
ONE_STUDY = {"StudyID": "7", "StudyTime": "101112"}
TARO = "Test^Taro=試験^太郎=しけん^たろう"
HONG = "Hong^Gildong=洪^吉洞=홍^길동"


def raw(header, keyword, value, vr=None):
    """Put bytes into a header as a reader of a file finds them."""
    tag = Tag(tag_for_keyword(keyword))
    stated = vr or dictionary_VR(tag)
    header[tag] = RawDataElement(tag, stated, len(value), value, 0, False, True)


def write(path, header):
    """Write a header, raw elements byte for byte (pydicom would encode them anew)."""
    body = b""
    for tag in sorted(header.keys()):
        element = header.get_item(tag)
        if isinstance(element, RawDataElement):
            value = element.value + b" " * (len(element.value) % 2)
            length = (
                struct.pack("<HI", 0, len(value)) if element.VR in LONG else struct.pack("<H", len(value))
            )
            body += struct.pack("<HH", tag.group, tag.element) + element.VR.encode() + length + value
        else:
            stream = DicomBytesIO()
            stream.is_little_endian, stream.is_implicit_VR = True, False
            part = pydicom.Dataset()
            part.add(element)
            write_dataset(stream, part, header.get("SpecificCharacterSet", "ISO_IR 6"))
            body += stream.getvalue()
    meta = DicomBytesIO()
    write_file_meta_info(meta, header.file_meta)
    path.write_bytes(b"\0" * 128 + b"DICM" + meta.getvalue() + body)


def exported(source, tmp_path, fill):
    """Export with a radiograph whose header `fill` changes; return the segmentation as written, and its notes."""
    path = radiograph(tmp_path / "ap.dcm", **ONE_STUDY)
    header = pydicom.dcmread(path)
    fill(header)
    write(path, header)
    written = run_export(
        ExportSource(source.labels, source.affine, radiographs={"ap": path}), ["dicomseg"], tmp_path / "out"
    )
    highdicom.seg.segread(written["dicomseg"])
    notes = json.loads((tmp_path / "out" / "export.json").read_text(encoding="utf-8"))["notes"]
    return pydicom.dcmread(written["dicomseg"]), notes


@pytest.mark.parametrize(
    ("stated", "name", "python"),
    [
        ("\\ISO 2022 IR 87", TARO, None),
        ("\\ISO 2022 IR 149", HONG, None),
        ("ISO_IR 13\\ISO 2022 IR 87", "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎", None),
        ("ISO_IR 192", "Müller^Jörg", "utf-8"),
        ("UTF-8", "Müller^Jörg", "utf-8"),
        ("ISO_IR 6", "Mueller^Joerg", "ascii"),
        ("ISO-IR 100", "Müller^Jörg", "latin-1"),
        ("windows-1251", "Иванов^Иван", "cp1251"),
        ("GB18030", "王^小东", "gb18030"),
        ("\\GB18030", "王^小东", "gb18030"),
        ("", "Müller^Jörg", "utf-8"),
        ("", "Müller^Jörg", "latin-1"),
    ],
)
def test_names_of_any_character_set_are_written_in_unicode(source, tmp_path, stated, name, python):
    def fill(header):
        if python is None:
            header.SpecificCharacterSet = stated.split("\\")
            header.PatientName = name
        else:
            raw(header, "SpecificCharacterSet", stated.encode())
            raw(header, "PatientName", name.encode(python))

    stored, _ = exported(source, tmp_path, fill)
    assert stored.SpecificCharacterSet == "ISO_IR 192"
    assert str(stored.PatientName) == name


@pytest.mark.parametrize(
    ("keyword", "stated", "vr", "expected"),
    [
        ("PatientBirthDate", b"1950", "DA", ""),
        ("PatientBirthDate", b"1950.01.02", "DA", "19500102"),
        ("PatientBirthDate", b"1950-01-02", "LO", "19500102"),
        ("PatientBirthDate", b"00000000", "DA", ""),
        ("PatientBirthDate", b"19500102103000", "DT", "19500102"),
        ("PatientSex", b"m ", "CS", "M"),
        ("PatientSex", b"female", "CS", "F"),
        ("PatientSex", b"W ", "CS", ""),
        ("StudyTime", b"12:34:56", "TM", "123456"),
        ("StudyTime", b"12:34:56.12345678", "TM", "123456.123456"),
        ("StudyTime", b"256199", "TM", ""),
        ("StudyDate", b"20200230", "DA", ""),
        ("StudyID", b"x" * 18, "SH", ""),
        ("AccessionNumber", b"A" * 17 + b" ", "SH", ""),
        ("StudyDescription", b"knee " * 20, "LO", ("knee " * 13)[:64].strip()),
        ("PatientID", b"A\\B ", "LO", ""),
        ("PatientID", b"\x05\x00", "US", "5"),
        ("PatientID", b"X1\0\0", "OB", "X1"),
        ("PatientName", b"A" * 70 + b"^B ", "PN", "A" * 64),
        ("PatientName", b"A=B=C=D ", "PN", "A=B=C"),
        ("PatientAge", b"65Y ", "AS", "065Y"),
        ("PatientAge", b"old ", "AS", ""),
        ("PatientWeight", b"81,5", "DS", None),
        ("PatientWeight", b"70.123456789012345678 ", "DS", 70.1234568),
    ],
)
def test_what_dicom_does_not_allow_is_corrected_or_left_empty_and_noted(
    source, tmp_path, keyword, stated, vr, expected
):
    stored, notes = exported(source, tmp_path, lambda header: raw(header, keyword, stated, vr))
    assert stored[keyword].value == expected or str(stored[keyword].value) == expected
    (note,) = notes
    assert note.startswith("ap.dcm: ")
    assert note.endswith("was corrected." if expected else "was left empty.")


def test_values_as_the_standard_has_them_are_kept_without_a_note(source, tmp_path):
    def fill(header):
        header.PatientSex, header.PatientAge, header.StudyTime = "F", "070Y", "101112.5"
        header.OtherPatientNames = ["Doe^Ann", "Smith^Ann"]
        item = pydicom.Dataset()
        item.PatientID, item.IssuerOfPatientID = "Z9", "Elsewhere"
        header.OtherPatientIDsSequence = [item]

    stored, notes = exported(source, tmp_path, fill)
    assert not notes
    assert (stored.PatientSex, stored.PatientAge, stored.StudyTime) == ("F", "070Y", "101112.5")
    assert [str(name) for name in stored.OtherPatientNames] == ["Doe^Ann", "Smith^Ann"]
    assert stored.OtherPatientIDsSequence[0].IssuerOfPatientID == "Elsewhere"


def test_values_inside_sequences_are_corrected_too(source, tmp_path):
    def fill(header):
        item = pydicom.Dataset()
        raw(item, "PatientID", b"Z" * 70)
        raw(item, "IssuerOfPatientID", b"\xc4rzte ")
        header.OtherPatientIDsSequence = [item]

    stored, notes = exported(source, tmp_path, fill)
    (item,) = stored.OtherPatientIDsSequence
    assert (item.PatientID, item.IssuerOfPatientID) == ("", "Ärzte")
    (note,) = notes
    assert note.startswith("ap.dcm: Other Patient IDs Sequence: ")
    assert "Patient ID is longer than 64 characters and was left empty." in note
    assert "Issuer of Patient ID has text in an undeclared character set" in note


ANY_KEYWORD = st.sampled_from(
    ["PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber",
     "StudyID", "StudyDescription", "PatientAge", "PatientWeight", "PatientComments", "EthnicGroupCodeSequence",
     "PregnancyStatus", "LastMenstrualDate", "SpecificCharacterSet", "SmokingStatus", "ReferringPhysicianName"]
)  # fmt: skip
ANY_VR = st.sampled_from(
    ["LO", "SH", "DA", "TM", "CS", "PN", "US", "UN", "OB", "DS", "IS", "UT", "FD", "AT", "SQ"]
)


@given(st.lists(st.tuples(ANY_KEYWORD, st.binary(max_size=80), st.none() | ANY_VR), max_size=6))
def test_no_bytes_whatsoever_stop_the_copy_or_make_it_invalid(elements):
    header = pydicom.Dataset()
    for keyword, value, vr in elements:
        raw(header, keyword, value, vr)
    copied, notes = patient_and_study(header)
    modes = config.settings.reading_validation_mode, config.settings.writing_validation_mode
    config.settings.reading_validation_mode = config.settings.writing_validation_mode = config.RAISE
    try:
        strict = pydicom.Dataset()
        for element in copied:
            strict.add_new(element.tag, element.VR, element.value)
    finally:
        config.settings.reading_validation_mode, config.settings.writing_validation_mode = modes
    assert all(note.endswith(".") for note in notes.values())
