// Owns talking to Signpost's HTTP API: JSON in and out, problem answers, the access key.

const KEY = "signpost-access-key";
const ME = "signpost-me";
const NO_KEY = { detail: "An access key is needed. Reload the page to enter it." };
const SENT = " What you sent may have arrived or not. Press again: it counts only once.";

/** What went wrong, as a sentence. `status` is 0 when no answer came back, `retryAfter` seconds. */
export class Problem extends Error {
  constructor(status, { title, detail, ...more } = {}) {
    super(detail ?? title ?? `Signpost answered ${status} without saying why.`);
    Object.assign(this, more, { status });
  }
}

/** Who this tab says it is, which counts on one machine alone; "" is nobody in particular. */
export const me = () => sessionStorage.getItem(ME) ?? "";

/** Be somebody else from now on. */
export const become = (person) => {
  sessionStorage.setItem(ME, person);
  location.reload();
};

const send = (path, { method, body, headers, again = SENT }) => {
  const key = sessionStorage.getItem(KEY);
  const all = { ...headers, ...(body && { "Content-Type": "application/json" }),
    ...(key && { "x-functions-key": key }), ...(me() && { "X-Signpost-Me": me() }) };
  return fetch(path, { method, headers: all, body: body && JSON.stringify(body) })
    .catch(() => { throw new Problem(0, { detail: `No answer came.${body ? again : ""}` }); });
};

/** Ask for the access key in the page's dialog; resolves to whether there is one to try. */
const askKey = (dialog) => new Promise((resolve) => {
  const input = dialog.querySelector("input");
  dialog.querySelector(".error").hidden = sessionStorage.getItem(KEY) === null;
  dialog.returnValue = input.value = "";
  dialog.addEventListener("close", () => {
    const isGiven = dialog.returnValue === "use" && input.value.trim() !== "";
    if (isGiven) sessionStorage.setItem(KEY, input.value.trim());
    resolve(isGiven);
  }, { once: true });
  dialog.showModal();
});

/** Call the API. Throws Problem for every answer that isn't a success, and for none.
 *  `isQuiet` asks nobody for a key; `isFile` gives the bytes; `again` is said when none came. */
export const call = async (path, options = {}) => {
  const dialog = options.isQuiet ? null : document.getElementById("access"); // not on each page
  for (;;) {
    const reply = await send(path, options);
    if (reply.ok && options.isFile) return reply.blob();
    const content = await reply.json().catch(() => undefined);
    if (reply.ok) return content;
    // The host asks for its key without a word; Signpost itself says what it wants.
    const wantsKey = reply.status === 401 && content === undefined;
    if (!wantsKey || !dialog || !await askKey(dialog))
      throw new Problem(reply.status, { ...wantsKey ? NO_KEY : content,
        retryAfter: Number(reply.headers.get("Retry-After")) });
  }
};
