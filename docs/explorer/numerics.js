"use strict";

/* The soft exponential in double precision: real (strict, or bounded by a tangent of slope maxSlope) and complex.
   Complex numbers are pairs [re, im]. tests/docs/test_explorer.py compares all of it with the Python package. */
const Numerics = (() => {
  const TINY = 2 ** -1022; // below it alpha is subnormal, and f(x) = x to the last digit
  // |alpha| from which exp and log with 1 - alpha**2 lose fewer digits than expm1 and log1p, which are for small ones
  const LARGE = 0.6;

  const border = (a) => 1 / a - a; // where the domain ends, for alpha < 0

  /** 1 - alpha*(x + alpha), whose logarithm f is for alpha < 0. */
  const inside = (x, a) => (a <= -LARGE ? (1 - a) * (1 + a) - a * x : 1 - a * (x + a));

  function strict(x, a) {
    if (Math.abs(a) < TINY) return x;
    if (a > 0) return a < LARGE ? Math.expm1(a * x) / a + a : (Math.exp(a * x) - (1 - a) * (1 + a)) / a;
    return (a > -LARGE ? Math.log1p(-a * (x + a)) : Math.log(inside(x, a))) / -a;
  }

  function strictSlope(x, a) {
    if (Math.abs(a) < TINY) return 1;
    if (a > 0) return Math.exp(a * x);
    const t = inside(x, a);
    return t < 0 ? NaN : 1 / t;
  }

  /** Where the slope reaches maxSlope; infinite for the identity. */
  function knee(a, maxSlope) {
    if (Math.abs(a) < TINY) return a < 0 ? -Infinity : Infinity;
    return a > 0 ? Math.log(maxSlope) / a : (1 - 1 / maxSlope) / a - a;
  }

  const isBeyond = (x, a, end) => (a < 0 ? x < end : x > end);

  function bounded(x, a, maxSlope) {
    const end = knee(a, maxSlope);
    return isBeyond(x, a, end) ? strict(end, a) + maxSlope * (x - end) : strict(x, a);
  }

  function boundedSlope(x, a, maxSlope) {
    return isBeyond(x, a, knee(a, maxSlope)) ? maxSlope : strictSlope(x, a);
  }

  /** (p + iq)/(a + ib) by Smith's formula: a square of the divisor might underflow. */
  function quotient([p, q], [a, b]) {
    if (Math.abs(b) > Math.abs(a)) return quotient([q, -p], [b, -a]);
    const ratio = b / a;
    const divisor = a + b * ratio;
    return [(p + q * ratio) / divisor, (q - p * ratio) / divisor];
  }

  /** 1 - alpha*(x + alpha); an imaginary part of zero is +0, because Arg is +pi on the negative real axis. */
  function complexInside(x, [a, b], isLarge) {
    const re = isLarge ? (1 - a) * (1 + a) + b * b - a * x : 1 - (a * (x + a) - b * b);
    return [re, 0 - b * (x + 2 * a)];
  }

  function complex(x, [a, b]) {
    const size = Math.hypot(a, b);
    if (size < TINY) return [x, 0];
    const isLarge = size >= LARGE;
    if (a >= 0) {
      const e = Math.exp(a * x);
      if (isLarge) {
        const c = [(1 - a) * (1 + a) + b * b, -2 * a * b]; // 1 - alpha**2
        return quotient([e * Math.cos(b * x) - c[0], e * Math.sin(b * x) - c[1]], [a, b]);
      }
      const half = Math.sin((b * x) / 2);
      const [re, im] = quotient([Math.expm1(a * x) * Math.cos(b * x) - 2 * half * half, e * Math.sin(b * x)], [a, b]);
      return [re + a, im + b];
    }
    const [p, q] = complexInside(x, [a, b], isLarge);
    const v = [a * (x + a) - b * b, b * (x + 2 * a)];
    const excess = v[0] * (v[0] - 2) + v[1] * v[1]; // |t|**2 - 1
    const log = isLarge || Math.abs(excess) > 0.5 ? Math.log(Math.hypot(p, q)) : Math.log1p(excess) / 2;
    return quotient([log, Math.atan2(q, p)], [-a, -b]);
  }

  function complexSlope(x, [a, b]) {
    const size = Math.hypot(a, b);
    if (size < TINY) return [1, 0];
    if (a >= 0) return [Math.exp(a * x) * Math.cos(b * x), Math.exp(a * x) * Math.sin(b * x)];
    return quotient([1, 0], complexInside(x, [a, b], size >= LARGE));
  }

  const REACH = 12; // standard deviations, beyond which a normal density is below 1e-31 of its peak
  const PANEL = 6; // width, and a step of the quadrature, narrow enough for frequencies up to 20
  const STEP = 1 / 40;

  /** Nodes and weights of the standard normal density between the ends, by tanh-sinh quadrature in panels. */
  function normalNodes(ends) {
    const nodes = [];
    for (let k = 0; k + 1 < ends.length; k++) {
      const panels = Math.ceil((ends[k + 1] - ends[k]) / PANEL);
      const half = (ends[k + 1] - ends[k]) / panels / 2;
      for (let panel = 0; panel < panels; panel++) {
        const middle = ends[k] + half * (2 * panel + 1);
        for (let t = -3.4; t <= 3.4; t += STEP) {
          const s = (Math.PI / 2) * Math.sinh(t);
          const x = middle + half * Math.tanh(s);
          const weight = (STEP * half * (Math.PI / 2) * Math.cosh(t)) / Math.cosh(s) ** 2;
          nodes.push([x, (weight * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI)]);
        }
      }
    }
    return nodes;
  }

  /** Mean and deviation of f(x) for x of the standard normal distribution; null if they overflow. */
  function moments(f, nodes) {
    const values = nodes.map(([x, weight]) => [f(x), weight]);
    const mean = values.reduce((sum, [y, weight]) => sum + weight * y, 0);
    const variance = values.reduce((sum, [y, weight]) => sum + weight * (y - mean) * (y - mean), 0);
    return Number.isFinite(variance) ? { mean, deviation: Math.sqrt(variance) } : null;
  }

  /** The range where f(x)**2 times the density counts, split at a point where f is not smooth. */
  function ends(a, split) {
    const high = REACH + 2 * Math.max(a, 0);
    return [-REACH, ...(split > -REACH && split < high ? [split] : []), high];
  }

  /** As `continuum_act.gain`; maxSlope null is strict, and null is returned where that is not defined. */
  function gain(a, maxSlope) {
    if (maxSlope !== null) return moments((x) => bounded(x, a, maxSlope), normalNodes(ends(0, knee(a, maxSlope))));
    return a < 0 ? null : moments((x) => strict(x, a), normalNodes(ends(a, NaN)));
  }

  /** The same for the real and for the imaginary part. */
  function complexGain([a, b]) {
    const split = a < 0 ? quotient([1, 0], [a, b])[0] - a : NaN; // the point next to the singularity of the logarithm
    const nodes = normalNodes(ends(a, split));
    return [0, 1].map((part) => moments((x) => complex(x, [a, b])[part], nodes));
  }

  return { border, knee, strict, strictSlope, bounded, boundedSlope, complex, complexSlope, gain, complexGain };
})();
