"""A reconstruction against a CT segmentation of the same person: to the worker, and from it into the scene."""
