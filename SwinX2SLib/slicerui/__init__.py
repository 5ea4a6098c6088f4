"""The Slicer side: the only package that imports `slicer`, `qt`, `ctk` or MRML classes; it never imports torch."""
