// Owns what all pages show alike: text as text, times, people, problems.

const LANGUAGE = document.documentElement.lang;
const CLOCK = new Intl.DateTimeFormat(LANGUAGE, { weekday: "short", day: "numeric", month: "short",
  year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });

export const byId = (id) => document.getElementById(id);
const listed = (type) => (people) => new Intl.ListFormat(LANGUAGE, { type }).format(people);
export const anyOf = listed("disjunction");
export const allOf = listed("conjunction");

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

/** Write a number, with a unit of Intl's if there is one. */
export const count = (number, unit) => new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: 1,
  ...unit && { style: "unit", unit, unitDisplay: "long" } }).format(number);
export const sizeOf = (bytes) => (bytes < 1_000_000 ? `${count(Math.ceil(bytes / 1000))} kB`
  : `${count(bytes / 1_000_000)} MB`);

/** Show how much of a limit is used. */
export const showCount = (counter, used, limit, unit) => {
  counter.textContent = `${count(used)} of ${count(limit)} ${unit}`;
  counter.classList.toggle("over", used > limit);
};

const showProblem = (form, { field = "", message }) => {
  const place = form.querySelector(`[data-field="${CSS.escape(field)}"]`);
  (place?.querySelector(".error") ?? form.querySelector(".problem")).textContent = message;
  place?.closest("details")?.setAttribute("open", "");
  const control = place?.querySelector("input, textarea, select");
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
  await action(event.submitter?.value).catch((problem) => showProblem(form, problem));
  form.ariaBusy = "false";
});

/** Hand a file to the browser, which keeps it where the reader keeps files. */
export const save = (blob, download) => {
  const href = URL.createObjectURL(blob);
  el("a", { href, download }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
};
