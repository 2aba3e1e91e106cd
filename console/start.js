// The start page: a form made from a flow's inputs, sent so that retries make one run.

import { call } from "./api.js";
import { allOf, anyOf, byId, choose, el, fill, onSubmit, reveal } from "./dom.js";
import { fieldFor, valuesIn } from "./inputs.js";
import { showMe } from "./who.js";

let flows = [], attempt = {};

const chosen = () => flows.find(({ name }) => name === byId("flow").value);
const signers = ({ approvalType, assignedTo }) =>
  `By ${(/Everyone|all responses|Sequential/.test(approvalType) ? allOf : anyOf)(assignedTo)}`
    .replace(/\{\{ *(.+?) *\}\}/g, "the person in “$1”");

const showFlow = () => {
  const { title, description, location: place, inputs } = chosen();
  fill({ title, description, signers: signers(chosen()) });
  choose("place", place);
  byId("inputs").replaceChildren(...inputs.map(fieldFor));
};

onSubmit(byId("form"), async () => {
  const body = { inputs: await valuesIn(byId("inputs")) ?? {},
    parameters: await valuesIn(byId("parameters")),
    requestor: byId("requestor")?.value || undefined };
  const path = `/api/flows/${encodeURIComponent(chosen().name)}/runs`;
  const same = path + JSON.stringify(body);
  // One key per content: sent again, after a double click or a lost answer, it is the same run.
  if (attempt.content !== same) attempt = { content: same, key: crypto.randomUUID() };
  const headers = { "Idempotency-Key": attempt.key };
  const { id } = await call(path, { method: "POST", body, headers });
  location.assign(`/runs/${encodeURIComponent(id)}`);
});
addEventListener("pageshow", ({ persisted }) => { if (persisted) attempt = {}; });
byId("flow").addEventListener("change", showFlow);

try {
  ({ flows } = await call("/api/flows"));
  byId("flow").append(...flows.map(({ name, title }) => el("option", { value: name }, title)));
  reveal({ "flow-field": flows.length > 1, ready: flows.length });
  fill({ status: flows.length ? "" : "There is no flow yet. Add a YAML file to flows/." });
  if (flows.length) showFlow();
} catch (problem) {
  fill({ status: `The flows can't be loaded. ${problem.message}` });
}

// Who is known need not say so; a claim to be somebody else would be refused.
if ((await showMe())?.you) byId("requestor-field").remove();
