// A widget opened by POST hears no theme and must say its own height; both, and nothing else.
try {
  const theme = localStorage.getItem("perennial.theme"); // bridge.js keeps it, where storage is allowed
  if (theme) document.documentElement.dataset.theme = theme;
} catch { /* storage is barred in this frame: the system's theme will do */ }

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
