"""Exact arithmetic: networks of Dense and Lambda layers whose weights and alphas are known, not trained.

Godfrey and Gashler (arXiv:1602.01321) hope that a network with their activation "can exactly calculate many natural
operations that typical neural networks can only approximate". Exact means here: the same formula as the operation,
for all inputs of the stated domain, with rounding errors alone. These are the errors of exponents: half a spacing of s
changes exp(s) by |s|/2 spacings, so the larger or smaller a result, the more of its last digits are lost.

The accuracies in the docstrings are in units of eps (1.2e-7 in float32, 2.2e-16 in float64): the largest error against
mpmath of 20,000 inputs of both signs and magnitudes from 1e-6 to 1e6, uniform in their logarithm, by TensorFlow on a
CPU. The weights, rounded to the dtype, count as exact. `python -m benchmarks.networks` prints them.

For float64, build with `dtype="float64"`, and call the model rather than `predict`, which rounds NumPy arrays to
`keras.config.floatx()`. JAX needs its `jax_enable_x64` for it; on PyTorch, Keras multiplies float64 matrices in
float32. On a GPU that multiplies matrices in TensorFloat-32, switch that off.
"""
