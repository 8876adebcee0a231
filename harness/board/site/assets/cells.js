"use strict";
// Shares, differences and names as they stand in tables. A share is [rate, low, high, count, of].
(() => {
  const MISSING = "–";
  const digits = (rate) => {
    const value = 100 * rate;
    return value > 0 && value < 0.05 ? value.toPrecision(2) : value.toFixed(1);
  };
  const signed = (value) => {
    const text = (100 * value).toFixed(1);
    return text.startsWith("-") ? `−${text.slice(1)}` : `+${text}`;
  };

  EM.missing = (why) => EM.el("span", { class: "missing", title: why || "not measured" }, MISSING);
  EM.percent = (rate) => (rate === null || rate === undefined ? MISSING : `${digits(rate)} %`);
  EM.points = (value) => (value === null || value === undefined ? MISSING : signed(value));
  EM.ends = (low, high, write) =>
    low === null || low === undefined || high === null || high === undefined ? "" : `[${write(low)}, ${write(high)}]`;
  // One line for tooltips, figures and screen readers.
  EM.said = (share) => {
    if (!share || share[0] === null) return "not measured";
    const counted = share.length > 4 ? `, ${share[3]} of ${share[4]}` : "";
    return `${EM.percent(share[0])} ${EM.ends(share[1], share[2], digits)}${counted}`;
  };

  const number = (main, ends, title) =>
    EM.el("span", { class: "num", title }, main, ends ? EM.el("span", { class: "ends" }, ` ${ends}`) : null);

  EM.interval = (share) => {
    if (!share) return EM.missing();
    if (share[0] === null) return EM.missing("nothing could be judged");
    return number(EM.percent(share[0]), EM.ends(share[1], share[2], digits), `${share[3]} of ${share[4]} answers`);
  };
  EM.rate = (share) => (share && share[0] !== null
    ? EM.el("span", { class: "num", title: EM.said(share) }, EM.percent(share[0]))
    : EM.missing());
  EM.gap = (difference) => {
    if (!difference || difference[0] === null) return EM.missing();
    const [rate, low, high] = difference;
    const told = low !== null && high !== null && (low > 0 || high < 0);
    const title = told ? "percentage points; the interval excludes 0" : "percentage points; the interval does not exclude 0";
    const made = number(signed(rate), EM.ends(low, high, signed), title);
    if (!told) made.classList.add("untold");
    return made;
  };

  const KNOWN = { "not evaluable": "warn", partial: "warn", imported: "plain", published: "plain", complete: "plain", full: "plain", verified: "good" };
  // "not evaluable, verified": the first word has the badge, the second a tick behind it.
  EM.status = (words) => {
    const [word, ...more] = words.split(", ");
    const tick = (other) => EM.el("span", { class: "status good tick", title: other }, "✓", EM.el("span", { class: "unseen" }, other));
    return EM.el("span", { class: "statuses" },
      EM.el("span", { class: `status ${KNOWN[word] || "plain"}` }, word), more.map(tick));
  };

  // Dots with intervals on a common scale, drawn beside the numbers they repeat.
  EM.dots = (marks, most) => {
    const at = (value) => `${Math.min(100, (100 * value) / most).toFixed(2)}%`;
    const art = EM.svg("svg", { class: "dots", "aria-hidden": "true", width: "100%", height: 22 });
    for (const tick of EM.ticks(most)) {
      art.append(EM.svg("line", { class: "grid", x1: at(tick), x2: at(tick), y1: 0, y2: 22 }));
    }
    for (const { share, arm } of marks) {
      if (!share || share[0] === null) continue;
      const main = arm !== "control" && arm !== "base";
      if (share[1] !== null && share[2] !== null && arm !== "base") {
        art.append(EM.svg("line", { class: `bar ${main ? "main" : "side"}`, "data-arm": arm, x1: at(share[1]), x2: at(share[2]), y1: 11, y2: 11 }));
      }
      art.append(EM.svg("circle", { class: main ? "main" : "side", "data-arm": arm, cx: at(share[0]), cy: 11, r: main ? 4 : 3 }));
    }
    return art;
  };
  EM.ticks = (most) => {
    const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5].find((size) => most / size <= 4.01) || 0.5;
    return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, place) => place * step);
  };
  EM.scale = (shares) => {
    const most = shares.reduce((top, share) => Math.max(top, share && share[0] !== null ? share[2] ?? share[0] : 0), 0);
    const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.25].find((size) => most / size <= 4) || 0.25;
    return Math.min(1, Math.max(0.05, Math.ceil((most + 1e-9) / step) * step));
  };
  EM.axis = (most) => EM.el("span", { class: "axis", "aria-hidden": "true" },
    EM.ticks(most).map((tick) => {
      const label = EM.el("span", {}, `${+(100 * tick).toFixed(1)}`);
      label.style.left = `${(100 * tick) / most}%`;
      return label;
    }));

  EM.key = (arms) => EM.el("p", { class: "legend" },
    arms.map((arm) => EM.el("span", {}, EM.el("i", { "data-arm": arm, "aria-hidden": "true" }), arm)));

  EM.toy = (note) => (note ? EM.el("p", { class: "callout toy" }, note[0].toUpperCase() + note.slice(1), ".") : null);

  EM.compared = (group) => EM.el("details", { class: "key" },
    EM.el("summary", {}, "What these rows have in common"),
    group.lines.map((line) => EM.el("p", {}, line)));
})();
