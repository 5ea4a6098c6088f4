"""Bones for other programs: meshes, label volumes and DICOM segmentations, written atomically."""
