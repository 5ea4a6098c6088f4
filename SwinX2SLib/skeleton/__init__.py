"""Shape models of bones, fitted to both radiographs.

`pieces` defines rigid groups of bones and their placement, `initial_pose` the start of the fit, `projections` the
projected radiographs, their similarity and the optimisation, `label_probabilities` the resulting label probabilities,
and `shape_fitting` runs all steps.
"""
