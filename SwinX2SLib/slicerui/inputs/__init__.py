"""The two radiographs in the scene: their options, preview and tools."""
