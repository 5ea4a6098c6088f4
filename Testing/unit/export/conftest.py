"""A person to export."""

import sys
from pathlib import Path

import pytest

from SwinX2SLib.export.source import ExportSource

sys.path.insert(0, str(Path(__file__).parent))

from exported_person import AFFINE, person


@pytest.fixture
def source() -> ExportSource:
    return ExportSource(person(), AFFINE, "Someone")
