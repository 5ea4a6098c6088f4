"""One reconstruction as a file: the same job drives the command, the Slicer module and a server."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.json_files import read_json
from SwinX2SLib.radiographs.pair import pair_option_faults
from SwinX2SLib.radiographs.radiograph import Crop, Radiograph, RadiographOptions
from SwinX2SLib.radiographs.registration import Shift
from SwinX2SLib.reconstruct.variations import VARIATIONS

DEVICES = ("auto", "cpu", "openvino", "cuda")
_PATHS = ("ap", "lateral", "out")
AUTO_DEPTH, NO_DEPTH = "auto", "none"
_RADIOGRAPHS = ("ap_options", "lateral_options")
_HINT = "Correct the job; `swinx2s reconstruct --help` describes its values."


# Names in jobs of version 0.1.
_RENAMED = {
    "augmentations": "tta",
    "island_fraction": "min_component_fraction",
    "lateral_shift_mm": "lateral_offset_mm",
}


@dataclass(frozen=True)
class ReconstructionSettings:
    """How to reconstruct, whatever the radiographs; see `Job`."""

    model: str = "default"
    device: str = "auto"
    tta: int = 1
    min_component_fraction: float = 0.1
    depth_model: str = AUTO_DEPTH
    absolute_depth: bool = False
    accept_view: bool = False
    also_ct: bool = False
    ct_model: str = "default"

    def faults(self) -> list[Fault]:
        """List values that cannot be used; files are looked at elsewhere."""
        wrong = []
        if self.device not in DEVICES:
            wrong.append(
                f"The device must be {', '.join(DEVICES[:-1])} or {DEVICES[-1]}, not {self.device!r}."
            )
        if not (math.isfinite(self.min_component_fraction) and 0 <= self.min_component_fraction <= 1):
            wrong.append(
                f"The minimum component fraction must be between 0 and 1, not {self.min_component_fraction}."
            )
        if not 1 <= self.tta <= len(VARIATIONS):
            wrong.append(
                f"The number of test-time augmentation passes must be 1 to {len(VARIATIONS)}, not {self.tta}."
            )
        if not self.model:
            wrong.append("The model name is empty.")
        if not self.depth_model:
            wrong.append("The name of the depth model is empty.")
        if not self.ct_model:
            wrong.append("The name of the model of the CT is empty.")
        elif self.ct_model != "default" and not self.also_ct:
            wrong.append("A model of the CT is chosen (--ct-model), but no CT is asked for (--also-ct).")
        return [Fault("job-value", message, _HINT) for message in wrong]


@dataclass(frozen=True)
class Job:
    """What to reconstruct, how, and where to write it.

    Attributes:
        ap: file of the frontal radiograph.
        lateral: file of the lateral radiograph; None where there is the frontal one alone.
        out: folder to write; it must not exist or be empty, unless `overwrite`.
        ap_options: user options for the frontal radiograph.
        lateral_options: user options for the lateral radiograph.
        ap_view: "ap" or "pa", see `radiographs.Radiograph.view`.
        model: name in `Resources/models.json` or path of a `.safetensors` file.
        device: "auto", "cpu", "openvino" (the processor, by OpenVINO) or "cuda"; a requested device that is not
            available is an error; there is no fallback.
        overwrite: replace an earlier result in `out`.
        tta: how many variations of the pair are reconstructed and averaged, 1 to 6: the radiographs as
            they are, a little smaller and larger, and all that mirrored; each takes the network's time again.
        min_component_fraction: pieces of a bone below this share of its largest piece are removed; 0 keeps all.
        also_ct: reconstruct CT numbers, too: `ct.nii.gz` [HU], synthetic, not for diagnosis.
        ct_model: weights of the network for that, as of `model`; "default" for the first ones at hand.
        lateral_offset_mm: how far the lateral radiograph is moved up so that both show the same heights, which are
            then all that is used of either; "auto" finds it; None takes the radiographs' middles to be at one height.
        depth_model: for a frontal radiograph alone, weights of depth maps: name, path, "auto" (the default ones, if
            this version has any) or "none".
        absolute_depth: for a frontal radiograph alone, refuse a result whose bones have no known distance from the
            X-ray source.
        accept_view: for a frontal radiograph alone, take it as frontal though it looks like a lateral one.
    """

    ap: Path
    lateral: Path | None
    out: Path
    ap_options: RadiographOptions = field(default_factory=RadiographOptions)
    lateral_options: RadiographOptions = field(default_factory=RadiographOptions)
    ap_view: str = "ap"
    model: str = "default"
    device: str = "auto"
    overwrite: bool = False
    tta: int = 1
    min_component_fraction: float = 0.1
    lateral_offset_mm: Shift = None
    also_ct: bool = False
    ct_model: str = "default"
    depth_model: str = AUTO_DEPTH
    absolute_depth: bool = False
    accept_view: bool = False

    @property
    def is_single(self) -> bool:
        """Whether there is a frontal radiograph alone."""
        return self.lateral is None

    def faults(self) -> list[Fault]:
        """List values that no job may have; files are looked at elsewhere."""
        wrong = pair_option_faults(self.ap_view, self.lateral_offset_mm)
        if self.is_single and (
            self.lateral_options != RadiographOptions() or self.lateral_offset_mm is not None
        ):
            wrong.append("A job without a lateral radiograph has options for one.")
        if self.is_single and self.also_ct:
            wrong.append("A CT needs a lateral radiograph as well.")
        if not self.is_single and (self.depth_model != AUTO_DEPTH or self.absolute_depth or self.accept_view):
            wrong.append(
                "Options of a frontal radiograph alone are given, but there is a lateral one as well."
            )
        return [Fault("job-value", message, _HINT) for message in wrong] + self.settings.faults()

    @property
    def settings(self) -> ReconstructionSettings:
        """How to reconstruct, whatever the radiographs."""
        return ReconstructionSettings(
            self.model, self.device, self.tta, self.min_component_fraction,
            self.depth_model, self.absolute_depth, self.accept_view, self.also_ct, self.ct_model,
        )  # fmt: skip

    @classmethod
    def of_radiographs(
        cls, ap: Radiograph, lateral: Radiograph | None, out: Path, settings: ReconstructionSettings
    ) -> Job:
        """Return the job that reads these radiographs, which are files, and reconstructs them.

        Args:
            ap: frontal radiograph.
            lateral: lateral radiograph, if there is one.
            out: folder to write.
            settings: how to reconstruct.
        """
        if lateral is None:
            return cls(Path(str(ap.path)), None, out, ap.options, ap_view=ap.view, **asdict(settings))
        # Both were cut to one band; their middles show how far the lateral one had been moved.
        offset_mm = ap.middle_mm - lateral.middle_mm if ap.middle_mm or lateral.middle_mm else None
        return cls(
            Path(str(ap.path)), Path(str(lateral.path)), out, ap.options, lateral.options, ap.view,
            lateral_offset_mm=offset_mm, **asdict(settings),
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return the job as JSON values."""
        values = asdict(self)
        values.update({name: None if values[name] is None else str(values[name]) for name in _PATHS})
        for name in _RADIOGRAPHS:
            crop = getattr(self, name).crop
            values[name]["crop"] = str(crop) if crop else None
        return values

    def save(self, path: str | Path) -> None:
        """Write the job as JSON."""
        Path(path).write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Job:
        """Read a job from JSON.

        Raises:
            InputError: the file cannot be read, or values are unknown, missing or wrong (every problem is listed).
        """
        try:
            values = read_json(Path(path))
        except (OSError, ValueError) as error:
            fault = Fault(
                "job-unreadable", f"The job file cannot be read ({error}).", "Write it again.", str(path)
            )
            raise InputError([fault]) from error
        return cls.from_dict(values)

    @classmethod
    def from_dict(cls, values: Any) -> Job:
        """Make a job of JSON values.

        Raises:
            InputError: values are unknown, missing or wrong (every problem is listed).
        """
        if not isinstance(values, dict):
            raise InputError([Fault("job-value", "A job must be a JSON object.", _HINT)])
        values = {_RENAMED.get(name, name): value for name, value in values.items()}
        wrong = _type_errors(cls, values, required=_PATHS)
        radiographs = {}
        for name in _RADIOGRAPHS:
            radiographs[name], errors = _radiograph_options(values.get(name, {}), name)
            wrong += errors
        if wrong:
            raise InputError([Fault("job-value", message, _HINT) for message in wrong])
        paths = {name: None if values[name] is None else Path(values[name]) for name in _PATHS}
        job = cls(**{**values, **radiographs, **paths})
        if faults := job.faults():
            raise InputError(faults)
        return job

    def arguments(self) -> list[str]:
        """Return the arguments of the command `swinx2s` that run this job."""
        files = ["--single", str(self.ap)] if self.lateral is None else [str(self.ap), str(self.lateral)]
        given = ["reconstruct", *files, "--out", str(self.out)]
        given += ["--ap-view", self.ap_view, "--model", self.model, "--device", self.device]
        given += ["--min-component-fraction", repr(self.min_component_fraction)]
        given += ["--tta", str(self.tta)] + ["--overwrite"] * self.overwrite
        if self.also_ct:
            given += ["--also-ct", "--ct-model", self.ct_model]
        if self.lateral_offset_mm is not None:
            # In one word, since a negative number looks like an option.
            given.append(f"--lateral-offset-mm={self.lateral_offset_mm}")
        given += ["--depth-model", self.depth_model] * (self.depth_model != AUTO_DEPTH)
        given += ["--absolute-depth"] * self.absolute_depth + ["--accept-view"] * self.accept_view
        for view, options in (("ap", self.ap_options), ("lateral", self.lateral_options)):
            given += _radiograph_arguments(view, options)
        return given


