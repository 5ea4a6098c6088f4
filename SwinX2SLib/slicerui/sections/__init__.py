"""The sections of the panel, one module each; `slicerui.registry` finds them and knows their order.

To add one: write `sections/<name>.py` with a class `<Name>Section` (see `slicerui.section.Section`) and its widgets
`Resources/UI/<Name>.ui`. Nothing else has to change. What a section needs beside its widgets (logic, nodes, drawing)
stands in packages of its own, not here.
"""
