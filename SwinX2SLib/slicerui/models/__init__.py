"""Logic of the section Models: packages and their versions, wheels, the list of models."""
