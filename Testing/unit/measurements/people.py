"""People with landmarks picked by raters, and phantoms of single bones, for tests of measurements."""

import json

import numpy as np
from voxelise import voxelise

from SwinX2SLib.geometry.frames import network_affine
from SwinX2SLib.measurements import bone_from_mesh, bones_from_labels
from SwinX2SLib.phantom.build import _bounds, _Canvas
from SwinX2SLib.phantom.skeleton import build_skeleton

BONES = {
    "Femur_L": "femur_left",
    "Femur_R": "femur_right",
    "Hip_L": "hip_left",
    "Hip_R": "hip_right",
    "Sacrum": "sacrum",
}
PELVIC = {
    "asis": "ASIS",
    "aiis": "AIIS",
    "psis": "PSIS",
    "piis": "PIIS",
    "ischial_spine": "Ischial Spine (IS)",
    "pubic_tubercle": "Pubic Tubercle (PT)",
}


def names_of_people(folder):
    return sorted(path.stem for path in folder.glob("vsd_*.npz"))


def bones_of(folder, name, spacing_mm=None):
    """Bones of one person by label name, as meshes or put on a grid first."""
    meshes, bones = np.load(folder / f"{name}.npz"), {}
    for key, label in BONES.items():
        if f"{key}_vertices" not in meshes:
            continue
        bone = bone_from_mesh(label, meshes[f"{key}_vertices"], meshes[f"{key}_faces"])
        if spacing_mm:
            voxels, affine = voxelise(bone.vertices_ras_mm, bone.faces, spacing_mm)
            bone = bones_from_labels(voxels.astype(np.uint8) * bone.label, affine)[label]
        bones[label] = bone
    return bones


def picks_of(folder, name):
    """Mean of the raters' picks by structure and their name."""
    raters = json.loads((folder / f"{name}_landmarks.json").read_text())
    return {
        structure: {pick: np.mean([one[pick] for one in by.values()], axis=0) for pick in by["Rater1"]}
        for structure, by in raters.items()
    }


def sphere_through(points):
    rows = np.column_stack([2 * points, np.ones(len(points))])
    solution = np.linalg.lstsq(rows, (points**2).sum(axis=1), rcond=None)[0]
    return solution[:3], float(np.sqrt(solution[3] + solution[:3] @ solution[:3]))


def phantom_bones(parameters, spacing_mm, names, offset_mm=(0.0, 0.0, 0.0)):
    """Chosen bones of a phantom, on a grid around them, and the phantom's truth."""
    from SwinX2SLib.anatomy import labels

    ids = {label.id for label in labels() if label.name in names}
    bones, truth = build_skeleton(parameters)
    bones = [bone for bone in bones if bone.label in ids]
    lower, upper = _bounds(bones)
    shape = np.ceil((upper - lower + 24) / spacing_mm).astype(int)
    affine = network_affine(spacing_mm, shape, (lower + upper) / 2 + np.asarray(offset_mm))
    canvas = _Canvas(tuple(int(count) for count in shape), affine)
    for bone in bones:
        canvas.paint(bone)
    return bones_from_labels(canvas.labels, affine), truth
