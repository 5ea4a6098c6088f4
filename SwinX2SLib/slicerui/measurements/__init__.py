"""Measurements in the scene: markups that can be dragged, values that follow, a table, sign-off, reports."""
