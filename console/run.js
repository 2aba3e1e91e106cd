// The run page: follows one run until it is closed, and steers it.

import { nameOf } from "./answers.js";
import { call, me } from "./api.js";
import { allOf, anyOf, byId, choose, describe, el, fill, onSubmit, reveal, save,
  when } from "./dom.js";
import { draftsOf } from "./drafts.js";
import { showAwaited, showRounds } from "./rounds.js";
import { costOf, shown, tokensOf } from "./values.js";
import { showMe } from "./who.js";

const path = `/api${location.pathname}`;
const TOLD = ["Reject", "Expired", "Canceled", "Failed"];
let run, latest = "", changedAt = Date.now(), isOver = false, timer = 0;

/** Name those whose answers made the outcome. */
const deciders = ({ round, outcome, signedDigest, responses }) => allOf(responses
  .filter((each) => each.round === round?.number && (signedDigest || outcome === "Reject"
    ? (each.approverResponse === "Reject") === !signedDigest : !TOLD.includes(outcome)))
  .map(({ responder }) => nameOf(responder)));

const showSteps = ({ round, outcome, state, delivery, waitsFor }) => {
  const isDrafting = state === "drafting" && !outcome;
  choose("draft-step", isDrafting ? "current" : round ? "done" : outcome);
  const ending = TOLD.includes(outcome) ? outcome : "other";
  const signing = outcome ? ending : round && !isDrafting ? "current" : "next";
  choose("sign-step", run.signedDigest ? "signed" : signing);
  const posting = isOver ? "none" : state === "posting" ? "current" : "next";
  choose("post-step", delivery?.state ?? posting);
  const signer = isDrafting ? "" : outcome ? deciders(run) : waitsFor;
  fill({ signer, target: delivery?.target ?? "" });
};

const showDelivery = ({ delivery, maySteer }) => {
  choose("delivery", delivery?.state);
  if (delivery) byId("delivered").replaceChildren(delivery.detail, " ", when(delivery.at),
    delivery.resolvedBy ? `, as ${delivery.resolvedBy} says` : "");
  reveal({ delivery, resolve: delivery?.state === "unknown" && maySteer });
};

const showWaiting = ({ round, maySteer }) => {
  const { expiresAt, nextReminderAt, escalatedAt, stage, stages, waitingFor } = round;
  showAwaited(round);
  describe("times", [["Stage", stages > 1 && `${stage} of ${stages}`],
    ["Next reminder", nextReminderAt && when(nextReminderAt)],
    ["Escalated", escalatedAt && when(escalatedAt)], ["Deadline", when(expiresAt)]]);
  const places = waitingFor.filter((each) => !each.onBehalfOf).map(({ person }) => person);
  if (!byId("reassign").open) // a choice in the making stays
    byId("from").replaceChildren(...places.map((value) => el("option", { value }, value)));
  reveal({ remind: maySteer });
};

const show = () => {
  const { round, state, outcome, acceptedText, closedAt, purgedAt } = run;
  const isOpen = state === "waiting" && round.state === "open";
  const waiting = round ? round.waitingFor.map(({ person }) => person) : [];
  const waitsFor = (round?.stillNeeded < waiting.length ? anyOf : allOf)(waiting);
  document.title = `${run.title} · Signpost`;
  fill({ title: run.title, detail: run.detail, text: acceptedText ?? round?.text ?? "" });
  showSteps({ ...run, waitsFor });
  showDelivery(run);
  if (isOpen) showWaiting(run);
  showRounds(run);
  const isChoice = acceptedText === null && round?.variants.length > 1;
  choose("written", acceptedText !== null ? "signed" : isChoice ? "choice" : "draft");
  byId("variants").replaceChildren(...draftsOf(isChoice ? round.variants : []));
  choose("finish", round?.finishReason);
  describe("asked", [...shown(run.inputs), ["Asked by", run.requestor],
    ["Started", when(run.createdAt)], ["Closed", closedAt && when(closedAt)],
    ["Texts deleted", purgedAt && when(purgedAt)]]);
  describe("record", [["Run", run.id], ["Flow", run.flow], ["Outcome", outcome],
    ["Draft", round?.digest], ["Signed text", run.signedDigest], ["Tokens", tokensOf(run)],
    ["Cost", costOf(run.cost)]]);
  reveal({ run: true, text: !isChoice, waiting: isOpen, written: round && !purgedAt,
    purged: purgedAt, steps: !purgedAt, sealed: isOver, another: isOver,
    cancel: run.maySteer && (isOpen || state === "drafting") });
};

const follow = async () => {
  try {
    run = await call(path);
    fill({ lost: "" });
    isOver = run.state === "closed";
    if (JSON.stringify(run) !== latest) {
      [latest, changedAt] = [JSON.stringify(run), Date.now()];
      show();
    }
  } catch (problem) {
    isOver = problem.status === 401 || problem.status === 404;
    const as = me() ? ` You chose to be ${me()} here.` : "";
    fill(isOver ? { detail: problem.message + as } : { lost: `${problem.message} Trying again.` });
  }
  const quiet = Date.now() - changedAt;
  clearTimeout(timer);
  if (!isOver && !document.hidden)
    timer = setTimeout(follow, quiet < 120_000 ? 1000 : quiet < 900_000 ? 5000 : 20_000);
};

/** Write an instant as a field of local time holds it. */
const local = (iso) => {
  const at = new Date(iso);
  return new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

const until = () => {
  const { value } = byId("until");
  if (!value) throw Object.assign(new Error("Choose a day and a time."), { field: "expiresAt" });
  return new Date(value).toISOString();
};
const BODIES = {
  cancel: () => ({ reason: byId("reason").value || undefined }),
  reassign: () => ({ from: byId("from").value, to: byId("to").value.trim() }),
  extend: () => ({ expiresAt: until() }),
  resolve: ({ delivery }) => ({ delivery }),
};

for (const opener of document.querySelectorAll("[data-opens]"))
  opener.addEventListener("click", () => {
    byId("until").value = run.round ? local(run.round.expiresAt) : "";
    byId(opener.dataset.opens).showModal();
  });
for (const form of document.querySelectorAll("[data-does]"))
  onSubmit(form, async (choice) => {
    const { does } = form.dataset;
    if (choice === "do")
      await call(`${path}/${does}`, { method: "POST", body: BODIES[does](form.dataset) });
    form.closest("dialog").close();
    await follow();
  });
onSubmit(byId("remind"), async () => {
  fill({ reminded: "" });
  await call(`${path}/remind`, { method: "POST", body: {} });
  fill({ reminded: "They are told again now." });
  await follow();
});
onSubmit(byId("receipt"), async () => {
  save(await call(`${path}/receipt`, { isFile: true }), `receipt-${run.id}.json`);
});
document.addEventListener("visibilitychange", () => document.hidden || isOver || follow());
await follow();
await showMe();
