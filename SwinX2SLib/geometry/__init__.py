"""Frames, cameras and fits, in patient RAS millimetres and float64."""
