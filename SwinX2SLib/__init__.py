"""Three-dimensional bones from two radiographs: the library behind the Slicer module and the `swinx2s` command."""

__version__ = "0.2.0"
