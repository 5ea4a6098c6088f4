"""Femora turned in the hips: abduction, flexion, rotation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from SwinX2SLib.training.synthesis.joints import Hip

# Standard deviations and limits [degrees]: outwards, forwards, about the femur's own length.
DEVIATION_DEG = np.array([5.0, 5.0, 10.0])
LIMIT_DEG = np.array([[-6.0, 12.0], [-8.0, 14.0], [-22.0, 22.0]])


@dataclass(frozen=True)
class FemurMotion:
    """A femur's turn about the centre of its head.

    Attributes:
        hip: the joint.
        turn: `(3, 3)`; from the turned femur back to the femur as it was.
    """

    hip: Hip
    turn: np.ndarray

    def source(self, points: np.ndarray) -> np.ndarray:
        """Return where points `(N, 3)` [mm] of the moved person lie in the person as it was."""
        back = (points - self.hip.centre_mm) @ self.turn.T + self.hip.centre_mm
        share = self.hip.share_at(back)[:, None]
        return points + share * (back - points)


def random_motion(hip: Hip, rng: np.random.Generator) -> FemurMotion:
    """Return a random turn of a femur."""
    angles = (rng.normal(0, 1, 3) * DEVIATION_DEG).clip(*LIMIT_DEG.T)
    return femur_motion(hip, *angles)


def femur_motion(hip: Hip, abduction_deg: float, flexion_deg: float, rotation_deg: float) -> FemurMotion:
    """Return a turn of a femur: outwards, forwards, and outwards about its length."""
    # Index order: x to the left, y to the back, z down. Both sides are mirror images of each other.
    out, front, about = np.radians([hip.side * abduction_deg, flexion_deg, hip.side * rotation_deg])
    abduct = _turn(2, 0, out)  # z (down) towards x
    flex = _turn(2, 1, -front)  # z towards -y (front)
    rotate = _turn(1, 0, -about)  # the front (-y) towards x
    return FemurMotion(hip, (abduct @ flex @ rotate).T)


def _turn(start: int, end: int, angle: float) -> np.ndarray:
    """Return the rotation that turns axis `start` towards axis `end`."""
    matrix = np.eye(3)
    matrix[start, start] = matrix[end, end] = np.cos(angle)
    matrix[end, start], matrix[start, end] = np.sin(angle), -np.sin(angle)
    return matrix
