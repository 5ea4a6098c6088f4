"""Live check of the selected radiographs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from SwinX2SLib.errors import Fault
from SwinX2SLib.radiographs import Radiograph, RadiographOptions, check_pair
from SwinX2SLib.radiographs.checks import SMALLEST_SIDE_PX
from SwinX2SLib.radiographs.reading import interpret, turn_of_header
from SwinX2SLib.radiographs.registration import match_heights
from SwinX2SLib.radiographs.transforms import Reorientation
from SwinX2SLib.slicerui.inputs.choice import (
    RadiographChoice,
    choice_faults,
    lateral_offset,
    radiograph_choice,
    used_roles,
)
from SwinX2SLib.slicerui.inputs.decoding import SceneRadiograph, SceneRadiographs
from SwinX2SLib.slicerui.messages import panel_fault
from SwinX2SLib.slicerui.parameters import ReconstructionParameters
from SwinX2SLib.slicerui.radiographs import ROLES

# Kind of the fault while a tool waits for Apply or Cancel.
TOOL_OPEN = "tool-open"


@dataclass(frozen=True)
class SeenRadiograph:
    """A chosen radiograph that can be looked at.

    Attributes:
        choice: the selection and its options.
        scene_film: the image as stored.
        radiograph: as it is used, whole; of fewer pixels where the volume is very large.
        turn: reorientation from the header.
    """

    choice: RadiographChoice
    scene_radiograph: SceneRadiograph
    radiograph: Radiograph
    turn: Reorientation


@dataclass(frozen=True)
class Examination:
    """What is known of both radiographs.

    Attributes:
        radiographs: by role, those that can be looked at.
        faults: everything to correct, with the names of the panel.
        middles_mm: by role, where the middle of the part that is used lies above the middle of the radiograph [mm].
    """

    radiographs: dict[str, SeenRadiograph] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    middles_mm: dict[str, float] = field(default_factory=dict)


class Examiner:
    """Looks at both radiographs as the worker will, quickly: large ones at fewer pixels, each once until it
    changes."""

    def __init__(self):
        self._scene_radiographs = SceneRadiographs()
        self._looked: dict[str, tuple] = {}

    def examine(self, parameters: ReconstructionParameters, uncropped: Collection[str] = ()) -> Examination:
        """Return what is known of the radiographs and all that is wrong with them.

        Args:
            parameters: the radiographs and their options.
            uncropped: roles of radiographs that are looked at whole, since their crop is being changed.
        """
        faults = choice_faults(parameters)
        radiographs: dict[str, SeenRadiograph] = {}
        for role in used_roles(parameters):
            choice = radiograph_choice(parameters, role)
            if role in uncropped:
                choice = replace(choice, options=replace(choice.options, crop=None))
            seen, found = self._look(choice)
            faults += [replace(fault, path=choice.node.GetName()) for fault in found]
            radiographs |= {role: seen} if seen is not None else {}
        middles_mm = {}
        if len(radiographs) == len(ROLES) and parameters.ap_volume is not parameters.lateral_volume:
            pair = [radiographs[role].radiograph for role in ROLES]
            ap, lateral, found = match_heights(*pair, lateral_offset(parameters))
            middles_mm = {"ap": ap.middle_mm, "lateral": lateral.middle_mm}
            name = parameters.lateral_volume.GetName()
            # How high a radiograph is, nobody knows while its crop is being changed.
            found += [] if uncropped else check_pair(ap, lateral)
            faults += [replace(fault, path=name) for fault in found]
        return Examination(radiographs, tuple(panel_fault(fault, {}) for fault in faults), middles_mm)

    def scene_radiographs(self, parameters: ReconstructionParameters) -> list[SceneRadiograph]:
        """Return the radiographs that are chosen, as stored."""
        nodes = [radiograph_choice(parameters, role).node for role in used_roles(parameters)]
        radiographs = [self._scene_radiographs.decode(node) for node in nodes if node is not None]
        return [radiograph for radiograph in radiographs if radiograph is not None]

    def _look(self, choice: RadiographChoice) -> tuple[SeenRadiograph | None, list[Fault]]:
        scene_radiograph = self._scene_radiographs.decode(choice.node) if choice.node is not None else None
        if scene_radiograph is None:
            return None, []
        key = (id(scene_radiograph), choice)
        kept = self._looked.get(choice.role)
        if kept is None or kept[0] != key:
            # The radiograph is kept with the result, so that its id is not given to another one.
            kept = self._looked[choice.role] = key, examine(choice, scene_radiograph), scene_radiograph
        return kept[1]


def examine(
    choice: RadiographChoice, scene_radiograph: SceneRadiograph
) -> tuple[SeenRadiograph | None, list[Fault]]:
    """Return a radiograph as it will be used, or None if there is no picture, and what is wrong with it."""
    options = of_percent(choice.options, scene_radiograph.shape)
    radiograph, faults = interpret(scene_radiograph.decoded, choice.view, options)
    if scene_radiograph.decoded.values.shape != scene_radiograph.shape:
        # Counted on the volume's own pixels, not on those that it is looked at with.
        faults = [fault for fault in faults if fault.kind != "too-small"]
        faults += _too_small(choice.options, scene_radiograph.shape)
    turn, _ = turn_of_header(scene_radiograph.decoded, choice.view, options)
    return (
        None if radiograph is None else SeenRadiograph(choice, scene_radiograph, radiograph, turn)
    ), faults


def of_percent(options: RadiographOptions, shape: tuple[int, int]) -> RadiographOptions:
    """Return the options with a crop that holds for a picture of fewer pixels, too."""
    crop = options.crop
    if crop is None or crop.percent:
        return options
    rows, cols = shape
    wide, high = 100 / cols, 100 / rows
    percent = replace(
        crop,
        left=crop.left * wide,
        top=crop.top * high,
        width=crop.width * wide,
        height=crop.height * high,
        percent=True,
    )
    return replace(options, crop=percent)


def _too_small(options: RadiographOptions, shape: tuple[int, int]) -> list[Fault]:
    if options.crop is not None:
        rows, cols = options.crop.slices(shape)
        shape = rows.stop - rows.start, cols.stop - cols.start
    if min(shape) >= SMALLEST_SIDE_PX:
        return []
    message = (
        f"The radiograph has {shape[1]} x {shape[0]} pixels; each side needs {SMALLEST_SIDE_PX} or more."
    )
    return [Fault("too-small", message, "Crop less, or load it at full resolution.")]
