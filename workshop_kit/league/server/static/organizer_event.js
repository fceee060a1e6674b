// The event, its teams and tokens, the log.
"use strict";
const PHASES = { workshop: "Workshop", virtual: "Virtual league", freeze: "Freeze", finale: "Finale" };
const NUMBERS = ["ranked_quota", "calls_per_second", "questions_at_once", "finalists", "longest_system_prompt"];
const LISTS = ["judges", "bases"];
let lines = [];

const readEvent = () => Promise.all([get("settings"), fetchJson("api/event", { cache: "no-store" })]);

SECTIONS.event = async () => {
  const [settings, event] = await readEvent();
  showPhase(settings, event.now);
  byId("zone").textContent = Intl.DateTimeFormat().resolvedOptions().timeZone || "this browser";
  for (const show of [showChoice, showDates, showSettings]) show(settings);
};

const showChoice = settings => { byId("phase").value = settings.phase; };
const showDates = settings => byId("dates").replaceChildren(...settings.phases.map(dateRow));

function showSettings(settings) {
  for (const name of ["title", "access", "reference"]) byId("s-" + name).value = settings[name];
  for (const name of NUMBERS) byId("s-" + name).value = settings[name] === null ? 0 : settings[name];
  byId("s-reference_open_book").value = settings.reference_open_book === null ? "auto" : String(settings.reference_open_book);
  byId("s-open_models").value = String(settings.open_models);
  for (const name of LISTS) byId("s-" + name).value = settings[name].join("\n");
}

function showPhase(settings, now) {
  const begun = settings.phases.filter(p => p.starts <= now), coming = settings.phases.find(p => p.starts > now);
  const name = settings.phase || (begun.length ? begun[begun.length - 1].name : "");
  const next = coming && !settings.phase ? " Next: " + PHASES[coming.name] + ", " + when(coming.starts) + "." : "";
  const why = settings.phase ? "set by hand" : begun.length ? "by the dates" : "no phase has begun; everything may be done";
  byId("title").textContent = settings.title || "Organizer";
  byId("phase-now").textContent = PHASES[name] || "No phase yet";
  byId("phase-why").textContent = "Now: " + (PHASES[name] || "No phase yet") + " (" + why + ")." + next;
}

