// How far the judges can be trusted, calibrations, strengths, two submissions beside each other.
"use strict";
const SOON = 1500;
let trustShown = "";

// A value with its interval between two ends; the text beside it says the same.
function whisker(value, low, high, from, to, middle) {
  const svg = shape("svg", { class: "whisker", "aria-hidden": "true" });
  const at = x => Math.max(1, Math.min(99, 100 * (x - from) / (to - from))) + "%";
  const line = (x1, y1, x2, y2, stroke, width) => svg.append(shape("line", { x1, y1, x2, y2, stroke, "stroke-width": width }));
  line("1%", 11, "99%", 11, "var(--track)", 6);
  if (middle !== null) line(at(middle), 2, at(middle), 20, "var(--soft)", 1);
  if (low !== null && high !== null) line(at(low), 11, at(high), 11, "var(--whisker)", 2);
  if (value !== null) svg.append(shape("circle", { cx: at(value), cy: 11, r: 5, fill: "var(--bar)" }));
  return svg;
}

SECTIONS.trust = async () => {
  await Promise.all([showTrust(), showStrengths(), showChoices()]);
};

async function showTrust() {
  const told = await get("trust"), now = JSON.stringify(told);
  if (now !== trustShown) {
    trustShown = now;
    byId("cautions").replaceChildren(...told.cautions.map(caution => element("li", caution)));
    if (!told.cautions.length) byId("cautions").append(element("li", "Nothing speaks against relying on the measures below."));
    const rows = told.judges.flatMap(judge => judge.measures.map(measure => ({ judge: judge.judge, ...measure })));
    if (told.people.cases) rows.push({ judge: "people", ...told.people });
    const drawn = new Set(rows.map(row => row.judge + "/" + row.name));
    fill(byId("trust-rows"), [
      ["Judge", "", row => row.judge],
      ["Measure", "name", row => row.name],
      ["Value", "number", row => row.shown],
      ["95 % interval", "number", row => row.interval],
      ["", "", row => row.value === null || row.value === undefined ? "" : whisker(row.value, row.low, row.high, row.kind === "share" ? 0 : -1, 1, row.kind === "share" ? 0.5 : 0)],
      ["Cases", "number", row => row.cases],
      ["What it means", "", row => (row.meaning + " " + row.caution).trim()],
    ], rows.concat(told.rows.filter(([judge, name]) => !drawn.has(judge + "/" + name)).map(
      ([judge, name, shown, interval, cases, meaning]) => ({ judge, name, shown, interval, cases, meaning, caution: "", value: null }))),
    "No judge has told a verdict yet.");
    byId("calibrations").replaceChildren(...told.calibrations.map(calibration));
    if (!told.calibrations.length) byId("calibrations").append(element("p", "No judge has been calibrated yet.", "soft"));
  }
  const running = told.calibrations.some(found => found.state === "running");
  byId("calibrate").disabled = running;
  if (running) setTimeout(() => { if (opened === "trust" && !byId("desk").hidden) showTrust().catch(trouble); }, SOON);
}

function calibration(found) {
  const box = make("div", { "data-state": found.state }, make("h3", {}, found.judge));
  if (found.state === "running") {
    box.append(make("progress", { value: found.done, max: found.total || 1, "aria-label": "Pairs decided" }),
      make("span", { class: "soft" }, " " + found.done + " of " + (found.total || "…") + " pairs"));
  } else if (found.state === "failed") {
    box.append(make("p", {}, tag("failed", "bad"), found.problem));
  } else {
    const right = found.kinds.reduce((sum, kind) => sum + kind.right, 0);
    const table = make("table", { "aria-label": "Calibration of " + found.judge });
    fill(table, [["Kind of pair", "name", kind => kind.kind], ["Found", "number", kind => kind.right + " of " + kind.pairs],
      ["", "", kind => whisker(kind.right / kind.pairs, null, null, 0, 1, null)]], found.kinds);
    box.append(make("p", {}, right + " of " + found.total + " known answers found (" + when(found.started) + ")."),
      make("details", {}, make("summary", {}, "By kind of pair"), table));
  }
  return box;
}

byId("calibrate").addEventListener("click", async () => {
  const told = await change("calibration");
  if (!told) return;
  await showTrust().catch(trouble);
  say(told.begun === 1 ? "One judge is being calibrated." : told.begun + " judges are being calibrated.");
});

async function showStrengths() {
  const told = await get("strengths"), rows = told.rows;
  byId("strengths-note").textContent = told.note || "";
  const ends = rows.flatMap(row => [row.value, row.low, row.high]).filter(x => x !== null);
  const from = Math.min(-0.1, ...ends), to = Math.max(0.1, ...ends), signed = x => (x < 0 ? "−" : "+") + Math.abs(x).toFixed(2);
  fill(byId("strength-rows"), [
    ["Rank", "number", row => row.rank],
    ["Team", "name", row => row.name],
    ["Strength", "number", row => signed(row.value)],
    ["95 % interval", "number", row => row.low === null || row.high === null ? "–" : signed(row.low) + " to " + signed(row.high)],
    ["", "", row => whisker(row.value, row.low, row.high, from, to, 0)],
    ["Elo", "number", row => Math.round(row.elo)],
  ], rows, "Nobody has been judged yet.");
}

async function showChoices() {
  const { submissions } = await get("submissions?newest=true&state=done&limit=500");
  for (const id of ["first", "second"]) {
    const before = byId(id).value;
    byId(id).replaceChildren(...submissions.map(entry =>
      make("option", { value: entry.id }, entry.participant + ", " + entry.set + ", " + when(entry.created))));
    if (submissions.some(entry => entry.id === before)) byId(id).value = before;
    else if (id === "second" && submissions.length > 1) byId(id).value = submissions[1].id;
  }
}

byId("compare").addEventListener("submit", async event => {
  event.preventDefault();
  try {
    const told = await get("compare?first=" + byId("first").value + "&second=" + byId("second").value);
    byId("compared").textContent = told.sentence;
    trouble(null);
  } catch (problem) { trouble(problem); }
});
