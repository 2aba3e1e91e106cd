// Owns talking to Signpost's HTTP API: JSON in and out, problem answers, the access key.

const KEY = "signpost-access-key";
const NO_KEY = { detail: "An access key is needed. Reload the page to enter it." };
const SENT = " What you sent may have arrived or not. Press again: it counts only once.";

/** What went wrong, as a sentence. `status` is 0 when no answer came back. */
export class Problem extends Error {
  constructor(status, { title, detail, ...more } = {}) {
    super(detail ?? title ?? `Signpost answered ${status} without saying why.`);
    Object.assign(this, more, { status });
  }
}

const send = (path, { method, body, headers }) => {
  const key = sessionStorage.getItem(KEY);
  const all = { ...headers, ...(body && { "Content-Type": "application/json" }),
    ...(key && { "x-functions-key": key }) };
  return fetch(path, { method, headers: all, body: body && JSON.stringify(body) })
    .catch(() => { throw new Problem(0, { detail: `No answer came.${body ? SENT : ""}` }); });
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

/** Call the API. Throws Problem for every answer that isn't a success, and for none. */
export const call = async (path, options = {}) => {
  const dialog = document.getElementById("access"); // only pages whose routes take a key have it
  let reply = await send(path, options);
  while (dialog && reply.status === 401 && await askKey(dialog)) reply = await send(path, options);
  const content = await reply.json().catch(() => (reply.status === 401 ? NO_KEY : undefined));
  if (!reply.ok) throw new Problem(reply.status, content);
  return content;
};
