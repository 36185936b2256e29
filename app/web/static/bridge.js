// Speaks AppBridge with the Dashboard whose frame we stand in, and fetches our pages in parts with the
// token it hands us. The token lives in this module alone. Words come from <template id="say-…">.

const page = document.documentElement;
const bar = document.getElementById("bar");

// What may be remembered: storage can be barred inside a frame, then nothing is.
function keep(storage, key, value) {
  try {
    if (value) window[storage].setItem(`perennial.${key}`, value);
    return window[storage].getItem(`perennial.${key}`);
  } catch {
    return value ?? null;
  }
}

// ---- The Dashboard ----
const referrer = document.referrer ? new URL(document.referrer).origin : null;
const above = location.ancestorOrigins?.[0] ?? (referrer === location.origin ? null : referrer);
const dashboard = keep("sessionStorage", "dashboard", above) ?? referrer;
// A pop-up stands over a page of the Dashboard's own: that page's address is not about us, nor ours about it.
const popup = ["/app/picked", "/app/customer"].includes(location.pathname);
const greeted = new Set(); // those who wait for a token
let locale = keep("localStorage", "locale");
let token = null;
let refused = null; // the token that was last turned away
let count = 0;
let told = null; // where we went: until the Dashboard answers, the address it says is the one we left

function send(type, payload = {}) {
  const actionId = `perennial-${++count}`;
  parent.postMessage({ type, payload: { ...payload, actionId } }, dashboard);
  return actionId;
}

function tellWhere(path) {
  const mine = (told = send("updateRouting", { newRoute: path.slice("/app".length) || "/" }));
  setTimeout(() => { if (told === mine) told = null; }, 10000); // as long as anybody waits for an answer
}

addEventListener("message", ({ source, origin, data }) => {
  if (source !== parent || origin !== dashboard || !data?.type) return;
  const { type, payload = {} } = data;
  if (type === "handshake" || type === "tokenRefresh") {
    token = payload.token;
    greeted.forEach((wake) => wake());
    if (page.dataset.state === "failed") attempt("main", retry);
  } else if (type === "theme" && /^(light|dark)$/.test(payload.theme)) {
    page.dataset.theme = payload.theme;
    keep("localStorage", "theme", payload.theme);
  } else if (type === "localeChanged" && payload.locale !== locale) {
    const spoken = locale ?? page.lang;
    locale = payload.locale;
    keep("localStorage", "locale", locale);
    if (locale !== spoken) load("main");
  } else if (type === "response" && payload.actionId === told) {
    told = null;
  } else if (type === "redirect" && !popup && !told && typeof payload.path === "string") {
    // the Dashboard means the page within us and says its own whole path, wherever it is mounted
    const within = payload.path.replace(/^.*\/(extensions\/app\/[^/]+|apps\/[^/]+\/app(?=\/|$))/, "");
    const path = `/app/${within.replace(/^\//, "")}`.replace(/\/$/, "");
    if (path !== location.pathname.replace(/\/$/, "")) go(path, { tell: false });
  }
});

// Waits until there is a token that wasn't turned away, and asks for one.
async function ready() {
  const good = () => token !== null && token !== refused;
  if (good()) return;
  let wake;
  const hello = new Promise((resolve) => greeted.add((wake = () => good() && resolve(true))));
  const silence = new Promise((resolve) => setTimeout(resolve, 10000, false));
  send("notifyReady");
  const heard = await Promise.race([hello, silence]);
  greeted.delete(wake);
  if (!heard) throw new Trouble(refused ? "401" : "silent");
}

// The shop's API address as its own token has it: the page's query may be somebody else's.
const issuer = () => JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"))).iss;

// ---- Asking for a part ----
class Trouble extends Error {}
const underway = {};

