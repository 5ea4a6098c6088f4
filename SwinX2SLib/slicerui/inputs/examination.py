"""All that is wrong with the chosen films, told while they are chosen and before anything is started."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from SwinX2SLib.errors import Fault
from SwinX2SLib.radiographs import FilmOptions, Radiograph, check_pair
from SwinX2SLib.radiographs.checks import SMALLEST_SIDE_PX
from SwinX2SLib.radiographs.reading import interpret, turn_of_header
from SwinX2SLib.radiographs.registration import match_heights
from SwinX2SLib.radiographs.transforms import Turn
from SwinX2SLib.slicerui.films import ROLES
from SwinX2SLib.slicerui.inputs.choice import FilmChoice, choice_faults, film_choice, lateral_shift
from SwinX2SLib.slicerui.inputs.decoding import SceneFilm, SceneFilms
from SwinX2SLib.slicerui.messages import fault_of_the_module
from SwinX2SLib.slicerui.parameters import ReconstructionParameters


@dataclass(frozen=True)
class SeenFilm:
    """A chosen film that can be looked at.

    Attributes:
        choice: what was chosen and said.
        scene_film: the picture as stored.
        film: as it is used, whole; of fewer pixels where the volume is very large.
        turn: what the header asks for.
    """

    choice: FilmChoice
    scene_film: SceneFilm
    film: Radiograph
    turn: Turn


@dataclass(frozen=True)
class Examination:
    """What is known of both films.

    Attributes:
        films: by role, those that can be looked at.
        faults: all that is to be corrected, in the module's words.
        middles_mm: by role, where the middle of the part that is used lies above the middle of the film [mm].
    """

    films: dict[str, SeenFilm] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    middles_mm: dict[str, float] = field(default_factory=dict)


class Examiner:
    """Looks at both films as the worker will, quickly: large ones at fewer pixels, each once until it changes."""

    def __init__(self):
        self._scene_films = SceneFilms()
        self._looked: dict[str, tuple] = {}

    def examine(self, parameters: ReconstructionParameters, uncropped: Collection[str] = ()) -> Examination:
        """Return what is known of the films and all that is wrong with them.

        Args:
            parameters: the films and what is said of them.
            uncropped: roles of films that are looked at whole, since their crop is being changed.
        """
        faults = choice_faults(parameters)
        films: dict[str, SeenFilm] = {}
        for role in ROLES:
            choice = film_choice(parameters, role)
            if role in uncropped:
                choice = replace(choice, options=replace(choice.options, crop=None))
            seen, found = self._look(choice)
            faults += [replace(fault, path=choice.node.GetName()) for fault in found]
            films |= {role: seen} if seen is not None else {}
        middles_mm = {}
        if len(films) == len(ROLES) and parameters.ap_volume is not parameters.lateral_volume:
            pair = [films[role].film for role in ROLES]
            ap, lateral, found = match_heights(*pair, lateral_shift(parameters))
            middles_mm = {"ap": ap.middle_mm, "lateral": lateral.middle_mm}
            name = parameters.lateral_volume.GetName()
            # How high a film is, nobody knows while its crop is being changed.
            found += [] if uncropped else check_pair(ap, lateral)
            faults += [replace(fault, path=name) for fault in found]
        return Examination(films, tuple(fault_of_the_module(fault, {}) for fault in faults), middles_mm)

    def scene_films(self, parameters: ReconstructionParameters) -> list[SceneFilm]:
        """Return the films that are chosen, as stored."""
        nodes = [film_choice(parameters, role).node for role in ROLES]
        films = [self._scene_films.decode(node) for node in nodes if node is not None]
        return [film for film in films if film is not None]

    def _look(self, choice: FilmChoice) -> tuple[SeenFilm | None, list[Fault]]:
        scene_film = self._scene_films.decode(choice.node) if choice.node is not None else None
        if scene_film is None:
            return None, []
        key = (id(scene_film), choice)
        kept = self._looked.get(choice.role)
        if kept is None or kept[0] != key:
            # The film is kept with the result, so that its id is not given to another one.
            kept = self._looked[choice.role] = key, look_at(choice, scene_film), scene_film
        return kept[1]


def look_at(choice: FilmChoice, scene_film: SceneFilm) -> tuple[SeenFilm | None, list[Fault]]:
    """Return a film as it will be used, or None if there is no picture, and what is wrong with it."""
    options = of_percent(choice.options, scene_film.shape)
    film, faults = interpret(scene_film.decoded, choice.view, options)
    if scene_film.decoded.values.shape != scene_film.shape:
        # Counted on the volume's own pixels, not on those that it is looked at with.
        faults = [fault for fault in faults if fault.kind != "too-small"]
        faults += _too_small(choice.options, scene_film.shape)
    turn, _ = turn_of_header(scene_film.decoded, choice.view, options)
    return (None if film is None else SeenFilm(choice, scene_film, film, turn)), faults


def of_percent(options: FilmOptions, shape: tuple[int, int]) -> FilmOptions:
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


def _too_small(options: FilmOptions, shape: tuple[int, int]) -> list[Fault]:
    if options.crop is not None:
        rows, cols = options.crop.slices(shape)
        shape = rows.stop - rows.start, cols.stop - cols.start
    if min(shape) >= SMALLEST_SIDE_PX:
        return []
    message = f"The film has {shape[1]} x {shape[0]} pixels; each side needs {SMALLEST_SIDE_PX} or more."
    return [Fault("too-small", message, "Crop less, or load it at full resolution.")]
