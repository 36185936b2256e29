// The Dashboard's side of AppBridge, as Saleor's own speaks it, for the frames on this page.

const VERSION = 1;
const root = document.documentElement;
const AHEAD = 30_000; // a new token comes this long before the old one ends

const remember = (name, value) => {
  document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=strict`;
};

async function tokenFor(frame) {
  const { app, extension } = frame.dataset;
  const query = new URLSearchParams({ app, ...(extension && { extension }) });
  const answer = await fetch(`/dashboard/token?${query}`, { method: "POST" });
  return (await answer.json()).token;
}

const endOf = (token) => JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).exp * 1000;

function toast({ status = "info", title = "", text = "", apiMessage = "" }) {
  const box = document.createElement("div");
  box.className = "toast";
  box.dataset.status = status;
  const strong = document.createElement("strong");
  strong.textContent = title;
  box.append(strong, " ", [text, apiMessage].filter(Boolean).join(" · "));
  document.getElementById("toasts").append(box);
  setTimeout(() => box.remove(), 6000);
}

// One frame and what it may ask for.
class Bridge {
  constructor(frame) {
    this.frame = frame;
    this.origin = new URL(frame.dataset.address).origin;
    this.full = frame.dataset.method !== "POST";
    addEventListener("message", (event) => this.hear(event));
  }

  post(type, payload) {
    this.frame.contentWindow?.postMessage({ type, payload }, this.origin);
  }

  async shake() {
    const token = await tokenFor(this.frame);
    this.post("handshake", { token, version: VERSION, saleorVersion: "3.23", dashboardVersion: "3.23.27" });
    this.renewBefore(token);
  }

  renewBefore(token) {
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      const next = await tokenFor(this.frame);
      this.post("tokenRefresh", { token: next });
      this.renewBefore(next);
    }, Math.max(1000, endOf(token) - Date.now() - AHEAD));
  }

  greet() {
    this.post("theme", { theme: root.dataset.theme });
    this.post("localeChanged", { locale: root.lang });
    if (this.frame.dataset.base) this.point();
  }

  // Which page within the app is meant: the real one says its own whole path, base and all.
  point() {
    this.post("redirect", { path: location.pathname });
  }

  // Messages of other origins, without a type or without an actionId are not for us.
  async hear({ origin, source, data }) {
    if (source !== this.frame.contentWindow || origin !== this.origin) return;
    if (!data?.type || !data.payload?.actionId) return;
    const act = this.full ? this.acts[data.type] : data.type === "widgetResize" && this.acts.widgetResize;
    if (!act) return; // an action this Dashboard does not know gets no answer
    const ok = (await act.call(this, data.payload)) !== false;
    this.post("response", { actionId: data.payload.actionId, ok });
    if (data.type === "notifyReady") this.greet();
  }

  acts = {
    notifyReady() { return this.shake(); },
    notification(payload) { toast(payload); },
    widgetResize({ height }) {
      if (!(height > 0 && Number.isFinite(height))) return false;
      this.frame.style.height = `${Math.min(height, 5000)}px`;
    },
    updateRouting({ newRoute }) {
      history.pushState(null, "", this.frame.dataset.base + "/" + newRoute.replace(/^\//, ""));
    },
    redirect({ to, newContext }) {
      const own = this.frame.dataset.base ? this.frame.dataset.root : null;
      const address = own && to.startsWith(own) ? this.frame.dataset.base + to.slice(own.length) : to;
      setTimeout(() => (newContext ? open(address, "_blank", "noopener") : location.assign(address)), 0);
    },
    refreshEntity() { setTimeout(() => location.reload(), 0); },
    popupClose() { this.frame.closest("dialog")?.close(); },
    requestPermissions() { return false; },
  };

  // The real Dashboard loads a page twice: first without its theme, then with it.
  start() {
    const { address } = this.frame.dataset;
    this.frame.addEventListener("load", () => this.full && this.shake());
    this.frame.src = address;
    const themed = new URL(address);
    themed.searchParams.set("theme", root.dataset.theme);
    setTimeout(() => { this.frame.src = themed.href; }, 30);
  }

  // A POST widget is a form sent into the frame; it has no handshake.
  async submit() {
    const { address, api, app, context } = this.frame.dataset;
    const fields = { saleorApiUrl: api, accessToken: await tokenFor(this.frame), appId: app, ...JSON.parse(context) };
    const form = document.createElement("form");
    Object.assign(form, { method: "POST", action: address, target: this.frame.name, hidden: true });
    for (const [name, value] of Object.entries(fields)) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name, value });
      form.append(field);
    }
    document.body.append(form);
    form.submit();
    form.remove();
  }
}

const bridges = [...document.querySelectorAll("iframe[data-app]")].map((frame) => new Bridge(frame));
for (const bridge of bridges) bridge.full ? bridge.start() : bridge.submit();

document.getElementById("theme")?.addEventListener("change", ({ target }) => {
  root.dataset.theme = target.value;
  remember("sandbox_theme", target.value);
  for (const bridge of bridges) if (bridge.full) bridge.post("theme", { theme: target.value });
});

document.getElementById("locale")?.addEventListener("change", ({ target }) => {
  root.lang = target.value;
  remember("sandbox_locale", target.value);
  for (const bridge of bridges) if (bridge.full) bridge.post("localeChanged", { locale: target.value });
  if (bridges.length) translateMenu();
  else location.reload();
});

// The frame stays as it is while the menu around it changes its language.
async function translateMenu() {
  const page = new DOMParser().parseFromString(await (await fetch(location)).text(), "text/html");
  document.querySelector(".side ul").replaceWith(page.querySelector(".side ul"));
}

addEventListener("popstate", () => {
  const here = decodeURIComponent(location.pathname); // an id ends in "=", spelled either way
  for (const bridge of bridges) {
    const base = decodeURIComponent(bridge.frame.dataset.base ?? "");
    if (base && here.startsWith(base)) bridge.point();
  }
});

// The home page tells the story as it goes on.
const story = document.getElementById("story");
if (story) {
  setInterval(async () => {
    const answer = await fetch(`/dashboard/story?since=${story.dataset.last}`);
    if (!answer.ok) return;
    for (const { nth, text } of (await answer.json()).lines) {
      const item = document.createElement("li");
      item.textContent = text;
      story.prepend(item);
      story.dataset.last = nth;
    }
  }, 1500);
}
