"""A person to export."""

import sys
from pathlib import Path

import pytest
from exported_person import AFFINE, person

from SwinX2SLib.export.source import ExportSource

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def source() -> ExportSource:
    return ExportSource(person(), AFFINE, "Someone")
