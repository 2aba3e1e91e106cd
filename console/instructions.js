// The page "Test it out": change instructions and see what the model makes of them.

import { call } from "./api.js";
import { allOf, byId, choose, count, describe, el, fill, onSubmit, reveal, save } from "./dom.js";
import { draftsOf } from "./drafts.js";
import { fieldFor, valuesIn } from "./inputs.js";
import { costOf, tokensOf } from "./values.js";
import { showMe } from "./who.js";

const TYPES = { integer: "Number", float: "Number", boolean: "Yes/No" };
const name = new URLSearchParams(location.search).get("name"), source = byId("source");
let chosen;

const usedBy = ({ flows }) => (flows.length ? `Used by ${allOf(flows)}` : "");
const entry = (item) => el("li", {},
  el("a", { href: `?name=${encodeURIComponent(item.name)}` }, item.title),
  el("p", {}, item.description), el("p", { className: "hint" }, usedBy(item)));

const showFields = (inputs, typed = {}) => byId("inputs").replaceChildren(...inputs.map(
  ({ kind, example, ...input }, index) => fieldFor({ ...input,
    type: TYPES[kind] ?? (input.options?.length ? "Drop-down list" : "Text"),
    preset: typed[input.name] ?? example ?? input.default }, index)));

/** Read off the inputs of the edited text, to make their fields; the server has the last word. */
const INPUT = /^ *- +name: *(["']?)(.+?)\1 *\n(?: +[^- ].*\n)*? +kind: *(\w+)/gm;
const declared = () => [...source.value.matchAll(INPUT)].map(([, , is, kind]) =>
  chosen.inputs.find((each) => each.name === is && each.kind === kind) ?? { name: is, kind });

const later = (wait) => {
  const [size, unit] = wait < 100 ? [1, "second"] : wait < 6000 ? [60, "minute"] : [3600, "hour"];
  return wait ? ` Try again in ${count(Math.ceil(wait / size), unit)}.` : "";
};

/** Say when to try again, and put the cursor on the line that a problem names. */
const explain = (problem) => {
  const line = problem.field === "source" && /\bline ([1-9]\d*)/.exec(problem.message)?.[1];
  if (line) {
    const [before] = RegExp(`^(?:.*\n){0,${line - 1}}`).exec(source.value);
    source.setSelectionRange(before.length, before.length);
    source.focus(); // which scrolls to a cursor, and not to a selection
    source.setSelectionRange(before.length, `${source.value}\n`.indexOf("\n", before.length));
  }
  problem.message += later(problem.retryAfter);
  throw problem;
};

const showTrial = (trial) => {
  const { failure, variants, model, systemFingerprint, removed, prompt } = trial;
  choose("result", failure ? "failure" : "drafts");
  choose("finish", trial.finishReason);
  fill({ failure: (failure?.reason ?? "") + later(failure?.retryAfter), removed: allOf(removed) });
  byId("variants").replaceChildren(...draftsOf(variants));
  describe("facts", [["Tokens", tokensOf(trial)], ["Cost", costOf(trial.estimatedCost)],
    ["Time", count(trial.milliseconds / 1000, "second")],
    ["Model", [model, systemFingerprint].filter(Boolean).join(", ")]]);
  byId("prompt").replaceChildren(...prompt.flatMap(({ role, content }) =>
    [el("h3", {}, role), el("div", { className: "text" }, content)]));
  reveal({ result: true, "taken-out": removed.length });
  byId("result").focus();
};

onSubmit(byId("form"), async () => {
  const body = { name, source: source.value === chosen.source ? null : source.value,
    inputs: await valuesIn(byId("inputs")) ?? {}, n: Number(byId("n").value),
    parameters: await valuesIn(byId("parameters")) };
  showTrial(await call("/api/instructions/test", { method: "POST", body, again: " Try again." })
    .catch(explain));
});
source.addEventListener("input", async () => {
  const inputs = declared();
  if (inputs.length) showFields(inputs, await valuesIn(byId("inputs")).catch(() => ({})));
});
byId("save").addEventListener("click", () =>
  save(new Blob([source.value], { type: "text/plain" }), `${name}.prompty`));
addEventListener("beforeunload", (event) =>
  chosen && source.value !== chosen.source && event.preventDefault());

try {
  if (name === null) {
    byId("list").append(...(await call("/api/instructions")).instructions.map(entry));
  } else {
    chosen = await call(`/api/instructions/${encodeURIComponent(name)}`);
    const { title, description } = chosen;
    fill({ title, description, used: usedBy(chosen), file: `instructions/${name}.prompty` });
    source.value = chosen.source;
    chosen.source = source.value; // its line ends are the browser's now
    for (const field of byId("parameters").querySelectorAll("input"))
      field.placeholder = chosen.parameters[field.name] ?? "";
    showFields(chosen.inputs);
  }
  reveal({ editor: chosen, back: chosen });
  fill({ status: "" });
} catch ({ message }) {
  fill({ status: message });
}
await showMe();
