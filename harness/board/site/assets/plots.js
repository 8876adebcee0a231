"use strict";
// Figures of a study, drawn by hand: coordinates are numbers of the page's own making, words are
// text nodes, and what a dot says stands in a tip that shows text only.
(() => {

  const tip = EM.el("div", { class: "tip", hidden: true, role: "tooltip" });
  document.body.append(tip);
  const say = (node, text) => {
    const show = (event) => {
      tip.textContent = text;
      tip.hidden = false;
      const box = node.getBoundingClientRect();
      const [x, y] = event.clientX ? [event.clientX, event.clientY] : [box.right, box.bottom];
      tip.style.left = `${Math.max(8, Math.min(x + 12, window.innerWidth - tip.offsetWidth - 8))}px`;
      tip.style.top = `${Math.max(8, Math.min(y + 14, window.innerHeight - tip.offsetHeight - 8))}px`;
    };
    const hide = () => { tip.hidden = true; };
    for (const event of ["pointerenter", "pointermove", "focus"]) EM.on(node, event, show);
    for (const event of ["pointerleave", "blur"]) EM.on(node, event, hide);
    return node;
  };
  EM.tip = say;

  const nice = (span, most) => {
    const raw = span / most;
    const power = 10 ** Math.floor(Math.log10(raw));
    return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= raw - 1e-12) || power;
  };
  const ticks = (low, high, most) => {
    const step = nice(high - low || 1, most);
    const first = Math.ceil(low / step - 1e-9);
    return Array.from({ length: Math.max(0, Math.floor(high / step + 1e-9) - first + 1) }, (_, place) => (first + place) * step);
  };
  EM.ticksOf = ticks;
  const plain = (value) => String(+value.toPrecision(3)).replace("-", "−");
  EM.short = plain;
  const path = (points) => points.map(([x, y], place) => `${place ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`).join("");

  // A frame with axes: gives back the drawing and the two scales.
  EM.frame = ({ width, height, x, y, label, left = 46, bottom = 38, top = 10, right = 12, log = false }) => {
    const art = EM.svg("svg", { class: "plot-art", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
    const inner = [left, top, width - right, height - bottom];
    const place = (value) => (log ? Math.log(value) : value);
    const [lowX, highX] = x.domain.map(place);
    const atX = (value) => inner[0] + ((place(value) - lowX) / (highX - lowX || 1)) * (inner[2] - inner[0]);
    const atY = (value) => inner[3] - ((value - y.domain[0]) / (y.domain[1] - y.domain[0] || 1)) * (inner[3] - inner[1]);
    for (const tick of y.ticks) {
      art.append(EM.svg("line", { class: "grid", x1: inner[0], x2: inner[2], y1: atY(tick), y2: atY(tick) }));
      art.append(EM.svg("text", { class: "tick", x: inner[0] - 7, y: atY(tick) + 3.6, "text-anchor": "end" }, y.write(tick)));
    }
    for (const tick of x.ticks) {
      if (x.grid) art.append(EM.svg("line", { class: "grid", x1: atX(tick), x2: atX(tick), y1: inner[1], y2: inner[3] }));
      art.append(EM.svg("text", { class: "tick", x: atX(tick), y: inner[3] + 16, "text-anchor": "middle" }, x.write(tick)));
    }
    art.append(EM.svg("line", { class: "rim", x1: inner[0], x2: inner[2], y1: inner[3], y2: inner[3] }));
    if (x.title) art.append(EM.svg("text", { class: "axis-title", x: (inner[0] + inner[2]) / 2, y: height - 3, "text-anchor": "middle" }, x.title));
    if (y.title) art.append(EM.svg("text", { class: "axis-title", transform: `translate(12 ${(inner[1] + inner[3]) / 2}) rotate(-90)`, "text-anchor": "middle" }, y.title));
    return { art, atX, atY, inner };
  };

  EM.line = (frame, points, attributes) => EM.svg("path", { ...attributes, d: path(points.map(([x, y]) => [frame.atX(x), frame.atY(y)])) });
  EM.band = (frame, points, attributes) => EM.svg("path", {
    ...attributes,
    d: `${path([...points.map(([x, low]) => [frame.atX(x), frame.atY(low)]), ...points.slice().reverse().map(([x, , high]) => [frame.atX(x), frame.atY(high)])])}Z`,
  });
  EM.dot = (frame, x, y, r, attributes) => EM.svg("circle", { ...attributes, cx: frame.atX(x).toFixed(2), cy: frame.atY(y).toFixed(2), r });

  // Words beside dots that do not lie on each other: nearest free line above or below.
  EM.words = (frame, marks) => {
    const taken = [];
    return marks.slice().sort((a, b) => frame.atY(a.y) - frame.atY(b.y)).map((mark) => {
      const x = frame.atX(mark.x) + 8;
      const end = x + 6.4 * mark.text.length > frame.inner[2];
      let y = frame.atY(mark.y) + 4;
      const free = (at) => taken.every(([left, line]) => Math.abs(line - at) >= 12 || Math.abs(left - x) > 90);
      for (let tries = 0; tries < 12 && !free(y); tries += 1) y += 12;
      taken.push([x, y]);
      return EM.svg("text", { class: "mark-name", "data-kind": mark.kind, x: end ? x - 16 : x, y, "text-anchor": end ? "end" : "start" }, mark.text);
    });
  };
  EM.percentTick = (value) => `${+(100 * value).toFixed(1)} %`;
})();
