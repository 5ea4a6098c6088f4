"""Values of a radiograph's header that may stand in another DICOM object, checked against their representation.

Headers of hospitals hold what the standard does not allow: a birth date of a year, a sex in lower case, names in
undeclared bytes. Such a value is corrected where its meaning is certain and left empty otherwise, with a note that
does not repeat it. Text comes as Unicode, to be written as ISO_IR 192.

Standard: PS3.5 6.2 (value representations), PS3.3 C.12.1.1.2 (character sets).
"""

from __future__ import annotations

import codecs
import math
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom import Dataset
    from pydicom.tag import BaseTag

_PATIENT_GROUPS = (0x0010, 0x0012)
# General Study (PS3.3 C.7.2.1), and of General Equipment (C.7.5.1) what names the device of a source image.
_STUDY = (
    "StudyDate", "StudyTime", "AccessionNumber", "IssuerOfAccessionNumberSequence", "ReferringPhysicianName",
    "ReferringPhysicianIdentificationSequence", "ConsultingPhysicianName",
    "ConsultingPhysicianIdentificationSequence", "StudyDescription", "ProcedureCodeSequence", "PhysiciansOfRecord",
    "PhysiciansOfRecordIdentificationSequence", "NameOfPhysiciansReadingStudy",
    "PhysiciansReadingStudyIdentificationSequence", "ReferencedStudySequence", "StudyID", "RequestingService",
    "RequestingServiceCodeSequence", "ReasonForPerformedProcedureCodeSequence", "AdmittingDiagnosesDescription",
    "AdmittingDiagnosesCodeSequence", "AdmissionID", "IssuerOfAdmissionIDSequence", "ServiceEpisodeID",
    "ServiceEpisodeDescription", "IssuerOfServiceEpisodeIDSequence", "PatientState", "ReasonForVisit",
    "ReasonForVisitCodeSequence", "Manufacturer", "ManufacturerModelName", "DeviceSerialNumber", "SoftwareVersions",
    "InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName", "StationName", "AcquisitionDateTime",
)  # fmt: skip
# pydicom reads these too, but they are no defined terms.
_NO_TERMS = ("ISO_IR 6", "ISO 2022 58")
_MOST_CHARACTERS = {
    "AE": 16,
    "SH": 16,
    "LO": 64,
    "ST": 1024,
    "LT": 10240,
    "UC": 2**32,
    "UT": 2**32,
    "UR": 2**32,
}
_ONE_VALUE = ("ST", "LT", "UT", "UR")
_ENCODED = ("SH", "LO", "ST", "LT", "UC", "UT", "PN")
_PLAIN = ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI", "UR")
_BYTES = ("OB", "OW", "UN", None)
_NUMBERS = ("US", "SS", "UL", "SL", "UV", "SV", "FL", "FD")
_SEXES = {"MALE": "M", "FEMALE": "F", "OTHER": "O"}
_UID = re.compile(r"[0-9]+(\.[0-9]+)+")
_ESCAPE_SEQUENCE = re.compile(r"\x1b[$(),\-./]{1,2}.")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_OF_LINES = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
_NAME_GROUPS, _NAME_COMPONENTS, _NAME_CHARACTERS = 3, 5, 64

_Checked = tuple[str, str]
"""A value, "" where it must be left empty, and what was wrong with what was stated, "" for nothing."""


def patient_and_study(header: Dataset) -> tuple[Dataset, dict[BaseTag, str]]:
    """Return the attributes of patient, study and equipment of a header, and a sentence about each that was changed.

    Args:
        header: as `dcmread` returned it; elements of which a value was asked for already may have lost their bytes.
    """
    from pydicom.datadict import tag_for_keyword

    wanted = {tag_for_keyword(keyword) for keyword in _STUDY}
    tags = [tag for tag in header.keys() if tag.group in _PATIENT_GROUPS or tag in wanted]  # noqa: SIM118
    notes: dict[BaseTag, str] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _copied(header, tags, ["ascii"], notes), notes


def is_uid(value: str) -> bool:
    """Return whether a text has the characters and the length of a UID (PS3.5 9.1); zeros may lead its components."""
    return bool(_UID.fullmatch(value)) and len(value) <= 64


