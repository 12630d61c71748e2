// Passkeys: the browser is asked for one at sign-in, or to make one; its answer goes with the form.
const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

// What the server asks, as the browser takes it: what is bytes came as text.
export function question(asked) {
  const options = { ...asked.publicKey, challenge: bytes(asked.publicKey.challenge) };
  if (options.user) options.user = { ...options.user, id: bytes(options.user.id) };
  for (const list of ["allowCredentials", "excludeCredentials"]) {
    if (options[list]) options[list] = options[list].map((each) => ({ ...each, id: bytes(each.id) }));
  }
  return { publicKey: options };
}

// What the browser answered, as the server reads it.
export function answer(credential) {
  const response = {};
  for (const name of [
    "clientDataJSON",
    "attestationObject",
    "authenticatorData",
    "signature",
    "userHandle",
  ]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: {},
  });
}

async function ask(form, credentials) {
  const headers = { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value, "X-Requested-With": "fetch" };
  const asked = await fetch(form.dataset.passkeyAsk, { method: "POST", headers });
  return answer(await credentials.get(question(await asked.json())));
}

async function make(form, credentials) {
  const asked = JSON.parse(form.dataset.passkeyMake);
  return answer(await credentials.create(question(asked)));
}

async function send(form, field, given) {
  const said = form.querySelector("[data-passkey-none]");
  said.textContent = "";
  try {
    field.value = await given;
    form.submit();
  } catch {
    said.textContent = said.dataset.passkeyNone;
  }
}

export function start(page, credentials) {
  const signIn = page.querySelector("[data-passkey-ask]");
  const button = signIn?.querySelector("[data-passkey]");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => send(signIn, signIn.elements.passkey, ask(signIn, credentials)));
  }
  const adding = page.querySelector("[data-passkey-make]");
  adding?.addEventListener("submit", (event) => {
    event.preventDefault();
    send(adding, adding.elements.answer, make(adding, credentials));
  });
}

if (globalThis.navigator?.credentials && globalThis.PublicKeyCredential)
  start(document, navigator.credentials);
