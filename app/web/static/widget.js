// A widget opened by POST hears of no theme and no language, and must say its own height. The first two
// bridge.js keeps, where storage is allowed; in another language than the browser's it is asked for anew.
const page = document.documentElement;
try {
  const theme = localStorage.getItem("perennial.theme");
  if (theme) page.dataset.theme = theme;
  const locale = localStorage.getItem("perennial.locale");
  const again = document.getElementById("again");
  if (again && locale && locale !== page.lang && !location.search) {
    again.action = `?locale=${encodeURIComponent(locale)}`;
    again.submit();
  }
} catch { /* storage is barred in this frame: what the system and the browser say will do */ }

let told = 0;
function tell() {
  const height = Math.ceil(document.body.getBoundingClientRect().height);
  if (height > 0 && height !== told) {
    told = height;
    parent.postMessage({ type: "widgetResize", payload: { height, actionId: `height-${height}` } }, "*");
  }
}
new ResizeObserver(tell).observe(document.body);
tell();
