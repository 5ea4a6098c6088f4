"""Tuples of a fixed length, as shapes, sizes and places are kept."""

from __future__ import annotations

from collections.abc import Iterable


def shape2(sides: Iterable[int]) -> tuple[int, int]:
    """Return two whole numbers; ValueError where there are more or fewer."""
    first, second = (int(side) for side in sides)
    return first, second


def shape3(sides: Iterable[int]) -> tuple[int, int, int]:
    """Return three whole numbers; ValueError where there are more or fewer."""
    first, second, third = (int(side) for side in sides)
    return first, second, third


def vector2(values: Iterable[float]) -> tuple[float, float]:
    """Return two numbers; ValueError where there are more or fewer."""
    first, second = (float(value) for value in values)
    return first, second


def vector3(values: Iterable[float]) -> tuple[float, float, float]:
    """Return three numbers; ValueError where there are more or fewer."""
    first, second, third = (float(value) for value in values)
    return first, second, third
