// A contestant's desk. What was written here survives a reload; what was asked for is kept by the server.
"use strict";
let view = null;
const FIELDS = ["system", "temperature", "top_p"];
const kept = name => ["finale", view.finale, view.me, name].join("/");

function show(told) {
  if (late(told)) return;
  view = told;
  const there = frame(told);
  byId("desk").hidden = false;
  byId("ask").hidden = !there;
  if (!there) return;
  byId("where").textContent = told.me + " · round " + told.round.number + " of " + told.rounds;
  restore(told);
  byId("grace").textContent = "What you ask for in time counts if it arrives at most " + told.grace + " s after the end.";
  const open = told.round.phase === "open";
  byId("generate").disabled = !open;
  drawMine(told, open);
  showReveal(byId("reveal"), told);
  showStanding(byId("standing"), told);
}

function drawMine(told, open) {
  byId("mine-none").hidden = told.mine.length > 0;
  const now = [told.mine, told.counted, told.picked, told.round.number, open];
  redraw(byId("mine"), now, () => [...told.mine].reverse().map(g => {
    const item = element("li", undefined, g.id === told.counted ? "counts" : ""), head = element("p", undefined, "line");
    item.value = g.number;
    head.append(element("b", "#" + g.number), element("span", "temperature " + g.temperature + ", top p " + g.top_p, "soft"));
    if (g.id === told.counted) head.append(element("span", told.picked === g.id ? "✓ counts, picked" : "✓ counts, the last one", "badge"));
    item.append(head);
    if (g.state === "asked") item.append(element("p", "Your model is answering…", "soft"));
    else if (g.state === "failed") item.append(element("p", g.problem, "bad"));
    else {
      item.append(element("p", g.text || "(an empty answer)", "text"));
      if (g.state === "late") item.append(element("p", "It came too late to count.", "bad"));
    }
    const tools = element("p", undefined, "line");
    if (g.state === "done" && open && told.picked !== g.id) {
      const pick = element("button", "Let #" + g.number + " count");
      pick.type = "button";
      pick.dataset.key = g.number + "/count";
      pick.addEventListener("click", async () => {
        const after = await act("/contestant/choice", { round: told.round.number, generation: g.id }, "PUT");
        if (after) show(after);
      });
      tools.append(pick);
    }
    const again = element("button", "Use its settings", "quiet");
    again.type = "button";
    again.dataset.key = g.number + "/use";
    again.addEventListener("click", () => { for (const name of FIELDS) byId(name).value = g[name]; remember(); });
    tools.append(again);
    item.append(tools);
    return item;
  }));
}

function remember() {
  for (const name of FIELDS) {
    try { localStorage.setItem(kept(name), byId(name).value); } catch (problem) { /* private windows keep nothing */ }
    if (byId(name + "-is")) byId(name + "-is").textContent = byId(name).value;
  }
}

// Once in a finale: what this contestant had in the editor before a reload, else the settings asked with last.
let restored = "";
function restore(told) {
  const first = !restored;
  if (restored === told.finale) return;
  restored = told.finale;
  const last = told.mine[told.mine.length - 1];
  for (const name of FIELDS) {
    let value = null;
    try { value = localStorage.getItem(kept(name)); } catch (problem) { /* as above */ }
    if (value === null && last) value = last[name];
    if (value === null && first) value = byId(name).defaultValue;
    if (value !== null) byId(name).value = value;
  }
  remember();
}

byId("ask").addEventListener("input", remember);
byId("ask").addEventListener("submit", async event => {
  event.preventDefault();
  const body = { round: view.round.number, key: key(), system: byId("system").value };
  body.temperature = Number(byId("temperature").value);
  body.top_p = Number(byId("top_p").value);
  await act("/contestant/generations", body);
});
byId("system").addEventListener("keydown", event => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); byId("ask").requestSubmit(); }
});
enter("/contestant", told => {
  if (told) show(told);
  follow("/contestant", show);
});
