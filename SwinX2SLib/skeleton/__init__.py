"""The statistical skeleton of people: its tables, the model, its population, and its fit to two radiographs.

`table` reads the fitted numbers, `model` makes skeletons of weights (`rib_curves`, `rib_surfaces`), `population`
draws people. `contours` and `matching` say what radiographs show and how far off the skeleton is, `posing` how
weights move it, `fitting` finds the most probable one. `discs` and `levels` name the vertebrae along the spine.
"""
