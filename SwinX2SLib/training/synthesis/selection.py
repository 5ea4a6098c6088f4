"""Which people are composed with which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.training.synthesis.composition import (
    SeamError,
    check_bones,
    compose,
    find_seam,
    lower_bones,
    upper_bones,
)
from SwinX2SLib.training.synthesis.people import VERTEBRAE, Person, level_of

PAIR_LIMIT = 3  # discs at which the same two people are joined
# Share of the composed people that are made in the second round, from a composed person and a third one.
SECOND_ROUND = 0.35
BELOW_SPINE = VERTEBRAE[-1] + 1
LOWEST_USUAL = 24  # L5: whoever shows it shows the sacrum too

Candidate = tuple[Person, Person, int]


def compose_people(people: Sequence[Person], count: int, rng: np.random.Generator) -> list[Person]:
    """Compose up to `count` people, preferring those with many bones.

    Args:
        people: donors.
        count: wanted; fewer come back where the donors give no more.
        rng: makes the choice.
    """
    first = _compose(_candidates(people, people), count - int(SECOND_ROUND * count), rng)
    second = _compose(_candidates(people, first) + _candidates(first, people), count - len(first), rng)
    return first + second


def _candidates(uppers: Sequence[Person], lowers: Sequence[Person]) -> list[Candidate]:
    """Return whom to try: at discs beside whole vertebrae, where the result shows more bones than either person."""
    found = []
    for upper in uppers:
        for lower in lowers:
            parts = set(upper.name.split("/")) & set(lower.name.split("/"))
            for level in () if parts else VERTEBRAE[:-1]:
                bones = len(upper_bones(upper, level)) + len(lower_bones(lower, level))
                if bones <= max(len(upper.boxes), len(lower.boxes)) - 1:
                    continue
                try:
                    check_bones(upper, lower, level)
                except SeamError:
                    continue
                if shows_only_known(upper, upper_bones(upper, level)) and shows_only_known(
                    lower, lower_bones(lower, level)
                ):
                    found.append((upper, lower, level))
    return found


def shows_only_known(person: Person, bones: Sequence[int]) -> bool:
    """Whether all that lies beside the chosen bones is annotated: a chest without its ribs is no part of a person."""
    levels = {level_of(label) for label in bones}
    if LOWEST_USUAL in levels:
        levels.add(BELOW_SPINE)
    return all(person.known[label] for label in range(1, CLASS_COUNT) if level_of(label) in levels)


def _compose(candidates: list[Candidate], count: int, rng: np.random.Generator) -> list[Person]:
    sizes = [len(upper_bones(u, level)) + len(lower_bones(w, level)) for u, w, level in candidates]
    pairs = Counter((u.name, w.name) for u, w, _ in candidates)
    weights = [
        (size / CLASS_COUNT) ** 4 / pairs[u.name, w.name]
        for size, (u, w, _) in zip(sizes, candidates, strict=True)
    ]
    keys = rng.random(len(candidates)) ** (1 / np.array(weights)) if candidates else np.zeros(0)
    made: list[Person] = []
    taken: Counter = Counter()
    for place in np.argsort(-keys):
        upper, lower, level = candidates[place]
        if len(made) == count or taken[upper.name, lower.name] == PAIR_LIMIT:
            continue
        try:
            made.append(compose(find_seam(upper, lower, level)))
        except SeamError:
            continue
        taken[upper.name, lower.name] += 1
    return made
