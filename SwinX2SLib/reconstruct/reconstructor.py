"""Two radiographs in, labelled bones out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from SwinX2SLib.anatomy import label_by_id
from SwinX2SLib.errors import Fault, InputError, ModelError
from SwinX2SLib.geometry.components import remove_small_components
from SwinX2SLib.geometry.tuples import shape3
from SwinX2SLib.measurements.bone_motions import BoneMotions, in_frame
from SwinX2SLib.models.bone_names import BoneNameNet
from SwinX2SLib.models.orientation import RadiographOrientationNet
from SwinX2SLib.models.reconstruction import ReconstructionModel, reconstructs
from SwinX2SLib.models.rewrites import RewrittenSwinX2S, for_inference
from SwinX2SLib.models.silhouettes import SilhouetteModel
from SwinX2SLib.models.spine_discs import SpineDiscNet
from SwinX2SLib.radiographs import PreparedPair, Radiograph, prepare_pair, read_radiographs
from SwinX2SLib.radiographs.checks import two_patients_notes
from SwinX2SLib.radiographs.pair_check import PairCheck, check_same_person
from SwinX2SLib.reconstruct.compiled import can_be_compiled, compile_network
from SwinX2SLib.reconstruct.ct import CTReconstructor
from SwinX2SLib.reconstruct.device import bfloat16_is_fast, choose_device, openvino_is_installed
from SwinX2SLib.reconstruct.evidence import Evidence, Observed, calibration, evidence_of, judge
from SwinX2SLib.reconstruct.job import ReconstructionSettings
from SwinX2SLib.reconstruct.label_assignment import LabelAssignment, assign_labels, assign_parts
from SwinX2SLib.reconstruct.level_assignment import LevelAssignment, disc_log_odds, name_bones, name_levels
from SwinX2SLib.reconstruct.model_choice import unfit_faults
from SwinX2SLib.reconstruct.orientation_check import WEIGHTS, OrientationCheck, check_orientation
from SwinX2SLib.reconstruct.reconstruction import Reconstruction
from SwinX2SLib.reconstruct.skeleton_fit import SkeletonFit, fit_to_radiographs
from SwinX2SLib.reconstruct.test_time_augmentation import mean_probability, mean_silhouettes
from SwinX2SLib.reconstruct.verdict import BELIEVE, LOOK, REJECT

if TYPE_CHECKING:
    from SwinX2SLib.radiographs.reading import RadiographSource
    from SwinX2SLib.weights import WeightsRecord


Helper = TypeVar("Helper", bound=nn.Module)
ProgressCallback = Callable[[float, str], None]
# Shares of the time: the network's layers, then the names of the vertebrae, then the skeleton, then clean-up.
NETWORK_SHARE, NAMED_SHARE, SHAPES_SHARE = 0.3, 0.4, 0.95
# A skeleton is fitted to the edges of radiographs as fine as they are, but of so many rows at most.
MOST_ROWS = 192


@dataclass(frozen=True, eq=False)
class _Found:
    """What was found in one pair.

    Attributes:
        assignment: the labels.
        naming: of the vertebrae.
        position_error_mm: by label of each bone of the skeleton.
        motions: of these bones, in RAS mm.
        silhouettes: that the network found, of named bones; None where it fills a volume instead.
    """

    assignment: LabelAssignment
    naming: LevelAssignment = field(default_factory=LevelAssignment)
    position_error_mm: Mapping[int, float] = field(default_factory=dict)
    motions: BoneMotions = field(default_factory=BoneMotions.none)
    silhouettes: tuple[np.ndarray, np.ndarray] | None = None


class Reconstructor:
    """A loaded model, ready for any number of pairs.

    Args:
        model: name of weights (`stored_weights()` lists them), path of a `.safetensors` file, or a network that
            offers `grid_shape` and `reconstruct_logits`.
        device: "auto", "cpu" (PyTorch), "openvino" (the processor, by OpenVINO) or "cuda"; a device that is absent is
            never replaced. "auto" is a CUDA card if there is one, else OpenVINO for the paper's networks if it is
            installed, else PyTorch.
        tta: passes of test-time augmentation, 1 to 6; each takes the network's time again.
        min_component_fraction: pieces of a bone below this share of its largest piece are removed; 0 keeps all.
        ct_model: weights that reconstruct CT numbers on the same grid, or such a network; None for no CT.

    Raises:
        InputError: values that cannot be used; with all faults.
        DeviceError: the device is absent.
        ModelError: the model or its weights cannot be used.

    Examples:
        >>> from SwinX2SLib import Reconstructor
        >>> reconstructor = Reconstructor(device="cpu")
        >>> reconstructor.grid_shape
        (96, 96, 128)
    """

    def __init__(
        self,
        model: str | Path | nn.Module = "default",
        device: str = "auto",
        tta: int = 1,
        min_component_fraction: float = 0.1,
        ct_model: str | Path | nn.Module | None = None,
    ):
        started = time.perf_counter()
        name = _name_of(model)
        of_ct: dict[str, Any] = {} if ct_model is None else {"also_ct": True, "ct_model": _name_of(ct_model)}
        self.settings = ReconstructionSettings(name, device, tta, min_component_fraction, **of_ct)
        if faults := self.settings.faults():
            raise InputError(faults)
        self.device = choose_device(device)
        network, self.record = _load(model, self.device)
        if not reconstructs(network):
            raise ModelError([_OTHER_TASK])
        self.model = network if isinstance(model, nn.Module) else for_inference(network)
        if self.record is not None and (faults := unfit_faults(self.record)):
            raise ModelError(faults)
        self.half_precision = bfloat16_is_fast(self.device)
        self._radiograph_orientation: RadiographOrientationNet | None = None
        discs, bones = (self.record.disc_finder, self.record.bone_namer) if self.record else ("", "")
        self.disc_finder = load_helper(discs, SpineDiscNet, self.device) if discs else None
        self.bone_namer = load_helper(bones, BoneNameNet, self.device) if bones else None
        # Silhouettes need the skeleton; what fills a volume itself is fitted where its record asks for discs.
        self.fits_skeleton = isinstance(network, SilhouetteModel) or self.disc_finder is not None
        if self._is_compiled():
            compile_network(self.model, self.record.sha256 if self.record else "")
        self.ct = None if ct_model is None else CTReconstructor(ct_model, self.device)
        self._load_seconds = time.perf_counter() - started

    def _is_compiled(self) -> bool:
        """Return whether OpenVINO computes the network."""
        if self.settings.device == "openvino" and not can_be_compiled(self.model):
            raise ModelError([_NOT_COMPILED])
        automatic = self.settings.device == "auto" and self.device.type == "cpu" and openvino_is_installed()
        return self.settings.device == "openvino" or (automatic and isinstance(self.model, RewrittenSwinX2S))

    @property
    def device_name(self) -> str:
        """What computes the network: "cpu" (PyTorch), "openvino" or "cuda" with the name of the card."""
        if self._is_compiled():
            return "openvino"
        return f"cuda ({torch.cuda.get_device_name(self.device)})" if self.device.type == "cuda" else "cpu"

    @property
    def grid_shape(self) -> tuple[int, int, int]:
        """Voxels `(X, Y, Z)` of the network, in network order; a skeleton may be drawn on a finer grid."""
        return shape3(self.model.grid_shape)

    @torch.inference_mode()
    def reconstruct(
        self,
        ap: RadiographSource,
        lateral: RadiographSource,
        progress: ProgressCallback | None = None,
        *,
        spacing_mm: float | Sequence[float | None] | None = None,
    ) -> Reconstruction:
        """Reconstruct one pair.

        Args:
            ap: frontal radiograph: a file, numbers `(rows, columns)`, or a `Radiograph`; see `read_radiographs`.
            lateral: lateral radiograph, likewise.
            progress: called often with the completed fraction and a description; an exception from it stops the
                work.
            spacing_mm: size of a pixel at the patient [mm], of both or `(frontal, lateral)`, where the files do not
                state it.

        Returns:
            Labels, uncertainty and what else is known of the result.

        Raises:
            InputError: with all faults of the radiographs. Two `Radiograph`s are taken as they are.
            ModelError: the network yields no numbers, or the weights of the orientation check are damaged.

        Examples:
            >>> from SwinX2SLib import Reconstructor
            >>> bones = Reconstructor().reconstruct("ap.dcm", "lateral.dcm")  # doctest: +SKIP
            >>> files = bones.save("result")  # doctest: +SKIP
        """
        progress = progress or (lambda fraction, message: None)
        if spacing_mm is not None or not (isinstance(ap, Radiograph) and isinstance(lateral, Radiograph)):
            ap, lateral = read_radiographs(ap, lateral, spacing_mm=spacing_mm)
        clock = Clock()
        # Loading counts for the first pair only.
        load_seconds, self._load_seconds = self._load_seconds, 0.0
        check = self.check_orientation(ap, lateral)
        clock.lap("orientation")
        pair_check = check_same_person(ap, lateral)
        clock.lap("pair")
        small = pair = prepare_pair(ap, lateral, self.grid_shape)
        if self.fits_skeleton:
            pair = prepare_pair(ap, lateral, finer_shape(self.grid_shape, small.spacing_mm, (ap, lateral)))
        clock.lap("prepare")
        progress(0.0, f"Running the network on {self.device_name}")
        if self.fits_skeleton:
            found = self._by_skeleton(self.model, pair, small, progress, clock)
        else:
            found = self._by_volume(self.model, pair, progress)
            clock.lap("network")
        assignment, naming = found.assignment, found.naming
        if not np.isfinite(assignment.uncertainty).all():
            raise ModelError([NO_NUMBERS])
        progress(SHAPES_SHARE, "Removing small components")
        labels, removed = remove_small_components(assignment.labels, self.settings.min_component_fraction)
        evidence = _evidence(labels, found, pair, check)
        clock.lap("clean")
        ct = None
        if self.ct is not None:
            ct = self.ct.reconstruct(
                ap, lateral, shape3(labels.shape), pair.affine, lambda f, m: progress(SHAPES_SHARE, m)
            )
            clock.lap("ct")
        return Reconstruction(
            labels=labels,
            uncertainty=assignment.uncertainty,
            affine=pair.affine,
            spacing_mm=pair.spacing_mm,
            model_record=self.record,
            device=self.device_name,
            precision="bfloat16" if self.half_precision else "float32",
            removed_component_voxels=removed,
            seconds={"load": load_seconds, **clock.seconds},
            expected_dice=by_name({i: assignment.expected_dice[i] for i in np.unique(labels) if i}, 3),
            renamed_levels=tuple(label_by_id(label).name for label in naming.renamed),
            level_shift_odds={shift: round(odds, 3) for shift, odds in naming.shift_odds.items()},
            position_error_mm=by_name(found.position_error_mm, 1),
            motions=found.motions,
            verdict=None
            if evidence is None
            else judge(
                evidence, calibration(), *_at_most(check, pair_check, two_patients_notes(ap, lateral))
            ),
            evidence=evidence,
            radiographs=(ap, lateral),
            orientation_check=check,
            pair_check=pair_check,
            settings=self.settings,
            ct=ct,
        )

    def _by_volume(
        self, model: ReconstructionModel, pair: PreparedPair, progress: ProgressCallback
    ) -> _Found:
        """Let the network name every voxel."""
        coronal, sagittal = self.batch(pair.coronal), self.batch(pair.sagittal)
        with layers_reported(model, self.settings.tta, progress), self.precision():
            probability = mean_probability(model, coronal, sagittal, self.settings.tta)
        return _Found(assign_labels(probability))

    def _by_skeleton(
        self,
        model: ReconstructionModel,
        pair: PreparedPair,
        small: PreparedPair,
        progress: ProgressCallback,
        clock: Clock,
    ) -> _Found:
        """Fit the statistical skeleton to the silhouettes that the network finds.

        Args:
            model: the network.
            pair: on the grid of the result.
            small: the same radiographs on the network's grid.
            progress: as of `reconstruct`.
            clock: of the phases.
        """
        shape = (*pair.coronal.shape[:1], *pair.sagittal.shape)
        coronal, sagittal = (self.batch(picture) for picture in (small.coronal, small.sagittal))
        with layers_reported(model, self.settings.tta, progress), self.precision():
            silhouettes = mean_silhouettes(model, (coronal, sagittal), shape, self.settings.tta)
        clock.lap("network")
        if not all(np.isfinite(view).all() for view in silhouettes):
            raise ModelError([NO_NUMBERS])
        progress(NETWORK_SHARE, "Naming vertebrae and ribs")
        discs = self._discs(pair)
        naming = name_levels(silhouettes, discs, pair.spacing_mm)
        if self.bone_namer is not None:
            with self.precision():
                name_bones(silhouettes, (coronal, sagittal), self.bone_namer)
        clock.lap("levels")
        progress(NAMED_SHARE, "Fitting the statistical skeleton to the radiographs")
        heights_mm = naming.heights_mm(pair.spacing_mm)
        radiographs = (pair.coronal, pair.sagittal)
        fit = fit_to_radiographs(silhouettes, radiographs, pair.spacing_mm, heights_mm, pair.field)
        assignment = assign_parts(shape3(shape), fit.bones)
        clock.lap("skeleton")
        return _Found(assignment, naming, fit.position_error_mm, motions_in_ras(fit, pair), silhouettes)

    def _discs(self, pair: PreparedPair) -> tuple[np.ndarray, np.ndarray]:
        """Return the log-odds of discs in both radiographs, 0 without a network that finds them."""
        if self.disc_finder is None:
            return np.zeros_like(pair.coronal), np.zeros_like(pair.sagittal)
        return disc_log_odds(self.disc_finder, self.batch(pair.coronal), self.batch(pair.sagittal))

    @torch.inference_mode()
    def check_orientation(self, ap: Radiograph, lateral: Radiograph | None) -> OrientationCheck:
        """Check the view and the orientation of both radiographs, or of the frontal one alone.

        Raises:
            ModelError: the weights of the check are missing or damaged.
        """
        network = self._radiograph_orientation
        if network is None:
            network = self._radiograph_orientation = load_helper(
                WEIGHTS, RadiographOrientationNet, self.device
            )
        return check_orientation(network, ap, lateral, self.device)

    def batch(self, picture: np.ndarray) -> Tensor:
        """Return one picture `(W, H)` on the device, `(1, 1, W, H)`."""
        return torch.from_numpy(picture)[None, None].to(self.device)

    def precision(self) -> torch.autocast:
        """Return the context in which networks run: half precision where that is fast."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.half_precision)