async function ask(url, part, fields, again = true, take = null) {
  const place = document.getElementById(part);
  for (const [other, request] of Object.entries(underway)) {
    if (place?.contains(document.getElementById(other))) request.abort(); // it would be overtaken
  }
  const { signal } = (underway[part] = new AbortController());
  await ready().catch((trouble) => { signal.throwIfAborted(); throw trouble; });
  const used = token;
  const headers = { "authorization-bearer": used, "saleor-api-url": issuer(), "x-part": part, "x-locale": locale ?? page.lang };
  const answer = await fetch(url, { method: fields ? "POST" : "GET", body: fields, headers, signal })
    .catch((failure) => { throw failure.name === "AbortError" ? failure : new Trouble("offline"); });
  if (answer.status === 401 && again) {
    refused = used; // it may just have run out: wait for the next one, once
    return ask(url, part, fields, false, take);
  }
  if (take && answer.ok) return take(answer);
  const html = answer.headers.get("content-type")?.startsWith("text/html");
  if (html && (answer.ok || answer.status === 422)) return answer.text();
  throw new Trouble([502, 503, 504].includes(answer.status) ? "offline" : String(answer.status));
}

// Does something with the server. What goes wrong is said in the bar and can be tried again; the bar
// is emptied when the same thing, or the whole page, goes well.
let retry = null;
async function attempt(what, deed) {
  try {
    await deed();
    if (what === "main" || bar.dataset.of === what) bar.replaceChildren();
    page.dataset.state = "ready";
    return true;
  } catch (failure) {
    if (failure.name !== "AbortError") {
      retry = deed;
      bar.dataset.of = what;
      page.dataset.state ||= "failed";
      say(failure instanceof Trouble ? failure.message : "broken");
    }
    return false;
  }
}

function say(what) {
  const words = document.getElementById(`say-${what}`) ?? document.getElementById("say-broken");
  const line = document.createElement("p");
  line.append(words.content.cloneNode(true));
  bar.replaceChildren(line);
}

// ---- Showing a part ----
function show(part, html) {
  const old = document.getElementById(part);
  if (!old) return; // the page it was asked for has been left meanwhile
  const fresh = Object.assign(document.createElement("template"), { innerHTML: html }).content.firstElementChild;
  offerSheets(fresh);
  const at = document.activeElement?.id;
  const [was, is] = [old, fresh].map((node) => [...node.querySelectorAll("details")]);
  if (part !== "main" && was.length === is.length) was.forEach(({ open }, i) => { is[i].open = open; });
  const pieces = (node) => [...node.children].map((child) => child.id).join();
  if (old.dataset.every && pieces(old) === pieces(fresh)) {
    // it renews itself: touch only what has changed, so that a reader keeps the place
    for (const child of [...fresh.children]) {
      const piece = document.getElementById(child.id);
      if (!piece.isEqualNode(child)) piece.replaceWith(child);
    }
    old.dataset.every = fresh.dataset.every;
    renew(old);
  } else {
    old.replaceWith(fresh);
    tend(fresh);
  }
  const called = fresh.querySelector("[aria-invalid], [data-focus]") ?? document.getElementById(at);
  if (called && called !== document.activeElement) called.focus({ preventScroll: called.id === at });
}

// Every section with numbers in it can be taken along as a table (app/web/sheets.py).
function offerSheets(piece) {
  for (const section of [piece, ...piece.querySelectorAll("section")]) {
    const title = section.querySelector(`[id="${section.getAttribute("aria-labelledby")}"]`);
    if (!title || section.querySelector("a.csv") || !section.querySelector("table, .figure, dl.facts")) continue;
    const name = title.textContent.trim();
    const link = Object.assign(document.createElement("a"), { className: "csv", href: "#", textContent: "CSV" });
    Object.assign(link.dataset, { sheet: title.id, download: `${name}.csv` });
    link.append(Object.assign(document.createElement("span"), { className: "unseen", textContent: ` ${name}` }));
    const [head, button] = [title.closest(".card-head"), section.querySelector(".card-head > .button")];
    if (button) button.before(link);
    else if (head) head.append(link);
    else if (title.matches(".unseen")) section.append(link);
    else {
      const row = Object.assign(document.createElement("header"), { className: "card-head" });
      title.replaceWith(row);
      row.append(title, link);
    }
  }
}

