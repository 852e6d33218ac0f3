"""Pure functions on tensors, written on `keras.ops`: no layer, no state, no file."""
