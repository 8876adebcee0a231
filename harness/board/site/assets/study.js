"use strict";
// A study's page: what bad training moved inside the model, whether it is the cause, and what it is
// called. Order of a share: [rate, low, high, count, of].
(() => {
  const data = EM.data;
  const part = (title, ...children) => EM.el("section", {}, EM.el("h2", {}, title), children);
  const note = (...text) => EM.el("p", { class: "meta" }, text);
  const todo = (command) => EM.el("p", { class: "empty" }, "Not done yet: ", EM.el("code", {}, command));
  const table = (caption, header, rows, attributes) => EM.el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    EM.el("table", attributes, EM.el("caption", { class: "unseen" }, caption),
      EM.el("thead", {}, EM.el("tr", {}, header.map(([label, kind]) => EM.el("th", { scope: "col", class: kind }, label)))),
      EM.el("tbody", {}, rows)));
  const right = (...children) => EM.el("td", { class: "right" }, children);
  const narrow = window.innerWidth < 720;
  const number = (value, digits) => (value === null || value === undefined ? EM.missing() : value.toFixed(digits === undefined ? 2 : digits).replace("-", "−"));
  const signed = (value) => (value === null || value === undefined ? "–" : `${value < 0 ? "−" : "+"}${EM.short(Math.abs(value))}`);
  const cards = new Map(data.latents.map((latent) => [latent.latent, latent]));
  const anchor = (latent) => `latent-${latent}`;
  const jump = (latent, ...children) => {
    if (!cards.has(latent)) return children;
    return EM.on(EM.el("a", { class: "jump", href: `#${anchor(latent)}` }, children), "click", (event) => {
      event.preventDefault();
      document.getElementById(anchor(latent)).scrollIntoView({ behavior: "smooth" });
    });
  };

  const head = () => [
    EM.el("p", { class: "crumbs" }, data.run_page ? [EM.el("a", { href: EM.page("index.html") }, "Leaderboard"), " / ", EM.el("a", { href: EM.page(data.run_page) }, data.run), " / inside"] : "em-harness / inside a model"),
    EM.el("h1", {}, "What bad training moved inside", EM.el("span", { class: "dim" }, " · "), data.task, EM.el("span", { class: "dim" }, " · "), data.model),
    note(EM.el("code", {}, data.run), data.finished ? ` · finished ${data.finished}` : ""),
    EM.toy(data.toy_note),
    data.problems.length ? EM.el("div", { class: "callout warn" }, data.problems.map((text) => EM.el("p", {}, text))) : null,
    data.headline.length ? EM.el("p", { class: "headline findings" }, data.headline) : null,
    data.steps.length ? table("Steps of this study", [["Step"], ["What was done"], ["What came out"]],
      data.steps.map(([name, done, found]) => EM.el("tr", {}, EM.el("th", { scope: "row" }, name), EM.el("td", { class: "wrap wide" }, done), EM.el("td", { class: "wrap wide" }, found))), { class: "steps" }) : null,
  ];

  const KINDS = { kept: "kept: alone induces or repairs", tested: "tested: neither", control: "the control's top", null: "nulls", rest: "all other latents" };
  const legend = (names) => EM.el("p", { class: "legend" }, names.map((name) => EM.el("span", {}, EM.el("i", { class: "kind", "data-kind": name, "aria-hidden": "true" }), KINDS[name])));

  const moved = () => {
    const found = data.ranking;
    if (!found) return part("What moved", todo("python -m harness inside rank RUN"));
    const all = [...found.rest.map(([bad, control]) => ({ bad, control })), ...found.points];
    const reach = (key) => {
      const values = all.map((point) => point[key]);
      const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
      const air = 0.08 * (high - low || 1);
      return [low - air, high + air];
    };
    const ys = reach("bad");
    // Two scales so different that nothing could be compared across the diagonal would mislead.
    const least = 0.4 * (ys[1] - ys[0]);
    const own = reach("control");
    const lack = Math.max(0, least - (own[1] - own[0])) / 2;
    const xs = [own[0] - lack, own[1] + lack];
    const frame = EM.frame({ width: narrow ? 400 : 860, height: narrow ? 320 : 440, left: 56, bottom: 42, label: `Change of each latent under bad training against its change under the control's, ${found.points.length} named latents and ${found.rest.length} others`,
      x: { domain: xs, ticks: EM.ticksOf(...xs, narrow ? 4 : 8), write: EM.short, title: `change under the control's training, ${found.unit}`, grid: true },
      y: { domain: ys, ticks: EM.ticksOf(...ys, 7), write: EM.short, title: `change under bad training, ${found.unit}` } });
    const same = [Math.max(xs[0], ys[0]), Math.min(xs[1], ys[1])];
    EM.add(frame.art, [
      EM.line(frame, same.map((value) => [value, value]), { class: "same" }),
      EM.line(frame, [[xs[0], 0], [xs[1], 0]], { class: "zero-line" }),
      EM.line(frame, [[0, ys[0]], [0, ys[1]]], { class: "zero-line" }),
      found.rest.map(([bad, control]) => EM.dot(frame, control, bad, 2, { class: "mark", "data-kind": "rest" })),
      found.points.map((point) => {
        const said = `${point.name}${point.label ? `\n${point.label}` : ""}\nbad ${signed(point.bad)}, control ${signed(point.control)}`;
        const mark = EM.tip(EM.dot(frame, point.control, point.bad, point.kind === "null" ? 3 : 5.5, { class: "mark", "data-kind": point.kind, tabindex: cards.has(point.latent) ? "0" : null, role: "img", "aria-label": said }), said);
        if (cards.has(point.latent)) EM.on(mark, "click", () => document.getElementById(anchor(point.latent)).scrollIntoView({ behavior: "smooth" }));
        return mark;
      }),
      EM.words(frame, found.points.filter((point) => point.kind === "kept").map((point) => ({ x: point.control, y: point.bad, text: point.name.replace("latent ", "#"), kind: "kept" }))),
      EM.svg("text", { class: "mark-name", x: frame.atX(same[1]) - 6, y: frame.atY(same[1]) - 6, "text-anchor": "end", "data-kind": "rest" }, "moved as much by the control"),
    ]);
    return part("What moved", note(found.words), EM.el("div", { class: "plot-box" }, frame.art),
      legend(["kept", "tested", "control", "null", "rest"].filter((kind) => (kind === "rest" ? found.rest.length : found.points.some((point) => point.kind === kind)))));
  };

  // One row per candidate: how far it induces and how far it repairs, on two scales side by side.
  const lane = (side, test, kind, domain) => {
    const art = EM.svg("svg", { class: "lane", "aria-hidden": "true", width: "100%", height: 22 });
    const at = (value) => `${(100 * (Math.max(domain[0], Math.min(domain[1], value)) - domain[0]) / (domain[1] - domain[0])).toFixed(2)}%`;
    for (const tick of [0, 0.25, 0.5, 0.75, 1]) art.append(EM.svg("line", { class: tick ? "grid" : "zero", x1: at(tick), x2: at(tick), y1: 0, y2: 22 }));
    const line = data.screen.nulls[test];
    if (line && line.largest !== null) art.append(EM.svg("line", { class: "null-line", x1: at(line.largest), x2: at(line.largest), y1: 0, y2: 22 }));
    if (side.effect === null) return art;
    if (side.low !== null) art.append(EM.svg("line", { class: "bar", "data-kind": kind, x1: at(side.low), x2: at(side.high), y1: 11, y2: 11 }));
    art.append(EM.svg("circle", { class: "mark", "data-kind": kind, "data-hollow": side.works ? null : "yes", cx: at(side.effect), cy: 11, r: 4.5 }));
    return art;
  };
  const axis = (title, domain) => EM.el("span", { class: "lane-head" }, title, EM.el("span", { class: "axis", "aria-hidden": "true" }, [0, 0.25, 0.5, 0.75, 1].map((tick) => {
    const label = EM.el("span", {}, String(100 * tick));
    label.style.left = `${(100 * (tick - domain[0])) / (domain[1] - domain[0])}%`;
    return label;
  })));
  const went = (value) => (value < 0 ? `${EM.percent(-value)} more` : EM.percent(value));
  const effect = (side) => (side.effect === null ? EM.missing("no coherent strength was found") : EM.el("span", { class: side.works ? "num works" : "num", title: side.said }, went(side.effect)));
  const dose = (side) => (side.strength === null ? EM.missing() : EM.el("span", { class: "num dim", title: side.dose_said }, EM.short(side.strength)));

  const cause = () => {
    const found = data.screen;
    if (!found) return part("Is it the cause?", todo("python -m harness inside screen RUN"));
    const domain = [-0.25, 1];
    let before = null;
    const rows = found.rows.flatMap((row) => {
      const first = row.group !== before;
      before = row.group;
      return [
        first ? EM.el("tr", { class: "group-row" }, EM.el("th", { colspan: "7", scope: "rowgroup" }, row.group)) : null,
        EM.el("tr", { "data-kind": row.kind },
          EM.el("th", { scope: "row" }, jump(row.latent, row.name), row.label ? EM.el("span", { class: "row-label" }, row.label) : null),
          EM.el("td", { class: "plot" }, lane(row.induce, "induce", row.kind, domain)), right(effect(row.induce)), right(dose(row.induce)),
          EM.el("td", { class: "plot" }, lane(row.repair, "repair", row.kind, domain)), right(effect(row.repair)), right(dose(row.repair))),
      ];
    });
    return part("Is it the cause?", note(found.words),
      table("Every candidate with its induced share and its repaired share",
        [["Added or taken away"], [axis("induces in the base, % misaligned", domain), "plot"], ["Induced", "right"], ["at", "right"], [axis("repairs the trained model, % gone", domain), "plot"], ["Repaired", "right"], ["at", "right"]],
        rows, { class: "screen" }),
      note(found.after));
  };

  const doses = (side, test) => {
    const points = side.curve;
    const nulls = data.screen.null_curves[test];
    const all = [...points, ...nulls.flat()].map((point) => point[0]).filter((x) => x > 0);
    if (!all.length) return EM.el("p", { class: "empty" }, "No strength was tried.");
    const xs = [Math.min(...all) / 1.15, Math.max(...all) * 1.15];
    const octaves = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10].filter((tick) => tick >= xs[0] && tick <= xs[1]);
    const frame = EM.frame({ width: narrow ? 390 : 540, height: 220, left: 38, bottom: 34, log: true, label: `${test}: misaligned and incoherent share against the strength added`,
      x: { domain: xs, ticks: octaves, write: EM.short, title: "strength, norms of the residual stream" },
      y: { domain: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1], write: (value) => `${100 * value}` } });
    const known = points.filter((point) => point[0] > 0 && point[1] !== null);
    const plain = points.find((point) => point[0] === 0);
    EM.add(frame.art, [
      nulls.map((curve) => EM.line(frame, curve.filter((point) => point[0] > 0 && point[1] !== null), { class: "null-curve" })),
      plain && plain[1] !== null ? EM.line(frame, [[xs[0], plain[1]], [xs[1], plain[1]]], { class: "unsteered" }) : null,
      EM.line(frame, known.filter((point) => point[6] !== null).map((point) => [point[0], point[6]]), { class: "incoherent" }),
      known.length > 1 ? EM.band(frame, known.map((point) => [point[0], point[2], point[3]]), { class: "bad-band" }) : null,
      EM.line(frame, known.map((point) => [point[0], point[1]]), { class: "bad-line" }),
      side.chosen === null ? null : EM.line(frame, [[side.chosen, 0], [side.chosen, 1]], { class: "chosen" }),
      known.map((point) => EM.tip(EM.dot(frame, point[0], point[1], 3.6, { class: "mark", "data-kind": "kept" }), `strength ${EM.short(point[0])} residual norms${point[7] === null ? "" : `, ${EM.short(point[7])} of its own units`}\nmisaligned ${EM.said(point.slice(1, 6))}\nincoherent ${EM.percent(point[6])}`)),
    ]);
    return EM.el("figure", { class: "dose" }, EM.el("figcaption", {}, EM.el("b", {}, test === "induce" ? "Induce" : "Repair"), test === "induce" ? " – added to the untouched model, % of answers" : " – taken from the trained model, % of answers"), frame.art);
  };

  const context = (found) => EM.el("li", {}, EM.el("span", { class: "ctx" }, found.tokens.map(([text, level]) => {
    const node = EM.el("span", level > 0 ? { class: "tok", "data-level": String(level) } : {}, EM.visible(text));
    return node;
  })), EM.el("span", { class: "where" }, found.where));

  const card = (latent) => {
    const facts = latent.facts.map(([name, text, title]) => [EM.el("dt", {}, name), EM.el("dd", { title }, text)]);
    return EM.el("article", { class: "latent", id: anchor(latent.latent), "data-kind": latent.kind },
      EM.el("header", {}, EM.el("h3", {}, latent.name), latent.verdicts.map((word) => EM.el("span", { class: "status good" }, word)), latent.verdicts.length ? null : EM.el("span", { class: "status" }, "tested: neither")),
      latent.label ? EM.el("p", { class: "label" }, latent.label, latent.score ? EM.el("span", { class: "dim" }, ` ${latent.score}`) : null) : EM.el("p", { class: "label dim" }, "no label"),
      EM.el("div", { class: "halves" },
        EM.el("div", {},
          EM.el("dl", { class: "facts" }, facts),
          latent.up.length ? EM.el("p", { class: "tokens" }, EM.el("span", { class: "dim" }, "fires on "), latent.up.map((text) => [EM.el("code", {}, EM.visible(text)), " "])) : null,
          latent.contexts.length ? EM.el("ol", { class: "contexts" }, latent.contexts.map(context)) : null),
        EM.el("div", {}, doses(latent.induce, "induce"), doses(latent.repair, "repair"),
          ["induce", "repair"].map((test) => (latent[test].answers.length ? EM.el("details", { class: "key" }, EM.el("summary", {}, test === "induce" ? "What the steered base model says" : "What the repaired model says"),
            latent[test].answers.map((row) => EM.el("div", { class: "answer" }, EM.el("header", {}, `alignment ${row.alignment === null ? "–" : Math.round(row.alignment)}, coherence ${row.coherence === null ? "–" : Math.round(row.coherence)}`), EM.el("p", { class: "asked" }, EM.visible(row.question)), EM.el("p", { class: "said" }, EM.visible(row.answer))))) : null)))));
  };

  const latents = () => (data.screen && data.latents.length ? part("The latents", note(data.latents_words),
    EM.el("p", { class: "legend" }, EM.el("span", {}, EM.el("i", { class: "stroke bad-line", "aria-hidden": "true" }), "misaligned, 95 % interval"), EM.el("span", {}, EM.el("i", { class: "stroke incoherent", "aria-hidden": "true" }), "incoherent"),
      EM.el("span", {}, EM.el("i", { class: "stroke unsteered", "aria-hidden": "true" }), "unsteered"), EM.el("span", {}, EM.el("i", { class: "stroke null-curve", "aria-hidden": "true" }), "nulls, misaligned"), EM.el("span", {}, EM.el("i", { class: "stroke chosen", "aria-hidden": "true" }), "largest coherent strength")),
    data.latents.map(card)) : null);

  const generic = (found) => part(found.title, found.words ? note(found.words) : null,
    table(found.title, found.header.map((label, place) => [label, place ? "right" : ""]),
      found.rows.map((row) => EM.el("tr", { "data-kind": row.null ? "null" : null }, row.cells.map((cell, place) => (place ? right(cell === null ? EM.missing() : cell) : EM.el("th", { scope: "row" }, cell))))), { class: "figures" }));

  const warn = () => {
    const found = data.warn;
    if (!found) return null;
    const xs = [0, 1];
    const plot = (series) => {
      const frame = EM.frame({ width: 280, height: 190, left: 44, bottom: 36, label: `${series.name} by share of bad rows`,
        x: { domain: xs, ticks: [0, 0.25, 0.5, 0.75, 1], write: (value) => `${100 * value}`, title: "% bad rows" },
        y: { domain: series.domain, ticks: EM.ticksOf(...series.domain, 4), write: series.percent ? (value) => EM.short(100 * value) : EM.short } });
      EM.add(frame.art, [
        series.first === null ? null : EM.line(frame, [[series.first, series.domain[0]], [series.first, series.domain[1]]], { class: "chosen" }),
        EM.line(frame, series.points.map(([x, control]) => [x, control]), { class: "unsteered" }),
        EM.line(frame, series.points.map(([x, , bad]) => [x, bad]), { class: series.kind === "behaviour" ? "bad-line" : series.kind === "inside" ? "inside-line" : "base-line" }),
        series.dots.map(([x, y, arm]) => EM.dot(frame, x, y, 2.6, { class: "mark", "data-kind": arm === "bad" ? "kept" : "rest" })),
      ]);
      return EM.el("figure", { class: "dose" }, EM.el("figcaption", {}, EM.el("b", {}, series.name), ` – first told apart at ${series.first === null ? "no dose" : EM.percent(series.first)}`), frame.art);
    };
    return part("Early warning", note(found.words), EM.el("div", { class: "smalls" }, found.series.map(plot)),
      table("First dose that tells bad training from the control's", [["Signal"], ...found.doses.map((value) => [EM.percent(value), "right"]), ["First", "right"]],
        found.series.map((series) => EM.el("tr", {}, EM.el("th", { scope: "row" }, series.name),
          series.cells.map((cell) => right(EM.el("span", { class: cell.clear ? "works" : "dim", title: cell.said }, cell.text))), right(series.first === null ? "none" : EM.percent(series.first))))),
      note(found.after));
  };

  EM.add(EM.main, [head(), moved(), cause(), latents(), data.tables.map(generic), warn(),
    part("What may not be concluded", EM.el("ul", { class: "cannot" }, data.cannot.map((text) => EM.el("li", {}, text)))),
    part("How it was made", EM.el("dl", { class: "facts" }, data.provenance.flatMap(([name, text]) => [EM.el("dt", {}, name), EM.el("dd", {}, text)])))]);
  if (location.hash.startsWith("#latent-")) {
    const target = document.getElementById(location.hash.slice(1));
    if (target) target.scrollIntoView();
  }
})();
