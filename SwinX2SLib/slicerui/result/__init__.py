"""A result in the scene: regions, radiographs, outlines, confidence. MRML alone; nothing here needs a widget."""