_OTHER_TASK = Fault(
    "model-other-task",
    "The network reconstructs nothing: it looks at single radiographs.",
    "Choose other weights with --model.",
)
_NOT_COMPILED = Fault(
    "model-not-compiled",
    "OpenVINO does not run networks of this kind.",
    "Use --device auto or cpu.",
)
NO_NUMBERS = Fault(
    "model-not-finite",
    "The output of the network is not finite (NaN or infinite).",
    "Choose other weights with --model.",
)


def finer_shape(
    shape: tuple[int, int, int], spacing_mm: float, radiographs: Sequence[Radiograph]
) -> tuple[int, int, int]:
    """Return the network's grid with voxels as fine as the pixels of the coarser radiograph, within `MOST_ROWS`."""
    pixel_mm = max(max(radiograph.spacing_mm) for radiograph in radiographs)
    finer = np.clip(spacing_mm / pixel_mm, 1, max(MOST_ROWS / shape[2], 1))
    return shape3(round(finer * count) for count in shape)


def _at_most(
    orientation: OrientationCheck, pair: PairCheck | None, two_patients: Sequence[str]
) -> tuple[str, str]:
    """Return the best verdict that the radiographs allow, and why."""
    if two_patients:
        return REJECT, two_patients[0]
    if pair is not None and pair.severe:
        return REJECT, "The rows of the two radiographs do not agree: they may not show one person."
    if orientation.suspected:
        return LOOK, "The orientation of the radiographs may be wrong."
    if pair is not None and pair.suspected:
        return LOOK, "The rows of the two radiographs do not agree well."
    return BELIEVE, ""


