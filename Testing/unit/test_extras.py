"""What a plain install can do, and what it says where a package of an extra is missing."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from SwinX2SLib.errors import InputError, needs_extra
from SwinX2SLib.resources import resource_path

pytestmark = pytest.mark.slow

# Packages that only extras bring.
EXTRAS = ("openvino", "tensorboard", "huggingface_hub", "distributed", "monai", "reportlab")
BLOCK = f"""
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {EXTRAS!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocker())
"""


def without_extras(code: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", BLOCK + textwrap.dedent(code), *arguments],
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )


@pytest.mark.slow
def test_reconstruct_report_measure_and_export_run_without_any_extra(tmp_path):
    views = [str(resource_path("Demo", f"phantom_{view}.png")) for view in ("ap", "lateral")]
    result, measured, exported = (str(tmp_path / name) for name in ("result", "measured", "exported"))
    done = without_extras(
        """
        from SwinX2SLib.cli import main

        ap, lateral, result, measured, exported = sys.argv[1:]
        for command in (
            ["reconstruct", ap, lateral, "--spacing-mm", "1", "--out", result, "--device", "cpu"],
            ["report", result],
            ["measure", result, "--out", measured],
            ["export", result, "--format", "stl,obj,gltf,nifti,nrrd", "--out", exported],
        ):
            assert main(command) == 0, command
        """,
        *views,
        result,
        measured,
        exported,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "result" / "report.html").is_file()
    assert (tmp_path / "measured" / "measurements.json").is_file()
    assert len(list((tmp_path / "exported").iterdir())) > 3


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        (
            "cluster",
            """
            from SwinX2SLib.parallel.cluster import cluster_answers
            from SwinX2SLib.parallel.tasks import Task

            list(cluster_answers([Task("one", {})], dict, "tcp://nowhere:1", print))
            """,
        ),
        (
            "training",
            """
            from SwinX2SLib.training.pretrained import _download

            _download("swin_tiny_patch4_window7_224.ms_in22k")
            """,
        ),
        (
            "paper",
            """
            from SwinX2SLib.models.builder import build_model

            build_model("unet")
            """,
        ),
    ],
)
def test_a_missing_package_is_a_fault_that_names_the_extra(extra, code):
    body = textwrap.indent(textwrap.dedent(code).strip(), " " * 4)
    done = without_extras(
        f"from SwinX2SLib.errors import InputError\ntry:\n{body}\nexcept InputError as error:\n    print(error)\n"
    )
    assert f'pip install "swinx2s[{extra}]"' in done.stdout, done.stderr


def test_a_module_of_our_own_that_is_missing_is_a_mistake_of_ours():
    with pytest.raises(ModuleNotFoundError), needs_extra("paper"):
        import SwinX2SLib.there_is_no_such_module  # noqa: F401


def test_the_fault_says_which_package_is_missing():
    with pytest.raises(InputError) as caught, needs_extra("pdf"):
        import there_is_no_such_package.within  # noqa: F401
    (fault,) = caught.value.faults
    assert fault.kind == "package-missing"
    assert "there_is_no_such_package " in fault.message
