"""The bundled reader's network in numpy: token ids → the probabilities of spans."""
