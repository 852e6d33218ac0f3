"use strict";

/* What is chosen, and what follows from it: the lines of the figures, the code, the fragment of the address. */
const Choice = (() => {
  const LIMIT = 20; // of alpha: beyond it, nothing of the curve is left in the plot
  const DEFAULT = { kind: "real", alpha: 0.3, re: 0.2, im: 1, domain: "linear", maxSlope: 3 };
  const state = { ...DEFAULT };

  const isAlpha = (value) => Math.abs(value) <= LIMIT;
  const isSlope = (value) => value > 1 && value <= 1000;
  const isReal = () => state.kind === "real";
  const pair = () => [state.re, state.im];

  /** A number as Python writes it. */
  const python = (value) => String(value === 0 ? 0 : value).replace("Infinity", "inf").replace("NaN", "nan");

  function complexText([re, im], unit) {
    if (re === 0) return `${python(im)}${unit}`;
    return `${python(re)} ${im < 0 ? "-" : "+"} ${python(Math.abs(im))}${unit}`;
  }

  const alphaText = () => (isReal() ? python(state.alpha) : complexText(pair(), "i"));

  /** The lines of the figures: their values and slopes as functions of x. */
  function lines() {
    if (!isReal()) {
      return ["real part", "imaginary part"].map((label, part) => ({
        label,
        name: ["Re f", "Im f"][part],
        slopeName: ["Re df/dx", "Im df/dx"][part],
        value: (x) => Numerics.complex(x, pair())[part],
        slope: (x) => Numerics.complexSlope(x, pair())[part],
      }));
    }
    const { alpha, maxSlope } = state;
    return [
      {
        label: `linear, max_slope = ${python(maxSlope)}`,
        name: "linear",
        slopeName: "linear df/dx",
        value: (x) => Numerics.bounded(x, alpha, maxSlope),
        slope: (x) => Numerics.boundedSlope(x, alpha, maxSlope),
      },
      {
        label: "strict",
        name: "strict",
        slopeName: "strict df/dx",
        value: (x) => Numerics.strict(x, alpha),
        slope: (x) => Numerics.strictSlope(x, alpha),
      },
    ];
  }

  /** Mean and deviation of each line for normal inputs. */
  function gains() {
    if (!isReal()) return Numerics.complexGain(pair());
    return [Numerics.gain(state.alpha, state.maxSlope), Numerics.gain(state.alpha, null)];
  }

  /** Where a line jumps or goes to infinity: the end of a real alpha's domain, which the complex function crosses. */
  function singularity() {
    const a = isReal() ? state.alpha : state.im === 0 ? state.re : 0;
    return a < 0 ? Numerics.border(a) : NaN;
  }

  /** The branch of the formula that alpha chooses. */
  function formula() {
    const [a, b] = isReal() ? [state.alpha, 0] : pair();
    if (a === 0 && b === 0) return "f(alpha, x) = x";
    if (a >= 0) return "f(alpha, x) = (exp(alpha*x) - 1)/alpha + alpha";
    return `f(alpha, x) = -${isReal() ? "log" : "Log"}(1 - alpha*(x + alpha)) / alpha`;
  }

  /** The line of Python that makes this layer. */
  function code() {
    if (!isReal()) return `ca.complex_soft_exponential_lambda(${complexText(pair(), "j")})`;
    const alpha = python(state.alpha);
    if (state.domain === "strict") return `ca.soft_exponential_lambda(${alpha}, domain="strict")`;
    const bound = state.maxSlope === DEFAULT.maxSlope ? "" : `, max_slope=${python(state.maxSlope)}`;
    return `ca.soft_exponential_lambda(${alpha}${bound})`;
  }

  function toFragment() {
    const { alpha, re, im, domain, maxSlope } = state;
    if (!isReal()) return `#${new URLSearchParams({ re, im })}`;
    const fields = { alpha, domain, max_slope: maxSlope };
    if (domain === DEFAULT.domain) delete fields.domain;
    if (maxSlope === DEFAULT.maxSlope) delete fields.max_slope;
    return `#${new URLSearchParams(fields)}`;
  }

  /** What a fragment chooses; what is not valid in it has its default. */
  function fromFragment(text) {
    const fields = new URLSearchParams(text.replace(/^#/, ""));
    const number = (name, otherwise, isValid) => {
      const value = Number(fields.get(name) || NaN);
      return isValid(value) ? value : otherwise;
    };
    return {
      kind: fields.has("re") || fields.has("im") ? "complex" : "real",
      alpha: number("alpha", DEFAULT.alpha, isAlpha),
      re: number("re", DEFAULT.re, isAlpha),
      im: number("im", DEFAULT.im, isAlpha),
      domain: fields.get("domain") === "strict" ? "strict" : "linear",
      maxSlope: number("max_slope", DEFAULT.maxSlope, isSlope),
    };
  }

  return {
    ...{ LIMIT, state, isAlpha, isSlope, isReal, pair, python, alphaText },
    ...{ lines, gains, singularity, formula, code, toFragment, fromFragment },
  };
})();
