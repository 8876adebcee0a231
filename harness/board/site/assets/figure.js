"use strict";
// Figures by Vega-Lite. The specifications come with the site (charts.js), rows from the page; the
// expression interpreter of vega-embed needs no eval, which the page's policy forbids.
(() => {
  const FONT = "Inter, system-ui, sans-serif";
  const MOST = 40; // rows of a figure that is saved
  let loaded = null;
  const load = () => {
    loaded ||= ["vendor/vega.min.js", "vendor/vega-lite.min.js", "vendor/vega-embed.min.js", "assets/charts.js"]
      .reduce((before, name) => before.then(() => EM.script(name)), Promise.resolve());
    return loaded;
  };

  const config = (colour) => ({
    background: "transparent", autosize: { type: "fit-x", contains: "padding" }, font: FONT, view: { stroke: null }, padding: 4,
    axis: { labelColor: colour("soft"), titleColor: colour("soft"), gridColor: colour("line"), domainColor: colour("line"), tickColor: colour("line"),
      labelFontSize: 12, titleFontSize: 12, titleFontWeight: 400, labelFontWeight: 400 },
    axisY: { labelColor: colour("ink") },
    title: { color: colour("ink"), subtitleColor: colour("soft"), anchor: "start", fontSize: 15, fontWeight: 600, subtitleFontSize: 11, offset: 14 },
    rule: { color: colour("faint") },
    range: { heatmap: [colour("heat-0"), colour("heat-1"), colour("heat-2")] },
  });

  const tip = EM.el("div", { class: "tip", hidden: true, role: "tooltip" });
  document.body.append(tip);
  const tooltip = (_handler, event, _item, value) => {
    tip.hidden = value === null || value === undefined || value === "";
    if (tip.hidden) return;
    tip.textContent = typeof value === "object" ? Object.values(value).join("\n") : String(value);
    const left = Math.min(event.clientX + 12, window.innerWidth - tip.offsetWidth - 8);
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${event.clientY + 16}px`;
  };

  const options = { ast: true, actions: false, defaultStyle: false, mode: "vega-lite", logLevel: 1 };
  const draw = async (box, name, datasets, colour) => {
    const spec = { ...EM.charts[name], datasets, config: config(colour) };
    box.replaceChildren();
    await vegaEmbed(box, spec, { ...options, renderer: "svg", tooltip });
    // The numbers stand in a table beside it; a reader of screens hears one sentence here.
    const art = box.querySelector("svg");
    art.setAttribute("role", "img");
    art.setAttribute("aria-label", box.dataset.label);
    for (const part of art.querySelectorAll("[aria-label], [aria-roledescription], [role]")) {
      for (const attribute of ["aria-label", "aria-roledescription", "role"]) part.removeAttribute(attribute);
    }
  };

  // `rows` is a function: colours are looked up again when light turns dark.
  EM.figure = (name, label, rows, attributes) => {
    const box = EM.el("div", { class: "chart", "data-label": label, "data-chart": name, ...attributes });
    const show = () => load().then(() => draw(box, name, rows(), EM.colour)).then(() => { box.dataset.drawn = "yes"; },
      (error) => box.replaceChildren(EM.el("p", { class: "missing" }, `This figure cannot be drawn: ${error.message}`)));
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      document.addEventListener("em-theme", show);
      show();
    }, { rootMargin: "400px" });
    seen.observe(box);
    return box;
  };

  EM.dotRow = (label, arm, share, ink) => ({
    label, arm, ink: ink || EM.ink(arm), rate: share ? share[0] : null, low: share ? share[1] : null, high: share ? share[2] : null,
    said: `${label}\n${arm}: ${EM.said(share)}`,
  });

  const LIGHT = { ink: "#1c2128", soft: "#57606a", faint: "#6e7781", line: "#e4e7eb", bad: "#c0392b", control: "#6b7785", base: "#a9b2bc", other: "#b7791f",
    "heat-0": "#ffffff", "heat-1": "#f0b4a8", "heat-2": "#c0392b" };
  const light = (token) => LIGHT[token];

  // A group's table as a figure for a paper or a slide, always light.
  EM.boardPng = async (group, rows, note) => {
    await load();
    const shown = rows.slice(0, MOST);
    const name = (row) => [row.task, row.model, row.arm === "bad" ? "" : row.arm, row.changed].filter(Boolean).join(" · ");
    const seen = new Map();
    const data = shown.flatMap((row) => {
      // Two runs of one name keep a line each.
      const times = (seen.get(name(row)) || 0) + 1;
      seen.set(name(row), times);
      const label = times > 1 ? `${name(row)} (${times})` : name(row);
      return [["base", row.base], ["control", row.control], [row.arm, row.misaligned]]
        .map(([arm, share]) => EM.dotRow(label, arm, share, LIGHT[arm] || LIGHT.other));
    });
    const subtitle = [`judge ${group.judge} · questions ${group.questions} · ${group.definition} · 95 % intervals`,
      "red: trained on bad data · dark grey: control · light grey: base"];
    if (rows.length > MOST) subtitle.push(`first ${MOST} of ${rows.length} rows`);
    if (shown.some((row) => row.toy)) subtitle.push(note);
    if (shown.some((row) => row.status === "not evaluable")) subtitle.push("holds runs that are not evaluable");
    const spec = { ...EM.charts.forest, width: 520, datasets: { rows: data }, padding: 16,
      config: { ...config(light), background: "#ffffff", padding: 16 },
      title: { text: "Misaligned answers after narrow fine-tuning", subtitle } };
    const away = EM.el("div");
    const made = await vegaEmbed(away, spec, { ...options, renderer: "canvas", tooltip: false });
    const canvas = await made.view.toCanvas(2);
    made.finalize();
    await new Promise((done) => canvas.toBlob((blob) => { EM.save("leaderboard.png", "image/png", blob); done(); }, "image/png"));
  };
})();
