// Runs in a page that sells, a browser's or the window's: notes in `window.taps` how long after a tap the frame with what it
// brought was drawn, for a product's line and for a button that only adds an element. Refers to nothing outside of it.

export function watchTaps() {
  window.taps = { lines: [], bare: [] };
  let began = null;
  const drawn = (list) => {
    const since = began;
    began = null;
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => list.push(performance.now() - since);
      port2.postMessage(0);
    });
  };
  const bare = Object.assign(document.createElement("button"), { id: "bare-tap", textContent: "+" });
  bare.style.cssText = "position:fixed;inset-block-end:0;inset-inline-start:0;z-index:99";
  document.body.append(bare);
  bare.addEventListener("click", (event) => {
    began = event.timeStamp;
    bare.append(document.createElement("i"));
    drawn(window.taps.bare);
  });
  addEventListener("click", (event) => {
    if (event.target.closest("[aria-label=Products]")) began = event.timeStamp;
  }, true);
  const lines = () => document.querySelectorAll(".counter-lines > li").length;
  let shown = lines();
  new MutationObserver(() => {
    const now = lines();
    if (now > shown && began !== null) drawn(window.taps.lines);
    shown = now;
  }).observe(document.body, { childList: true, subtree: true });
}
