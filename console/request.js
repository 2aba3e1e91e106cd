// Owns what the sign page says of a request before its draft: who asks for what, and what changed.

import { answerItem } from "./answers.js";
import { difference } from "./difference.js";
import { allOf, byId, describe, fill, reveal, when } from "./dom.js";
import { shown } from "./values.js";

/** Show what was said of the draft before, and what a draft of this round made of it. */
export const showBefore = ({ previous, feedback }, text) => {
  reveal({ "before-this": previous });
  if (!previous) return;
  byId("feedback").replaceChildren(...feedback.map(answerItem(previous.text)));
  byId("change").replaceChildren(difference(previous.text, text));
};

/** Show who asks for what, from whom, until when, and what was answered so far. */
export const showRequest = (approval) => {
  const { text, variants, waitingFor, responses, stage, stages, stillNeeded: needed, itemLink,
    itemLinkDescription } = approval;
  const isShared = responses.length > 0 || stages > 1;
  describe("request", [["You", approval.you], ["Asked by", approval.requestor],
    ...shown(approval.inputs), ["How it is signed", approval.type],
    ["Stage", stages > 1 && `${stage} of ${stages}`], ["Needed", needed > 1 && `${needed} answers`],
    ["Asked to sign", allOf([...new Set(approval.assignedTo)])],
    ["Waiting for", isShared && waitingFor.length && allOf(waitingFor.map(({ person }) => person))],
    ["Draft", approval.round > 1 && `Number ${approval.round}`],
    ["Deadline", when(approval.expiresAt)]]);
  const isSafe = itemLink?.startsWith("https://") && URL.canParse(itemLink);
  if (isSafe) {
    byId("item-link").href = itemLink;
    fill({ "item-link": itemLinkDescription || itemLink, "item-host": new URL(itemLink).host });
  }
  byId("answers").replaceChildren(...responses.map(answerItem(text, variants)));
  reveal({ item: isSafe, said: responses.length });
};
