"""A result in the scene: regions, films, outlines, confidence. MRML alone; nothing here needs a widget."""
