"""Texts for translators: all of them are found, and the files in the tree are those of the sources."""

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import extract
import fault_sentences

_RENEW = "run: python Testing/translations/extract.py"


@pytest.mark.parametrize("file", [extract.TS_FILE, extract.FAULTS_FILE], ids=str)
def test_the_files_in_the_tree_are_those_of_the_sources(file):
    assert (extract.REPOSITORY / file).read_text(encoding="utf-8") == extract.expected()[file], _RENEW


def test_texts_are_listed_under_the_context_in_which_slicer_looks_for_them(tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "module.py").write_text('a = _("one " "text")\nb = translate("Other", "two")\n')
    (tmp_path / "alone.py").write_text('_("three")\n')
    assert list(extract.python_texts(package / "module.py")) == [
        ("package.module", "one text"),
        ("Other", "two"),
    ]
    assert list(extract.python_texts(tmp_path / "alone.py")) == [("alone", "three")]


@pytest.mark.parametrize("call", ["_(text)", '_(f"{count} radiographs")', 'translate(context, "text")'])
def test_a_text_that_no_tool_could_find_is_refused(tmp_path, call):
    path = tmp_path / "module.py"
    path.write_text(f"\n{call}\n")
    with pytest.raises(extract.NotLiteralError, match=r"module.py:2"):
        list(extract.python_texts(path))


def test_names_of_parameters_and_node_types_are_not_for_translators():
    forms = list((extract.REPOSITORY / "Resources" / "UI").glob("*.ui"))
    listed = {text for path in forms for _, text in extract.form_texts(path)}
    assert "Reconstruct" in listed
    assert not [text for text in listed if text.startswith("vtkMRML")]
    for path in forms:
        bound = ElementTree.parse(path).findall(".//property[@name='SlicerParameterName']/string")
        assert [each.text for each in bound if each.get("notr") != "true"] == [], path.name


def test_sentences_of_faults_have_places_for_what_is_put_into_them(tmp_path):
    (tmp_path / "readers").mkdir()
    (tmp_path / "readers" / "radiograph.py").write_text(
        "def f(path, error, odd):\n"
        '    hint = "Choose another." if odd else f"Read {path} again with --spacing-mm."\n'
        '    return Fault("radiograph-odd", f"{path} is odd: " f"{error}.", hint), '
        'Fault(kind="x", message=path, hint="")\n'
    )
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "run.py").write_text('Fault("silent", "Nobody hears.", "Never.")\n')
    assert fault_sentences.sentences_by_kind(tmp_path) == {
        "radiograph-odd": ["{0} is odd: {1}.", "Choose another.", "Read {0} again with Pixel size."]
    }
