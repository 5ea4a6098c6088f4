"""Known shapes of bones, laid onto both films: what a film shows to a pixel, no network of few people knows.

`pieces` says what moves as one, `placement` how it moves, `shadows` what films of it look like, `fitting` finds the
placement whose films look most like those given, and `filling` turns it into probabilities of labels.
"""
