// The sign page: shows exactly what would be posted. A button sends the answer; loading never does.

import { answerItem } from "./answers.js";
import { become, call, me } from "./api.js";
import { renderCard } from "./card.js";
import { difference } from "./difference.js";
import { allOf, anyOf, byId, choose, describe, el, fill, onSubmit, reveal, showCount,
  when } from "./dom.js";
import { endingOf } from "./ending.js";
import { showMe } from "./who.js";

const path = `/api${location.pathname}`;
const FIRST = "Approve/Reject - First to respond";
const LOOKS = { true: "primary", Reject: "danger" };
let approval;

const bytes = (value) => new TextEncoder().encode(JSON.stringify(value)).length;
const ask = (options, more = "") =>
  call(path + more, { ...options, headers: { "X-Approval-Token": location.hash.slice(1) } });
const isEdited = () => !byId("editor").hidden && byId("edited").value !== approval.text;

const showEnding = () => {
  const awaited = allOf(approval.waitingFor.map(({ person }) => person));
  choose("result", endingOf(approval));
  fill({ others: awaited, turn: awaited });
  byId("follow").href = `/runs/${encodeURIComponent(approval.run)}`;
};

const wording = (option) => {
  if (isEdited() && approval.posts.includes(option)) return `${option} with my changes`;
  return option === "Approve" && approval.type === FIRST ? "Approve and post" : option;
};

const showEdit = () => {
  const text = byId("edited").value;
  const used = bytes(approval.card) - bytes(approval.text) + bytes(text);
  showCount(byId("bytes"), used, approval.maxBytes, "bytes with its card");
  byId("difference").replaceChildren(isEdited() ? difference(approval.text, text) : "None yet.");
  const asked = approval.type === FIRST ? "one" : "several";
  choose("card-note", isEdited() ? "edited" : asked);
  for (const button of byId("options").children) button.textContent = wording(button.value);
};

const showForm = () => {
  const { options, posts, requireComment, onBehalfOf, type } = approval;
  const by = `${type.endsWith("all responses") ? "if all answer" : "with"} ${anyOf(posts)}`;
  byId("options").replaceChildren(...options.map((option) => el("button",
    { value: option, className: LOOKS[posts.includes(option)] ?? LOOKS[option] ?? "" })));
  if (requireComment.length) fill({ optional: `needed for ${anyOf(requireComment)}` });
  fill({ meaning: posts.includes("Approve") ? "" : `The text is posted only ${by}.`,
    "for-whom": onBehalfOf ? `You answer in the place of ${onBehalfOf}.` : "" });
  showEdit();
};

const showBefore = ({ previous, feedback, text }) => {
  reveal({ "before-this": previous });
  if (!previous) return;
  byId("feedback").replaceChildren(...feedback.map(answerItem(previous.text)));
  byId("change").replaceChildren(difference(previous.text, text));
};

const showItem = ({ itemLink, itemLinkDescription }) => {
  const isSafe = itemLink?.startsWith("https://") && URL.canParse(itemLink);
  reveal({ item: isSafe });
  if (!isSafe) return;
  byId("item-link").href = itemLink;
  fill({ "item-link": itemLinkDescription || itemLink, "item-host": new URL(itemLink).host });
};

const show = () => {
  const { title, details, state, waitingFor, responses, text, decision, stage, stages,
    stillNeeded: needed } = approval;
  const isOpen = state === "open";
  const isShared = responses.length > 0 || stages > 1;
  document.title = `${title} · Signpost`;
  fill({ title, details, text: decision?.acceptedText ?? text,
    digest: decision?.digest ?? approval.digest });
  describe("request", [["You", approval.you], ["Asked by", approval.requestor],
    ...Object.entries(approval.inputs), ["How it is signed", approval.type],
    ["Stage", stages > 1 && `${stage} of ${stages}`], ["Needed", needed > 1 && `${needed} answers`],
    ["Asked to sign", allOf([...new Set(approval.assignedTo)])],
    ["Waiting for", isShared && waitingFor.length && allOf(waitingFor.map(({ person }) => person))],
    ["Draft", approval.round > 1 && `Number ${approval.round}`],
    ["Deadline", when(approval.expiresAt)]]);
  showItem(approval);
  choose("finish", approval.finishReason);
  byId("card").replaceChildren(renderCard(approval.card));
  byId("answers").replaceChildren(...responses.map(answerItem(text)));
  showBefore(approval);
  if (isOpen) showForm();
  else showEnding();
  reveal({ approval: true, edit: approval.allowEdits, said: responses.length, result: !isOpen,
    form: isOpen, preview: isOpen, "hand-on": isOpen && approval.allowReassign });
};

/** Look again at what became of it, and say so where the reader is. */
const tell = async (late) => {
  approval = await ask();
  fill({ late });
  show();
  byId("result").focus();
};

const sendAndTell = async (body, more, told) => {
  try {
    await ask({ method: "POST", body }, more);
  } catch (problem) {
    if (problem.status !== 409 && problem.status !== 410) throw problem;
    return tell(problem.message);
  }
  return tell(told);
};

onSubmit(byId("form"), (response) => {
  const isChanged = approval.posts.includes(response) && isEdited();
  const acceptedText = isChanged ? byId("edited").value : null;
  const comments = byId("comments").value;
  return sendAndTell({ response, comments, acceptedText, digest: approval.digest }, "", "");
});
onSubmit(byId("hand-on"), () => {
  const to = byId("to").value.trim();
  return sendAndTell({ to }, "/reassign", `You handed it on to ${to}.`);
});
byId("edit").addEventListener("click", () => {
  const isOpen = byId("editor").hidden;
  reveal({ editor: isOpen });
  byId("edit").ariaExpanded = String(isOpen);
  choose("edit", isOpen ? "open" : "closed");
  byId("edited").value = approval.text;
  showEdit();
  if (isOpen) byId("edited").focus();
});
byId("edited").addEventListener("input", showEdit);
byId("switch-back").addEventListener("click", () => become(""));
addEventListener("hashchange", () => location.reload());

const helpFor = ({ status, type }) => {
  if (type?.endsWith(":SignInNeeded")) return "sign-in";
  if (me() && (status === 403 || status === 404)) return "switched";
  return { 401: "link", 403: "theirs" }[status] ?? "other";
};

try {
  approval = await ask();
  show();
} catch (problem) {
  fill({ title: "This can't be shown", details: problem.message, "switched-to": me() });
  choose("help", helpFor(problem));
}
await showMe();
