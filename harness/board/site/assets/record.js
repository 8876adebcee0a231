"use strict";
// The record that stands on a run's page, laid out for reading. Its names are looked up as they are
// and cleaned where they are shown; shares stand in the order of the arms.
(() => {
  const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;
  const PILED = /(\p{M}{4})\p{M}+/gu; // more marks on one letter than any language needs
  EM.clean = (text) => String(text).replace(/\s+/g, " ").trim().replace(HIDDEN, "").replace(PILED, "$1");

  const own = (table, name) => (table && Object.hasOwn(table, name) ? table[name] : undefined);
  const share = (found) => (found ? [found.rate, found.low, found.high, found.count, found.of] : null);
  const gap = (found) => (found ? [found.rate, found.low, found.high] : null);
  const entries = (table) => Object.entries(table || {});

  EM.shape = (data) => {
    const { record, order } = data;
    const raw = order.map((name) => own(record.arms, name));
    const arms = raw.map((arm, place) => {
      const name = order[place];
      const curves = new Map(own(data.losses, name) || []);
      return {
        name: EM.clean(name), misaligned: share(arm.misaligned), coherent: share(arm.coherent), in_domain: share(arm.in_domain),
        unknown: arm.in_domain_unknown, reasons: entries(arm.in_domain_reasons).map(([why, count]) => `${EM.clean(why)}: ${count}`),
        answers: arm.answers, unscored: arm.unscored, declined: arm.declined, seeds: arm.seeds, method: EM.clean(arm.misaligned.method),
        curve: own(data.curves, name),
        training: arm.adapters.map((found) => ({ ...found, losses: curves.get(found.seed) })),
        probes: (own(data.probes, name) || []).map(([seed, script, problem]) => ({ seed, script, problem })),
      };
    });
    const across = (find) => raw.map(find);

    const bad = raw[order.indexOf("bad")];
    const worst = (question) => own(bad?.per_question, question)?.rate ?? -1;
    const questions = [...new Set(raw.flatMap((arm) => Object.keys(arm.per_question)))]
      .sort((a, b) => worst(b) - worst(a) || a.localeCompare(b))
      .map((id) => ({ id: EM.clean(id), shares: across((arm) => share(own(arm.per_question, id))) }));

    const where = (part) => JSON.stringify([part.format, part.condition, part.scope, part.category]);
    const gaps = new Map(record.slice_differences.map((found) => [where(found), gap(found.difference)]));
    const parts = raw.map((arm) => new Map((arm.slices || []).map((part) => [where(part), part])));
    const labels = new Map(raw.flatMap((arm, place) => (arm.slices || []).map((part, at) => [where(part), data.slices[order[place]][at]])));
    const slices = [...labels].map(([key, label]) => {
      const found = parts.map((part) => part.get(key));
      const one = found.find(Boolean);
      return {
        label, category: one.category === null ? null : EM.clean(one.category), questions: one.questions, difference: gaps.get(key) || null,
        shares: found.map((part) => share(part?.misaligned)), lies: found.map((part) => share(part?.lies)),
      };
    });

    const rubrics = raw.flatMap((arm, place) => entries((arm.slices || [])[0]?.rubrics).map(([name, found]) => ({
      ...found, rubric: EM.clean(name), arm: arms[place].name, scale: EM.clean(found.scale),
      labels: entries(found.labels).map(([label, count]) => `${EM.clean(label)} ${count}`).join(", "),
    })));
    const definitions = data.definitions.map(([id, words]) => ({
      id: EM.clean(id), words, difference: gap(own(record.differences, id)), shares: across((arm) => share(own(arm.definitions, id))),
    }));
    return {
      arms, questions, slices, rubrics, definitions,
      run: EM.clean(record.run_id), task: EM.clean(record.task), model: EM.clean(record.model), note: record.note === null ? null : EM.clean(record.note),
      finished: EM.clean(record.finished).slice(0, 10), method: EM.clean(record.difference.method),
      imported: entries(record.imported).map(([arm, file]) => [EM.clean(arm), `${EM.clean(file.name)}, ${file.rows} rows, SHA-256 ${EM.clean(file.sha256)}`]),
      spec: JSON.stringify(record.spec, null, 1),
    };
  };
})();
