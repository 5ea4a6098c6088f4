"""3D bone reconstruction from two radiographs: the library of the Slicer module and the `swinx2s` command."""

__version__ = "0.2.0"
