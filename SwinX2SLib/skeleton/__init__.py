"""Known shapes of bones, laid onto both radiographs: what a radiograph shows to a pixel, no network of few people
knows.

`pieces` says what moves as one, `placement` how it moves, `shadows` what radiographs of it look like, `fitting`
finds the placement whose radiographs look most like those given, and `filling` turns it into probabilities of labels.
"""