def _copied(
    header: Dataset, tags: Iterable[BaseTag], outer: Sequence[str], notes: dict[BaseTag, str]
) -> Dataset:
    """Return the attributes of a header or of an item of a sequence; `outer` are the encodings of what it is in."""
    from pydicom import Dataset
    from pydicom.datadict import dictionary_description, dictionary_has_tag, dictionary_VR
    from pydicom.tag import Tag

    copy = Dataset()
    encodings, note = _encodings(header, outer)
    if note:
        notes[Tag("SpecificCharacterSet")] = note
    for tag in tags:
        if not dictionary_has_tag(tag) or tag.is_private or tag == Tag("SpecificCharacterSet"):
            continue
        vr = dictionary_VR(tag)
        if vr == "SQ":
            value, inside = _items(header, tag, encodings)
            if inside:
                notes[tag] = f"{dictionary_description(tag)}: {' '.join(inside)}"
        else:
            value, wrong = _value(header, tag, vr, encodings)
            if wrong:
                effect = "corrected" if value else "left empty"
                notes[tag] = f"{dictionary_description(tag)} {wrong} and was {effect}."
        copy.add_new(tag, vr, value)
    return copy


def _items(header: Dataset, tag: BaseTag, encodings: Sequence[str]) -> tuple[list[Dataset], list[str]]:
    """Return the items of a sequence, and sentences about what was changed in them."""
    from pydicom import Sequence as Items

    try:
        items = header[tag].value
    except Exception:  # pydicom raises many types for damaged items
        items = None
    if not isinstance(items, Items):
        return [], ["It is no sequence and was left empty."]
    notes: dict[BaseTag, str] = {}
    copies = [_copied(item, list(item.keys()), encodings, notes) for item in items]
    return copies, list(notes.values())


def _value(header: Dataset, tag: BaseTag, vr: str, encodings: Sequence[str]) -> tuple[Any, str]:
    """Return what is left of a value, a number or one or several texts, and what was wrong."""
    from pydicom.datadict import dictionary_keyword, dictionary_VM

    if vr in _NUMBERS:
        return _number(header, tag, vr)
    if vr not in _ENCODED + _PLAIN:
        return "", "is of a kind that is not copied"
    text, wrong = _stated(header, tag, vr, encodings)
    keyword, is_single = dictionary_keyword(tag), dictionary_VM(tag) == "1"
    stated = [text] if vr in _ONE_VALUE else text.split("\\")
    if len(stated) > 1 and is_single:
        stated, wrong = ([""] if _identifies(keyword) else stated[:1]), "has several values"
    checked = [_checked(part, vr, keyword) for part in stated]
    wrong = wrong or next((reason for _, reason in checked if reason), "")
    kept = [value for value, _ in checked if value] or [""]
    return kept[0] if len(kept) == 1 else kept, wrong


def _number(header: Dataset, tag: BaseTag, vr: str) -> tuple[Any, str]:
    try:
        element = header[tag]
    except Exception:  # pydicom raises many types for values of a wrong length
        return None, "is no number"
    values = list(element.value) if element.VM > 1 else [element.value]
    if vr == element.VR and all(isinstance(value, int | float) for value in values):
        return element.value, ""
    return None, "" if element.is_empty else f"is stored as {element.VR} instead of {vr}"


def _stated(header: Dataset, tag: BaseTag, vr: str, encodings: Sequence[str]) -> _Checked:
    """Return the text of an element, whichever way it is stored."""
    from pydicom.dataelem import RawDataElement

    element: Any = header.get_item(tag)
    if not isinstance(element, RawDataElement):
        return _text_of(element)
    wrong = "" if element.VR in (vr, "UN", None) else f"was stored as {element.VR} instead of {vr}"
    if element.VR not in _ENCODED + _PLAIN + _BYTES:
        try:
            text, unusable = _text_of(header[tag])
        except Exception:  # pydicom raises many types for damaged values
            text, unusable = "", "cannot be read"
        return text, unusable or wrong
    text, undecoded = _decoded(element.value or b"", encodings if vr in _ENCODED else ["ascii"], vr)
    return text, undecoded or wrong


