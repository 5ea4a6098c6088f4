"""What tests that draw offscreen need of the machine."""

import mrml_boot
import pytest

_MISSING = mrml_boot.missing_offscreen_libraries()
needs_rendering = pytest.mark.skipif(bool(_MISSING), reason=_MISSING or "-")
