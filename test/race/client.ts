import assert from 'node:assert/strict'
/** Whoever answers at this address. */
type Host = { readonly url: string }

export interface Answer {
  status: number
  body: Record<string, unknown>
  /** The session cookie that came with the answer, `name=value`; null: none, or one that expires it. */
  cookie: string | null
  /** All cookies of the answer, as they are to be sent back. */
  cookies: string[]
}

export interface Question {
  cookie?: string | null
  /** Makes it a POST. */
  body?: object
  /** Ticket and points at which the request is to be held: `t7 rotation begins,rotation committed`. */
  hold?: string
}

const SESSION_COOKIES = /^(sallyport|connect\.sid)=./

/** Asks a host for JSON, as a script would. */
export async function ask(host: Host, path: string, { cookie, body, hold }: Question = {}): Promise<Answer> {
  const response = await fetch(host.url + path, {
    method: body ? 'POST' : 'GET',
    redirect: 'manual',
    headers: {
      accept: 'application/json',
      ...(body && { 'content-type': 'application/json' }),
      ...(cookie && { cookie }),
      ...(hold && { 'x-hold': hold }),
    },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  })
  const cookies = response.headers.getSetCookie().map((each) => each.split(';')[0]!)
  const answer = (await response.json()) as Record<string, unknown>
  return {
    status: response.status,
    body: answer,
    cookie: cookies.find((each) => SESSION_COOKIES.test(each)) ?? null,
    cookies,
  }
}

/** One browser's session. */
export interface Session {
  cookie: string
  publicId: string
  csrfToken: string
}

interface SessionsPage {
  csrfToken: string
  sessions: { id: string; current: boolean }[]
}

/** Signs in without a password, where the password is not the point, and reads what the sessions page tells. */
export async function signIn(host: Host, user: string): Promise<Session> {
  const { status, cookie } = await ask(host, '/race/sign-in', { body: { user } })
  assert.equal(status, 200)
  assert.ok(cookie)
  const page = (await ask(host, '/security/sessions', { cookie })).body as unknown as SessionsPage
  return { cookie, csrfToken: page.csrfToken, publicId: page.sessions.find((each) => each.current)!.id }
}

/** What a cookie opens. Anything but "you are in" and "sign in" fails the test: it would prove nothing. */
export async function look(host: Host, cookie: string) {
  const [guarded, open] = await Promise.all([
    ask(host, '/race/guarded', { cookie }),
    ask(host, '/race/open', { cookie }),
  ])
  assert.ok([200, 401].includes(guarded.status), `the guard answered ${guarded.status}`)
  assert.equal(open.status, 200)
  // the cookie goes out when the id changes, and at no other time; least of all with a refusal
  assert.deepEqual([guarded.cookie, open.cookie], [null, null])
  const isIn = guarded.status === 200 || open.body.user !== null
  return { isIn, isOut: guarded.status === 401 || open.body.user === null, notes: [open.body.late, open.body.early] }
}
