"""Where radiographs come from: files, large ones too, Slicer's DICOM database, the subject hierarchy."""

import sys
import types

import numpy as np
import pytest
import qt
import slicer
import slicer.util
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from radiographs import radiograph_array, shown

from SwinX2SLib.slicerui.inputs import loading
from SwinX2SLib.slicerui.inputs.dicom import radiographs_of_database
from SwinX2SLib.slicerui.inputs.dropping import FileDrop


@pytest.fixture
def loadable(monkeypatch, add_radiograph, tmp_path):
    """Files that `slicer.util.loadVolume` can load: it makes a radiograph of their name."""

    def load(path, properties):
        assert properties == {"singleFile": True}
        if "broken" in path:
            raise RuntimeError("no reader")
        return add_radiograph(path.rsplit("/", 1)[-1].split(".")[0], seed=len(path))

    monkeypatch.setattr(slicer.util, "loadVolume", load)

    def write(*names):
        for name in names:
            (tmp_path / name).write_bytes(b"picture")
        return [str(tmp_path / name) for name in names]

    return write


def drop(widget, files) -> bool:
    """Drop files, or addresses, on a widget as a file manager or a tree does."""
    data = qt.QMimeData()
    data.setUrls([qt.QUrl(file) if "://" in file else qt.QUrl.fromLocalFile(file) for file in files])
    how = qt.Qt.CopyAction, data, qt.Qt.LeftButton, qt.Qt.NoModifier
    enter = qt.QDragEnterEvent(qt.QPoint(5, 5), *how)
    qt.QApplication.sendEvent(widget, enter)
    if enter.isAccepted():
        qt.QApplication.sendEvent(widget, qt.QDropEvent(qt.QPointF(5, 5), *how))
    return enter.isAccepted()


def test_two_dropped_files_are_told_apart(panel, loadable):
    drop(panel.ui.apSelector, loadable("hip lateral.png", "hip AP.png"))
    assert panel.parameters.ap_volume.GetName() == "hip AP"
    assert panel.parameters.lateral_volume.GetName() == "hip lateral"
    assert "by the file name" in panel.ui.recognitionLabel.text


def test_one_file_dropped_on_a_radiograph_becomes_this_radiograph(panel, loadable):
    drop(panel.ui.lateralSelector, loadable("x.png"))
    assert panel.parameters.lateral_volume.GetName() == "x"
    assert panel.parameters.ap_volume is None


def test_files_that_cannot_be_loaded_are_named(panel, inputs, loadable):
    inputs.load(loadable("broken.png"))
    assert "broken.png" in panel.ui.recognitionLabel.text
    inputs.load(loadable(*(f"slice{number}.png" for number in range(20))))
    assert "20 files" in panel.ui.recognitionLabel.text


def test_other_things_dropped_are_left_alone(panel):
    heard = []
    target = qt.QWidget()
    keep = FileDrop(target, heard.append)
    assert not drop(target, [])
    assert drop(target, ["/a/radiograph.png"])
    assert heard == [["/a/radiograph.png"]]
    assert keep is not None


def item_address(node) -> str:
    """What Slicer's tree gives for an item that is dragged."""
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    item = hierarchy.GetItemByDataNode(node) or hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
    return f"mrml://scene/subjecthierarchy/item?id={item}"


def test_items_dragged_from_the_subject_hierarchy_are_taken(panel, add_radiograph):
    front, side = add_radiograph("hip AP", seed=1), add_radiograph("hip lateral", seed=2)
    assert drop(panel.ui.lateralSelector, [item_address(front)])
    assert (panel.parameters.ap_volume, panel.parameters.lateral_volume) == (None, front)
    # Two at once are told apart, wherever they were dropped.
    assert drop(panel.ui.lateralSelector, [item_address(side), item_address(front)])
    assert (panel.parameters.ap_volume, panel.parameters.lateral_volume) == (front, side)


def test_a_folder_of_the_subject_hierarchy_gives_the_radiographs_inside(panel, add_radiograph):
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    folder = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), "study")
    for radiograph in (add_radiograph("chest lateral", seed=1), add_radiograph("chest PA", seed=2)):
        item_address(radiograph)
        hierarchy.SetItemParent(hierarchy.GetItemByDataNode(radiograph), folder)
    assert drop(panel.ui.apSelector, [f"mrml://scene/subjecthierarchy/item?id={folder}"])
    assert panel.parameters.ap_volume.GetName() == "chest PA"
    assert panel.parameters.lateral_volume.GetName() == "chest lateral"


