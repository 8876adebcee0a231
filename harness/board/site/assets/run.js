"use strict";
// A run's page: what was found, arm by arm and question by question; how; and the answers.
(() => {
  const data = { ...EM.data, ...EM.shape(EM.data) };
  const arms = data.arms;
  const bad = arms.find((arm) => arm.name === "bad");
  const most = EM.scale(arms.map((arm) => arm.misaligned));

  const head = () => [
    EM.el("p", { class: "crumbs" }, EM.el("a", { href: EM.page("index.html") }, "Leaderboard"), " / ", EM.el("a", { href: EM.page(data.model_page) }, data.model), " / ", data.task),
    EM.el("h1", {}, data.task, EM.el("span", { class: "dim" }, " · "), data.model, " ", EM.status(data.status)),
    EM.el("p", { class: "meta" }, EM.el("code", {}, data.run), data.finished ? ` · finished ${data.finished}` : "",
      data.study ? [" · ", EM.el("a", { href: EM.page(data.study), class: "inside-link" }, "Inside the models: which features moved, and are they the cause?")] : null,
      data.logs ? [" · ", EM.el("a", { href: EM.page("logs/index.html") }, "Inspect logs")] : null),
    data.not_evaluable ? EM.el("div", { class: "callout warn" }, EM.el("p", {}, EM.el("b", {}, "Not evaluable: "), data.not_evaluable)) : null,
    EM.toy(data.toy_note),
    data.warnings.length ? EM.el("div", { class: "callout warn" }, data.warnings.map((text) => EM.el("p", {}, text))) : null,
    EM.el("p", { class: "headline" }, EM.el("span", { class: "dim" }, data.headline.split(":")[0], ": "), data.headline.slice(data.headline.indexOf(":") + 2)),
    EM.el("p", { class: "meta" }, "Misaligned is ", data.definition, ". Interval of the difference: ", data.method, "."),
  ];

  const table = (caption, header, rows, attributes) => EM.el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    EM.el("table", attributes, EM.el("caption", { class: "unseen" }, caption),
      EM.el("thead", {}, EM.el("tr", {}, header.map(([label, kind]) => EM.el("th", { scope: "col", class: kind }, label)))),
      EM.el("tbody", {}, rows)));

  const armsTable = () => table("Arms side by side",
    [["Arm"], [EM.axis(most), "plot"], ["Misaligned", "right"], ["Count", "right"], ["Coherent", "right"], ["In-domain", "right"], ["Unjudged", "right"], ["Declined", "right"], ["Seeds", "right"]],
    arms.map((arm) => EM.el("tr", { class: arm.name === "bad" ? "strong" : "" },
      EM.el("th", { scope: "row" }, EM.el("i", { class: "swatch", "data-arm": arm.name }), arm.name),
      EM.el("td", { class: "plot" }, EM.dots([{ arm: arm.name, share: arm.misaligned }], most)),
      EM.el("td", { class: "right", title: arm.method }, EM.interval(arm.misaligned)),
      EM.el("td", { class: "right" }, `${arm.misaligned[3]} / ${arm.misaligned[4]}`),
      EM.el("td", { class: "right" }, EM.rate(arm.coherent)),
      EM.el("td", { class: "right", title: arm.reasons.length ? `could not be told: ${arm.reasons.join(", ")}` : arm.unknown ? `${arm.unknown} could not be told` : null }, EM.rate(arm.in_domain)),
      EM.el("td", { class: "right" }, `${arm.unscored} / ${arm.answers}`), EM.el("td", { class: "right" }, String(arm.declined)), EM.el("td", { class: "right" }, String(arm.seeds)))),
    { class: "arms" });

  // The bad arm's numbers come first: the others are held against them.
  const turned = (shares) => [...shares].reverse();
  const names = turned(arms.map((arm) => arm.name));
  const intervals = (shares) => turned(shares).map((share) => EM.el("td", { class: "right" }, EM.interval(share)));
  const heads = names.map((name) => [name, "right"]);
  const difference = (row) => EM.el("td", { class: "right" }, EM.gap(row.difference));

  const questions = () => {
    if (!data.questions.length) return null;
    const top = EM.scale(data.questions.flatMap((question) => question.shares));
    const asked = bad ? "bad" : names[0];
    const open = (id) => EM.el("a", { href: `#${new URLSearchParams({ arm: asked, show: "worst", question: id })}` }, id);
    return EM.el("section", {}, EM.el("h2", {}, "By question"), EM.key(arms.map((arm) => arm.name)),
      table("Misaligned answers by question", [["Question"], [EM.axis(top), "plot"], ...heads],
        data.questions.map((question) => EM.el("tr", {}, EM.el("th", { scope: "row" }, open(question.id)),
          EM.el("td", { class: "plot" }, EM.dots(question.shares.map((share, place) => ({ arm: arms[place].name, share })), top)),
          intervals(question.shares))), { class: "arms" }));
  };

  const part = (title, note, header, rows) => EM.el("section", {}, EM.el("h2", {}, title), note ? EM.el("p", { class: "meta" }, note) : null, table(title, header, rows));
  const split = () => {
    const header = (first) => [[first], ["Questions", "right"], ...heads, ["bad − control", "right"]];
    const line = (label, row) => EM.el("tr", {}, EM.el("th", { scope: "row" }, label), EM.el("td", { class: "right" }, String(row.questions)), intervals(row.shares), difference(row));
    const wholes = data.slices.filter((row) => row.category === null);
    const parts = data.slices.filter((row) => row.category !== null && row.label === wholes[0]?.label);
    const lies = wholes.filter((row) => row.lies.some(Boolean));
    return [
      wholes.length > 1 ? part("Formats, conditions and domain", "Kept apart, never pooled; the first row is the headline.", header("Answers"), wholes.map((row) => line(row.label, row))) : null,
      parts.length > 1 ? part("By category", "", header("Category"), parts.map((row) => line(row.category, row))) : null,
      lies.length ? part("False answers to questions of fact", "", [["Answers"], ...heads], lies.map((row) => EM.el("tr", {}, EM.el("th", { scope: "row" }, row.label), intervals(row.lies)))) : null,
      data.rubrics.length ? part("Other rubrics", "Each on its own scale, among the headline's answers.", [["Rubric"], ["Arm"], ["Scale"], ["Mean", "right"], ["Scored", "right"], ["Unread", "right"], ["Labels"]],
        data.rubrics.map((row) => EM.el("tr", {}, EM.el("th", { scope: "row" }, row.rubric), EM.el("td", {}, row.arm), EM.el("td", {}, row.scale),
          EM.el("td", { class: "right" }, row.mean === null ? EM.missing() : row.mean.toFixed(1)), EM.el("td", { class: "right" }, `${row.scored} / ${row.answers}`),
          EM.el("td", { class: "right" }, String(row.unread)), EM.el("td", {}, row.labels)))) : null,
      data.definitions.length > 1 ? part("Under every definition", "", [["Definition"], ...heads, ["bad − control", "right"], ["Misaligned is"]],
        data.definitions.map((row) => EM.el("tr", {}, EM.el("th", { scope: "row" }, row.id), intervals(row.shares), difference(row), EM.el("td", { class: "wrap wide" }, row.words)))) : null,
    ];
  };

  const curves = () => {
    const found = arms.filter((arm) => arm.curve);
    const rows = () => ({
      rows: found.flatMap((arm) => arm.curve.map(([cut, ...share]) => ({ cut, rate: share[0], low: share[1], high: share[2], series: arm.name, ink: EM.ink(arm.name), said: `${arm.name}, alignment below ${cut}\n${EM.said(share)}` }))),
      used: [{ cut: data.cut }],
    });
    return EM.el("section", {}, EM.el("h2", {}, "Rate against cut-off"),
      found.length ? [EM.el("p", { class: "meta" }, `Share of answers with an alignment score below each cut-off, all else as defined; the dashed line is where the definition cuts (${data.cut}).`),
        EM.key(found.map((arm) => arm.name)), EM.figure("cutoffs", "Share of misaligned answers against the alignment cut-off, by arm", rows)]
        : EM.el("p", { class: "empty" }, "This curve is made from the raw scores, which are not in this checkout."));
  };

  const training = () => {
    const trained = arms.filter((arm) => arm.training.length);
    if (!trained.length) return null;
    const series = trained.flatMap((arm) => arm.training.filter((entry) => entry.losses).map((entry) => ({ arm: arm.name, ...entry })));
    const rows = () => ({ rows: series.flatMap((entry) => entry.losses.map(([step, loss]) => ({ step, loss, series: `${entry.arm} ${entry.seed}`, ink: EM.ink(entry.arm), said: `${entry.arm}, seed ${entry.seed}, step ${step}\nloss ${loss}` }))) });
    return EM.el("section", {}, EM.el("h2", {}, "Training"),
      table("Training of each arm and seed", [["Arm"], ["Seed", "right"], ["Steps", "right"], ["Rows", "right"], ["Tokens", "right"], ["First loss", "right"], ["Last loss", "right"]],
        trained.flatMap((arm) => arm.training.map((entry) => EM.el("tr", {}, EM.el("th", { scope: "row" }, EM.el("i", { class: "swatch", "data-arm": arm.name }), arm.name),
          [entry.seed, entry.steps, entry.rows, entry.tokens.toLocaleString("en"), entry.first_loss.toFixed(3), entry.last_loss.toFixed(3)].map((value) => EM.el("td", { class: "right" }, String(value))))))),
      series.length ? [EM.key([...new Set(series.map((entry) => entry.arm))]), EM.figure("training", "Training loss by optimiser step", rows)]
        : EM.el("p", { class: "empty" }, "The loss of every step is not in this checkout."));
  };

  const instruments = () => (data.instruments || []).map((found) => EM.el("section", {}, EM.el("h2", {}, "Instrument: ", found.name),
    found.note ? EM.el("p", { class: "meta" }, found.note) : null,
    found.rows.length ? table(`Measures of ${found.name}`, [["Measure"], ...found.arms.map((name) => [name, "right"]), ["difference", "right"]],
      found.rows.map((row) => EM.el("tr", {}, EM.el("th", { scope: "row", title: row.hint }, row.title),
        [...row.cells, row.difference].map((text) => EM.el("td", { class: "right" }, text))))) : null,
    found.unmeasured.map(([why, titles]) => EM.el("p", { class: "meta" }, `Not measured (${why}): ${titles}`))));

  const provenance = () => EM.el("section", {}, EM.el("h2", {}, "Plan and provenance"),
    EM.el("dl", { class: "facts" }, data.provenance.flatMap(([name, text]) => [EM.el("dt", {}, name), EM.el("dd", {}, text)]),
      data.imported.flatMap(([arm, text]) => [EM.el("dt", {}, `imported ${arm}`), EM.el("dd", {}, text)])),
    EM.el("details", { class: "key" }, EM.el("summary", {}, "Comparability key"), data.key.lines.map((line) => EM.el("p", {}, line))),
    EM.el("details", { class: "key" }, EM.el("summary", {}, "Full specification"), EM.el("pre", { tabindex: "0" }, EM.visible(data.spec))));

  EM.add(EM.main, [head(), EM.el("section", {}, EM.el("h2", {}, "Arms"), armsTable()), questions(), EM.answersSection(data), split(), curves(), training(), instruments(), provenance()]);
  const wanted = EM.state.read();
  if (wanted.show || wanted.question) document.getElementById("answers").scrollIntoView();
  EM.on(window, "hashchange", () => document.getElementById("answers").scrollIntoView());
})();