const local = seconds => {
  const date = new Date(seconds * 1000);
  return new Date(date - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
};

function dateRow(phase) {
  const names = make("select", { "aria-label": "Phase" }, ...Object.entries(PHASES).map(([value, text]) => make("option", { value }, text)));
  const date = make("input", { type: "datetime-local", required: true, "aria-label": "Begins" });
  names.value = phase.name;
  if (phase.starts) date.value = local(phase.starts);
  const row = make("li", { class: "line" }, names, date, button("Remove", () => row.remove()));
  return row;
}

// Sets some of the settings, and shows them in their own form alone: what is half typed in the others stays.
async function set(body, told, show) {
  if (!await change("settings", body, "PATCH")) return;
  try {
    const [settings, event] = await readEvent();
    showPhase(settings, event.now);
    show(settings);
    say(told);
  } catch (problem) { trouble(problem); }
}

byId("add-date").addEventListener("click", () => {
  const unused = Object.keys(PHASES)[Math.min(byId("dates").children.length, 3)];
  byId("dates").append(dateRow({ name: unused }));
  byId("dates").lastChild.querySelector("input").focus();
});

byId("by-dates").addEventListener("submit", event => {
  event.preventDefault();
  const phases = [...byId("dates").children].map(row => ({
    name: row.querySelector("select").value, starts: new Date(row.querySelector("input").value).getTime() / 1000,
  }));
  set({ phases: phases.sort((a, b) => a.starts - b.starts) }, "The dates are set.", showDates);
});

byId("by-hand").addEventListener("submit", event => {
  event.preventDefault();
  set({ phase: byId("phase").value }, "The phase is set.", showChoice);
});

byId("settings").addEventListener("submit", event => {
  event.preventDefault();
  const body = { open_models: byId("s-open_models").value === "true" };
  for (const name of LISTS) body[name] = byId("s-" + name).value.split("\n").map(line => line.trim()).filter(Boolean);
  for (const name of ["title", "access", "reference"]) body[name] = byId("s-" + name).value.trim();
  for (const name of NUMBERS) body[name] = Number(byId("s-" + name).value);
  const open = byId("s-reference_open_book").value;
  body.reference_open_book = open === "auto" ? open : open === "true";
  set(body, "The settings are set.", showSettings);
});

SECTIONS.teams = async () => {
  const [teams, { tokens }] = await Promise.all([readTeams(), get("tokens")]);
  fill(byId("team-rows"), [
    ["Team", "name", team => team.name],
    ["Members", "", team => team.members.join(", ")],
    ["State", "", team => team.disabled ? tag("shut out", "bad") : "plays"],
    ["", "", team => make("div", { class: "line" },
      button("New code", () => codesFor([team.name]), { "data-key": "code" + team.id, "aria-label": "New code for " + team.name }),
      button(team.disabled ? "Let in" : "Shut out…", () => shut(team), { "data-key": "shut" + team.id,
        "aria-label": (team.disabled ? "Let in " : "Shut out ") + team.name }))],
  ], teams, "No team yet.", team => team.disabled ? "off" : null);
  fill(byId("token-rows"), [
    ["Name", "name", token => token.name || "–"],
    ["Role", "", token => token.role],
    ["Team", "", token => token.team ? teamName(token.team) : ""],
    ["Since", "when", token => when(token.created)],
    ["", "", token => token.revoked ? "revoked" : button("Revoke…", () => revoke(token), { "data-key": token.id, "aria-label": "Revoke the token of " + token.name })],
  ], tokens, "Nobody has a token.", token => token.revoked ? "off" : null);
};

function showCodes(found) {
  const address = new URL("./", location.href).href;
  byId("code-cards").append(...found.map(({ team, code }) =>
    make("li", {}, make("b", {}, team), make("code", {}, code), make("span", { class: "soft" }, address))));
  byId("codes").hidden = false;
  document.body.classList.add("with-codes");
  byId("codes").scrollIntoView({ block: "nearest" });
}

async function codesFor(names) {
  const left = [...names];
  while (left.length) {
    const told = await change("teams", { name: left[0] });
    if (!told) break;
    showCodes([told]);
    left.shift();
  }
  await SECTIONS.teams();
  return left;
}

byId("new-teams").addEventListener("submit", async event => {
  event.preventDefault();
  const names = byId("names").value.split("\n").map(line => line.trim()).filter(Boolean);
  byId("names").value = (await codesFor(names)).join("\n");
});

byId("event-code").addEventListener("click", async () => {
  const told = await change("code");
  if (told) showCodes([{ team: "Found your team", code: told.code }]);
});

byId("print").addEventListener("click", () => print());
byId("forget").addEventListener("click", () => {
  byId("code-cards").replaceChildren();
  byId("codes").hidden = true;
  document.body.classList.remove("with-codes");
  byId("names").focus();
});

async function shut(team) {
  if (!team.disabled && !await ask("Shut " + team.name + " out?", { yes: "Shut out" })) return;
  if (await change("teams/" + team.id + "/disabled", { disabled: !team.disabled })) {
    await SECTIONS.teams();
    say(team.name + (team.disabled ? " plays again." : " is shut out."));
  }
}

async function revoke(token) {
  if (!await ask("Revoke the token of " + (token.name || token.role) + "?", { yes: "Revoke" })) return;
  if (await change("tokens/" + token.id, undefined, "DELETE")) await SECTIONS.teams();
}

byId("new-token").addEventListener("submit", async event => {
  event.preventDefault();
  const told = await change("tokens", { role: byId("token-role").value, name: byId("token-name").value });
  if (!told) return;
  byId("token-told").textContent = "Shown this once: " + told.token;
  byId("token-name").value = "";
  await SECTIONS.teams();
});

SECTIONS.log = async () => { lines = []; await older(); };

async function older() {
  const last = lines.length ? "&before=" + lines[lines.length - 1].id : "";
  const found = (await get("audit?limit=100" + last)).lines;
  lines = lines.concat(found);
  fill(byId("log-rows"), [
    ["When", "when", line => when(line.at)],
    ["Who", "", line => teamName(line.who)],
    ["What", "name", line => line.action],
    ["Of", "", line => teamName(line.subject)],
    ["More", "", line => Object.entries(line.detail).map(([name, value]) => name + ": " + (typeof value === "object" ? JSON.stringify(value) : value)).join("; ")],
  ], lines, "Nothing yet.");
  byId("older").hidden = found.length < 100;
}

byId("older").addEventListener("click", () => older().catch(trouble));
