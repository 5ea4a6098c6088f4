"""The section Reconstruct: model, device, the run, and how long it will take."""
