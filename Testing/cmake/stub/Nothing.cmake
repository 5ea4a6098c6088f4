# Slicer writes its package configuration here; the stub has none.
