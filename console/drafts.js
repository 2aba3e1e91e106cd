// Owns several drafts beside each other: their letters, what to look at, which one is chosen.

import { el } from "./dom.js";

/** Name a draft among several. */
export const letter = (index) => `Draft ${"ABCD"[index]}`;

/** Tell what to look at in a draft, if there is anything. */
export const lookAt = (findings = []) => (findings.length === 0 ? [] : [
  el("div", { className: "findings" }, el("h3", {}, "What to look at"),
    el("ul", {}, ...findings.map((each) => el("li", {}, each))))]);

const draft = (variant, heading, id = "") => el("div", { className: "draft" }, heading,
  el("div", { className: "text", id }, variant.text ?? variant), ...lookAt(variant.findings));

/** Show drafts side by side, given with what to look at or as texts; one alone needs no letter. */
export const draftsOf = (variants) => variants.map((each, index) =>
  draft(each, variants.length > 1 ? el("h3", {}, letter(index)) : ""));

/** Offer drafts to choose from, of which one is chosen already. */
export const choicesOf = (variants, chosen, change) => variants.map((variant, index) => {
  const id = `variant-${index}`;
  const radio = el("input", { type: "radio", name: "variant", id, checked: variant === chosen,
    onchange: () => change(variant) });
  radio.setAttribute("aria-describedby", `${id}-text`);
  return draft(variant, el("p", { className: "pick" }, radio,
    el("label", { htmlFor: id }, letter(index))), `${id}-text`);
});