def test_other_items_and_addresses_are_left_alone(panel):
    model = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode")
    for address in (
        item_address(model),
        "mrml://scene/subjecthierarchy/item?id=x",
        "https://example.org/?id=3",
    ):
        assert not drop(panel.ui.apSelector, [address])


class Database:
    """Answers as `ctkDICOMDatabase` does, of radiographs in memory: {series: {file: {tag: value}}}.

    Attributes:
        opened: the files that were opened.
        unknown: series of which the database itself knows no modality.
    """

    isOpen = True

    def __init__(self, series):
        self._series = series
        self.opened, self.unknown = set(), set()

    def fieldForSeries(self, field, series_instance_uid):
        assert isinstance(field, str)
        files = self._series.get(series_instance_uid)
        if field != "Modality" or not files or series_instance_uid in self.unknown:
            return ""
        return next(iter(files.values()))["0008,0060"]

    def patients(self):
        return ("1",)

    def studiesForPatient(self, _patient):
        return ("1.2",)

    def seriesForStudy(self, _study):
        return tuple(self._series)

    def filesForSeries(self, series):
        return tuple(self._series[series])

    def fileValue(self, file, tag):
        self.opened.add(file)
        (told,) = (files[file] for files in self._series.values() if file in files)
        return told.get(tag, "")


def told(modality, view="", date="20240131", **more):
    return {"0008,0060": modality, "0018,5101": view, "0008,0020": date, "0010,0010": "Doe^Jane"} | more


@pytest.fixture
def database(monkeypatch, add_radiograph):
    """A database of one patient, and Slicer's way to load from it."""
    found = Database(
        {
            "s1": {"/x/pa.dcm": told("DX", "PA"), "/x/ll.dcm": told("DX", "LL")},
            "s2": {"/x/ct1.dcm": told("CT"), "/x/ct2.dcm": told("CT")},
            "s3": {"/x/run.dcm": told("XA", **{"0028,0008": "30"})},
            "s4": {"/x/old.dcm": told("CR", date="19991231")},
        }
    )
    loaded = []

    class Loadable:
        def __init__(self, file, confidence):
            self.files, self.confidence, self.selected = [file], confidence, False

    def offered(lists):
        ((file,),) = lists
        return {"poor": [Loadable(file, 0.2)], "good": [Loadable(file, 0.9)]}, True

    def load(by_plugin):
        ((plugin, (loadable,)),) = by_plugin.items()
        assert loadable.selected
        (file,) = loadable.files
        loaded.append((plugin, file))
        return [add_radiograph(f"radiograph {found.fileValue(file, '0018,5101')}", seed=len(loaded)).GetID()]

    utils = types.SimpleNamespace(getLoadablesFromFileLists=offered, loadLoadables=load)
    monkeypatch.setitem(sys.modules, "DICOMLib", types.SimpleNamespace(DICOMUtils=utils))
    monkeypatch.setattr(slicer, "dicomDatabase", found, raising=False)
    monkeypatch.setattr(slicer.util, "mainWindow", lambda: None)
    found.loaded = loaded
    return found


def test_radiographs_of_the_dicom_database_are_listed_and_the_chosen_ones_loaded_by_the_best_plugin(
    panel, inputs, database
):
    panel.ui.databaseButton.click()
    choice = inputs.taker.choice
    rows = [
        [choice.table.item(row, column).text() for column in range(choice.table.columnCount)]
        for row in range(choice.table.rowCount)
    ]
    assert [row[3] for row in rows] == ["PA", "LL", ""]
    assert rows[0][:3] == ["Doe Jane", "2024-01-31", "DX"]
    assert not choice.load_button.enabled
    choice.table.setSelectionMode(qt.QAbstractItemView.MultiSelection)
    choice.table.selectRow(1)
    choice.table.selectRow(0)
    choice.load_button.click()
    assert database.loaded == [("good", "/x/pa.dcm"), ("good", "/x/ll.dcm")]
    assert panel.parameters.ap_volume.GetName() == "radiograph PA"
    assert panel.parameters.lateral_volume.GetName() == "radiograph LL"
    assert not choice.dialog.visible


