"""The version, read by the build and by everything that records what made it."""

__version__ = "0.2.0"
