// Helpers of every page. Whatever people wrote goes into the page as text and never as markup.
"use strict";
const byId = id => document.getElementById(id);
const percent = x => Math.round(100 * x) + " %";
const SVG = "http://www.w3.org/2000/svg";

function element(tag, text, className) {
  const e = document.createElement(tag);
  if (text !== undefined && text !== null) e.textContent = text;
  if (className) e.className = className;
  return e;
}

function shape(tag, attributes, text) {
  const e = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  if (text !== undefined) e.textContent = text;
  return e;
}

// What has a key acts once, however often it comes: when no answer came it is sent once more. `wait` is how long an
// answer is waited for, in milliseconds; for as long as the browser does unless told.
async function fetchJson(url, options) {
  const { wait, ...settings } = options || {}, tries = settings.body && settings.body.key ? 2 : 1;
  if (settings.body !== undefined) {
    settings.body = JSON.stringify(settings.body);
    settings.headers = { "Content-Type": "application/json", ...(settings.headers || {}) };
    settings.method = settings.method || "POST";
  }
  let reply = null;
  for (let n = 0; n < tries && !reply; n++) {
    if (n) await new Promise(go => setTimeout(go, 1000));
    reply = await fetch(url, wait ? { ...settings, signal: AbortSignal.timeout(wait) } : settings).catch(() => null);
  }
  if (!reply) throw new Error("The league does not answer; check the connection, then try again.");
  const told = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Error((told.error && told.error.message) || ("The league answered with status " + reply.status + "."));
  return told;
}

// Calls show(value) with every message of a stream; some proxies hold streams back, so when one fails twice, or says
// nothing at first, the page asks for `poll` every few seconds instead. A stream that has spoken before is tried again
// once the league answers, by each page at a moment of its own. `connected` is called before what a new connection says.
function live(url, poll, show, tell, connected) {
  let source = null, spoke = false, timer = null, answered = 0;
  const say = (text, on) => { if (tell) tell(text, on); };
  const ask = async () => {
    try {
      const told = await fetchJson(poll);
      if (!answered && connected) connected();
      show(told);
      say("Live, every 3 s", true);
      answered += 1;
    } catch (problem) {
      say("Reconnecting…", false);
      answered = 0;
    }
    timer = null;
    if (spoke && answered > 3 + 7 * Math.random()) listen();
    else timer = setTimeout(ask, 3000);
  };
  const fall = () => {
    if (source) source.close();
    source = null;
    answered = 0;
    if (!timer) ask();
  };
  const listen = () => {
    let failed = 0, heard = false;
    const mine = source = new EventSource(url);
    mine.onopen = () => { if (connected) connected(); };
    mine.onmessage = event => { heard = spoke = true; failed = 0; say("Live", true); show(JSON.parse(event.data)); };
    mine.onerror = () => { failed += 1; say("Reconnecting…", false); if (failed >= 2 && source === mine) fall(); };
    setTimeout(() => { if (!heard && source === mine) fall(); }, 5000);
  };
  if (window.EventSource) listen(); else ask();
}

function sayLive(text, on) {
  byId("live").textContent = text;
  byId("live").className = on ? "" : "off";
}

// A bar from 0 to 1 with its interval.
function rateBar(rate, low, high) {
  const svg = shape("svg", { "aria-hidden": "true", class: "ratebar" });
  const at = x => (100 * x) + "%";
  const line = (x1, y1, x2, y2) =>
    svg.append(shape("line", { x1, y1, x2, y2, stroke: "var(--whisker)", "stroke-width": 1.5 }));
  svg.append(shape("rect", { x: 0, y: 5, width: "100%", height: 16, rx: 4, fill: "var(--track)" }));
  svg.append(shape("rect", { x: 0, y: 5, width: at(rate), height: 16, rx: 4, fill: "var(--bar)" }));
  line(at(low), 13, at(high), 13);
  line(at(low), 8, at(low), 18);
  line(at(high), 8, at(high), 18);
  return svg;
}
