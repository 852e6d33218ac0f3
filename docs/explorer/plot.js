"use strict";

/* A plot with two axes, in SVG, drawn at the size of its element so that text keeps its size on a phone. */
class Plot {
  constructor(svg, xLabel, yLabel) {
    this.svg = svg;
    this.drawing = Plot.element("g", {}); // what is drawn anew; other children of the element stay
    svg.prepend(this.drawing);
    this.labels = [xLabel, yLabel];
    this.margin = { left: 46, right: 12, top: 26, bottom: 40 };
  }

  static element(name, attributes, text) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  static ticks([low, high], most) {
    const rough = (high - low) / most;
    const unit = 10 ** Math.floor(Math.log10(rough));
    const step = unit * [1, 2, 5, 10].find((factor) => factor * unit >= rough);
    const ticks = [];
    for (let k = Math.ceil(low / step); k * step <= high; k++) ticks.push(Number((k * step).toPrecision(12)));
    return ticks;
  }

  /** Draw axes for these ranges, and nothing else yet. */
  axes(xRange, yRange) {
    const { svg, drawing, margin } = this;
    const { clientWidth: width, clientHeight: height } = svg;
    this.box = { left: margin.left, right: width - margin.right, top: margin.top, bottom: height - margin.bottom };
    this.ranges = [xRange, yRange];
    const { left, right, top, bottom } = this.box;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    drawing.replaceChildren();
    const clip = Plot.element("clipPath", { id: `${svg.id}-clip` });
    clip.append(Plot.element("rect", { x: left, y: top, width: right - left, height: bottom - top }));
    drawing.append(clip);
    for (const tick of Plot.ticks(xRange, Math.min(9, (right - left) / 37))) {
      const x = this.x(tick);
      this.line([x, top], [x, bottom], tick);
      drawing.append(Plot.element("text", { x, y: bottom + 16, "text-anchor": "middle" }, tick));
    }
    for (const tick of Plot.ticks(yRange, (bottom - top) / 34)) {
      const y = this.y(tick);
      this.line([left, y], [right, y], tick);
      drawing.append(Plot.element("text", { x: left - 7, y: y + 4, "text-anchor": "end" }, tick));
    }
    drawing.append(
      Plot.element("text", { x: (left + right) / 2, y: bottom + 34, "text-anchor": "middle" }, this.labels[0]),
      Plot.element("text", { x: 4, y: 14 }, this.labels[1]),
    );
  }

  line([x1, y1], [x2, y2], tick) {
    this.drawing.append(Plot.element("line", { x1, y1, x2, y2, class: tick === 0 ? "zero" : "grid" }));
  }

  x(value) {
    const [low, high] = this.ranges[0];
    return this.box.left + ((value - low) / (high - low)) * (this.box.right - this.box.left);
  }

  y(value) {
    const [low, high] = this.ranges[1];
    return this.box.bottom - ((value - low) / (high - low)) * (this.box.bottom - this.box.top);
  }

  /** The point of the plot at a pixel of the element. */
  at(px, py) {
    const { left, right, top, bottom } = this.box;
    const [[xLow, xHigh], [yLow, yHigh]] = this.ranges;
    return [
      xLow + ((px - left) / (right - left)) * (xHigh - xLow),
      yLow + ((bottom - py) / (bottom - top)) * (yHigh - yLow),
    ];
  }

  /** Draw a curve through these points; one that is not finite is a gap. */
  curve(points, name) {
    const [low, high] = this.ranges[1];
    const far = 2 * (high - low); // off the plot, but not so far that a pixel overflows
    let path = "";
    let move = true;
    for (const [x, y] of points) {
      if (Number.isNaN(y)) {
        move = true;
        continue;
      }
      const shown = Math.min(Math.max(y, low - far), high + far);
      path += `${move ? "M" : "L"}${this.x(x).toFixed(2)},${this.y(shown).toFixed(2)}`;
      move = false;
    }
    const clip = `url(#${this.svg.id}-clip)`;
    this.drawing.append(Plot.element("path", { d: path, class: `curve ${name}`, "clip-path": clip }));
  }

  dot([x, y], name) {
    const [[xLow, xHigh], [yLow, yHigh]] = this.ranges;
    if (!(x >= xLow && x <= xHigh && y >= yLow && y <= yHigh)) return;
    this.drawing.append(Plot.element("circle", { cx: this.x(x), cy: this.y(y), r: 4.5, class: name }));
  }
}
