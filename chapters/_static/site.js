// Wide equations scroll inside themselves; those that do can be reached by keyboard.
// (The theme does the same for code, output and tables.)
const scrolling = "div.math, div.cell_output .output";

function reachable() {
  for (const box of document.querySelectorAll(scrolling)) {
    const scrolls = box.scrollWidth > box.clientWidth + 1;
    if (scrolls) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", box.matches(".math") ? "equation" : "output");
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
  }
}

function start() {
  const observer = new ResizeObserver(reachable);
  for (const box of document.querySelectorAll(scrolling)) {
    observer.observe(box);
    if (box.firstElementChild) observer.observe(box.firstElementChild);
  }
  window.MathJax?.startup?.promise?.then(reachable);
}

addEventListener("load", start);