def _text_of(element: Any) -> _Checked:
    from pydicom.multival import MultiValue

    values = element.value if isinstance(element.value, MultiValue | list) else [element.value]
    if element.VR == "SQ" or any(isinstance(value, bytes) for value in values):
        return "", f"is stored as {element.VR}"
    return "\\".join("" if value is None else str(value) for value in values), ""


def _encodings(header: Dataset, outer: Sequence[str]) -> tuple[list[str], str]:
    """Return Python's names of the character sets that a header states, those outside where it states none."""
    from pydicom.charset import default_encoding, python_encoding

    if "SpecificCharacterSet" not in header:
        return list(outer), ""
    text, _ = _stated(header, _tag_of_character_set(), "CS", ["ascii"])
    names = [name.strip(" \0") for name in text.split("\\")]
    found = [_encoding(name) for name in names]
    plain = ["ascii" if name in (None, default_encoding) else str(name) for name in found]
    usual = [name for name in names if name in python_encoding and name not in _NO_TERMS]
    if len(usual) == len(names):
        return plain, ""
    return plain, "Specific Character Set is not one of DICOM's; the text was read as " + (
        f"{', '.join(dict.fromkeys(plain))}."
    )


def _tag_of_character_set() -> BaseTag:
    from pydicom.tag import Tag

    return Tag("SpecificCharacterSet")


def _encoding(name: str) -> str | None:
    """Return Python's name of a character set, however it is spelt, or None."""
    from pydicom.charset import python_encoding

    known = {_letters(term): encoding for term, encoding in python_encoding.items()}
    for spelt in (_letters(name), _letters(name).replace("ISOIR", "ISO2022IR")):
        if spelt in known:
            return known[spelt]
    try:
        found = codecs.lookup(name)
        "".encode(found.name)  # only of text
    except (LookupError, ValueError):
        return None
    return found.name