def _radiograph_arguments(view: str, options: RadiographOptions) -> list[str]:
    flags = (
        ("--spacing-mm", options.spacing_mm, repr(options.spacing_mm)),
        ("--magnification", options.magnification, repr(options.magnification)),
        ("--source-to-detector-mm", options.source_to_detector_mm, repr(options.source_to_detector_mm)),
        ("--source-to-patient-mm", options.source_to_patient_mm, repr(options.source_to_patient_mm)),
        ("--crop", options.crop, str(options.crop)),
        ("--rotate", options.rotate_deg, str(options.rotate_deg)),
        ("--flip", options.flip, options.flip),
    )
    given = [part for option, value, text in flags if value for part in (option, f"{view}={text}")]
    given += ["--invert", view] * options.invert
    return given + ["--ignore-orientation", view] * (not options.trust_orientation)


def _radiograph_options(values: Any, name: str) -> tuple[RadiographOptions | None, list[str]]:
    if not isinstance(values, dict):
        return None, [f"{name} is not a JSON object."]
    wrong = [f"{name}: {message}" for message in _type_errors(RadiographOptions, values)]
    if wrong:
        return None, wrong
    try:
        crop = Crop.parse(values["crop"]) if values.get("crop") else None
        return RadiographOptions(**{**values, "crop": crop}), []
    except ValueError as error:
        return None, [f"{name}: {error}"]


# What JSON may hold for each annotated type of a field.
_JSON_TYPES = {
    "Path": (str,),
    "Path | None": (str, type(None)),
    "str": (str,),
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "float | None": (int, float, type(None)),
    "Crop | None": (str, type(None)),
    "RadiographOptions": (dict,),
    "Shift": (int, float, str, type(None)),
}


def _type_errors(kind: type, values: dict, required: tuple[str, ...] = ()) -> list[str]:
    # Annotations are texts in this module.
    known = {item.name: _JSON_TYPES[str(item.type)] for item in fields(kind)}
    wrong = [f"{name} is missing." for name in required if name not in values]
    for name, value in values.items():
        if name not in known:
            wrong.append(f"{name!r} is not a known value.")
        elif not isinstance(value, known[name]) or (isinstance(value, bool) and bool not in known[name]):
            wrong.append(f"{value!r} is not valid for {name}.")
    return wrong
