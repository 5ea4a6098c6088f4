"""How bones move to random skeletons around a fitted one, and the file of a result that says so; needs numpy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.packing import open_arrays

FILE = "skeleton_samples.npz"


@dataclass(frozen=True, eq=False)
class BoneMotions:
    """How bones move to random skeletons.

    Attributes:
        bones: label names.
        matrices: float32 `(samples, bones, 3, 4)`, from RAS mm to RAS mm.
    """

    bones: tuple[str, ...]
    matrices: np.ndarray

    @classmethod
    def none(cls) -> BoneMotions:
        """Return no samples of no bones."""
        return cls((), np.zeros((0, 0, 3, 4), dtype=np.float32))

    @property
    def count(self) -> int:
        """Number of samples."""
        return len(self.matrices)

    def write(self, path: Path) -> None:
        """Write the file of a result."""
        with path.open("wb") as stream:
            np.savez_compressed(stream, bones=np.array(self.bones, dtype=str), matrices=self.matrices)

    @classmethod
    def read(cls, path: Path) -> BoneMotions:
        """Read the file of a result.

        Raises:
            InputError: it cannot be read, or holds something else.
        """
        try:
            with open_arrays(path, "file of samples") as content:
                bones, matrices = content["bones"], np.asarray(content["matrices"], dtype=np.float32)
            if bones.ndim != 1 or matrices.shape[1:] != (len(bones), 3, 4) or not np.isfinite(matrices).all():
                raise ValueError("it does not hold one map for each bone and sample")
        except InputError:
            raise
        except (OSError, ValueError, KeyError) as error:
            hint = "Reconstruct again, or delete the file: values then have no intervals."
            sentence = f"The samples of the skeleton cannot be read ({error})."
            raise InputError([Fault("samples-damaged", sentence, hint, str(path))]) from error
        return cls(tuple(str(name) for name in bones), matrices)


def bone_motion(before_mm: np.ndarray, after_mm: np.ndarray, exaggerated: float = 1.0) -> np.ndarray:
    """Return the affine map `(3, 4)` that moves vertices, least squares.

    Args:
        before_mm: `(V, 3)`.
        after_mm: `(V, 3)`.
        exaggerated: by how much the movement is larger.
    """
    whole = np.column_stack([before_mm, np.ones(len(before_mm))])
    moved = before_mm + exaggerated * (after_mm - before_mm)
    return np.linalg.lstsq(whole, moved, rcond=None)[0].T


def in_frame(matrices: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Return affine maps `(..., 3, 4)` in another frame.

    Args:
        matrices: maps of the old frame.
        frame: 4x4, from the old frame to the new one.
    """
    whole = np.zeros((*matrices.shape[:-2], 4, 4))
    whole[..., :3, :], whole[..., 3, 3] = matrices, 1
    return (frame @ whole @ np.linalg.inv(frame))[..., :3, :]
