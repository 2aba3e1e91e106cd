// The sign page: shows exactly what would be posted. A button sends the answer; loading never does.

import { become, call, me } from "./api.js";
import { renderCard } from "./card.js";
import { difference } from "./difference.js";
import { allOf, anyOf, byId, choose, el, fill, onSubmit, reveal, showCount } from "./dom.js";
import { choicesOf, draftsOf, letter, lookAt } from "./drafts.js";
import { endingOf } from "./ending.js";
import { showBefore, showRequest } from "./request.js";
import { showMe } from "./who.js";

const path = `/api${location.pathname}`;
const FIRST = "Approve/Reject - First to respond";
const LOOKS = { true: "primary", Reject: "danger" };
let approval, chosen;

const bytes = (value) => new TextEncoder().encode(JSON.stringify(value)).length;
const ask = (options, more = "") =>
  call(path + more, { ...options, headers: { "X-Approval-Token": location.hash.slice(1) } });
const isEdited = () => !byId("editor").hidden && byId("edited").value !== chosen.text;

const showEnding = () => {
  const awaited = allOf(approval.waitingFor.map(({ person }) => person));
  choose("result", endingOf(approval));
  fill({ others: awaited, turn: awaited });
  byId("follow").href = `/runs/${encodeURIComponent(approval.run)}`;
};

const wording = (option) => {
  const which = approval.variants.length > 1 ? ` ${letter(approval.variants.indexOf(chosen))}` : "";
  if (isEdited() && approval.posts.includes(option)) return `${option} with my changes`;
  return option === "Approve" && approval.type === FIRST ? `Approve${which} and post` : option;
};

const showEdit = () => {
  const text = chosen.edited = byId("edited").value; // kept while another draft is looked at
  const used = bytes(chosen.card) - bytes(chosen.text) + bytes(text);
  showCount(byId("bytes"), used, approval.maxBytes, "bytes with its card");
  byId("difference").replaceChildren(isEdited() ? difference(chosen.text, text) : "None yet.");
  choose("card-note", isEdited() ? "edited" : approval.type === FIRST ? "one" : "several");
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
};

/** Show a draft as the one that an answer is about. */
const showChosen = (variant) => {
  chosen = variant;
  const { decision, variants } = approval;
  fill({ text: decision?.acceptedText ?? chosen.text, digest: decision?.digest ?? chosen.digest,
    which: variants.length > 1 ? `About ${letter(variants.indexOf(chosen))}.` : "" });
  byId("card").replaceChildren(renderCard(chosen.card));
  showBefore(approval, chosen.text);
  byId("edited").value = chosen.edited ?? chosen.text;
  showEdit();
};

const show = () => {
  const { title, details, state, variants, decision } = approval;
  const isOpen = state === "open", isAlone = variants.length === 1 || decision;
  document.title = `${title} · Signpost`;
  fill({ title, details, removed: allOf(approval.removed) });
  showRequest(approval);
  if (isOpen) showForm();
  else showEnding();
  choose("draft", isAlone ? "one" : isOpen ? "choice" : "several");
  choose("finish", approval.finishReason);
  showChosen(variants.find(({ digest }) => digest === decision?.digest) ?? variants[0]);
  byId("choices").replaceChildren(...isAlone ? [] : isOpen ? choicesOf(variants, chosen, showChosen)
    : draftsOf(variants));
  byId("choices").role = isOpen ? "radiogroup" : "group";
  byId("findings").replaceChildren(...isAlone && isOpen ? lookAt(chosen.findings) : []);
  reveal({ approval: true, edit: approval.allowEdits, result: !isOpen, text: isAlone,
    "taken-out": approval.removed.length, form: isOpen, preview: isOpen,
    "hand-on": isOpen && approval.allowReassign });
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
  return sendAndTell({ response, comments, acceptedText, digest: chosen.digest }, "", "");
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
  byId("edited").value = chosen.text;
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