def _evidence(
    labels: np.ndarray, found: _Found, pair: PreparedPair, check: OrientationCheck
) -> Evidence | None:
    """Return what is known of each bone; None without silhouettes to compare it with."""
    if found.silhouettes is None:
        return None
    return evidence_of(
        Observed(
            labels,
            found.assignment.uncertainty,
            pair.affine,
            found.silhouettes,
            (pair.coronal, pair.sagittal),
            pair.spacing_mm,
            found.position_error_mm,
            float(sum(found.naming.shift_odds.values())),
            (check.ap.as_given, 1.0 if check.lateral is None else check.lateral.as_given),
        )
    )


def motions_in_ras(fit: SkeletonFit, pair: PreparedPair) -> BoneMotions:
    """Return how the bones of a fit move to random skeletons, in RAS mm."""
    if not fit.motions:
        return BoneMotions.none()
    to_ras = pair.affine @ np.diag([*[1 / pair.spacing_mm] * 3, 1.0])
    matrices = in_frame(np.stack(list(fit.motions.values()), axis=1), to_ras).astype(np.float32)
    return BoneMotions(tuple(label_by_id(label).name for label in fit.motions), matrices)


def by_name(values: Mapping[int, float], digits: int) -> dict[str, float]:
    """Return rounded values of bones by name instead of by label."""
    return {label_by_id(int(bone)).name: round(float(value), digits) for bone, value in values.items()}


