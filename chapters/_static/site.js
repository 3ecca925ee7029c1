// Wide equations scroll inside themselves; those that do can be reached by keyboard.
// (The theme does the same for code, output and tables.)
function reachable() {
  for (const box of document.querySelectorAll("div.math")) {
    if (box.scrollWidth > box.clientWidth + 1) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", "equation");
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
  }
}

addEventListener("load", () => {
  const observer = new ResizeObserver(reachable);
  for (const box of document.querySelectorAll("div.math")) observer.observe(box);
  window.MathJax?.startup?.promise?.then(reachable);
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
