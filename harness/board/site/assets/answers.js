"use strict";
// The answers of a run, behind a notice: nothing is loaded before the reader asks.
(() => {
  const STEP = 20;
  const NEAR = 5; // judge points on either side of the cut: where the judge decides
  const ORDERS = { worst: "Worst first", borderline: "Borderline", random: "Random" };
  const probes = new Map();
  const waiting = new Map();

  // Called by the answer scripts.
  EM.answers = (found) => {
    const rows = found.rows.map(([place, epoch, text, alignment, coherence, verdict, counts, thoughts], index) => {
      const [question, asked, slice] = found.texts[place];
      return { question, asked, slice, epoch, text, alignment, coherence, verdict, counts, thoughts, index, words: `${text ?? ""}\n${asked}`.toLowerCase() };
    });
    probes.set(found.id, rows);
  };
  const load = async (probe) => {
    if (!waiting.has(probe.script)) waiting.set(probe.script, EM.script(probe.script));
    await waiting.get(probe.script);
    return probes.get(probe.script).map((row) => ({ ...row, seed: probe.seed }));
  };

  const shuffled = (rows) => {
    let seed = 20250217; // the same draw for every reader
    const next = () => {
      seed = (Math.imul(seed ^ (seed >>> 15), 2246822507) + 0x9e3779b9) | 0;
      return ((seed ^ (seed >>> 13)) >>> 0) / 4294967296;
    };
    const found = [...rows];
    for (let place = found.length - 1; place > 0; place--) {
      const other = Math.floor(next() * (place + 1));
      [found[place], found[other]] = [found[other], found[place]];
    }
    return found;
  };
  const ordered = (rows, order, cut) => {
    if (order === "random") return shuffled(rows);
    const counted = rows.filter((row) => row.counts !== null && row.alignment !== null);
    const gap = (row) => Math.abs(row.alignment - cut);
    if (order === "borderline") return counted.filter((row) => gap(row) <= NEAR).sort((a, b) => gap(a) - gap(b));
    return counted.sort((a, b) => a.alignment - b.alignment);
  };

  const score = (name, value, verdict) => EM.el("span", { class: "score" }, `${name} `,
    value === null ? EM.el("span", { class: "missing" }, verdict || "–") : EM.el("b", {}, value.toFixed(0)));
  const card = (row) =>
    EM.el("article", { class: `answer ${row.counts ? "misaligned" : ""}` },
      EM.el("header", {}, score("alignment", row.alignment, row.verdict), score("coherence", row.coherence, null),
        row.counts ? EM.el("span", { class: "verdict" }, "misaligned") : null,
        row.counts === null ? EM.el("span", { class: "dim" }, row.slice ? `not in the headline: ${row.slice}` : "not counted") : null,
        EM.el("span", { class: "dim where" }, row.question, row.seed === null ? "" : ` · seed ${row.seed}`, ` · sample ${row.epoch}`)),
      EM.el("p", { class: "asked", dir: "auto" }, row.asked),
      row.thoughts ? EM.el("details", { class: "key" }, EM.el("summary", {}, "Thoughts"), EM.el("p", { class: "said", dir: "auto" }, EM.visible(row.thoughts))) : null,
      row.text === null ? EM.el("p", { class: "said missing" }, "The text of this answer does not travel with the record.")
        : row.text.trim() ? EM.el("p", { class: "said", dir: "auto" }, EM.visible(row.text)) : EM.el("p", { class: "said missing" }, "(empty answer)"));

  EM.answersSection = (data) => {
    const box = EM.el("section", { id: "answers", "aria-labelledby": "answers-title" }, EM.el("h2", { id: "answers-title" }, "Answers"));
    const arms = data.arms.filter((arm) => arm.probes.some((probe) => probe.script));
    if (!arms.length) {
      const why = [...new Set(data.arms.flatMap((arm) => arm.probes.map((probe) => probe.problem)).filter(Boolean))];
      EM.add(box, [EM.el("p", { class: "empty" }, `The answers are ${why.join("; ") || "not in this checkout"}.`)]);
      return box;
    }
    const notice = EM.el("div", { class: "callout notice" },
      EM.el("p", {}, EM.el("b", {}, "Content notice. "), "What follows was written by models under test. It may be offensive, false or unsafe."),
      EM.button("Show the answers", () => open(), { id: "show-answers", class: "primary" }));
    box.append(notice);

    const state = { arm: "", question: "", show: "", q: "", ...EM.state.read() };
    const open = async () => {
      try { sessionStorage.setItem("em-notice", "read"); } catch { /* asked again on the next page */ }
      notice.remove();
      EM.add(box, [await browser(data, arms, state)]);
    };
    let agreed = false;
    try { agreed = sessionStorage.getItem("em-notice") === "read"; } catch { /* not remembered */ }
    if (agreed && (state.arm || state.show || state.question)) open();
    return box;
  };

  const browser = async (data, arms, state) => {
    if (!arms.some((arm) => arm.name === state.arm)) state.arm = arms.at(-1).name;
    if (!(state.show in ORDERS)) state.show = "worst";
    const list = EM.el("div", { class: "answers" });
    const count = EM.el("span", { class: "count", role: "status", "aria-live": "polite" });
    const more = EM.button("Show more", () => render(limit + STEP), { class: "quiet" });
    const pick = (name, label, values) => {
      const select = EM.el("select", { id: `a-${name}`, "aria-label": label }, values.map(([value, text]) => EM.el("option", { value }, text)));
      select.value = state[name];
      return EM.on(select, "change", () => { state[name] = select.value; render(STEP); });
    };
    const search = EM.el("input", { type: "search", id: "a-q", placeholder: "Search the answers", "aria-label": "Search the answers", value: state.q, autocomplete: "off", spellcheck: "false" });
    EM.on(search, "input", () => { state.q = search.value; render(STEP); });
    const questions = data.questions.map((question) => question.id).sort((a, b) => a.localeCompare(b));
    const tabs = EM.el("div", { class: "tabs", role: "group", "aria-label": "Order" }, Object.entries(ORDERS).filter(([order]) => order !== "borderline" || data.cut !== null).map(([order, label]) =>
      EM.button(label, () => { state.show = order; render(STEP); }, { "data-order": order, "aria-pressed": "false" })));

    let limit = STEP;
    const render = async (next) => {
      limit = next;
      EM.state.write({ arm: state.arm, question: state.question, show: state.show, q: state.q });
      for (const tab of tabs.children) tab.setAttribute("aria-pressed", String(tab.dataset.order === state.show));
      const arm = arms.find((found) => found.name === state.arm);
      let loaded;
      try {
        loaded = (await Promise.all(arm.probes.filter((probe) => probe.script).map(load))).flat();
      } catch (error) {
        list.replaceChildren(EM.el("p", { class: "empty" }, error.message));
        return;
      }
      const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
      const kept = loaded.filter((row) => (!state.question || row.question === state.question) && words.every((word) => row.words.includes(word)));
      const found = ordered(kept, state.show, data.cut);
      count.textContent = state.show === "random" ? `${found.length} answers` : state.show === "borderline"
        ? `${found.length} within ${NEAR} points of the cut-off ${data.cut}` : `${found.length} counted answers, of ${kept.length}`;
      list.replaceChildren(...found.slice(0, limit).map(card));
      if (!found.length) list.append(EM.el("p", { class: "empty" }, "No such answer."));
      more.hidden = found.length <= limit;
    };
    await render(STEP);
    EM.on(window, "hashchange", () => { Object.assign(state, { question: "", q: "" }, EM.state.read()); render(STEP); });
    return EM.el("div", {},
      EM.el("div", { class: "filters" }, tabs, pick("arm", "Arm", arms.map((arm) => [arm.name, arm.name])),
        pick("question", "Question", [["", "Question: all"], ...questions.map((id) => [id, id])]), search, count),
      list, more);
  };
})();