class Clock:
    """Seconds from lap to lap."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, phase: str) -> None:
        """Note the time since the last lap as that of a phase."""
        now = time.perf_counter()
        self.seconds[phase], self._last = now - self._last, now


def _name_of(model: str | Path | nn.Module) -> str:
    return type(model).__name__ if isinstance(model, nn.Module) else str(model)


def _load(model: str | Path | nn.Module, device: torch.device) -> tuple[nn.Module, WeightsRecord | None]:
    if isinstance(model, nn.Module):
        return model.to(device).eval(), None
    from SwinX2SLib.weights import load_weights

    try:
        loaded, record = load_weights(model, device)
    except InputError as error:
        raise ModelError(error.faults) from error
    except OSError as error:
        fault = Fault(
            "model-unreadable", f"The weights cannot be read ({error}).", "Check --model.", str(model)
        )
        raise ModelError([fault]) from error
    return loaded.eval(), record


def load_helper(name: str, kind: type[Helper], device: torch.device) -> Helper:
    """Return the network of a helper's weights.

    Raises:
        ModelError: the weights cannot be used, or are those of another task.
    """
    network, _ = _load(name, device)
    if not isinstance(network, kind):
        sentence = f"The weights {name} are those of another task than the model needs them for."
        raise ModelError(
            [Fault("model-other-task", sentence, "Choose other weights with --model, or reinstall.")]
        )
    return network


@contextmanager
def layers_reported(model: nn.Module, passes: int, progress: ProgressCallback) -> Iterator[None]:
    """Report progress whenever a layer has run, which is also where a cancelled job ends."""
    layers = [module for module in model.modules() if not any(module.children())]
    total, done = max(passes * len(layers), 1), 0

    def on_layer(*_: object) -> None:
        nonlocal done
        done += 1
        # Layers that are shared by the views run more than once.
        progress(NETWORK_SHARE * min(done / total, 1.0), "Running the network")

    handles = [layer.register_forward_hook(on_layer) for layer in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
