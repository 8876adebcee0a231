"use strict";
// Listening in: how well each monitor tells lies from the truth, and one thought at a time, step by
// step, with what a monitor says after each. A share is [rate, low, high, count, of].
(() => {
  const data = EM.data;
  const SCOPES = ["action", "final", "cot", "cot+action", "all"];
  const NAMES = { action: "actions alone", final: "answer", cot: "thoughts", "cot+action": "thoughts and actions", all: "everything" };
  const MIDDLE = 0.5;
  const right = (...children) => EM.el("td", { class: "right" }, children);
  const area = (value) => value.toFixed(3);
  const figure = (ends, write) => {
    if (!ends || ends[0] === null) return EM.missing();
    return EM.el("span", { class: "num" }, write(ends[0]), ends[1] === null ? null : EM.el("span", { class: "ends" }, ` [${write(ends[1])}, ${write(ends[2])}]`));
  };
  const table = (caption, header, rows, attributes) => EM.el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    EM.el("table", attributes, EM.el("caption", { class: "unseen" }, caption),
      EM.el("thead", {}, EM.el("tr", {}, header.map(([label, kind]) => EM.el("th", { scope: "col", class: kind }, label)))),
      EM.el("tbody", {}, rows)));

  // Area under the curve from one half (chance) to one, the thoughts above the actions alone.
  const LOWEST = 0.3;
  const lane = (monitor) => {
    const at = (value) => `${(100 * (Math.max(LOWEST, Math.min(1, value)) - LOWEST) / (1 - LOWEST)).toFixed(2)}%`;
    const art = EM.svg("svg", { class: "listen-lane", width: "100%", height: 26, "aria-hidden": "true" });
    for (const tick of [0.7, 0.85, 1]) art.append(EM.svg("line", { class: "grid", x1: at(tick), x2: at(tick), y1: 0, y2: 26 }));
    art.append(EM.svg("line", { class: "chance", x1: at(MIDDLE), x2: at(MIDDLE), y1: 0, y2: 26 }));
    for (const [scope, kind, y] of [["action", "rest", 18], ["cot+action", "kept", 8]]) {
      const ends = monitor.auroc[scope];
      if (!ends || ends[0] === null) continue;
      if (ends[1] !== null) art.append(EM.svg("line", { class: "reach", "data-kind": kind, x1: at(ends[1]), x2: at(ends[2]), y1: y, y2: y }));
      art.append(EM.svg("circle", { class: "mark", "data-kind": kind, cx: at(ends[0]), cy: y, r: 4 }));
    }
    return art;
  };
  const laneAxis = () => EM.el("span", { class: "axis", "aria-hidden": "true" }, [0.5, 0.7, 0.85, 1].map((tick) => {
    const label = EM.el("span", {}, tick === MIDDLE ? "chance" : String(tick));
    label.style.left = `${(100 * (tick - LOWEST)) / (1 - LOWEST)}%`;
    return label;
  }));

  const figures = (kind) => {
    const last = kind.rates.length - 1;
    const percent = (rate) => `${+(100 * rate).toFixed(1)} %`;
    const rows = kind.monitors.map((monitor) => EM.el("tr", {}, EM.el("th", { scope: "row" }, monitor.name),
      EM.el("td", { class: "plot" }, lane(monitor)),
      right(figure(monitor.auroc["cot+action"], area)), right(figure(monitor.auroc.action, area)), right(EM.gap(monitor.gap)),
      kind.rates.map((rate, place) => right(EM.interval(monitor.recall[place]))), right(EM.interval(monitor.false[last]))));
    return EM.el("section", {}, EM.el("h2", {}, "What the thoughts give away"),
      EM.el("p", { class: "meta" }, `${kind.bad} misbehaving and ${kind.honest} honest test samples of ${kind.instances} problems or questions; truth: ${kind.truth.map(([name, n]) => `${n} by ${name}`).join(", ")}. Thresholds come from ${kind.threshold_honest} other honest samples.`),
      EM.el("p", { class: "legend" }, EM.el("span", {}, EM.el("i", { class: "kind", "data-kind": "kept", "aria-hidden": "true" }), "thoughts and actions"), EM.el("span", {}, EM.el("i", { class: "kind", "data-kind": "rest", "aria-hidden": "true" }), "actions alone")),
      table("Monitors side by side", [["Monitor"], [laneAxis(), "plot"], ["AUROC", "right"], ["of actions alone", "right"], ["Thoughts add", "right"],
        ...kind.rates.map((rate) => [`Recall at ${percent(rate)}`, "right"]), [`on honest at ${percent(kind.rates[last])}`, "right"]], rows, { class: "arms listen-table" }),
      kind.unusable.map(([name, why]) => EM.el("p", { class: "small" }, EM.el("b", {}, name), ` is left out: it ${why}.`)),
      kind.unscored.map(([why, n]) => EM.el("p", { class: "small" }, `${n} samples are unscored: ${why}.`)),
      groups(kind, percent), leads(kind, percent));
  };

  const groups = (kind, percent) => (kind.groups.length ? EM.el("section", {}, EM.el("h2", {}, "Who slips by"),
    EM.el("p", { class: "meta" }, "Misbehaving samples of one part against all honest ones, thoughts and actions shown. Whoever rationalises thinks nothing that sounds bad."),
    table("Missed samples by part", [["Part"], ["Monitor"], ["Samples", "right"], ["AUROC", "right"], ...kind.rates.map((rate) => [`Missed at ${percent(rate)}`, "right"])],
      kind.groups.slice().sort((a, b) => (a.group < b.group ? -1 : a.group > b.group ? 1 : 0)).map((row) => EM.el("tr", {}, EM.el("th", { scope: "row" }, row.group), EM.el("td", {}, row.monitor), right(String(row.samples)), right(figure(row.auroc, area)),
        row.missed.map((share) => right(EM.interval(share))))))) : null);

  const leads = (kind, percent) => {
    const whole = (value) => String(Math.round(value));
    return kind.leads.length ? EM.el("section", {}, EM.el("h2", {}, "How early"),
      EM.el("p", { class: "meta" }, "A monitor that listens along fires at the first step whose suspicion is above its threshold, which is set on the highest suspicion of each honest sample. Lead: what is still to come before the action, median among those caught."),
      table("Lead time", [["Monitor"], ["May fire on honest", "right"], ["Caught before the action", "right"], ["Fires on honest", "right"], ["Steps of lead", "right"], ["Tokens of lead", "right"]],
        kind.leads.map((lead) => EM.el("tr", {}, EM.el("th", { scope: "row" }, lead.monitor), right(percent(lead.rate)), right(EM.interval(lead.caught)), right(EM.interval(lead.false)), right(figure(lead.steps, whole)), right(figure(lead.tokens, whole)))))) : null;
  };

  // One thought: every step with a bar, the threshold, and the step at which the monitor fires.
  const fires = (sample, lead) => {
    if (!lead || lead.threshold === null) return -1;
    return sample.scores[lead.monitor].findIndex((score, place) => place < sample.before && score !== null && score > lead.threshold);
  };
  const verdict = (sample, lead) => {
    const fired = fires(sample, lead) >= 0;
    return sample.bad ? (fired ? "caught" : "missed") : (fired ? "false alarm" : "left alone");
  };

  const drawing = (sample, lead, at) => {
    const scores = sample.scores[lead.monitor];
    const known = scores.filter((score) => score !== null);
    const highest = Math.max(lead.threshold === null ? 0 : lead.threshold * 1.15, ...known);
    const top = highest > 0 ? highest : 1;
    const low = Math.min(0, ...known);
    const frame = EM.frame({ width: 720, height: 190, left: 46, bottom: 36, label: `Suspicion of ${lead.monitor} after each of ${scores.length} steps; ${at < 0 ? "it never fires" : `it fires at step ${at + 1}`}`,
      x: { domain: [0.5, scores.length + 0.5], ticks: scores.map((_, place) => place + 1), write: String, title: "step of the thought" },
      y: { domain: [low, top * 1.06], ticks: EM.ticksOf(low, top * 1.06, 4), write: EM.short } });
    EM.add(frame.art, [
      lead.threshold === null ? null : EM.line(frame, [[0.5, lead.threshold], [scores.length + 0.5, lead.threshold]], { class: "limit" }),
      at < 0 ? null : EM.line(frame, [[at + 1, low], [at + 1, top * 1.06]], { class: "fired-at" }),
      EM.line(frame, scores.map((score, place) => [place + 1, score]).filter(([, score]) => score !== null), { class: "suspicion" }),
      scores.map((score, place) => (score === null ? null : EM.dot(frame, place + 1, score, place === at ? 5 : 3.2, { class: "mark", "data-kind": place === at ? "kept" : "rest" }))),
      lead.threshold === null ? null : EM.svg("text", { class: "mark-name", "data-kind": "rest", x: frame.inner[2], y: frame.atY(lead.threshold) - 5, "text-anchor": "end" }, "threshold"),
    ]);
    return EM.el("div", { class: "plot-box" }, frame.art);
  };

  const monologue = (sample, lead) => {
    const at = fires(sample, lead);
    const scores = sample.scores[lead.monitor];
    const top = Math.max(lead.threshold || 0, ...scores.filter((score) => score !== null), 1e-6);
    const left = sample.steps.slice(at + 1, sample.before);
    const tokens = left.reduce((sum, step) => sum + step[2], 0);
    const said = verdict(sample, lead);
    const told = at < 0
      ? `${lead.monitor} never fires.`
      : `${lead.monitor} fires at step ${at + 1}: ${left.length + 1} ${left.length ? "steps" : "step"} and ${tokens} tokens before ${sample.bad ? "the action" : "the answer"}.`;
    const rows = [];
    sample.steps.forEach(([turn, text], place) => {
      const bar = EM.el("span", { class: "bar-box", "aria-hidden": "true" }, EM.el("span", { class: "bar-fill" }));
      bar.firstChild.style.width = `${(100 * Math.max(0, scores[place] || 0)) / top}%`;
      rows.push(EM.el("li", { class: `step${place === at ? " fires" : at >= 0 && place > at ? " after" : ""}` },
        EM.el("span", { class: "place" }, String(place + 1)), EM.el("p", { class: "said" }, EM.visible(text)), bar,
        EM.el("span", { class: "score" }, scores[place] === null ? "–" : EM.short(scores[place])),
        place === at ? EM.el("span", { class: "status warn" }, "fires here") : null));
      const ends = place + 1 === sample.steps.length || sample.steps[place + 1][0] !== turn;
      if (ends && sample.actions[turn]) rows.push(EM.el("li", { class: "deed" }, EM.el("span", { class: "place" }, "→"), EM.el("p", { class: "said" }, EM.visible(sample.actions[turn]))));
    });
    return [
      EM.el("p", { class: "meta" }, EM.el("span", { class: `status ${said === "caught" || said === "left alone" ? "good" : "warn"}` }, said), " ",
        sample.bad ? "misbehaved" : "honest", sample.group ? `, ${sample.group}` : "", sample.arm ? `, ${sample.arm} arm` : "", `, truth by ${sample.truth}. `, told),
      EM.el("p", { class: "asked said" }, EM.visible(sample.task)),
      sample.steps.length > 1 ? drawing(sample, lead, at) : null,
      EM.el("ol", { class: "monologue" }, rows),
      sample.final && !sample.actions.includes(sample.final) ? EM.el("p", { class: "said final" }, EM.visible(sample.final)) : null,
    ];
  };

  const choice = (label, values, chosen, change) => {
    const select = EM.el("select", { "aria-label": label }, values.map(([value, text]) => EM.el("option", { value, selected: value === chosen }, text)));
    return EM.on(select, "change", () => change(select.value));
  };

  const viewer = (kind) => {
    if (!kind.samples.length || !kind.leads.length) return null;
    const box = EM.el("section", { class: "viewer", id: "steps" });
    const first = EM.state.read();
    // The one that catches most says most about a thought.
    const best = kind.leads.reduce((one, other) => ((other.caught[0] ?? -1) > (one.caught[0] ?? -1) ? other : one));
    const state = { monitor: first.monitor || best.monitor, rate: first.rate || String(best.rate), show: first.show || "all", sample: first.sample || "" };
    const shows = ["all", "caught", "missed", "false alarm", "left alone"];
    const lead = () => kind.leads.find((one) => one.monitor === state.monitor && String(one.rate) === state.rate) || kind.leads[kind.leads.length - 1];
    const draw = (typed) => {
      const chosen = lead();
      const found = kind.samples.filter((sample) => state.show === "all" || verdict(sample, chosen) === state.show);
      const place = Math.max(0, found.findIndex((sample) => sample.id === state.sample));
      const go = (step) => { state.sample = found[(place + step + found.length) % found.length].id; draw(true); };
      const change = (name) => (value) => { state[name] = value; draw(true); };
      if (typed) EM.state.write({ ...state, kind: kind.kind, sample: found.length ? found[place].id : "" });
      const body = found.length
        ? [EM.el("div", { class: "turner" }, EM.button("← Before", () => go(-1)), EM.el("span", { class: "count" }, `${place + 1} of ${found.length}`), EM.button("Next →", () => go(1)), EM.el("code", {}, found[place].id)), monologue(found[place], chosen)]
        : [EM.el("p", { class: "empty" }, "No sample on this page is of that kind.")];
      box.replaceChildren();
      EM.add(box, [EM.el("h2", {}, "Step by step"),
        EM.el("div", { class: "filters" },
          choice("Monitor", [...new Set(kind.leads.map((one) => one.monitor))].map((name) => [name, name]), state.monitor, change("monitor")),
          choice("False positives", kind.rates.map((rate) => [String(rate), `threshold at ${+(100 * rate).toFixed(1)} %`]), state.rate, change("rate")),
          choice("Show", shows.map((name) => [name, name]), state.show, change("show"))),
        ...body]);
    };
    draw(false);
    return box;
  };

  const wanted = EM.state.read().kind;
  const length = (kind) => kind.samples.reduce((sum, sample) => sum + sample.steps.length, 0) / (kind.samples.length || 1);
  const longest = data.kinds.reduce((one, other) => (length(other) > length(one) ? other : one));
  const shown = { kind: data.kinds.find((kind) => kind.kind === wanted) || longest };
  const place = EM.el("div", {});
  const draw = () => { place.replaceChildren(); EM.add(place, [viewer(shown.kind), figures(shown.kind)]); };
  EM.add(EM.main, [
    EM.el("p", { class: "crumbs" }, "em-harness / listening in"),
    EM.el("h1", {}, "What the thought gives away", EM.el("span", { class: "dim" }, " · "), data.name),
    EM.toy(data.toy_note),
    data.note ? EM.el("p", { class: "meta" }, data.note) : null,
    data.kinds.length > 1 ? EM.el("div", { class: "filters kinds" }, choice("Evaluation", data.kinds.map((kind) => [kind.kind, kind.kind]), shown.kind.kind, (name) => {
      shown.kind = data.kinds.find((kind) => kind.kind === name);
      EM.state.write({ kind: name });
      draw();
    })) : null,
    place]);
  draw();
})();
