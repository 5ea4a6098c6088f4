"""Films of placed bones, made from their volumes rather than from their points; and two scenes."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from SwinX2SLib.skeleton.bone_shapes import femoral_heads_mm
from SwinX2SLib.skeleton.initial_pose import Silhouettes
from SwinX2SLib.skeleton.label_probabilities import FEMORA, bone_probability
from SwinX2SLib.skeleton.pieces import PELVIS, PELVIS_TURN, SHELL_MM, SPONGY, Placement, piece_of
from SwinX2SLib.skeleton.projections import Films

LUMBAR = (20, 21, 22, 23)
# Where L1 to L4 are [mm], 2.5 mm voxels.
LUMBAR_MM = np.array([[60.0, 60.0, 30.0 + below] for below in (0.0, 33.7, 69.1, 105.9)])
PELVIS_MM = np.array([[148.0, 108.0, 125.0]])


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Films are small: threads would wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def fill_bones(placement: Placement, shape: tuple[int, int, int], spacing_mm: float) -> dict[int, np.ndarray]:
    filled = {}
    for number, piece in enumerate(placement.pieces):
        for label in piece.labels:
            filled[label] = np.zeros(shape, np.float32)
            part, probability = bone_probability(placement, number, label, shape, spacing_mm)
            filled[label][part] = probability
    return filled


def film_bones(bones: dict[int, np.ndarray], spacing_mm: float) -> Films:
    attenuation = sum(
        SPONGY * bone + SHELL_MM / spacing_mm * np.linalg.norm(np.stack(np.gradient(bone)), axis=0)
        for bone in bones.values()
    )
    return Films(*(torch.from_numpy(attenuation.sum(axis)) for axis in (1, 0)), spacing_mm)


@pytest.fixture(scope="session")
def fill() -> Callable[..., dict[int, np.ndarray]]:
    """Function (placement, shape, spacing) that returns the probability of every bone, by label."""
    return fill_bones


@pytest.fixture(scope="session")
def film() -> Callable[..., Films]:
    """Function (bones, spacing) that returns both films of what `fill` returns."""
    return film_bones


@pytest.fixture(scope="session")
def distance_mm() -> Callable[[Placement, Placement], float]:
    """Function that returns how far the points of two placements lie apart, root mean square."""

    @torch.no_grad()
    def measure(one: Placement, other: Placement) -> float:
        return float(((one.placed_mm()[0] - other.placed_mm()[0]) ** 2).sum(dim=1).mean().sqrt())

    return measure


@pytest.fixture(scope="session")
def lumbar() -> Callable[..., Placement]:
    """Function (count, true) that places L1 and those below: where they start, or moved, turned and grown."""

    def make(count: int = 4, true: bool = False) -> Placement:
        pieces = [piece_of((label,)) for label in LUMBAR[:count]]
        placement = Placement(pieces, LUMBAR_MM[:count], [1.0] * count)
        if true:
            with torch.no_grad():
                placement.common[:] = 0.5
                placement.turn[:, 0] = torch.linspace(1.0, 0.2, count)
                placement.turn[:, 2] = 0.8
                placement.shift[:] = torch.tensor([0.6, -0.7, 0.5])
                placement.shift[::2] += 0.2
        return placement

    return make


@pytest.fixture(scope="session")
def pelvis() -> Callable[..., Placement]:
    """Function (turn, step) that places every so many-th point of a pelvis: turned [rad] and elsewhere, or, without
    a turn, where it starts.
    """

    def make(turn: float | None = None, step: int = 1) -> Placement:
        moved = turn is not None
        placement = Placement([piece_of(PELVIS).thinned(step)], PELVIS_MM, [1.0])
        if moved:
            with torch.no_grad():
                placement.turn[:, 2] = turn / PELVIS_TURN
                placement.shift[:] = torch.tensor([0.5, -0.6, 0.4])
                placement.growth[:] = 0.4
                placement.weights[0][0] = 1.0
        return placement

    return make


@pytest.fixture(scope="session")
def outline() -> Callable[[dict[int, np.ndarray]], Silhouettes]:
    """Function (bones) that returns the silhouettes of what `fill` returns."""

    def make(bones: dict[int, np.ndarray]) -> Silhouettes:
        shape = next(iter(bones.values())).shape
        probability = torch.zeros(54, *shape)
        for label, bone in bones.items():
            probability[label - 1] = torch.from_numpy(bone)
        return Silhouettes(probability.amax(dim=2), probability.amax(dim=1))

    return make


@pytest.fixture(scope="session")
def sockets_mm() -> Callable[[Placement], np.ndarray]:
    """Function (placement of a pelvis) that returns where its left and right socket are, `(2, 3)`."""
    heads = np.stack([femoral_heads_mm()[label] for label in FEMORA])
    return lambda placement: placement.carried_mm(0, heads)


@pytest.fixture(scope="session")
def femora() -> Callable[..., tuple[torch.Tensor, np.ndarray]]:
    """Function (heads [mm], how far the femora lie behind them, which) that returns probability and labels of femora
    with a shaft below, in voxels of 3 mm.
    """
    places = np.moveaxis(np.indices((100, 84, 90)), 0, -1) * 3.0

    def make(heads_mm: np.ndarray, behind_mm=(0.0, 0.0), shown=FEMORA) -> tuple[torch.Tensor, np.ndarray]:
        probability = torch.zeros(55, *places.shape[:3])
        for label, head, behind in zip(FEMORA, heads_mm, behind_mm, strict=True):
            away = places - head - [0, behind, 0]
            ball = (away**2).sum(-1) < 24**2
            shaft = (np.abs(away[..., :2]) < 14).all(-1) & (away[..., 2] > 0) & (away[..., 2] < 60)
            probability[label] = torch.from_numpy(0.9 * (ball | shaft)) * (label in shown)
        probability[0] = 1 - probability[1:].sum(dim=0)
        return probability, probability.argmax(dim=0).numpy().astype(np.uint8)

    return make
