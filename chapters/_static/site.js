// Wide equations scroll inside themselves; those that do can be reached by keyboard.
// (The theme does the same for code, output and tables.) Only those that have been laid
// out are looked at: what lies further down the page waits until it is scrolled to.
function reachable(entries) {
  for (const { target: box } of entries) {
    if (box.scrollWidth > box.clientWidth + 1) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", "equation");
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
  }
}

addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  const observer = new ResizeObserver(reachable);
  for (const box of document.querySelectorAll("div.math")) observer.observe(box);
});

// On paper all is light and nothing scrolls: a wide equation shrinks to the width of the
// text of an A4 page.
const paper = 640;
let theme;

addEventListener("beforeprint", () => {
  theme ??= document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
  for (const equation of document.querySelectorAll("div.math > mjx-container")) {
    equation.style.zoom = Math.min(1, paper / equation.scrollWidth);
  }
});

addEventListener("afterprint", () => {
  if (theme) document.documentElement.dataset.theme = theme;
  theme = undefined;
  for (const equation of document.querySelectorAll("div.math > mjx-container")) {
    equation.style.zoom = "";
  }
});