def _letters(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", name.upper())


def _decoded(value: bytes, encodings: Sequence[str], vr: str) -> _Checked:
    """Return the text of bytes: as stated, else as UTF-8, else (where nothing is stated) as Latin-1."""
    from pydicom.charset import decode_bytes
    from pydicom.valuerep import PN_DELIMS, TEXT_VR_DELIMS

    delimiters = PN_DELIMS if vr == "PN" else TEXT_VR_DELIMS
    candidates = [list(encodings), *([name] for name in encodings[1:])]
    with _strictly():
        for names in candidates:
            try:
                return _ESCAPE_SEQUENCE.sub("", decode_bytes(value, names, delimiters)), ""
            except ValueError:
                continue
    if vr not in _ENCODED:
        return "", "has characters that are not ASCII"
    for encoding in ("utf-8", "latin-1") if set(encodings) == {"ascii"} else ("utf-8",):
        try:
            return value.decode(
                encoding
            ), f"has text in an undeclared character set, which was read as {encoding},"
        except UnicodeDecodeError:
            continue
    return "", "is not in the character set that the header states"


@contextmanager
def _strictly() -> Iterator[None]:
    """Make pydicom refuse bytes that it would otherwise replace."""
    from pydicom import config

    mode = config.settings.reading_validation_mode
    config.settings.reading_validation_mode = config.RAISE
    try:
        yield
    finally:
        config.settings.reading_validation_mode = mode


def _identifies(keyword: str) -> bool:
    """Return whether a value names somebody or something, so that half of it would name another."""
    return keyword.endswith(("ID", "IDs", "UID", "Number"))


def _checked(text: str, vr: str, keyword: str) -> _Checked:
    stripped = text.strip(" \0")
    if not stripped:
        return "", ""
    if keyword == "PatientSex":
        return _sex(stripped)
    if vr in _MOST_CHARACTERS:
        return _text(stripped, vr, keyword)
    return _CHECKS[vr](stripped)


def _text(text: str, vr: str, keyword: str) -> _Checked:
    control, most = _CONTROL_OF_LINES if vr in ("ST", "LT", "UT") else _CONTROL, _MOST_CHARACTERS[vr]
    kept = control.sub(" ", text).strip()
    if len(kept) > most:
        return "" if _identifies(keyword) else kept[:most].strip(), f"is longer than {most} characters"
    return kept, "" if kept == text.strip() else "has control characters"


def _name(text: str) -> _Checked:
    groups = [group.split("^") for group in _CONTROL.sub(" ", text).split("=")]
    kept = [
        "^".join(part.strip() for part in group[:_NAME_COMPONENTS])[:_NAME_CHARACTERS].rstrip(" ^")
        for group in groups[:_NAME_GROUPS]
    ]
    if _CONTROL.search(text):
        wrong = "has control characters"
    elif len(groups) > _NAME_GROUPS or any(len(group) > _NAME_COMPONENTS for group in groups):
        wrong = "has more parts than a name of DICOM"
    elif any(len("^".join(group)) > _NAME_CHARACTERS for group in groups):
        wrong = f"is longer than {_NAME_CHARACTERS} characters"
    else:
        return text, ""
    return "=".join(kept).rstrip("="), wrong


def _sex(text: str) -> _Checked:
    upper = text.upper()
    kept = _SEXES.get(upper, upper)
    if kept not in _SEXES.values():
        return "", "is not M, F or O"
    return kept, "" if kept == text else "was not written as M, F or O"


def _code(text: str) -> _Checked:
    upper = text.upper()
    if not re.fullmatch(r"[A-Z0-9 _]{1,16}", upper):
        return "", "is no code of DICOM (16 capitals, digits, spaces and underscores)"
    return upper, "" if upper == text else "was not written in capitals"


def _date(text: str) -> _Checked:
    # A time may follow; dots are of ACR-NEMA.
    match = re.fullmatch(r"(\d{4})([-./]?)(\d{2})\2(\d{2})([ T]?\d{2}:?\d{2}[\d:.]*)?", text, re.ASCII)
    try:
        day = date(int(match[1]), int(match[3]), int(match[4])) if match else None
    except ValueError:
        day = None
    if day is None:
        return "", "is no date (YYYYMMDD)"
    kept = f"{day.year:04d}{day.month:02d}{day.day:02d}"
    return kept, "" if kept == text else "was not written as YYYYMMDD"


def _time(text: str) -> _Checked:
    match = re.fullmatch(r"(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.(\d+))?)?)?", text, re.ASCII)
    if not match or int(match[1]) > 23 or int(match[2] or 0) > 59 or int(match[3] or 0) > 60:
        return "", "is no time (HHMMSS)"
    kept = "".join(match[part] or "" for part in (1, 2, 3)) + (f".{match[4][:6]}" if match[4] else "")
    return kept, "" if kept == text else "was not written as HHMMSS.FFFFFF"


def _moment(text: str) -> _Checked:
    match = re.fullmatch(r"(\d{4,8})(\d{2}){0,3}(\.\d{1,6})?([+-]\d{4})?", text, re.ASCII)
    whole = re.match(r"\d+", text)
    digits = whole[0] if whole else ""
    day = (digits + "0101"[max(len(digits) - 4, 0) :])[:8] if len(digits) < 8 else digits[:8]
    is_valid = match is not None and len(digits) % 2 == 0 and not _date(day)[1]
    is_valid = is_valid and (len(digits) <= 8 or not _time(digits[8:])[1])
    return (text, "") if is_valid else ("", "is no date with time (YYYYMMDDHHMMSS)")


def _age(text: str) -> _Checked:
    match = re.fullmatch(r"0*(\d{1,3}) ?([DWMY])", text.upper(), re.ASCII)
    if not match:
        return "", "is no age (nnnD, nnnW, nnnM or nnnY)"
    kept = f"{int(match[1]):03d}{match[2]}"
    return kept, "" if kept == text else "was not written as three digits and a letter"


def _decimal(text: str) -> _Checked:
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII) or not math.isfinite(
        float(text)
    ):
        return "", "is no number"
    return (text, "") if len(text) <= 16 else (f"{float(text):.9g}", "has more than 16 characters")


def _whole(text: str) -> _Checked:
    if not re.fullmatch(r"[+-]?\d{1,11}", text, re.ASCII) or abs(int(text)) >= 2**31:
        return "", "is no whole number"
    return text, ""


def _uid(text: str) -> _Checked:
    return (text, "") if is_uid(text) else ("", "is no UID")


_CHECKS: dict[str, Callable[[str], _Checked]] = {
    "PN": _name, "CS": _code, "DA": _date, "TM": _time, "DT": _moment, "AS": _age, "DS": _decimal, "IS": _whole,
    "UI": _uid,
}  # fmt: skip
