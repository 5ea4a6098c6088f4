"""What the section Models does beside its widgets: packages and their versions, wheels, the list of models."""
