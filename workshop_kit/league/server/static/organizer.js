// The organizer's console: signing in, its sections, and what all of them use. Sections are in organizer_*.js; each puts
// the function that loads it into SECTIONS. All text of people and models goes into the page as text.
"use strict";
const API = "api/organizer/";
const SECTIONS = {};
const WHO = { candidate: "submission", reference: "reference", tie: "tie" };
let teamNames = {}, opened = "", guest = false;

// An element with attributes and children; strings become text.
function make(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "onclick") e.addEventListener("click", value);
    else if (value !== null && value !== undefined && value !== false) e.setAttribute(name, value === true ? "" : value);
  }
  e.append(...children.filter(child => child !== null && child !== undefined));
  return e;
}

const button = (text, go, more) => make("button", { type: "button", class: "quiet", onclick: go, ...more }, text);
const tag = (text, kind) => make("span", { class: "tag " + (kind || "") }, text);
const when = seconds => seconds ? new Date(seconds * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }) : "";
const teamName = id => teamNames[id] || id;

// Fills a table. Columns are [title, class, cell of a row]; a cell is text or a node. Keeps the focus on the same button.
function fill(table, columns, rows, none, rowClass) {
  const focused = document.activeElement && table.contains(document.activeElement) && document.activeElement.dataset.key;
  table.className = (table.className.replace(/\bstack\b/, "").trim() + " stack").trim();
  const head = make("tr", {}, ...columns.map(([title, kind]) => make("th", { scope: "col", class: kind }, title)));
  const body = rows.map(row => make("tr", { class: rowClass ? rowClass(row) : null }, ...columns.map(([title, kind, cell]) => {
    const told = cell(row);
    return make("td", { class: kind, "data-label": title || null }, told === null || told === undefined ? "" : told instanceof Node ? told : String(told));
  })));
  if (!rows.length) body.push(make("tr", {}, make("td", { colspan: columns.length, class: "soft" }, none || "None yet.")));
  table.replaceChildren(make("thead", {}, head), make("tbody", {}, ...body));
  if (focused) for (const e of table.querySelectorAll("[data-key]")) if (e.dataset.key === focused) e.focus();
}

function trouble(problem) {
  byId("problem").hidden = !problem;
  byId("problem").textContent = problem ? problem.message || String(problem) : "";
  if (problem) byId("said").textContent = "";
}

function say(text) {
  trouble(null);
  byId("said").textContent = text;
}

const get = path => fetchJson(API + path, { cache: "no-store" });

// One request that changes something; a refusal is shown as the sentence that came, and gives null.
async function change(path, body, method = "POST") {
  try {
    const told = await fetchJson(API + path, { method, body });
    trouble(null);
    return told;
  } catch (problem) {
    trouble(problem);
    return null;
  }
}

// Asks for a text, and a choice perhaps; gives {text, choice}, or null when it is cancelled.
function ask(title, { label, choices, longest = 1000, yes = "Do it" }) {
  const box = byId("asking"), text = byId("asking-text");
  byId("asking-title").textContent = title;
  byId("asking-yes").textContent = yes;
  byId("asking-choice-box").hidden = !choices;
  byId("asking-choice").replaceChildren(...Object.entries(choices || {}).map(([value, told]) => make("option", { value }, told)));
  byId("asking-text-box").hidden = !label;
  byId("asking-label").textContent = label || "";
  text.value = "";
  text.required = Boolean(label);
  text.maxLength = longest;
  box.returnValue = "";
  box.showModal();
  (choices ? byId("asking-choice") : label ? text : byId("asking-yes")).focus();
  return new Promise(answer => {
    box.onclose = () => answer(box.returnValue === "yes" ? { text: text.value, choice: byId("asking-choice").value } : null);
  });
}

byId("asking-form").addEventListener("submit", event => {
  event.preventDefault();
  byId("asking").close(event.submitter ? event.submitter.value : "yes");
});

// The address after #/ is the section, after a / whatever it shows: #/submission/4f0c...
async function route() {
  const [name, rest] = location.hash.slice(2).split("/");
  opened = guest ? "vote" : SECTIONS[name] ? name : "event";
  // A section that shows something already stays while it loads anew; one that doesn't is shown when it is filled, so
  // that nothing is typed or chosen that the loading then overwrites.
  for (const section of document.querySelectorAll(".section")) section.hidden = section.id !== opened || section.hidden;
  const tab = { submission: "submissions", vote: "submissions" }[opened] || opened;
  for (const link of byId("sections").children) {
    if (link.getAttribute("href") === "#/" + tab) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  say("");
  await load(rest || "");
  const title = { submission: "one-title", vote: "vote-title" }[opened];
  if (title) byId(title).focus();
}

async function load(rest) {
  const name = opened;
  try {
    await SECTIONS[name](rest);
    if (name !== opened) return;
    byId(name).hidden = false;
    document.body.dataset.loaded = name;
  } catch (problem) {
    trouble(problem);
  }
}

async function readTeams() {
  const { teams } = await get("teams");
  teamNames = Object.fromEntries(teams.map(team => [team.id, team.name]));
  return teams;
}

async function readAppeals() {
  const { appeals } = await get("appeals"), waiting = appeals.filter(a => a.state === "open").length;
  byId("appeals-open").textContent = waiting;
  byId("appeals-open").hidden = !waiting;
  byId("appeals-open").setAttribute("aria-label", waiting + " open");
  return appeals;
}

async function enter() {
  const reply = await fetch(API + "settings", { cache: "no-store" }).catch(() => null);
  const told = reply ? await reply.json().catch(() => ({})) : { error: { message: "The league does not answer; look again in a moment." } };
  // A judge of the finale who was given the link to a practice submission may vote on it, and sees nothing else.
  guest = Boolean(reply && reply.status === 403 && location.hash.startsWith("#/vote/"));
  const inside = Boolean(reply && reply.ok) || guest;
  byId("sections").hidden = byId("back").hidden = guest;
  byId("signin").hidden = inside;
  byId("desk").hidden = byId("signed").hidden = !inside;
  if (!inside) {
    if (!reply || reply.status === 403) trouble(told.error);
    byId("token").focus();
    return;
  }
  trouble(null);
  if (!guest) await Promise.all([readTeams(), readAppeals(), readHeld()]).catch(trouble);
  await route();
}

byId("signin").addEventListener("submit", async event => {
  event.preventDefault();
  try {
    await fetchJson("api/session", { body: { token: byId("token").value.trim() } });
    byId("token").value = "";
    await enter();
  } catch (problem) { trouble(problem); }
});

byId("signout").addEventListener("click", async () => {
  await fetchJson("api/session", { method: "DELETE" }).catch(trouble);
  location.hash = "";
  location.reload();
});

addEventListener("hashchange", () => { if (!byId("desk").hidden) route(); });
addEventListener("DOMContentLoaded", enter);
