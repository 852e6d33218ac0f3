"use strict";

/* The page: shows what is chosen, and listens to what the reader chooses. */
(() => {
  const X = [-4, 4];
  const PLANE = [[-2, 2], [-4, 4]]; // real and imaginary part
  const SNAP = 0.05; // of the mouse on the plane
  const POINTS = 500;
  const COLORS = ["first", "second"];

  const $ = (id) => document.getElementById(id);
  const { state, python } = Choice;
  const curve = new Plot($("curve"), "x", "f(alpha, x)");
  const slope = new Plot($("slope"), "x", "slope df/dx");
  const plane = new Plot($("plane"), "real part", "imaginary part");
  const point = Plot.element("circle", { id: "point", r: 9, tabindex: 0, role: "slider", "aria-label": "alpha" });
  point.setAttribute("aria-roledescription", "point in two dimensions");
  plane.svg.append(point);

  const clamp = (value, [low, high]) => Math.min(Math.max(value, low), high);
  const rounded = (value) => Number(value.toFixed(2));
  const short = (value) => python(Number(value.toPrecision(5)));

  /** The x to draw: evenly spaced, and close to a singularity from both sides. */
  function inputs(end) {
    const xs = Array.from({ length: POINTS + 1 }, (_, k) => X[0] + ((X[1] - X[0]) * k) / POINTS);
    const steps = Array.from({ length: 14 }, (_, k) => 10 ** -(k + 1));
    const close = [...steps.map((step) => end - step), end, ...steps.map((step) => end + step)];
    return [...xs, ...close.filter((x) => x > X[0] && x < X[1])].sort((x, other) => x - other);
  }

  /** A range of the ordinate: at least this one, and what the lines do near x = 0. */
  function range(functions, [low, high]) {
    const near = functions.flatMap((f) => [-1, -0.5, 0, 0.5, 1].map(f)).filter(Number.isFinite);
    return [clamp(Math.min(...near) - 1, [-50, low]), clamp(Math.max(...near) + 1, [high, 50])];
  }

  function drawFigure(plot, title, functions, yRange, [label, other]) {
    const end = Choice.singularity();
    plot.axes(X, yRange);
    functions.forEach((f, k) => {
      const isCut = Choice.isReal() ? k === 1 : true; // the linear one goes on
      plot.curve(inputs(end).map((x) => [x, isCut && x === end ? NaN : f(x)]), COLORS[k]);
    });
    if (Choice.isReal()) {
      const knee = Numerics.knee(state.alpha, state.maxSlope);
      plot.dot([knee, functions[0](knee)], "knee");
    }
    const text = `${title} for alpha = ${Choice.alphaText()}: ${label} and ${other}. The table of values has the numbers.`;
    plot.svg.setAttribute("aria-label", text);
  }

  function drawFigures(lines) {
    const labels = lines.map(({ label }) => label);
    const values = lines.map(({ value }) => value);
    const slopes = lines.map((line) => line.slope);
    drawFigure(curve, "Curve", values, range(values, [-4, 6]), labels);
    const bounds = Choice.isReal() ? [0, Math.min(state.maxSlope + 1, 10)] : range(slopes, [-3, 3]);
    drawFigure(slope, "Slope", slopes, bounds, labels);
  }

  function drawPlane() {
    plane.axes(...PLANE);
    point.setAttribute("cx", plane.x(clamp(state.re, PLANE[0])));
    point.setAttribute("cy", plane.y(clamp(state.im, PLANE[1])));
    point.setAttribute("aria-valuemin", PLANE[0][0]);
    point.setAttribute("aria-valuemax", PLANE[0][1]);
    point.setAttribute("aria-valuenow", clamp(state.re, PLANE[0]));
    point.setAttribute("aria-valuetext", `real part ${state.re}, imaginary part ${state.im}`);
  }

  function row(cells, isHead) {
    const element = document.createElement("tr");
    cells.forEach((text, k) => {
      const cell = document.createElement(isHead || k === 0 ? "th" : "td");
      if (cell.tagName === "TH") cell.scope = isHead ? "col" : "row";
      cell.textContent = text;
      element.append(cell);
    });
    return element;
  }

  function showNumbers(lines) {
    const names = lines.map(({ name }) => name);
    const head = row(["x", ...names, ...lines.map(({ slopeName }) => slopeName)], true);
    $("values").tHead.replaceChildren(head);
    const xs = Array.from({ length: X[1] - X[0] + 1 }, (_, k) => X[0] + k);
    const functions = [...lines.map(({ value }) => value), ...lines.map((line) => line.slope)];
    $("values").tBodies[0].replaceChildren(...xs.map((x) => row([x, ...functions.map((f) => short(f(x)))])));
    const numbers = (gain) => (gain ? [short(gain.mean), short(gain.deviation)] : ["undefined", "undefined"]);
    $("gain").tBodies[0].replaceChildren(...Choice.gains().map((gain, k) => row([names[k], ...numbers(gain)])));
  }

  function showLegend(lines) {
    const items = lines.map(({ label }, k) => {
      const item = document.createElement("li");
      const sample = Plot.element("svg", { "aria-hidden": true });
      sample.append(Plot.element("line", { x1: 0, y1: 6, x2: 40, y2: 6, class: `curve ${COLORS[k]}` }));
      item.append(sample, label);
      return item;
    });
    $("legend").replaceChildren(...items);
  }

  function showTexts() {
    const isNegative = Choice.isReal() && state.alpha < 0;
    const knee = Numerics.knee(state.alpha, state.maxSlope);
    const facts = [];
    if (!Choice.isReal()) facts.push("The output is twice as large as the input: real parts, then imaginary parts.");
    else if (Number.isFinite(knee)) facts.push(`Linear ${isNegative ? "below" : "above"} x = ${short(knee)} (the circle).`);
    if (isNegative) facts.push(`The strict function ends at x = ${short(Numerics.border(state.alpha))}.`);
    $("facts").textContent = facts.join(" ");
    const outside = isNegative ? "; some of it is outside the domain of the strict function" : "";
    $("gain-note").textContent = `Of x from the standard normal distribution${outside}.`;
    $("title").textContent = `alpha = ${Choice.alphaText()}`;
    $("formula").textContent = Choice.formula();
    $("code").textContent = Choice.code();
    $("copied").textContent = "";
  }

  const FIELDS = { alpha: "alpha", re: "re", im: "im", "max-slope": "maxSlope" };

  function showControls(source) {
    for (const element of document.querySelectorAll(".of-real")) element.hidden = !Choice.isReal();
    for (const element of document.querySelectorAll(".of-complex")) element.hidden = Choice.isReal();
    for (const name of ["kind", "domain"]) {
      document.querySelector(`input[name=${name}][value=${state[name]}]`).checked = true;
    }
    $("slider").value = state.alpha;
    $("slider").setAttribute("aria-valuetext", python(state.alpha));
    for (const [id, name] of Object.entries(FIELDS)) {
      if (source === id) continue; // who types is not interrupted
      $(id).value = python(state[name]);
      $(id).removeAttribute("aria-invalid");
    }
  }

  function show(source) {
    const lines = Choice.lines();
    showControls(source);
    if (!Choice.isReal()) drawPlane();
    drawFigures(lines);
    showLegend(lines);
    showTexts();
    showNumbers(lines);
  }

  let timer;

  /** Change what is chosen; `source` is the field that is being typed in. */
  function choose(change, source) {
    Object.assign(state, change);
    $("problem").textContent = "";
    show(source);
    clearTimeout(timer);
    timer = setTimeout(() => history.replaceState(null, "", Choice.toFragment()), 150); // browsers allow few per second
  }

  function listenToField(id, isValid, wanted) {
    $(id).addEventListener("input", () => {
      const value = $(id).valueAsNumber;
      if (Number.isNaN(value)) return; // not yet a number
      $(id).setAttribute("aria-invalid", !isValid(value));
      if (isValid(value)) choose({ [FIELDS[id]]: value }, id);
      else $("problem").textContent = `${$(id).parentElement.textContent.trim()} must be ${wanted}.`;
    });
    $(id).addEventListener("change", () => showControls()); // what is no valid number gives way to the last that was
  }

  function drag(event) {
    const frame = $("plane").getBoundingClientRect();
    const place = plane.at(event.clientX - frame.left, event.clientY - frame.top);
    const [re, im] = place.map((part, k) => rounded(Math.round(clamp(part, PLANE[k]) / SNAP) * SNAP));
    choose({ re, im });
  }

  function move(event) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[event.key];
    if (!way) return;
    event.preventDefault();
    const step = event.shiftKey ? 0.01 : 0.1;
    const [re, im] = Choice.pair().map((part, k) => (way[k] ? clamp(rounded(part + step * way[k]), PLANE[k]) : part));
    choose({ re, im });
  }

  async function copy() {
    try {
      await navigator.clipboard.writeText(Choice.code());
      $("copied").textContent = "Copied.";
    } catch {
      getSelection().selectAllChildren($("code"));
      $("copied").textContent = "Selected: copy it by the keyboard.";
    }
  }

  const wantedAlpha = `a number from -${Choice.LIMIT} to ${Choice.LIMIT}`;
  for (const id of ["alpha", "re", "im"]) listenToField(id, Choice.isAlpha, wantedAlpha);
  listenToField("max-slope", Choice.isSlope, "a number above 1, up to 1000");
  $("slider").addEventListener("input", () => choose({ alpha: $("slider").valueAsNumber }));
  for (const input of document.querySelectorAll("input[type=radio]")) {
    input.addEventListener("change", () => choose({ [input.name]: input.value }));
  }
  $("plane").addEventListener("pointerdown", (event) => {
    event.preventDefault();
    $("plane").setPointerCapture(event.pointerId);
    point.focus({ focusVisible: false });
    drag(event);
  });
  $("plane").addEventListener("pointermove", (event) => {
    if ($("plane").hasPointerCapture(event.pointerId)) drag(event);
  });
  point.addEventListener("keydown", move);
  $("copy").addEventListener("click", copy);
  addEventListener("hashchange", () => choose(Choice.fromFragment(location.hash)));
  new ResizeObserver(() => show(document.activeElement.id)).observe($("figures"));
  choose(Choice.fromFragment(location.hash));
})();