// Does what a new piece of page asks for by its attributes.
function tend(piece) {
  const all = (name) => [piece, ...piece.querySelectorAll(`[data-${name}]`)].filter((node) => name in node.dataset);
  if (piece.lang) page.lang = piece.lang;
  all("every").forEach(renew);
  all("expires").forEach((node) => setTimeout(() => node.remove(), node.dataset.expires * 1000));
  all("notify").forEach((node) => send("notification", { status: node.dataset.notify, title: node.textContent.trim() }));
}

const timers = new WeakMap();
function renew(node) {
  clearTimeout(timers.get(node));
  timers.set(node, setTimeout(async () => {
    if (!node.isConnected) return;
    const waits = document.hidden || !getSelection().isCollapsed || document.getElementById("live")?.checked === false;
    if (waits || !(await load(node.id))) renew(node);
  }, node.dataset.every * 1000));
}

const load = (part) => attempt(part, async () => show(part, await ask(location.href, part)));

const go = (path, { tell = true } = {}) => attempt("main", async () => {
  const html = await ask(path, "main");
  history.replaceState(null, "", path); // the Dashboard's own address keeps the history
  if (tell && !popup) tellWhere(path);
  show("main", html);
  scrollTo(0, 0);
  document.querySelector("h1")?.focus();
});

// Fetches a file with the token, which a plain link could not send, and hands it over to be saved.
const save = (link) => attempt("file", async () => {
  const address = new URL(link.dataset.sheet ? location : link);
  if (link.dataset.sheet) address.searchParams.set("csv", link.dataset.sheet);
  const blob = await ask(address, "file", undefined, true, (answer) => answer.blob());
  const url = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href: url, download: link.dataset.download }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
});

// ---- What people do ----
addEventListener("click", (event) => {
  if (event.target.closest("[data-again]") && retry) attempt(bar.dataset.of, retry);
  const wish = event.target.closest("[data-permissions]");
  if (wish) send("requestPermissions", { permissions: wish.dataset.permissions.split(" "), redirectPath: location.pathname.slice("/app".length) });
  const link = event.target.closest("a");
  if (!link || link.target || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const ours = link.origin === location.origin && /^\/app(\/|$)/.test(link.pathname) && !link.hash;
  if (ours || link.dataset.dashboard || link.dataset.download) event.preventDefault();
  if (link.dataset.download) return save(link);
  if (link.dataset.dashboard) send("redirect", { to: link.dataset.dashboard });
  else if (ours) go(link.pathname + link.search);
});

addEventListener("submit", async (event) => {
  event.preventDefault();
  const { target: form, submitter } = event;
  const part = submitter?.dataset.part ?? form.dataset.part ?? "main";
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form, submitter)) {
    if (typeof value === "string") fields.append(name, value);
    else if (value.size) fields.set(name, await value.text()); // a file takes the place of what was typed
  }
  if (form.method === "get") return go(`${form.getAttribute("action")}?${fields}`); // a question
  form.setAttribute("aria-busy", "true");
  await attempt(part, async () => show(part, await ask(form.getAttribute("action"), part, fields)));
  form.removeAttribute("aria-busy");
});

// A form may have a button that tries things out: it is pressed whenever a field has changed. One
// that shows more than that is named, and so is the field that presses it.
addEventListener("change", ({ target }) => {
  const button = target.form?.querySelector(`[data-live="${target.dataset.lives ?? ""}"]`);
  if (button) target.form.requestSubmit(button);
});

// ---- Begin ----
page.dataset.theme ||= keep("localStorage", "theme") ?? "";
if (parent === window || !dashboard) {
  page.dataset.state = "failed";
  say("outside");
} else {
  load("main");
}
