// Owns what all pages show alike: text as text, times, people, differences, problems.

const LANGUAGE = document.documentElement.lang;
const CLOCK = new Intl.DateTimeFormat(LANGUAGE, { weekday: "short", day: "numeric", month: "short",
  year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
const VERBS = { Approve: "signed", Reject: "rejected" };
const LARGEST_TABLE = 4_000_000; // word pairs; a larger difference is shown as one block

export const byId = (id) => document.getElementById(id);
export const anyOf = (people) =>
  new Intl.ListFormat(LANGUAGE, { type: "disjunction" }).format(people);

/** Build an element. Strings become text: nothing that a person or a model wrote is markup. */
export const el = (tag, properties, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

/** Put texts into the elements with these ids. */
export const fill = (texts) =>
  Object.entries(texts).forEach(([id, text]) => { byId(id).textContent = text; });

/** Show or hide the elements with these ids. */
export const reveal = (isShown) =>
  Object.entries(isShown).forEach(([id, shown]) => { byId(id).hidden = !shown; });

/** Of the wordings that the page holds inside an element, show the one for a value. */
export const choose = (id, value) => {
  byId(id).dataset.is = value;
  byId(id).ariaCurrent = value === "current" ? "step" : null;
  for (const wording of byId(id).querySelectorAll("[data-for]"))
    wording.hidden = !wording.dataset.for.split("|").includes(value);
};

/** Show an instant in the reader's time zone. */
export const when = (iso) => el("time", { dateTime: iso }, CLOCK.format(new Date(iso)));

/** Fill a description list from [term, value] pairs, leaving out what has no value. */
export const describe = (id, pairs) => byId(id).replaceChildren(
  ...pairs.filter(([, value]) => value).map(([term, value]) =>
    el("div", {}, el("dt", {}, term), el("dd", {}, value))));

/** Say who answered what, and when. */
export const answered = ({ responder, approverResponse, responseDate }, how = "") =>
  el("p", {}, el("strong", {}, responder),
    ` ${VERBS[approverResponse] ?? `answered ${approverResponse}`}${how}, `, when(responseDate));

/** Show how much of a limit is used. */
export const showCount = (counter, used, limit, unit) => {
  const [is, most] = [used, limit].map((count) => count.toLocaleString(LANGUAGE));
  counter.textContent = `${is} of ${most} ${unit}`;
  counter.classList.toggle("over", used > limit);
};

/** Align two word lists on their longest common subsequence: [kind, word] in reading order. */
const align = (a, b) => {
  const width = b.length + 1;
  const best = new Uint16Array(a.length * b.length > LARGEST_TABLE ? 0 : (a.length + 1) * width);
  for (let at = best.length - width - 2; at >= 0; at -= 1)
    if (at % width < b.length) best[at] = a[Math.floor(at / width)] === b[at % width]
      ? best[at + width + 1] + 1 : Math.max(best[at + width], best[at + 1]);
  const steps = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const at = i * width + j;
    if (best.length && a[i] === b[j]) steps.push(["span", a[i++], j++]);
    else if (j === b.length || (i < a.length && !(best[at + width] < best[at + 1])))
      steps.push(["del", a[i++]]);
    else steps.push(["ins", b[j++]]);
  }
  return steps;
};

/** Show word by word what was taken out of a text and what was put in. */
export const difference = (before, after) => {
  const [a, b] = [before, after].map((text) => text.match(/\S+\s*|\s+/g) ?? []);
  let [start, end] = [0, 0];
  const most = Math.min(a.length, b.length);
  while (start < most && a[start] === b[start]) start += 1;
  while (end < most - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const shown = el("div", { className: "text difference" }, a.slice(0, start).join(""));
  for (const [kind, word] of align(a.slice(start, a.length - end), b.slice(start, b.length - end)))
    if (shown.lastElementChild?.localName === kind) shown.lastElementChild.append(word);
    else shown.append(el(kind, {}, word));
  shown.append(b.slice(b.length - end).join(""));
  return shown;
};

const showProblem = (form, { field = "", message }) => {
  const place = form.querySelector(`[data-field="${CSS.escape(field)}"]`);
  (place?.querySelector(".error") ?? form.querySelector(".problem")).textContent = message;
  place?.closest("details")?.setAttribute("open", "");
  const control = place?.querySelector("input, textarea");
  control?.setAttribute("aria-invalid", "true");
  control?.focus();
};

/** Run an action for each press of a form's button, one at a time, and show what it throws. */
export const onSubmit = (form, action) => form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  for (const place of form.querySelectorAll(".error, .problem")) place.textContent = "";
  for (const control of form.querySelectorAll("[aria-invalid]")) control.ariaInvalid = null;
  await action(event.submitter.value).catch((problem) => showProblem(form, problem));
  form.ariaBusy = "false";
});