def test_no_file_of_another_modality_is_opened_for_the_list(database):
    radiographs_of_database(database)
    assert database.opened == {"/x/pa.dcm", "/x/ll.dcm", "/x/run.dcm", "/x/old.dcm"}


def test_a_series_of_which_the_database_knows_no_modality_is_judged_by_its_first_file(database):
    before, _runs = radiographs_of_database(database)
    database.opened.clear()
    database.unknown |= {"s1", "s2"}
    assert radiographs_of_database(database)[0] == before
    assert "/x/ct1.dcm" in database.opened
    assert "/x/ct2.dcm" not in database.opened


def test_runs_of_several_frames_are_told_and_not_listed(database):
    radiographs, runs = radiographs_of_database(database)
    assert runs == 1
    assert "/x/run.dcm" not in [radiograph.file for radiograph in radiographs]


def test_without_a_database_the_user_is_told(panel, monkeypatch):
    monkeypatch.setattr(slicer, "dicomDatabase", None, raising=False)
    panel.ui.databaseButton.click()
    assert "database is not open" in panel.ui.recognitionLabel.text


def write_large_radiograph(path):
    """A radiograph of 20 million pixels, as a scanner's detector gives."""
    radiograph = Dataset()
    radiograph.file_meta = FileMetaDataset()
    radiograph.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    radiograph.file_meta.MediaStorageSOPClassUID = radiograph.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    radiograph.file_meta.MediaStorageSOPInstanceUID = radiograph.SOPInstanceUID = generate_uid()
    pixels = np.kron(radiograph_array(500, 400, seed=7), np.ones((10, 10), np.uint16))
    radiograph.Rows, radiograph.Columns = pixels.shape
    radiograph.Modality, radiograph.PatientOrientation = "CR", ["L", "F"]
    radiograph.SamplesPerPixel, radiograph.PhotometricInterpretation = 1, "MONOCHROME2"
    radiograph.BitsAllocated = radiograph.BitsStored = 16
    radiograph.HighBit, radiograph.PixelRepresentation = 15, 0
    radiograph.ImagerPixelSpacing = [0.1, 0.1]
    radiograph.PixelData = pixels.tobytes()
    radiograph.save_as(path, enforce_file_format=True)
    return pixels


def test_a_large_radiograph_is_read_beside_the_event_loop_with_words_about_it(
    panel, inputs, monkeypatch, tmp_path
):
    path = tmp_path / "large.dcm"
    pixels = write_large_radiograph(path)
    monkeypatch.setattr(slicer.util, "loadVolume", lambda *_arguments: pytest.fail("read in Slicer itself"))
    seen, beats = [], qt.QTimer()
    beats.setInterval(20)
    beats.timeout.connect(lambda: seen.append(panel.ui.recognitionLabel.text))
    beats.start()
    inputs.load([str(path)])
    beats.stop()
    # Timers go on while it is read, and the panel says what it does.
    assert len([words for words in seen if "Reading large.dcm (40.0 MB)" in words]) > 5
    radiograph = panel.parameters.ap_volume
    assert radiograph.GetName() == "large"
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(radiograph)[0], pixels)
    assert slicer.util.arrayFromVolume(radiograph).itemsize == 2
    assert "4000 x 5000 pixels, 0.1 mm, from DICOM ImagerPixelSpacing" in panel.ui.apInfoLabel.text
    assert shown(inputs, "ap").shape == (1000, 800)


def test_a_large_picture_in_colour_is_left_to_slicer_which_asks_before_it_is_made_gray(tmp_path, monkeypatch):
    path = tmp_path / "photo.png"
    noise = np.random.default_rng(0).integers(0, 255, (1200, 1000, 3)).astype(np.uint8)
    Image.fromarray(noise).save(path)
    assert path.stat().st_size > loading.LARGE_BYTES
    read = []
    monkeypatch.setattr(slicer.util, "loadVolume", lambda file, _properties: read.append(file))
    loading.read_radiograph(path)
    assert read == [str(path)]
