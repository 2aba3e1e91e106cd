// Owns which of the page's wordings is true of an approval that can't be answered now.

const BY_TIME = ["Expired", "Canceled", "Failed"];
const same = (name, other) => name.toLowerCase() === other.toLowerCase();

/** Say whether an outcome is in favour of posting; answers of several people may make it up. */
const isSigned = ({ outcome, posts, responses }) => posts.includes(outcome) ||
  (responses.length > 1 && outcome === responses.map((each) => each.approverResponse).join(", ")
    && responses.every((each) => posts.includes(each.approverResponse)));

/** Name the wording. */
export const endingOf = (approval) => {
  const { state, outcome, decision, assignedTo, responses, you, posts } = approval;
  const own = responses.findLast(({ responder }) => same(responder.email, you))?.approverResponse;
  if (state === "answered") return "answered";
  if (state === "waiting") return assignedTo.some((name) => same(name, you)) ? "waiting" : "gone";
  if (BY_TIME.includes(outcome)) return outcome;
  if (!decision) return "late";
  if (outcome === "Request changes") return own === outcome ? "changes-mine" : "changes-theirs";
  const isMine = own !== undefined && own !== "Request changes";
  if (isSigned(approval)) return isMine && posts.includes(own) ? "signed-mine" : "signed-theirs";
  if (!isMine || posts.includes(own)) return "down-theirs";
  return own === "Reject" ? "rejected-mine" : "down-mine";
};
