"""Reading and writing: volumes, meshes, tables, and output that appears whole or not at all."""
