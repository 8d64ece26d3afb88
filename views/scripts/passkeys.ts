// Forms that an authenticator fills in. Without this script, or in a browser without passkeys, they stay hidden.
const AUTOFILL_MS = 240_000 // a challenge waits for five minutes

/** What a form asks for; none: the second half of a sign-in. */
const USES: Record<string, string> = { authenticate: 'sign_in', 'step-up': 'step_up', disable: 'step_up' }

type Json = Record<string, unknown>
type Described = { type: 'public-key'; id: string; transports: AuthenticatorTransport[] }

const bytesOf = (text: string) =>
  Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0))

const textOf = (bytes: ArrayBuffer) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')

const described = (list: unknown) =>
  (list as Described[]).map(({ type, id, transports }) => ({ type, id: bytesOf(id), transports }))

/** What the browser answers, as JSON; by hand, since the credentials of some password managers cannot say it themselves. */
function answerOf(credential: PublicKeyCredential): Json {
  const { id, type, rawId, response } = credential
  const said: Json = { clientDataJSON: textOf(response.clientDataJSON) }
  for (const name of ['attestationObject', 'authenticatorData', 'signature', 'userHandle'] as const) {
    const bytes = (response as unknown as Partial<Record<typeof name, ArrayBuffer | null>>)[name]
    if (bytes) said[name] = textOf(bytes)
  }
  if ('getTransports' in response) said.transports = (response as AuthenticatorAttestationResponse).getTransports()
  return { id, rawId: textOf(rawId), type, response: said }
}

/** Refused: the page says so, or leads to where what is missing can be done. */
class Refused extends Error {}

async function post(form: HTMLFormElement, path: string, more: Json): Promise<Json> {
  const base = form.dataset.spBase!
  const response = await fetch(base + path, {
    method: 'POST',
    headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...Object.fromEntries(new FormData(form)), ...more }),
  })
  const answer = (await response.json()) as Json
  if (response.ok) return answer
  const here = encodeURIComponent(location.pathname + location.search)
  if (answer.code === 'step_up_required') location.assign(`${base}/step-up?returnTo=${here}`)
  else if (response.status === 401) location.reload() // leads to the sign-in
  throw new Refused()
}

async function register(form: HTMLFormElement): Promise<void> {
  const { challenge, user, excludeCredentials, ...options } = await post(form, '/passkeys/register/options', {})
  const { id, ...who } = user as { id: string; name: string; displayName: string }
  const credential = await navigator.credentials.create({
    publicKey: {
      ...(options as unknown as PublicKeyCredentialCreationOptions),
      challenge: bytesOf(challenge as string),
      user: { ...who, id: bytesOf(id) },
      excludeCredentials: described(excludeCredentials),
    },
  })
  await post(form, '/passkeys/register', answerOf(credential as PublicKeyCredential))
  location.assign(`${form.dataset.spBase}/`)
}

/** Fills the form with an answer, and sends it. */
async function authenticate(form: HTMLFormElement, how: CredentialRequestOptions = {}): Promise<void> {
  const use = USES[form.dataset.spPasskey!]
  const { challenge, allowCredentials, ...options } = await post(form, '/passkeys/authenticate/options', { use })
  const publicKey = {
    ...options,
    challenge: bytesOf(challenge as string),
    allowCredentials: described(allowCredentials),
  }
  const credential = (await navigator.credentials.get({ ...how, publicKey })) as PublicKeyCredential
  fill(form, 'passkey', JSON.stringify(answerOf(credential)))
  const remember = document.querySelector<HTMLInputElement>('input[type=checkbox][name=remember]')
  const trust = document.querySelector<HTMLInputElement>('input[type=checkbox][name=trustBrowser]')
  for (const box of [remember, trust]) if (box?.checked) fill(form, box.name, 'on')
  form.submit()
}

function fill(form: HTMLFormElement, name: string, value: string): void {
  const input = document.createElement('input')
  Object.assign(input, { type: 'hidden', name, value })
  form.append(input)
}

/** Passkeys among what the browser offers for the e-mail field, until `stop` is called. */
function offerInField(form: HTMLFormElement): () => void {
  let abort = new AbortController()
  const offer = () => {
    abort = new AbortController()
    authenticate(form, { mediation: 'conditional', signal: abort.signal }).catch(() => {}) // nobody has asked for it
  }
  const timer = setInterval(() => {
    if (document.hidden) return
    abort.abort()
    offer()
  }, AUTOFILL_MS)
  offer()
  return () => {
    clearInterval(timer)
    abort.abort()
  }
}

async function prepare(form: HTMLFormElement): Promise<void> {
  const status = form.querySelector('[role=status]')
  const isSignIn = form.dataset.spPasskey === 'authenticate'
  let stop = () => {}
  form.hidden = false
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    stop()
    if (status) status.textContent = ''
    const done = form.dataset.spPasskey === 'register' ? register(form) : authenticate(form)
    done.catch(() => {
      if (status) status.textContent = form.dataset.spFailed ?? ''
    })
  })
  if (isSignIn && (await PublicKeyCredential.isConditionalMediationAvailable?.())) stop = offerInField(form)
}

if ('PublicKeyCredential' in window)
  for (const form of document.querySelectorAll<HTMLFormElement>('form[data-sp-passkey]')) void prepare(form)
