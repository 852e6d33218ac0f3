"""Layers that go into a Keras model: Lambda factories, trainable layers, their masks."""
