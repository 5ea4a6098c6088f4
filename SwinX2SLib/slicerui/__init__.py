"""The Slicer side: the only package that imports `slicer`, `qt`, `ctk` or MRML classes; it never imports torch.

Each section of the panel has a package of its own (`inputs`, `reconstruct`, `result`, `measurements`, `compare`,
`batch`, `models`). To add one: write `slicerui/<name>/section.py` with a class `<Name>Section` (see
`slicerui.section.Section`) and its widgets `Resources/UI/<Name>.ui`; `slicerui.panel` finds it. The section holds
widgets alone; its logic and its nodes stand beside it in the same package.
"""
