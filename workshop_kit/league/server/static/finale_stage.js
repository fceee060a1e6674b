// The big screen: nothing to press.
"use strict";
let view = null;

function show(told) {
  if (late(told)) return;
  view = told;
  if (!frame(told)) { showCode(true); return; }
  const round = told.round, ready = byId("ready");
  const counting = ["open", "paused", "closed"].includes(round.phase);
  ready.hidden = !counting && round.phase !== "waiting";
  ready.replaceChildren(...told.contestants.map(name => {
    const has = counting && round.ready.includes(name), item = element("li", undefined, has ? "has" : "");
    if (counting) item.append(element("span", has ? "✓" : "…"), element("span", has ? "has an answer: " : "has no answer yet: ", "sr"));
    item.append(name);
    return item;
  }));
  if (round.phase === "voting") byId("state").textContent = "Vote now";
  answerCards(byId("answers"), told);
  showReveal(byId("reveal"), told);
  showStanding(byId("standing"), ["waiting", "revealed", "skipped"].includes(round.phase) ? told : { ...told, standing: [] });
  showCode(["waiting", "voting", "revealed", "skipped"].includes(round.phase) && !told.over);
  document.body.dataset.phase = round.phase;
}

let address = null;
async function showCode(on) {
  byId("qr").hidden = !on;
  if (!on) return;
  try {
    const told = await fetchJson("address");
    if (told.url === address) return;
    address = told.url;
    byId("qr").querySelector("img").src = "qr.svg?" + encodeURIComponent(address);
    byId("address").textContent = address.replace(/^https?:\/\//, "");
  } catch (problem) { byId("qr").hidden = true; }
}

follow("", show);
